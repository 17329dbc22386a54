//! One program: started without a shell, given its input, listened to for a while.

use std::collections::BTreeMap;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{ChildStdin, Command};
use tokio::time::timeout;

/// What is kept of each of its two streams. The rest is read and forgotten.
const KEPT: u64 = 8 << 10;
/// What it has started itself may hold its streams open; that is listened to no longer than this.
const GRACE: Duration = Duration::from_secs(1);

/// How it went.
#[derive(Debug)]
pub(super) struct Ran {
    /// What it wrote, to either stream.
    pub(super) said: String,
    /// Why it did not go well, as the end of a sentence.
    pub(super) trouble: Option<String>,
}

/// Runs it to its end, or for `limit`. It lives in the machine's time, whatever our own clock says.
pub(super) async fn run(
    program: &str,
    arguments: &[String],
    variables: &BTreeMap<&str, String>,
    input: &[u8],
    limit: Duration,
) -> Ran {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(variables).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let trouble = match timeout(limit, talk(command, input, &mut out, &mut err)).await {
        Ok(Ok(status)) if status.success() => None,
        Ok(Ok(status)) => Some(format!("failed: {status}")),
        Ok(Err(error)) => Some(format!("could not be run: {error}")),
        Err(_) => Some(format!("was stopped: it took longer than {} s", limit.as_secs())),
    };
    out.extend(err);
    Ran { said: String::from_utf8_lossy(&out).into_owned(), trouble }
}

async fn talk(
    mut command: Command,
    input: &[u8],
    out: &mut Vec<u8>,
    err: &mut Vec<u8>,
) -> std::io::Result<ExitStatus> {
    let mut child = command.spawn()?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let streams = async { tokio::join!(feed(stdin, input), hear(stdout, out), hear(stderr, err)) };
    tokio::pin!(streams);
    let mut is_silent = false;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            _ = &mut streams, if !is_silent => is_silent = true,
        }
    };
    if !is_silent {
        let _ = timeout(GRACE, streams).await;
    }
    Ok(status)
}

/// A program need not read: that it closes its input is no failure.
async fn feed(stdin: Option<ChildStdin>, input: &[u8]) {
    if let Some(mut stdin) = stdin {
        let _ = stdin.write_all(input).await;
    }
}

async fn hear(stream: Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>) {
    if let Some(mut stream) = stream {
        let _ = (&mut stream).take(KEPT).read_to_end(into).await;
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    }
}
