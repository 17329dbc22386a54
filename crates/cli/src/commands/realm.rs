//! `realm`: runs the embedded realm as a server, and steers one that runs.

mod fault;

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use bytes::Bytes;
use clap::{Subcommand, ValueEnum};
use jiff::{Span, SpanRelativeTo};
use keyferry_ids::Region;
use keyferry_realm::admin::{Advance, ClockReading, Command as Order, Status};
use keyferry_realm::{Down, FaultRecord, Latency, ReadyLine, Semantics, ServeOptions, WorldFile};
use keyferry_report::{Cell, Document, Tone, units};
use keyferry_seams::Access;
use serde::de::DeserializeOwned;

use crate::exit::Outcome;
use crate::failure::{CliError, Failure};
use crate::invocation::Invocation;
use crate::settings::realm_dir;

/// Longest answer of the admin API; a full log is never asked for here.
const LONGEST: usize = 1 << 20;
/// Largest saved state; it holds all objects.
const LARGEST_STATE: usize = 2 << 30;
/// Largest file of settings.
const LARGEST_FILE: u64 = 4 << 20;
/// Longest token file.
const LONGEST_TOKEN: u64 = 4096;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
    /// Folder of the realm [default: $KEYFERRY_REALM]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a realm on loopback ports until interrupted or stopped
    Serve(ServeArgs),
    /// Lose a region, or bring it back
    #[command(subcommand)]
    Region(RegionCommand),
    /// Let something go wrong
    #[command(subcommand)]
    Fault(fault::FaultCommand),
    /// Look at the realm's clock, move it or stop it
    #[command(subcommand)]
    Clock(ClockCommand),
    /// Show regions, endpoints and what is down
    Status,
    /// Save the whole state into a file, key material included
    Save {
        /// Where to
        file: PathBuf,
    },
    /// Take up a saved state of this realm, in place of all there is
    Load {
        /// Where from
        file: PathBuf,
    },
    /// Empty the realm, as it was when it was new
    Reset,
    /// End the realm that runs
    Stop,
}

#[derive(Debug, clap::Args)]
struct ServeArgs {
    /// Regions, the first is home [default: those it had, or us-ashburn-1,eu-frankfurt-1]
    #[arg(long, value_name = "REGIONS", value_delimiter = ',')]
    regions: Option<Vec<Region>>,
    /// Port of the first region, the others follow; 0 for free ones
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
    /// Makes a new realm reproducible
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How long backups, restores and copies take: none, realistic, or a TOML file of durations
    #[arg(long, value_name = "HOW", default_value = "none")]
    latency: Pace,
    /// TOML file of what the realm holds while it is new
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,
    /// TOML file of switches for what Oracle leaves open, such as `restore_existing = "conflict"`
    #[arg(long, value_name = "FILE")]
    semantics: Option<PathBuf>,
    /// Where vaults answer: at a path of their region's port, or at a port of their own
    #[arg(long, value_name = "FORM", default_value = "path")]
    vault_endpoints: VaultEndpoints,
    /// Speak TLS; the certificate to trust is ca.pem in the folder
    #[arg(long)]
    tls: bool,
    /// Refuse more than ten requests a second of one kind
    #[arg(long, value_name = "WHEN", default_value = "off")]
    rate_limits: Switch,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum VaultEndpoints {
    /// As oci-cli and the SDKs for Python and Node take them
    Path,
    /// As Terraform and the SDK for Go need them
    Port,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

#[derive(Debug, Clone)]
enum Pace {
    None,
    Realistic,
    File(PathBuf),
}

impl FromStr for Pace {
    type Err = Infallible;
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "none" => Self::None,
            "realistic" => Self::Realistic,
            file => Self::File(file.into()),
        })
    }
}

#[derive(Debug, Subcommand)]
enum RegionCommand {
    /// Lose a region
    Down {
        /// Which
        region: Region,
        /// refuse, hang, 503 or destroyed; destroyed also erases what is in it
        #[arg(long, value_name = "HOW", default_value_t = Down::Refuse)]
        how: Down,
    },
    /// Bring a region back
    Up {
        /// Which
        region: Region,
    },
}

