//! The URL of a pre-authenticated request: whoever has it has the object, so it is sent and never shown.

use std::fmt;

use keyferry_core::model::ObjectPlace;
use keyferry_core::{Code, Explain};
use keyferry_wire::kms::ParUri;
use keyferry_wire::{encode_segment, matches};

use crate::endpoint::{Base, Endpoints};

/// 3500 bytes of path are OCI's limit.
const LONGEST: usize = 4096;
/// Behind these stand the tokens of requests in paths, and that of a session in a key id.
const MARKS: [&str; 5] = ["/p/", "%2Fp%2F", "%2fp%2f", "ST$", "ST%24"];
/// Tokens are longer than this.
const SHORTEST: usize = 16;
const OBJECT: &str = "/p/{token}/n/{namespaceName}/b/{bucketName}/o/{objectName}";
const BUCKET: &str = "/p/{token}/n/{namespaceName}/b/{bucketName}/o";

/// A pre-authenticated request by which a backup is written.
#[derive(Clone, PartialEq, Eq)]
pub struct ParUrl {
    text: String,
    /// The same up to `/o`.
    bucket: String,
    shown: String,
    place: ObjectPlace,
}

/// A text that is no such URL. None of it is repeated but the host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParError {
    /// Not of the form.
    #[error("this is not the URL of a pre-authenticated request: {0}")]
    Form(&'static str),
    /// A host that is not ours to call.
    #[error("`{host}` is no Object Storage of this realm")]
    Foreign {
        /// Its name.
        host: String,
    },
}

impl Explain for ParError {
    fn code(&self) -> Code {
        match self {
            Self::Form(_) => Code::Usage,
            Self::Foreign { .. } => Code::ForeignHost,
        }
    }
}

impl ParUrl {
    /// Reads a URL as it was told when the request was made. For a request to all of a bucket it ends in `/o/`, or
    /// in a prefix with a slash at its end.
    ///
    /// # Errors
    /// If it is something else, or leads out of the realm.
    pub fn parse(text: &str, endpoints: &Endpoints) -> Result<Self, ParError> {
        let text = text.trim();
        // URL libraries rewrite some characters; what is read here must be what the service reads.
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\\\"<>^`{|}?#".contains(&byte);
        if text.is_empty() || text.len() > LONGEST || !text.bytes().all(is_plain) {
            return Err(ParError::Form("it has other characters, or too many, or none"));
        }
        let (host, rest) = text.split_once("/p/").ok_or(ParError::Form("it has no /p/TOKEN/"))?;
        let base = Base::parse(host).map_err(ParError::Form)?;
        let path = &text[host.len()..];
        let names = matches(OBJECT, path).or_else(|| matches(BUCKET, path));
        let mut names = names.ok_or(ParError::Form("it is not .../p/TOKEN/n/NAMESPACE/b/BUCKET/o/OBJECT"))?;
        let name = if names.len() > 3 { names.pop().unwrap_or_default() } else { String::new() };
        let (Some(bucket), Some(namespace)) = (names.pop(), names.pop()) else {
            return Err(ParError::Form("it names no bucket"));
        };
        let foreign = || ParError::Foreign { host: base.authority().chars().take(120).collect() };
        let region = endpoints.region_of_objects(&base, &namespace).ok_or_else(foreign)?;
        let behind = rest.split_once('/').map_or("", |(_, behind)| behind);
        let shown = format!("{host}/p/[redacted]/{behind}");
        let place = ObjectPlace { region, namespace, bucket, name };
        let to_bucket = rest.split('/').take(6).collect::<Vec<_>>().join("/");
        Ok(Self { text: text.to_owned(), bucket: format!("{host}/p/{to_bucket}"), shown, place })
    }

    /// Where it leads; the name is empty or ends in a slash if it leads to more than one object.
    pub fn place(&self) -> &ObjectPlace {
        &self.place
    }

    /// The URL of one object, if it leads there.
    pub(crate) fn leading_to(&self, to: &ObjectPlace) -> Option<ParUri> {
        let ObjectPlace { region, namespace, bucket, name } = &self.place;
        if (*region, namespace, bucket) != (to.region, &to.namespace, &to.bucket) {
            return None;
        }
        if *name == to.name {
            return Some(ParUri::new(self.text.clone()));
        }
        let may_lead = (name.is_empty() || name.ends_with('/')) && to.name.starts_with(name.as_str());
        may_lead.then(|| self.to_object(&to.name))
    }

    /// The URL of any object of its bucket, whether it leads there or not.
    pub(crate) fn to_object(&self, name: &str) -> ParUri {
        ParUri::new(format!("{}/{}", self.bucket, encode_segment(name)))
    }
}

