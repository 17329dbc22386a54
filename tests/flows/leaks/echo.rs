//! A server that refuses everything and repeats what it was asked, as careless proxies do.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// Runs until it is dropped.
pub(crate) struct Echo {
    pub(crate) address: SocketAddr,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<usize>>,
}

impl Echo {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let thread = std::thread::spawn(move || {
            let mut answered = 0;
            for stream in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    break;
                }
                // Whoever hangs up early gets nothing.
                if stream.is_ok_and(|stream| answer(stream).is_ok()) {
                    answered += 1;
                }
            }
            answered
        });
        Self { address, is_over, thread: Some(thread) }
    }

    /// Ends it and tells how often it was asked.
    pub(crate) fn end(mut self) -> usize {
        self.is_over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        self.thread.take().expect("still there").join().expect("no panic")
    }
}

/// The head of the request is enough: tokens are in it.
fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let mut asked = Vec::new();
    let mut some = [0; 4096];
    while !asked.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut some)? {
            0 => break,
            read => asked.extend_from_slice(&some[..read]),
        }
    }
    let said = String::from_utf8_lossy(&asked);
    let body =
        serde_json::json!({"code": "NotAllowed", "message": format!("can't serve {said}")}).to_string();
    let head = "HTTP/1.1 403 Forbidden\r\ncontent-type: application/json\r\nconnection: close\r\n";
    write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len())
}