#[derive(Debug, Subcommand)]
enum ClockCommand {
    /// What time it is in the realm
    Show,
    /// Let time pass, or turn it back
    Advance {
        /// How much: 31d, 2h, -10m
        #[arg(value_name = "DURATION", value_parser = seconds, allow_hyphen_values = true)]
        by: i64,
    },
    /// Stop it where it is
    Freeze,
    /// Let it go on from where it stands
    Thaw,
}

impl Args {
    pub(crate) fn is_server(&self) -> bool {
        matches!(self.command, Command::Serve(_))
    }

    fn data(&self, on: &Invocation) -> Result<PathBuf, CliError> {
        let missing = || CliError::Usage("say which realm: --data DIR, or KEYFERRY_REALM=DIR".into());
        self.data.clone().or_else(|| realm_dir(&on.env)).ok_or_else(missing)
    }
}

pub(crate) async fn run(args: &Args, on: &Invocation) -> Result<Outcome, Failure> {
    let data = args.data(on)?;
    match &args.command {
        Command::Serve(args) => serve(args, data, on).await?,
        Command::Region(RegionCommand::Down { region, how }) => {
            status(on, steer(on, data, Order::Down(*region, *how)).await?)?;
        }
        Command::Region(RegionCommand::Up { region }) => {
            status(on, steer(on, data, Order::Up(*region)).await?)?;
        }
        Command::Status => status(on, steer(on, data, Order::Status).await?)?,
        Command::Clock(ClockCommand::Show) => clock(on, steer(on, data, Order::Clock).await?)?,
        Command::Clock(ClockCommand::Advance { by }) => {
            clock(on, steer(on, data, Order::Advance(Advance { seconds: *by })).await?)?;
        }
        Command::Clock(ClockCommand::Freeze) => clock(on, steer(on, data, Order::Freeze).await?)?,
        Command::Clock(ClockCommand::Thaw) => clock(on, steer(on, data, Order::Thaw).await?)?,
        Command::Fault(command) => {
            let order = command.order();
            let faults: Vec<FaultRecord> = match order {
                Order::AddFault(_) => vec![steer(on, data, order).await?],
                _ => steer(on, data, order).await?,
            };
            fault::show(on, &faults)?;
        }
        Command::Save { file } => {
            let state = ask(on, data, Order::Save).await?;
            on.disk.write(file, &state, Access::Owner).map_err(CliError::from)?;
            on.printer.note(&format!("saved to {}", file.display()));
        }
        Command::Load { file } => {
            let state = on.disk.read(file, LARGEST_STATE as u64).map_err(CliError::from)?;
            status(on, steer(on, data, Order::Load(state.into())).await?)?;
        }
        Command::Reset => status(on, steer(on, data, Order::Reset).await?)?,
        Command::Stop => {
            ask(on, data, Order::Stop).await?;
            on.printer.note("the realm has stopped");
        }
    }
    Ok(Outcome::Done)
}

async fn serve(args: &ServeArgs, data: PathBuf, on: &Invocation) -> Result<(), Failure> {
    let latency = match &args.latency {
        Pace::None => Latency::none(),
        Pace::Realistic => Latency::realistic(),
        Pace::File(file) => settings(on, file, Latency::parse)?,
    };
    let world = args.world.as_ref().map(|file| settings(on, file, WorldFile::parse)).transpose()?;
    let semantics = args.semantics.as_ref().map(|file| settings(on, file, Semantics::parse)).transpose()?;
    let options = ServeOptions {
        semantics: semantics.unwrap_or_default(),
        regions: args.regions.clone(),
        seed: args.seed,
        port: args.port,
        latency,
        world,
        port_per_vault: args.vault_endpoints == VaultEndpoints::Port,
        tls: args.tls,
        rate_limits: args.rate_limits == Switch::On,
        ..ServeOptions::new(data)
    };
    let server =
        keyferry_realm::serve(options, on.disk.as_ref(), on.clock.clone()).await.map_err(CliError::from)?;
    // One line, whatever form was asked for: programs wait for it.
    let ready =
        serde_json::to_string(server.ready_line()).map_err(std::io::Error::from).map_err(CliError::from)?;
    on.printer.raw(&format!("{ready}\n"))?;
    server.run_until(on.interrupt.clone()).await;
    Ok(())
}

