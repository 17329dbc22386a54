//! Stands between the program and the server. From a certain byte on nothing that is sent gets through any more,
//! and nobody is told: the other end just seems to be slow.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// Ends when dropped.
pub(crate) struct Proxy {
    address: SocketAddr,
    inner: Arc<Inner>,
}

struct Inner {
    server: String,
    /// So many bytes get through.
    most: u64,
    sent: Mutex<u64>,
    cut: Condvar,
    is_closed: AtomicBool,
}

impl Proxy {
    /// Before the server at this endpoint, letting so many bytes through, of all connections together.
    pub(crate) fn before(endpoint: &str, most: u64) -> Self {
        let server = endpoint.strip_prefix("http://").expect("an endpoint without TLS").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its own address");
        let (sent, cut, is_closed) = (Mutex::new(0), Condvar::new(), AtomicBool::new(false));
        let inner = Arc::new(Inner { server, most, sent, cut, is_closed });
        let accepting = Arc::clone(&inner);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if accepting.is_closed.load(Ordering::Acquire) {
                    return;
                }
                let inner = Arc::clone(&accepting);
                // A connection that breaks is the clients' business, which repeat what they asked.
                thread::spawn(move || inner.connect(client));
            }
        });
        Self { address, inner }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Bytes that were sent so far, also those that did not get through.
    pub(crate) fn sent(&self) -> u64 {
        *self.inner.sent.lock().expect("nobody panicked here")
    }

    /// True as soon as something did not get through; false if that takes longer.
    pub(crate) fn is_cut_within(&self, patience: Duration) -> bool {
        let (sent, most) = (self.inner.sent.lock().expect("nobody panicked here"), self.inner.most);
        let waited = self.inner.cut.wait_timeout_while(sent, patience, |sent| *sent <= most);
        !waited.expect("nobody panicked here").1.timed_out()
    }
}

impl Inner {
    fn connect(&self, mut client: TcpStream) -> io::Result<()> {
        let mut server = TcpStream::connect(&self.server)?;
        let (mut answers, mut back) = (server.try_clone()?, client.try_clone()?);
        thread::spawn(move || {
            let copied = io::copy(&mut answers, &mut back);
            back.shutdown(Shutdown::Write).and(copied)
        });
        let mut buffer = [0; 4096];
        loop {
            let read = client.read(&mut buffer)?;
            if read == 0 {
                return server.shutdown(Shutdown::Write);
            }
            server.write_all(&buffer[..self.through(read)])?;
        }
    }

    /// How many of so many bytes get through.
    fn through(&self, read: usize) -> usize {
        let mut sent = self.sent.lock().expect("nobody panicked here");
        let left = self.most.saturating_sub(*sent);
        *sent += read as u64;
        if *sent > self.most {
            self.cut.notify_all();
        }
        usize::try_from(left).map_or(read, |left| left.min(read))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.inner.is_closed.store(true, Ordering::Release);
        // Wakes the listener, which then sees it.
        let _ = TcpStream::connect(self.address);
    }
}
