//! The admin API: how a running realm is steered. Both ends are written here, so that they agree.

use bytes::Bytes;
use http::Method;
use jiff::Timestamp;
use keyferry_ids::Region;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::down::Down;
use crate::faults::Fault;
use crate::{Limit, Secret};

/// What a realm can be told or asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// `GET /status`, answered with [`Status`].
    Status,
    /// `GET /log`: one [`crate::LogLine`] as JSON per line.
    Log,
    /// `POST /regions/{region}/down`, answered with [`Status`].
    Down(Region, Down),
    /// `POST /regions/{region}/up`, answered with [`Status`].
    Up(Region),
    /// `GET /clock`, answered with [`ClockReading`].
    Clock,
    /// `POST /clock/advance`, answered with [`ClockReading`].
    Advance(Advance),
    /// `POST /clock/freeze`, answered with [`ClockReading`].
    Freeze,
    /// `POST /clock/thaw`, answered with [`ClockReading`].
    Thaw,
    /// `GET /faults`, answered with a list of [`crate::FaultRecord`].
    Faults,
    /// `POST /faults`, answered with [`crate::FaultRecord`].
    AddFault(Fault),
    /// `DELETE /faults/{id}`, answered with the list of those that are left.
    RemoveFault(u64),
    /// `DELETE /faults`, answered with an empty list.
    ClearFaults,
    /// `GET /state`: the whole state as bytes.
    Save,
    /// `PUT /state` with such bytes, answered with [`Status`].
    Load(Bytes),
    /// `POST /reset`, answered with [`Status`].
    Reset,
    /// `POST /secrets`, answered with [`Created`].
    Secret(Secret),
    /// `POST /limits`, answered with [`Status`].
    Limit(Limit),
    /// `POST /stop`, answered with nothing.
    Stop,
}

/// How a region shall fail.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fall {
    how: Down,
}

/// How far the realm's clock shall move; back if negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advance {
    /// Seconds.
    pub seconds: i64,
}

/// What the realm's clock shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockReading {
    /// The realm's time.
    pub now: Timestamp,
    /// How far it is ahead of the machine's.
    pub offset_seconds: i64,
    /// Whether it stands still.
    #[serde(default)]
    pub frozen: bool,
}

/// The state of the realm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The realm's time.
    pub now: Timestamp,
    /// Its regions, home first.
    pub regions: Vec<RegionStatus>,
}

/// The state of a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionStatus {
    /// Which.
    pub region: Region,
    /// Its base URL.
    pub endpoint: String,
    /// How it is down; `null` if it is up.
    pub down: Option<Down>,
}

/// The id of what was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// An OCID.
    pub id: String,
}

/// Not a command of the admin API.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// No such path or method.
    #[error("there is no such command")]
    Unknown,
    /// The body does not fit.
    #[error("the body is not what the command takes")]
    Body(#[source] serde_json::Error),
}

impl Command {
    /// Method, path and body to send.
    pub fn to_request(&self) -> (Method, String, Bytes) {
        match self {
            Self::Status => (Method::GET, "/status".to_owned(), Bytes::new()),
            Self::Log => (Method::GET, "/log".to_owned(), Bytes::new()),
            Self::Down(region, how) => {
                (Method::POST, format!("/regions/{region}/down"), json(&Fall { how: *how }))
            }
            Self::Up(region) => (Method::POST, format!("/regions/{region}/up"), Bytes::new()),
            Self::Clock => (Method::GET, "/clock".to_owned(), Bytes::new()),
            Self::Advance(advance) => (Method::POST, "/clock/advance".to_owned(), json(advance)),
            Self::Freeze => (Method::POST, "/clock/freeze".to_owned(), Bytes::new()),
            Self::Thaw => (Method::POST, "/clock/thaw".to_owned(), Bytes::new()),
            Self::Faults => (Method::GET, "/faults".to_owned(), Bytes::new()),
            Self::AddFault(fault) => (Method::POST, "/faults".to_owned(), json(fault)),
            Self::RemoveFault(id) => (Method::DELETE, format!("/faults/{id}"), Bytes::new()),
            Self::ClearFaults => (Method::DELETE, "/faults".to_owned(), Bytes::new()),
            Self::Save => (Method::GET, "/state".to_owned(), Bytes::new()),
            Self::Load(saved) => (Method::PUT, "/state".to_owned(), saved.clone()),
            Self::Reset => (Method::POST, "/reset".to_owned(), Bytes::new()),
            Self::Secret(secret) => (Method::POST, "/secrets".to_owned(), json(secret)),
            Self::Limit(limit) => (Method::POST, "/limits".to_owned(), json(limit)),
            Self::Stop => (Method::POST, "/stop".to_owned(), Bytes::new()),
        }
    }

