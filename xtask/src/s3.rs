//! The stores outside of OCI against two real servers: one that honours conditions, and one that ignores them silently.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::tools::Tool;
use crate::workspace::{Workspace, run as run_command};

const S3S_FS: Tool = Tool { name: "s3s-fs", version: "0.14.1", features: &["--features", "binary"] };
const GARAGE: Tool = Tool {
    name: "garage",
    version: "2.5.0",
    features: &["--no-default-features", "--features", "sqlite,bundled-libs"],
};

/// How long a server may take until it listens.
const PATIENCE: Duration = Duration::from_secs(30);
const BUCKET: &str = "keyferry";
const REGION: &str = "garage";
/// Garage wants them in this form. They open nothing but a server that ends with its test.
const ACCESS_KEY: &str = "GK0123456789abcdef01234567";
const SECRET_KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// Runs the program of tests/offcloud against each server in turn.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let (s3s_fs, garage) = (S3S_FS.path(workspace)?, GARAGE.path(workspace)?);
    let keyferry = workspace.build_keyferry()?;
    workspace.cargo(&["build", "--quiet", "--package", "keyferry-tests", "--bin", "offcloud"])?;
    against(workspace, &keyferry, ("s3s-fs", "honours"), |data, address| {
        fs::create_dir(data.join(BUCKET))?;
        let mut command = workspace.command(&s3s_fs);
        command.args(["--host", &address.ip().to_string(), "--port", &address.port().to_string()]);
        command.args(["--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY]).arg(data);
        Ok(command)
    })?;
    against(workspace, &keyferry, ("garage", "ignores"), |data, address| {
        let settings = data.join("garage.toml");
        fs::write(&settings, garage_settings(data, address))?;
        let mut command = workspace.command(&garage);
        command.arg("-c").arg(settings).args(["server", "--single-node", "--default-bucket"]);
        command.env("GARAGE_DEFAULT_BUCKET", BUCKET);
        command.env("GARAGE_DEFAULT_ACCESS_KEY", ACCESS_KEY).env("GARAGE_DEFAULT_SECRET_KEY", SECRET_KEY);
        Ok(command)
    })
}

/// Starts a server with a new folder, which stays if something fails, and runs the program against it. `conditions` is
/// what the server makes of If-None-Match.
fn against(
    workspace: &Workspace,
    keyferry: &Path,
    (name, conditions): (&str, &str),
    server: impl FnOnce(&Path, SocketAddr) -> Result<Command>,
) -> Result<()> {
    let started = Instant::now();
    let data = workspace.target.join(format!("clients/{name}-{}", std::process::id()));
    fs::create_dir_all(&data).with_context(|| format!("{} can't be made", data.display()))?;
    let kept = || format!("the server's folder, with its messages, is kept: {}", data.display());
    let address = free_address()?;
    let server = Server::start(server(&data, address)?, &data, address).with_context(kept)?;
    println!("{name} ready at {address}, process {}", server.process.id());
    let mut program = workspace.command(workspace.target.join("debug/offcloud"));
    program.arg(keyferry).args([BUCKET, conditions]);
    program.env("AWS_ACCESS_KEY_ID", ACCESS_KEY).env("AWS_SECRET_ACCESS_KEY", SECRET_KEY);
    program.env("AWS_ENDPOINT_URL", format!("http://{address}")).env("AWS_REGION", REGION);
    let told = run_command(&mut program);
    drop(server);
    told.with_context(kept)?;
    println!("{name}: {:.1} s", started.elapsed().as_secs_f64());
    fs::remove_dir_all(&data).with_context(|| format!("{} can't be removed", data.display()))
}

fn garage_settings(data: &Path, address: SocketAddr) -> String {
    let data = data.display();
    // Its own cluster has one member, so nobody needs to know the port between members.
    format!(
        r#"metadata_dir = "{data}/meta"
data_dir = "{data}/data"
db_engine = "sqlite"
replication_factor = 1
rpc_bind_addr = "127.0.0.1:0"
rpc_secret = "{SECRET_KEY}"
[s3_api]
s3_region = "{REGION}"
api_bind_addr = "{address}"
"#
    )
}

/// A port that was free just now. Neither server can be told to choose one and say which.
fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no port is free")?;
    listener.local_addr().context("no port is free")
}

/// A running server; ends when dropped, whatever happened meanwhile.
struct Server {
    process: Child,
}

impl Server {
    fn start(mut command: Command, data: &Path, address: SocketAddr) -> Result<Self> {
        let messages = File::create(data.join("messages.log"))?;
        command.stdin(Stdio::null()).stdout(messages.try_clone()?).stderr(messages);
        let mut server = Self { process: command.spawn().context("the server can't be started")? };
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            if let Some(status) = server.process.try_wait()? {
                bail!("the server ended with {status}");
            }
            if started.elapsed() > PATIENCE {
                bail!("the server does not listen after {} s", PATIENCE.as_secs());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing else to do about a failure here.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
