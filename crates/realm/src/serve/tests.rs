//! The realm over real sockets on free ports.

use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::path::Path;

use http::Method;
use jiff::Timestamp;
use keyferry_seams::{Access, RealDisk, SystemClock};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::admin::{Advance, Command};
use crate::testing::{Client, VECTORS, iad};
use crate::{Down, Effect, Fault, OperationName};

async fn started(folder: &Path) -> Server {
    RealDisk.write(&folder.join("api_key.pem"), VECTORS.as_bytes(), Access::Owner).expect("written");
    serve_with(ServeOptions { seed: Some(1), ..ServeOptions::new(folder.to_path_buf()) }).await
}

async fn serve_with(options: ServeOptions) -> Server {
    serve(options, &RealDisk, Arc::new(SystemClock)).await.expect("started")
}

/// Sends bytes to a port and reads one answer with its body; `None` if the connection is refused or ends without one.
async fn exchange(port: u16, request: &[u8]) -> Option<(u16, String)> {
    let mut stream = match TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
        Ok(stream) => stream,
        Err(e) if e.kind() == ErrorKind::ConnectionRefused => return None,
        Err(e) => panic!("{e}"),
    };
    stream.write_all(request).await.expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("read");
    if answer.is_empty() {
        return None;
    }
    let answer = String::from_utf8(answer).expect("text");
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Some((status, answer))
}

fn steering(server: &Server, command: &Command, token: &str) -> (u16, Vec<u8>) {
    let (method, path, body) = command.to_request();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\nconnection: \
         close\r\n\r\n",
        body.len()
    );
    let port = server.ready_line().admin.url.rsplit(':').next().and_then(|port| port.parse().ok());
    (port.expect("a port"), [head.as_bytes(), &body].concat())
}

async fn steer(server: &Server, command: &Command) -> (u16, String) {
    let (port, request) = steering(server, command, server.control.token());
    exchange(port, &request).await.expect("the admin port is open")
}

/// A signed GET of the namespace, as bytes.
fn signed(server: &Server, now: Timestamp) -> Vec<u8> {
    signed_for(server, &Method::GET, "/n", now)
}

/// A signed request, as bytes. The test client has the same key; the key id differs.
fn signed_for(server: &Server, method: &Method, target: &str, now: Timestamp) -> Vec<u8> {
    let client = Client::new();
    let since = now.duration_since(client.now());
    client.wait(std::time::Duration::try_from(since).expect("not before the test client's time"));
    let endpoint = server.realm().endpoint(iad()).expect("a region of the realm");
    let mut request = client.signed(method, &format!("{endpoint}{target}"), &[], b"");
    let authorization = request.headers()["authorization"].to_str().expect("text");
    let authorization = authorization.replace(&client.realm.key_id(), &server.realm().key_id());
    request.headers_mut().insert("authorization", authorization.parse().expect("a header's value"));
    let mut text = format!("{method} {target} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", &endpoint[7..]);
    for (name, value) in request.headers() {
        text = format!("{text}{name}: {}\r\n", value.to_str().expect("text"));
    }
    text.push_str("\r\n");
    text.into_bytes()
}

#[tokio::test]
async fn a_lost_region_closes_its_port_and_opens_the_same_one_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = started(folder.path()).await;
    let port = server.port(iad()).await.expect("a port");
    let request = signed(&server, SystemClock.now());
    let asked = || exchange(port, &request);
    assert_eq!(asked().await.map(|(status, _)| status), Some(200));

    assert_eq!(steer(&server, &Command::Down(iad(), Down::Refuse)).await.0, 200);
    assert_eq!(asked().await, None, "the connection is refused");
    let squatter = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.expect("the port is free");
    assert_eq!(steer(&server, &Command::Up(iad())).await.0, 409, "somebody else has the port");
    drop(squatter);
    assert_eq!(steer(&server, &Command::Up(iad())).await.0, 200);
    assert_eq!(asked().await.map(|(status, _)| status), Some(200));

    assert_eq!(steer(&server, &Command::Down(iad(), Down::Unavailable)).await.0, 200);
    assert_eq!(asked().await.map(|(status, _)| status), Some(503));
    assert_eq!(steer(&server, &Command::Down(iad(), Down::Destroyed)).await.0, 200);
    assert_eq!(asked().await, None);
    let status = steer(&server, &Command::Status).await.1;
    assert!(status.contains(r#""down":"destroyed""#) && status.contains(r#""down":null"#), "{status}");
}

#[tokio::test]
async fn a_hanging_region_takes_connections_and_never_answers() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = started(folder.path()).await;
    let port = server.port(iad()).await.expect("a port");
    steer(&server, &Command::Down(iad(), Down::Hang)).await;
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.expect("connected");
    stream.write_all(&signed(&server, SystemClock.now())).await.expect("sent");
    while server.realm().log().is_empty() {
        tokio::task::yield_now().await;
    }
    let mut byte = [0];
    tokio::select! {
        biased;
        read = stream.read(&mut byte) => panic!("an answer: {read:?}"),
        () = std::future::ready(()) => {}
    }
    assert_eq!(server.realm().log()[0].status, None);
    steer(&server, &Command::Down(iad(), Down::Refuse)).await;
    assert_eq!(stream.read(&mut byte).await.unwrap_or(0), 0, "the connection breaks with the region");
}

