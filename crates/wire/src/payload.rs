//! Bodies: nothing, JSON, or bytes.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A body that can be sent and read.
pub trait Payload: Sized {
    /// `content-type` when sent.
    const CONTENT_TYPE: &'static str = "application/json";
    /// The bytes to send.
    ///
    /// # Errors
    /// If the value has no JSON form.
    fn encode(&self) -> Result<Bytes, serde_json::Error>;
    /// Reads the bytes of a body.
    ///
    /// # Errors
    /// If they are not what the operation says.
    fn decode(bytes: &Bytes) -> Result<Self, serde_json::Error>;
}

impl Payload for () {
    fn encode(&self) -> Result<Bytes, serde_json::Error> {
        Ok(Bytes::new())
    }

    fn decode(_: &Bytes) -> Result<Self, serde_json::Error> {
        Ok(())
    }
}

/// A body that may be left out.
impl<T: Payload> Payload for Option<T> {
    const CONTENT_TYPE: &'static str = T::CONTENT_TYPE;

    fn encode(&self) -> Result<Bytes, serde_json::Error> {
        self.as_ref().map_or_else(|| Ok(Bytes::new()), T::encode)
    }

    fn decode(bytes: &Bytes) -> Result<Self, serde_json::Error> {
        if bytes.is_empty() { Ok(None) } else { T::decode(bytes).map(Some) }
    }
}

/// A JSON body. serde_json refuses more than 128 levels of nesting by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: Serialize + DeserializeOwned> Payload for Json<T> {
    fn encode(&self) -> Result<Bytes, serde_json::Error> {
        serde_json::to_vec(&self.0).map(Bytes::from)
    }

    fn decode(bytes: &Bytes) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes).map(Json)
    }
}

/// A body of bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Raw(pub Bytes);

impl std::fmt::Debug for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Raw({} bytes)", self.0.len())
    }
}

impl Payload for Raw {
    const CONTENT_TYPE: &'static str = "application/octet-stream";

    fn encode(&self) -> Result<Bytes, serde_json::Error> {
        Ok(self.0.clone())
    }

    fn decode(bytes: &Bytes) -> Result<Self, serde_json::Error> {
        Ok(Self(bytes.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_is_left_out_is_empty() {
        let (none, some) = (None::<Json<u8>>, Some(Json(7_u8)));
        assert_eq!(none.encode().expect("encodes"), Bytes::new());
        assert_eq!(some.encode().expect("encodes"), Bytes::from_static(b"7"));
        for body in [none, some] {
            let sent = body.encode().expect("encodes");
            assert_eq!(Option::decode(&sent).expect("decodes"), body);
        }
    }
}
