//! Who is called, where, and in whose name: `KEYFERRY_*` and `OCI_CLI_*` variables, then flags.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use keyferry_core::{Environment, EnvironmentKind};
use keyferry_ids::Region;
use keyferry_oci::{Credentials, Endpoints, Pace, Source};
use keyferry_realm::ReadyLine;
use keyferry_seams::Disk;

use super::{LONGEST, variable};
use crate::app::Globals;
use crate::failure::{CliError, Failure};

/// How OCIDs of an embedded realm's tenancy begin, so that nobody mistakes it for a real one.
const EMBEDDED_MARK: &str = "aaaaaaaakeyferryembedded";

/// Everything that decides where calls go.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) credentials: Credentials,
    pub(crate) endpoints: Endpoints,
    pub(crate) environment: Environment,
    /// The embedded realm's own authority, if it speaks TLS.
    pub(crate) authority: Option<Vec<u8>>,
    /// How fast to call.
    pub(crate) pace: Pace,
}

impl Settings {
    /// Finds credentials and endpoints. Nothing is called.
    pub(crate) fn resolve(
        globals: &Globals,
        env: &BTreeMap<String, String>,
        disk: &dyn Disk,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let realm = realm_dir(env).map(|folder| ReadyLine::read(&folder, disk)).transpose();
        let realm = realm.map_err(CliError::from)?;
        let mut environment = env.clone();
        if realm.is_some() {
            // A shell set up for the real cloud must not leak into the embedded one.
            environment.retain(|name, _| !name.starts_with("OCI_CLI_"));
        }
        let authority = realm.as_ref().and_then(|realm| realm.ca_file.as_deref());
        let authority = authority.map(|path| disk.read(path, LONGEST)).transpose().map_err(CliError::from)?;
        let config_file = globals.config_file.as_deref();
        let credentials = Credentials::load(Source {
            disk,
            environment: &environment,
            config_file: config_file.or(realm.as_ref().map(|realm| realm.config_file.as_path())),
            profile: globals.profile.as_deref(),
            auth: globals.auth.as_deref(),
            region: globals.region,
            now,
        })?;
        let tenancy_id = credentials.tenancy_id.clone();
        let mut endpoints = Endpoints::of(tenancy_id.realm());
        for (region, place) in realm.iter().flat_map(|realm| &realm.regions) {
            endpoints = endpoints.with(*region, &place.endpoint)?;
        }
        for written in &globals.endpoints {
            endpoints = endpoints.with_written(written)?;
        }
        let is_embedded = realm.is_some() || tenancy_id.unique().starts_with(EMBEDDED_MARK);
        if is_embedded {
            endpoints = endpoints.closed();
        }
        // An embedded realm limits nothing unless it says so.
        let is_limited = realm.as_ref().map_or(!is_embedded, |realm| realm.rate_limits);
        let pace = if is_limited { Pace::DOCUMENTED } else { Pace::UNLIMITED };
        let kind = if is_embedded { EnvironmentKind::Embedded } else { EnvironmentKind::Oci };
        let environment = Environment { kind, realm: tenancy_id.realm(), tenancy_id };
        Ok(Self { credentials, endpoints, environment, authority, pace })
    }

    /// The region to ask if nothing else decides it.
    pub(crate) fn region(&self) -> Result<Region, CliError> {
        let missing = || CliError::MissingFlag {
            what: "a profile that names no region",
            flag: "--region REGION".into(),
        };
        self.credentials.region.ok_or_else(missing)
    }
}

/// `KEYFERRY_REALM`.
pub(crate) fn realm_dir(env: &BTreeMap<String, String>) -> Option<PathBuf> {
    variable(env, "KEYFERRY_REALM").map(PathBuf::from)
}

/// `--state`, `$KEYFERRY_STATE`, `$XDG_STATE_HOME/keyferry`, `~/.local/state/keyferry`.
pub(crate) fn state_dir(flag: Option<&Path>, env: &BTreeMap<String, String>) -> Result<PathBuf, CliError> {
    let from_env = || variable(env, "KEYFERRY_STATE").map(PathBuf::from);
    let xdg = || variable(env, "XDG_STATE_HOME").map(|folder| Path::new(folder).join("keyferry"));
    let home = || variable(env, "HOME").map(|home| Path::new(home).join(".local/state/keyferry"));
    flag.map(Path::to_path_buf).or_else(from_env).or_else(xdg).or_else(home).ok_or_else(|| {
        CliError::MissingFlag { what: "a user without a home folder", flag: "--state DIR".into() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn an_embedded_tenancy_is_known_by_its_ocid() {
        let region = Region::parse("iad").expect("known");
        let identity = keyferry_realm::Identity::mint(vec![region], &keyferry_seams::Seed::from_number(5));
        let tenancy = keyferry_ids::TenancyId::parse(&identity.tenancy_id).expect("a tenancy");
        assert!(tenancy.unique().starts_with(EMBEDDED_MARK));
    }

    #[test]
    fn the_state_folder_is_found_in_the_order_of_nearness() {
        let all = env(&[("KEYFERRY_STATE", "/k"), ("XDG_STATE_HOME", "/x"), ("HOME", "/h")]);
        assert_eq!(state_dir(Some(Path::new("/f")), &all).expect("the flag"), Path::new("/f"));
        assert_eq!(state_dir(None, &all).expect("our variable"), Path::new("/k"));
        let xdg = env(&[("KEYFERRY_STATE", ""), ("XDG_STATE_HOME", "/x"), ("HOME", "/h")]);
        assert_eq!(state_dir(None, &xdg).expect("the desktop's variable"), Path::new("/x/keyferry"));
        assert_eq!(
            state_dir(None, &env(&[("HOME", "/h")])).expect("home"),
            Path::new("/h/.local/state/keyferry")
        );
        assert!(state_dir(None, &env(&[])).is_err());
    }
}