#[tokio::test]
async fn a_body_is_read_before_an_early_refusal_and_connections_are_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = started(folder.path()).await;
    let port = server.port(iad()).await.expect("a port");
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.expect("connected");
    let body = vec![b'x'; 1024 * 1024];
    let head = format!("PUT /n/ns/b/b/o/o HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await.expect("sent");
    stream.write_all(&body).await.expect("the whole body is taken");
    stream.write_all(b"HEAD / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.expect("sent");
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.expect("read");
    assert!(answers.starts_with("HTTP/1.1 401 "), "{answers}");
    assert!(answers.contains("HTTP/1.1 200 OK"), "{answers}");
}

#[tokio::test]
async fn nobody_steers_without_the_token_and_stop_stops() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = started(folder.path()).await;
    let (port, request) = steering(&server, &Command::Stop, "wrong");
    assert_eq!(exchange(port, &request).await.map(|(status, _)| status), Some(401));
    assert_eq!(steer(&server, &Command::Up(Region::parse("nrt").expect("known"))).await.0, 404);
    let ready = server.ready_line().clone();
    assert_eq!(ReadyLine::read(folder.path(), &RealDisk).expect("announced"), ready);
    assert_eq!(steer(&server, &Command::Stop).await.0, 200);
    let port = server.port(iad()).await.expect("a port");
    server.run_until(std::future::pending()).await;
    assert_eq!(exchange(port, b"").await, None, "all ports are closed");
}