/// Reads a file that was written by hand.
fn settings<T, E: std::error::Error>(
    on: &Invocation,
    file: &Path,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, CliError> {
    let bytes = on.disk.read(file, LARGEST_FILE)?;
    let wrong = |why: String| CliError::Usage(format!("{}: {why}", file.display()));
    let text = std::str::from_utf8(&bytes).map_err(|_| wrong("not UTF-8".to_owned()))?;
    parse(text).map_err(|error| match error.source() {
        Some(cause) => wrong(format!("{error}: {cause}")),
        None => wrong(error.to_string()),
    })
}

fn status(on: &Invocation, status: Status) -> Result<(), CliError> {
    on.printer.show("realm-status", &status, || {
        let mut document = Document::new("Embedded realm");
        document.facts([("Its time", Cell::words(units::time(status.now)))]);
        let rows = status.regions.iter().map(|region| {
            let state = match region.down {
                None => Cell::words("up").tone(Tone::Good),
                Some(how) => Cell::words(format!("down ({how})")).tone(Tone::Bad),
            };
            vec![Cell::code(region.region.name()), Cell::code(&region.endpoint), state]
        });
        document.table(&["Region", "Endpoint", "State"], rows);
        document
    })
}

fn clock(on: &Invocation, reading: ClockReading) -> Result<(), CliError> {
    on.printer.show("realm-clock", &reading, || {
        let mut document = Document::new("Embedded realm");
        let offset = reading.offset_seconds;
        let ahead = units::duration(offset.unsigned_abs() as f64);
        let ahead = match offset {
            0 => "as this machine's".to_owned(),
            1.. => format!("{ahead} ahead of this machine's"),
            _ => format!("{ahead} behind this machine's"),
        };
        let ahead = if reading.frozen { format!("stopped, {ahead}") } else { ahead };
        document.facts([("Its time", Cell::words(units::time(reading.now))), ("Clock", Cell::words(ahead))]);
        document
    })
}

async fn steer<T: DeserializeOwned>(on: &Invocation, data: PathBuf, order: Order) -> Result<T, CliError> {
    let body = ask(on, data, order).await?;
    serde_json::from_slice(&body).map_err(|error| CliError::Realm(format!("gave an odd answer: {error}")))
}

async fn ask(on: &Invocation, data: PathBuf, order: Order) -> Result<Bytes, CliError> {
    let ready = ReadyLine::read(&data, on.disk.as_ref())?;
    let token = on.disk.read(&ready.admin.token_file, LONGEST_TOKEN)?;
    let longest = if order == Order::Save { LARGEST_STATE } else { LONGEST };
    let (method, path, body) = order.to_request();
    let request = http::Request::builder()
        .method(method)
        .uri(format!("{}{path}", ready.admin.url))
        .header(
            http::header::AUTHORIZATION,
            format!("Bearer {}", String::from_utf8_lossy(token.trim_ascii())),
        )
        .body(body)
        .map_err(|error| CliError::Realm(format!("can't be asked: {error}")))?;
    let silent = |source| CliError::RealmSilent { folder: data.clone(), source };
    let answer = on.http(None).send(request, longest).await.map_err(silent)?;
    if answer.status().is_success() {
        return Ok(answer.into_body());
    }
    #[derive(serde::Deserialize)]
    struct Refusal {
        message: String,
    }
    let refusal: Option<Refusal> = serde_json::from_slice(answer.body()).ok();
    let message = refusal.map_or_else(|| answer.status().to_string(), |refusal| refusal.message);
    Err(CliError::Realm(format!("refused: {message}")))
}

/// `31d`, `2h30m`, `-10m`; a day has 24 hours here.
fn seconds(text: &str) -> Result<i64, String> {
    let span: Span = text.parse().map_err(|_| "write a duration such as 31d, 2h or -10m".to_owned())?;
    let duration =
        span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|error| error.to_string())?;
    Ok(duration.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        assert_eq!(seconds("31d"), Ok(31 * 24 * 60 * 60));
        assert_eq!(seconds("2h30m"), Ok(9_000));
        assert_eq!(seconds("-10m"), Ok(-600));
        assert!(seconds("soon").is_err());
    }
}