    /// Reads what [`Command::to_request`] made.
    ///
    /// # Errors
    /// If it is no command.
    pub fn parse(method: &Method, path: &str, body: &Bytes) -> Result<Self, CommandError> {
        let region = |text: &str| Region::parse(text).map_err(|_| CommandError::Unknown);
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        match (method.as_str(), segments.as_slice()) {
            ("GET", ["status"]) => Ok(Self::Status),
            ("GET", ["log"]) => Ok(Self::Log),
            ("GET", ["clock"]) => Ok(Self::Clock),
            ("POST", ["regions", name, "down"]) => Ok(Self::Down(region(name)?, read::<Fall>(body)?.how)),
            ("POST", ["regions", name, "up"]) => Ok(Self::Up(region(name)?)),
            ("POST", ["clock", "advance"]) => Ok(Self::Advance(read(body)?)),
            ("POST", ["clock", "freeze"]) => Ok(Self::Freeze),
            ("POST", ["clock", "thaw"]) => Ok(Self::Thaw),
            ("GET", ["faults"]) => Ok(Self::Faults),
            ("POST", ["faults"]) => Ok(Self::AddFault(read(body)?)),
            ("DELETE", ["faults", id]) => {
                Ok(Self::RemoveFault(id.parse().map_err(|_| CommandError::Unknown)?))
            }
            ("DELETE", ["faults"]) => Ok(Self::ClearFaults),
            ("GET", ["state"]) => Ok(Self::Save),
            ("PUT", ["state"]) => Ok(Self::Load(body.clone())),
            ("POST", ["reset"]) => Ok(Self::Reset),
            ("POST", ["secrets"]) => Ok(Self::Secret(read(body)?)),
            ("POST", ["limits"]) => Ok(Self::Limit(read(body)?)),
            ("POST", ["stop"]) => Ok(Self::Stop),
            _ => Err(CommandError::Unknown),
        }
    }
}

fn json(value: &impl Serialize) -> Bytes {
    // Plain structs of texts and numbers always have a JSON form.
    serde_json::to_vec(value).map(Bytes::from).unwrap_or_default()
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, CommandError> {
    serde_json::from_slice(body).map_err(CommandError::Body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LimitName;
    use crate::faults::{Effect, Spoiled};
    use crate::testing::{fra, iad};
    use keyferry_wire::OperationName;

    #[test]
    fn every_command_is_read_as_it_was_sent() {
        let secret = Secret {
            region: iad(),
            vault_id: "v".to_owned(),
            compartment_id: "c".to_owned(),
            name: "n".to_owned(),
            key_id: None,
        };
        let fault = Fault {
            region: Some(fra()),
            operation: Some(OperationName::BackupVault),
            resource: Some("v".to_owned()),
            after: 1,
            times: Some(2),
            probability: Some(0.5),
            effect: Effect::BackupObject { how: Spoiled::Truncated },
        };
        for command in [
            Command::Status,
            Command::Log,
            Command::Down(iad(), Down::Unavailable),
            Command::Up(fra()),
            Command::Clock,
            Command::Advance(Advance { seconds: -600 }),
            Command::Freeze,
            Command::Thaw,
            Command::Faults,
            Command::AddFault(fault),
            Command::RemoveFault(7),
            Command::ClearFaults,
            Command::Save,
            Command::Load(Bytes::from_static(b"state")),
            Command::Reset,
            Command::Secret(secret),
            Command::Limit(Limit { region: fra(), name: LimitName::VirtualPrivateVaultCount, value: 0 }),
            Command::Stop,
        ] {
            let (method, path, body) = command.to_request();
            assert_eq!(Command::parse(&method, &path, &body).expect("a command"), command);
        }
        assert!(
            Command::parse(&Method::POST, "/regions/iad/down", &Bytes::from_static(br#"{"how":"softly"}"#))
                .is_err()
        );
        assert!(Command::parse(&Method::POST, "/regions/atlantis/up", &Bytes::new()).is_err());
        assert!(Command::parse(&Method::GET, "/stop", &Bytes::new()).is_err());
    }
}