#[tokio::test]
async fn the_realms_clock_can_be_moved() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = started(folder.path()).await;
    let port = server.port(iad()).await.expect("a port");
    let moved = steer(&server, &Command::Advance(Advance { seconds: 600 })).await.1;
    assert!(moved.contains(r#""offset_seconds":600"#), "{moved}");
    assert_eq!(
        exchange(port, &signed(&server, SystemClock.now())).await.map(|(status, _)| status),
        Some(401)
    );
    let log = steer(&server, &Command::Log).await.1;
    assert!(log.contains("seconds from the realm's clock"), "{log}");
}

/// Ends a realm, and waits until nothing of it holds its folder any more.
async fn end(server: Server) {
    let realm = Arc::downgrade(server.realm());
    server.run_until(std::future::ready(())).await;
    while realm.strong_count() > 0 {
        tokio::task::yield_now().await;
    }
}

/// The body of a saved state, as bytes.
async fn saved(server: &Server) -> bytes::Bytes {
    let (port, request) = steering(server, &Command::Save, server.control.token());
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.expect("connected");
    stream.write_all(&request).await.expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("read");
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    answer.split_off(head + 4).into()
}

#[tokio::test]
async fn a_saved_state_says_which_regions_are_down_and_what_time_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = started(folder.path()).await;
    let port = server.port(iad()).await.expect("a port");
    steer(&server, &Command::Down(iad(), Down::Refuse)).await;
    steer(&server, &Command::Advance(Advance { seconds: 600 })).await;
    let frozen = steer(&server, &Command::Freeze).await.1;
    assert!(frozen.contains(r#""frozen":true"#), "{frozen}");
    let state = saved(&server).await;
    assert_eq!(steer(&server, &Command::Reset).await.0, 200);
    assert!(exchange(port, &signed(&server, SystemClock.now())).await.is_some(), "up again");
    assert!(steer(&server, &Command::Clock).await.1.contains(r#""offset_seconds":0,"frozen":false"#));
    assert_eq!(steer(&server, &Command::Load(state.slice(1..))).await.0, 409);
    assert_eq!(steer(&server, &Command::Load(state)).await.0, 200);
    assert_eq!(exchange(port, b"").await, None, "down again");
    assert_eq!(steer(&server, &Command::Clock).await.1, frozen);
}

#[tokio::test]
async fn a_realm_that_ended_takes_up_where_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = started(folder.path()).await;
    steer(&server, &Command::Down(iad(), Down::Destroyed)).await;
    steer(&server, &Command::Freeze).await;
    let clock = steer(&server, &Command::Clock).await.1;
    end(server).await;
    let server = started(folder.path()).await;
    assert_eq!(server.realm().down(iad()), Some(Down::Destroyed));
    let port = server.port(iad()).await.expect("a port");
    assert_eq!(exchange(port, b"").await, None, "nobody listens");
    assert_eq!(now_of(&steer(&server, &Command::Clock).await.1), now_of(&clock));
}

fn now_of(reading: &str) -> String {
    let reading: crate::admin::ClockReading =
        serde_json::from_str(reading.split("\r\n\r\n").last().expect("a body")).expect("a reading");
    reading.now.to_string()
}

#[tokio::test]
async fn a_broken_answer_begins_and_does_not_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = started(folder.path()).await;
    let rule = |effect| Fault { times: Some(1), ..Fault::new(effect) };
    let port = server.port(iad()).await.expect("a port");
    let request = signed(&server, SystemClock.now());
    let whole = exchange(port, &request).await.expect("an answer").1;
    let body = |answer: &str| answer.split("\r\n\r\n").nth(1).expect("a body").len();
    let length = format!("content-length: {}", body(&whole));
    assert_eq!(steer(&server, &Command::AddFault(rule(Effect::Reset))).await.0, 200);
    let broken = exchange(port, &request).await.expect("the beginning of an answer").1;
    assert!(broken.contains(&length), "{broken}");
    assert_eq!(body(&broken), body(&whole) / 2);
    assert_eq!(steer(&server, &Command::AddFault(rule(Effect::Truncate))).await.0, 200);
    let short = exchange(port, &request).await.expect("an answer").1;
    assert!(!short.contains(&length) && body(&short) == body(&whole) / 2, "{short}");
    let nothing = Fault { operation: Some(OperationName::HeadBucket), ..rule(Effect::Reset) };
    assert_eq!(steer(&server, &Command::AddFault(nothing)).await.0, 200);
    let head = signed_for(&server, &Method::HEAD, "/n/ns/b/none", SystemClock.now());
    assert_eq!(exchange(port, &head).await, None, "an answer without a body is lost as a whole");
    assert!(exchange(port, &head).await.expect("an answer").1.contains("404"));
    assert_eq!(steer(&server, &Command::RemoveFault(9)).await.0, 404);
    assert_eq!(body(&exchange(port, &request).await.expect("an answer").1), body(&whole), "it is over");
}

#[tokio::test]
async fn each_vault_has_a_port_of_its_own_if_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    RealDisk.write(&folder.path().join("api_key.pem"), VECTORS.as_bytes(), Access::Owner).expect("written");
    let options = || ServeOptions {
        seed: Some(1),
        port_per_vault: true,
        ..ServeOptions::new(folder.path().to_path_buf())
    };
    let server = serve_with(options()).await;
    let client = Client::of(server.realm().clone());
    let body = serde_json::json!({"compartmentId": client.tenancy(), "displayName": "v", "vaultType": "VIRTUAL_PRIVATE"});
    let vault = client.post(iad(), "/20180608/vaults", &body);
    let endpoint = vault["managementEndpoint"].as_str().expect("a URL").to_owned();
    assert_eq!(vault["cryptoEndpoint"], endpoint);
    let port: u16 =
        endpoint.strip_prefix("http://127.0.0.1:").expect("bare").parse().expect("a port and no more");
    let target = format!("/20180608/keys?compartmentId={}", client.tenancy());
    let head = format!("GET {target} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n");
    let since = SystemClock.now().duration_since(client.now());
    client.wait(std::time::Duration::try_from(since).expect("not before the test client's time"));
    let request = client.signed(&Method::GET, &format!("{endpoint}{target}"), &[], b"");
    let mut text = head;
    for (name, value) in request.headers() {
        text = format!("{text}{name}: {}\r\n", value.to_str().expect("text"));
    }
    text.push_str("\r\n");
    let (status, answer) = exchange(port, text.as_bytes()).await.expect("open");
    assert_eq!(status, 200, "{answer}");

    steer(&server, &Command::Down(iad(), Down::Refuse)).await;
    assert_eq!(exchange(port, text.as_bytes()).await, None, "it is lost with its region");
    steer(&server, &Command::Up(iad())).await;
    assert_eq!(exchange(port, text.as_bytes()).await.map(|(status, _)| status), Some(200));
    drop(client);
    end(server).await;
    let _again = serve_with(options()).await;
    assert_eq!(exchange(port, text.as_bytes()).await.map(|(status, _)| status), Some(200), "found again");
}

#[tokio::test]
async fn with_tls_the_certificate_is_one_of_the_folders_authority() {
    use tokio_rustls::TlsConnector;
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
    use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
    let folder = tempfile::tempdir().expect("a folder");
    RealDisk.write(&folder.path().join("api_key.pem"), VECTORS.as_bytes(), Access::Owner).expect("written");
    let options =
        || ServeOptions { seed: Some(1), tls: true, ..ServeOptions::new(folder.path().to_path_buf()) };
    let mut roots = RootCertStore::empty();
    for start in 0..2 {
        let server = serve_with(options()).await;
        let ready = server.ready_line();
        if start == 0 {
            let pem = RealDisk.read(ready.ca_file.as_ref().expect("with TLS"), 10_000).expect("written");
            roots.add(CertificateDer::from_pem_slice(&pem).expect("a certificate")).expect("an authority");
        }
        assert!(ready.regions[&iad()].endpoint.starts_with("https://127.0.0.1:"));
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots.clone())
            .with_no_client_auth();
        let port = server.port(iad()).await.expect("a port");
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.expect("connected");
        let name = ServerName::try_from("127.0.0.1").expect("an address");
        let mut stream = TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
            .expect("trusted, also after a restart");
        stream.write_all(b"HEAD / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.expect("sent");
        let mut answer = String::new();
        // The server hangs up without a farewell.
        let _ = stream.read_to_string(&mut answer).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        end(server).await;
    }
}
