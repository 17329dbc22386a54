//! The least a server has to do for a signed encrypt request: read it, verify it, encrypt, answer. One key,
//! no state, nothing else looked at. What a realm takes longer than this is its own.

use std::borrow::Cow;
use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use keyferry_wire::headers::X_CONTENT_SHA256;
use keyferry_wire::kms::{EncryptDataDetails, EncryptedData};
use keyferry_wire::signature::{Authorization, signing_string};
use tokio::net::TcpListener;

struct Bare {
    public_key: ParsedPublicKey,
    key: LessSafeKey,
    count: AtomicU64,
}

/// Serves the owner of that API key until the process is ended.
pub(crate) fn serve(api_key: &Path) {
    let pem = pem::parse(std::fs::read(api_key).expect("a key file")).expect("PEM");
    let pair = KeyPair::from_pkcs8(pem.contents()).expect("an RSA key");
    let public_key =
        ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key()).expect("its public key");
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).expect("an AES key"));
    let bare = Arc::new(Bare { public_key, key, count: AtomicU64::new(0) });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        println!("{}", listener.local_addr().expect("its address"));
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            let bare = bare.clone();
            let service = service_fn(move |request| answer(bare.clone(), request));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
}

async fn answer(bare: Arc<Bare>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let request = Request::from_parts(head, body);
    let mut response = Response::new(Full::default());
    if bare.is_signed(&request) {
        *response.body_mut() = Full::new(bare.encrypted(request.body()));
    } else {
        *response.status_mut() = http::StatusCode::UNAUTHORIZED;
    }
    Ok(response)
}

impl Bare {
    fn is_signed(&self, request: &Request<Bytes>) -> bool {
        let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        let Some(authorization) = text("authorization").and_then(Authorization::parse) else { return false };
        let Ok(signature) = BASE64_STANDARD.decode(&authorization.signature) else { return false };
        let digest = BASE64_STANDARD.encode(digest(&SHA256, request.body()));
        if text(X_CONTENT_SHA256) != Some(&*digest) {
            return false;
        }
        let names: Vec<&str> = authorization.headers.iter().map(String::as_str).collect();
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let value = |name: &str| text(name).map(Cow::Borrowed);
        signing_string(&names, request.method(), target, value)
            .is_some_and(|signed| self.public_key.verify_sig(signed.as_bytes(), &signature).is_ok())
    }

    fn encrypted(&self, body: &[u8]) -> Bytes {
        let details: EncryptDataDetails = serde_json::from_slice(body).expect("only good requests come");
        let mut text = BASE64_STANDARD.decode(&details.plaintext).expect("only good requests come");
        let mut nonce = [0; NONCE_LEN];
        nonce[..8].copy_from_slice(&self.count.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        let key_nonce = Nonce::assume_unique_for_key(nonce);
        self.key.seal_in_place_append_tag(key_nonce, Aad::empty(), &mut text).expect("encrypted");
        let answer = EncryptedData {
            ciphertext: BASE64_STANDARD.encode([nonce.as_slice(), &text].concat()),
            key_id: Some(details.key_id),
            key_version_id: details.key_version_id,
            encryption_algorithm: details.encryption_algorithm,
        };
        serde_json::to_vec(&answer).expect("JSON").into()
    }
}
