//! `realm`: runs the embedded realm as a server, and steers one that runs.

use std::path::PathBuf;

use bytes::Bytes;
use clap::{Subcommand, ValueEnum};
use jiff::{Span, SpanRelativeTo};
use keyferry_ids::Region;
use keyferry_realm::admin::{Advance, ClockReading, Command as Order, Status};
use keyferry_realm::{Down, Latency, ReadyLine, ServeOptions};
use keyferry_report::{Cell, Document, Tone, units};
use serde::de::DeserializeOwned;

use crate::exit::Outcome;
use crate::failure::{CliError, Failure};
use crate::invocation::Invocation;
use crate::settings::realm_dir;

/// Longest answer of the admin API; a full log is never asked for here.
const LONGEST: usize = 1 << 20;
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
    /// Look at the realm's clock, or move it
    #[command(subcommand)]
    Clock(ClockCommand),
    /// Show regions, endpoints and what is down
    Status,
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
    /// How long backups, restores and copies take
    #[arg(long, value_name = "HOW", default_value = "none")]
    latency: Pace,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Pace {
    /// A moment
    None,
    /// About as in the cloud
    Realistic,
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
        Command::Stop => {
            ask(on, data, Order::Stop).await?;
            on.printer.note("the realm has stopped");
        }
    }
    Ok(Outcome::Done)
}

async fn serve(args: &ServeArgs, data: PathBuf, on: &Invocation) -> Result<(), Failure> {
    let latency = match args.latency {
        Pace::None => Latency::none(),
        Pace::Realistic => Latency::realistic(),
    };
    let options =
        ServeOptions { data, regions: args.regions.clone(), seed: args.seed, port: args.port, latency };
    let server =
        keyferry_realm::serve(options, on.disk.as_ref(), on.clock.clone()).await.map_err(CliError::from)?;
    // One line, whatever form was asked for: programs wait for it.
    let ready =
        serde_json::to_string(server.ready_line()).map_err(std::io::Error::from).map_err(CliError::from)?;
    on.printer.raw(&format!("{ready}\n"))?;
    server.run_until(on.interrupt.clone()).await;
    Ok(())
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
    let answer = on.http().send(request, LONGEST).await.map_err(silent)?;
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
