//! A realm behind real sockets, in a thread of its own, on free ports.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;

use keyferry_ids::Region;
use keyferry_realm::{ReadyLine, ServeOptions, serve};
use keyferry_seams::{RealDisk, SystemClock};
use tokio::sync::oneshot;

/// A running realm; it stops when this is dropped.
#[derive(Debug)]
pub struct Served {
    /// Its folder, for `KEYFERRY_REALM`.
    pub data: PathBuf,
    /// What it said when it was ready.
    pub ready: ReadyLine,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    /// Starts a realm of Ashburn (home) and Frankfurt.
    pub fn start(data: &Path, seed: u64) -> Self {
        Self::start_with(ServeOptions {
            regions: Some(vec![region("us-ashburn-1"), region("eu-frankfurt-1")]),
            seed: Some(seed),
            ..ServeOptions::new(data.to_path_buf())
        })
    }

    /// Starts a realm as told.
    pub fn start_with(options: ServeOptions) -> Self {
        let (said, hear) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let data = options.data.clone();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let server =
                    serve(options, &RealDisk, Arc::new(SystemClock)).await.expect("the realm starts");
                said.send(server.ready_line().clone()).expect("somebody waits");
                server.run_until(async { drop(stopped.await) }).await;
            });
        });
        let ready = hear.recv().expect("the realm is ready");
        Self { data, ready, stop: Some(stop), thread: Some(thread) }
    }

    /// The port of a region.
    pub fn port(&self, name: &str) -> u16 {
        let endpoint = &self.ready.regions.get(&region(name)).expect("a region of the realm").endpoint;
        endpoint.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The realm may have been told to stop already.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn region(name: &str) -> Region {
    Region::parse(name).expect("a known region")
}