impl fmt::Display for ParUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for ParUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// A text without the tokens of pre-authenticated requests and sessions that somebody put into it, also where it was
/// encoded for a URL.
pub fn without_tokens(text: &str) -> String {
    let mut rest = text;
    let mut shown = String::with_capacity(text.len());
    while let Some((before, mark, after)) = MARKS
        .iter()
        .filter_map(|mark| rest.split_once(mark).map(|(before, after)| (before, *mark, after)))
        .min_by_key(|(before, ..)| before.len())
    {
        let is_token = |c: char| c.is_ascii_alphanumeric() || "-_.~+=".contains(c);
        let end = after.find(|c| !is_token(c)).unwrap_or(after.len());
        // Shorter ones are somebody's folder called `p`.
        let word = if end >= SHORTEST { "[redacted]" } else { &after[..end] };
        shown.extend([before, mark, word]);
        rest = &after[end..];
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use keyferry_ids::{RealmName, Region};

    use super::*;

    const URL: &str =
        "https://objectstorage.us-ashburn-1.oraclecloud.com/p/s3cr3t-T0ken_/n/ns/b/box/o/a%2Fb.bak";

    fn oracle() -> Endpoints {
        Endpoints::of(RealmName::new("oc1"))
    }

    fn place(name: &str) -> ObjectPlace {
        let region = Region::parse("iad").expect("known");
        ObjectPlace { region, namespace: "ns".into(), bucket: "box".into(), name: name.into() }
    }

    #[test]
    fn a_url_says_where_it_leads_and_never_how_to_get_there() {
        let par = ParUrl::parse(&format!("{URL}\n"), &oracle()).expect("a good URL");
        assert_eq!(*par.place(), place("a/b.bak"));
        let shown = "https://objectstorage.us-ashburn-1.oraclecloud.com/p/[redacted]/n/ns/b/box/o/a%2Fb.bak";
        assert_eq!((par.to_string(), format!("{par:?}")), (shown.to_owned(), shown.to_owned()));
        assert_eq!(par.leading_to(&place("a/b.bak")).expect("its own").reveal(), URL);
        assert!(par.leading_to(&place("a/c.bak")).is_none());
        let dedicated = URL.replace(
            "objectstorage.us-ashburn-1.oraclecloud.com",
            "ns.objectstorage.us-ashburn-1.oci.customer-oci.com",
        );
        assert_eq!(*ParUrl::parse(&dedicated, &oracle()).expect("the other form").place(), place("a/b.bak"));
    }

    #[test]
    fn a_url_for_a_whole_bucket_or_folder_gets_the_name_added() {
        for (end, name, whole) in [("o/", "", "o/x%2Fy"), ("o", "", "o/x%2Fy"), ("o/x%2F", "x/", "o/x%2Fy")] {
            let par = ParUrl::parse(&URL.replace("o/a%2Fb.bak", end), &oracle()).expect("a good URL");
            assert_eq!(*par.place(), place(name));
            let uri = par.leading_to(&place("x/y")).expect("any name");
            assert_eq!(uri.reveal(), URL.replace("o/a%2Fb.bak", whole), "{end}");
        }
    }

    #[test]
    fn what_leads_elsewhere_is_refused_without_a_word_of_the_secret() {
        let form = |url: &str| url.replace("https://objectstorage.us-ashburn-1.oraclecloud.com", "");
        let path = form(URL);
        for bad in [
            "".to_owned(),
            path.clone(),
            format!("http://objectstorage.us-ashburn-1.oraclecloud.com{path}"),
            format!("https://me:s3cr3t-T0ken_@objectstorage.us-ashburn-1.oraclecloud.com{path}"),
            format!("https://evil.example{path}"),
            format!("https://objectstorage.us-gov-ashburn-1.oraclegovcloud.com{path}"),
            format!("https://objectstorage.us-ashburn-1.oraclecloud.com.evil.example{path}"),
            format!("https://other.objectstorage.us-ashburn-1.oci.customer-oci.com{path}"),
            format!("https://kms.us-ashburn-1.oraclecloud.com{path}"),
            format!("{URL}?x=y"),
            format!("{URL} {URL}"),
            URL.replace("/n/ns", ""),
        ] {
            let error = ParUrl::parse(&bad, &oracle()).expect_err(&bad);
            assert!(!error.to_string().contains("s3cr3t"), "{error}");
        }
        let realm = oracle().with_written("iad=http://127.0.0.1:7001").expect("loopback").closed();
        assert!(ParUrl::parse(URL, &realm).is_err(), "the embedded realm's account means nothing to Oracle");
        let own = format!("http://127.0.0.1:7001{path}");
        assert_eq!(*ParUrl::parse(&own, &realm).expect("the realm's own").place(), place("a/b.bak"));
    }

    #[test]
    fn tokens_in_other_peoples_texts_are_cut_out() {
        for (text, shown) in [
            ("no secret", "no secret"),
            (
                "bad uri https://h/p/s3cr3t-s3cr3t-0123/n/ns and /p/s3cr3t-s3cr3t-0123",
                "bad uri https://h/p/[redacted]/n/ns and /p/[redacted]",
            ),
            ("https%3A%2F%2Fh%2Fp%2Fs3cr3t-s3cr3t-0123%2Fn", "https%3A%2F%2Fh%2Fp%2F[redacted]%2Fn"),
            (r#"keyId="ST$eyJh.s3cr3t-s3cr3t-0123""#, r#"keyId="ST$[redacted]""#),
            ("/p//x and /p/folder/o", "/p//x and /p/folder/o"),
        ] {
            assert_eq!(without_tokens(text), shown);
        }
    }
}
