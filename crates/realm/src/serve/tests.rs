//! The realm over real sockets on free ports.

use std::io::ErrorKind;
use std::path::Path;

use http::Method;
use keyferry_seams::{Access, RealDisk, SystemClock};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::testing::{Client, VECTORS, iad};

async fn started(folder: &Path) -> Server {
    RealDisk.write(&folder.join("api_key.pem"), VECTORS.as_bytes(), Access::Owner).expect("written");
    let options = ServeOptions {
        data: folder.to_path_buf(),
        regions: None,
        seed: Some(1),
        port: 0,
        latency: Latency::none(),
    };
    serve(options, &RealDisk, Arc::new(SystemClock)).await.expect("started")
}

/// Sends bytes to a port and reads one answer with its body; `None` if the connection is refused.
async fn exchange(port: u16, request: &[u8]) -> Option<(u16, String)> {
    let mut stream = match TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
        Ok(stream) => stream,
        Err(e) if e.kind() == ErrorKind::ConnectionRefused => return None,
        Err(e) => panic!("{e}"),
    };
    stream.write_all(request).await.expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("read");
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
    let (port, request) = steering(server, command, &server.shared.token);
    exchange(port, &request).await.expect("the admin port is open")
}

/// A signed GET of the namespace, as bytes. The test client has the same key; the key id differs.
fn signed(server: &Server, now: Timestamp) -> Vec<u8> {
    let client = Client::new();
    let since = now.duration_since(client.now());
    client.wait(std::time::Duration::try_from(since).expect("not before the test client's time"));
    let url = format!("{}/n", server.realm().endpoint(iad()).expect("a region of the realm"));
    let mut request = client.signed(&Method::GET, &url, &[], b"");
    let authorization = request.headers()["authorization"].to_str().expect("text");
    let authorization = authorization.replace(&client.realm.key_id(), &server.realm().key_id());
    request.headers_mut().insert("authorization", authorization.parse().expect("a header's value"));
    let mut text =
        format!("GET /n HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", url[7..].trim_end_matches("/n"));
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
