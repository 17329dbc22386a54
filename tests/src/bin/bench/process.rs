//! Servers in processes of their own; they end when dropped, whatever happened.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use keyferry_realm::ReadyLine;

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    process: Child,
    /// When it was started.
    pub(crate) started: Instant,
    /// Everything it said until it was ready.
    said: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// Starts it and reads its messages up to the line that says that it listens.
    fn start(command: &mut Command, is_ready: impl Fn(&str) -> bool) -> Self {
        let started = Instant::now();
        let spawned = command.stdin(Stdio::null()).spawn();
        let mut process = spawned.unwrap_or_else(|e| panic!("{} can't be started: {e}", name(command)));
        let stdout = process.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn std::io::Read + Send>);
        let stderr = process.stderr.take().map(|pipe| Box::new(pipe) as Box<dyn std::io::Read + Send>);
        let mut server = Self { process, started, said: String::new() };
        let mut lines = BufReader::new(stdout.or(stderr).expect("a pipe was asked for"));
        loop {
            let before = server.said.len();
            let read = lines.read_line(&mut server.said).expect("its messages can be read");
            assert!(read > 0, "{} ended: {}", name(command), server.said);
            if is_ready(&server.said[before..]) {
                break;
            }
        }
        // A full pipe would stop it, so somebody has to go on reading.
        std::thread::spawn(move || drop(std::io::copy(&mut lines, &mut std::io::sink())));
        server
    }

    /// `keyferry realm serve` as anybody runs it, on free ports.
    pub(crate) fn realm(keyferry: &Path, data: &Path) -> (Self, ReadyLine) {
        let mut command = Command::new(keyferry);
        command.args(["realm", "serve", "--port", "0", "--data"]).arg(data).stdout(Stdio::piped());
        let server = Self::start(&mut command, |line| line.starts_with('{'));
        let ready = serde_json::from_str(&server.said).expect("the ready line is JSON");
        (server, ready)
    }

    /// moto's server, on a free port.
    pub(crate) fn moto(moto: &Path) -> (Self, SocketAddr) {
        let mut command = Command::new(moto);
        command.args(["-H", "127.0.0.1", "-p", "0"]).env("PYTHONDONTWRITEBYTECODE", "1");
        let server = Self::start(command.stderr(Stdio::piped()), |line| line.contains("Running on http://"));
        let address = server.said.rsplit("http://").next().and_then(|rest| rest.trim().parse().ok());
        (server, address.expect("moto says where it listens"))
    }

    /// The least a server has to do, by this program itself.
    pub(crate) fn bare(api_key: &Path) -> (Self, SocketAddr) {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.arg("bare").arg(api_key).stdout(Stdio::piped());
        let server = Self::start(&mut command, |_| true);
        let address = server.said.trim().parse().expect("it says where it listens");
        (server, address)
    }

    /// Resident memory in bytes.
    pub(crate) fn resident(&self) -> u64 {
        status_of(self.process.id(), "VmRSS").expect("it runs")
    }

    /// CPU time used so far, all threads.
    pub(crate) fn cpu(&self) -> Duration {
        cpu_of(self.process.id()).expect("it runs")
    }
}

/// A size that the system keeps of a process, in bytes; none once it has ended.
pub(crate) fn status_of(process: u32, field: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// CPU time of a process so far, all threads.
pub(crate) fn cpu_of(process: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in parentheses may hold anything; the times are the 14th and 15th field.
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<u64>().ok();
    // Linux counts in hundredths of a second towards programs, whatever its own clock.
    Some(Duration::from_millis((ticks(11)? + ticks(12)?) * 10))
}

fn name(command: &Command) -> String {
    Path::new(command.get_program()).display().to_string()
}
