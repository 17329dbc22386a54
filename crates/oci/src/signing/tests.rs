//! The published vectors, byte for byte.

use http::Method;

use super::*;

pub(crate) const VECTORS: &str = include_str!("../../../../tests/vectors/signing.txt");

#[derive(Default)]
struct Vector {
    name: String,
    key_id: String,
    headers: String,
    body: Vec<u8>,
    lines: Vec<String>,
    sha256: Option<String>,
    signature: String,
}

fn vectors() -> Vec<Vector> {
    let mut vectors: Vec<Vector> = Vec::new();
    for line in VECTORS.lines() {
        let Some((word, rest)) = line.split_once(' ') else { continue };
        if word == "vector" {
            vectors.push(Vector { name: rest.to_owned(), ..Vector::default() });
        }
        let Some(vector) = vectors.last_mut() else { continue };
        match word {
            "key-id" => vector.key_id = rest.to_owned(),
            "headers" => vector.headers = rest.to_owned(),
            "body" => vector.body = BASE64_STANDARD.decode(rest).expect("base64"),
            "|" => vector.lines.push(rest.to_owned()),
            "sha256" => vector.sha256 = Some(rest.to_owned()),
            "signature" => vector.signature = rest.to_owned(),
            _ => {}
        }
    }
    vectors
}

impl Vector {
    fn line(&self, name: &str) -> Option<&str> {
        self.lines.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    fn request(&self) -> Request<Bytes> {
        let (method, target) =
            self.line("(request-target)").and_then(|line| line.split_once(' ')).expect("a target");
        let mut request = Request::builder()
            .method(Method::from_bytes(method.to_ascii_uppercase().as_bytes()).expect("a method"))
            .uri(target);
        for line in &self.lines {
            let (name, value) = line.split_once(": ").expect("name and value");
            if name != "(request-target)" {
                request = request.header(name, value);
            }
        }
        request.body(Bytes::from(self.body.clone())).expect("a request")
    }
}

fn key() -> PrivateKey {
    PrivateKey::from_pem(VECTORS.as_bytes(), "the vectors").expect("the vectors' key")
}

#[test]
fn all_vectors_give_their_signatures_to_the_byte() {
    let (vectors, key) = (vectors(), key());
    assert_eq!(vectors.len(), 11);
    for vector in &vectors {
        let request = vector.request();
        let names: Vec<_> = vector.headers.split(' ').collect();
        if let Some(expected) = &vector.sha256 {
            assert_eq!(&hex::encode(Sha256::digest(vector.lines.join("\n"))), expected, "{}", vector.name);
        }
        let header = authorization(&request, &names, &vector.key_id, &key).expect("signed");
        let read = Authorization::parse(&header).expect("readable");
        assert_eq!(read.signature, vector.signature, "{}", vector.name);
        assert_eq!(read.key_id, vector.key_id, "{}", vector.name);
    }
}

#[test]
fn the_client_itself_chooses_the_headers_of_the_vectors() {
    for vector in vectors() {
        // The other two have shapes that only Node and the federation endpoint use.
        if matches!(vector.name.as_str(), "V10" | "V11") {
            continue;
        }
        let kind = match (vector.name.as_str(), vector.line("content-type")) {
            ("V5", _) => BodyKind::Unsigned,
            (_, Some(_)) => BodyKind::Signed,
            _ => BodyKind::None,
        };
        let content_type = match vector.line("content-type") {
            Some("application/json") => "application/json",
            _ => "application/octet-stream",
        };
        let mut request = vector.request();
        for name in BODY {
            request.headers_mut().remove(*name);
        }
        describe_body(&mut request, kind, content_type);
        sign(&mut request, kind, &vector.key_id, &key()).expect("signed");
        let header = request.headers()[AUTHORIZATION].to_str().expect("text");
        let read = Authorization::parse(header).expect("readable");
        assert_eq!(read.signature, vector.signature, "{}", vector.name);
        assert_eq!(read.headers.join(" "), vector.headers, "{}", vector.name);
    }
}

#[test]
fn a_header_that_is_absent_can_not_be_signed() {
    let request = Request::builder().uri("/x").body(Bytes::new()).expect("a request");
    assert_eq!(authorization(&request, GENERIC, "id", &key()), None);
}
