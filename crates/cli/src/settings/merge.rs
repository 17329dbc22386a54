//! One value from many: the file, then the environment, then flags, and where it is from.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;
use std::str::FromStr;

use keyferry_core::policy::Policy;
use keyferry_engine::Patience;
use keyferry_seams::Disk;
use serde::Serialize;
use serde_json::{Value, json};

use super::file::{self, File, Profile};
use super::mask::{masked, masked_argv};
use super::own::{CONCURRENCY, Origin, Own, Shown};
use super::{state_dir, variable};
use crate::app::Globals;
use crate::failure::CliError;

/// Reads the settings file and puts all together: flags with what stands in for them, and the rest.
pub(crate) fn merge(
    globals: &Globals,
    env: &BTreeMap<String, String>,
    disk: &dyn Disk,
) -> Result<(Globals, Own), CliError> {
    let (source, file) = file::find(globals.settings.as_deref(), env, disk)?.unzip();
    let file = file.unwrap_or_default();
    let mut merged = Merging { env, source: source.as_deref(), shown: Vec::new() };
    let mut globals = globals.clone();
    merged.account(&mut globals, &file)?;

    let chosen = globals.profile.as_deref().or_else(|| merged.foreign("profile").map(|(_, name)| name));
    let own_store = chosen.and_then(|name| Some((name, file.profiles.get(name)?.store.clone()?)));
    let of_file = match own_store {
        Some((name, store)) => Some((store, merged.in_profile(name))),
        None => merged.in_file(file.store),
    };
    globals.store = merged.take("store", globals.store, of_file, Value::Null)?;
    let state = state_dir(None, env).ok();
    globals.state = merged.take("state", globals.state, merged.in_file(file.state), json!(state))?;
    let state = globals.state.clone().or(state);
    let beside = |name: &str| json!(state.as_ref().map(|state| state.join(name)));
    let key = merged.in_file(file.signing_key);
    globals.signing_key = merged.take("signing_key", globals.signing_key, key, beside("signing_key"))?;
    let signers = merged.in_file(file.allowed_signers);
    globals.allowed_signers =
        merged.take("allowed_signers", globals.allowed_signers, signers, beside("allowed_signers"))?;
    for endpoint in &globals.endpoints {
        let origin = Origin::Flag("--endpoint".to_owned());
        merged.show("endpoint", endpoint.as_str().into(), origin);
    }

    let rate = merged.in_file(file.rate);
    let rate = merged.take("rate", None, rate, "as Oracle documents".into())?;
    let concurrency = merged.in_file(file.concurrency);
    let concurrency = merged.take("concurrency", None, concurrency, CONCURRENCY.into())?;
    let usual = format!("{}m", Patience::default().limit.as_secs() / 60);
    let timeout = merged.take("timeout", None, merged.in_file(file.timeout), usual.into())?;
    let log_file = merged.take("log_file", None, merged.in_file(file.log_file), Value::Null)?;

    let stores = file.stores.into_iter().map(|(name, store)| (name.0, store)).collect();
    let policies: BTreeMap<_, _> = file.policies.into_iter().map(|(name, policy)| (name.0, policy)).collect();
    merged.tree("stores", &json!(stores));
    merged.tree("objectives", &json!(file.objectives));
    policies.iter().for_each(|(name, policy)| merged.policy(name, policy));
    let own = Own {
        objectives: file.objectives,
        rate: rate.map(f64::from),
        concurrency: concurrency.map_or(CONCURRENCY, |many| many.get()).into(),
        timeout: timeout.map(|period| period.duration()),
        log_file,
        shown: merged.shown,
        stores,
        policies,
        source,
    };
    Ok((globals, own))
}

struct Merging<'a> {
    env: &'a BTreeMap<String, String>,
    source: Option<&'a Path>,
    shown: Vec<Shown>,
}

impl<'a> Merging<'a> {
    /// Profile, configuration file, region and kind of credentials.
    fn account(&mut self, globals: &mut Globals, file: &File) -> Result<(), CliError> {
        globals.profile = self.who("profile", globals.profile.take(), self.in_file(file.profile.clone()))?;
        let name = globals.profile.clone().or_else(|| Some(self.foreign("profile")?.1.to_owned()));
        let none = Profile::default();
        let (name, profile) = match name.as_deref().and_then(|name| file.profiles.get_key_value(name)) {
            Some((name, profile)) => (name.as_str(), profile),
            None => ("", &none),
        };
        let of_profile = self.in_profile(name);
        let config_file = nearest(&profile.config_file, &of_profile, self.in_file(file.config_file.clone()));
        globals.config_file = self.who("config_file", globals.config_file.take(), config_file)?;
        let region = nearest(&profile.region, &of_profile, self.in_file(file.region));
        globals.region = self.who("region", globals.region.take(), region)?;
        let auth = nearest(&profile.auth, &of_profile, self.in_file(file.auth.clone()));
        globals.auth = self.who("auth", globals.auth.take(), auth)?;
        Ok(())
    }

    /// A value of [`Merging::account`]. What oci-cli's variables say stays where it is: they are read with the
    /// credentials. An account in the file never leaks into an embedded realm, which has its own.
    fn who<T: FromStr<Err: Display> + Serialize>(
        &mut self,
        key: &'static str,
        flag: Option<T>,
        of_file: Option<(T, Origin)>,
    ) -> Result<Option<T>, CliError> {
        let is_ours = flag.is_some() || variable(self.env, &ours(key)).is_some();
        match self.foreign(key) {
            _ if is_ours => self.take(key, flag, None, Value::Null),
            Some((name, text)) => {
                self.show(key, text.into(), Origin::Environment(name));
                Ok(None)
            }
            None if self.has_realm() => {
                self.show(key, Value::Null, Origin::Environment("KEYFERRY_REALM".to_owned()));
                Ok(None)
            }
            None => {
                let default = match key {
                    "profile" => "DEFAULT".into(),
                    "config_file" => "~/.oci/config".into(),
                    _ => Value::Null,
                };
                self.take(key, None, of_file, default)
            }
        }
    }

    /// The flag, or else our variable, or else the file.
    fn take<T: FromStr<Err: Display> + Serialize>(
        &mut self,
        key: &'static str,
        flag: Option<T>,
        of_file: Option<(T, Origin)>,
        default: Value,
    ) -> Result<Option<T>, CliError> {
        let name = ours(key);
        let found = match (flag, variable(self.env, &name)) {
            (Some(value), _) => Some((value, Origin::Flag(format!("--{}", key.replace('_', "-"))))),
            (None, Some(text)) => {
                let wrong = |error: T::Err| CliError::Usage(format!("${name}: {error}"));
                Some((text.parse().map_err(wrong)?, Origin::Environment(name)))
            }
            (None, None) => of_file,
        };
        match &found {
            Some((value, origin)) => self.show(key, json!(value), origin.clone()),
            None => self.show(key, default, Origin::Default),
        }
        Ok(found.map(|(value, _)| value))
    }

    /// oci-cli's variable of that name, unless an embedded realm takes its place.
    fn foreign(&self, key: &str) -> Option<(String, &'a str)> {
        let name = format!("OCI_CLI_{}", key.to_uppercase());
        let value = variable(self.env, &name).filter(|_| !self.has_realm())?;
        Some((name, value))
    }

    fn has_realm(&self) -> bool {
        super::realm_dir(self.env).is_some()
    }

    fn in_file<T>(&self, value: Option<T>) -> Option<(T, Origin)> {
        Some((value?, Origin::File(self.source?.display().to_string())))
    }

    fn in_profile(&self, name: &str) -> Origin {
        let path = self.source.unwrap_or(Path::new("")).display();
        Origin::File(format!("[profiles.{name}] in {path}"))
    }

    fn policy(&mut self, name: &str, policy: &Policy) {
        let key = format!("policies.{name}");
        let hooks = &policy.hooks;
        let mut rest = json!(policy);
        rest.as_object_mut().map(|fields| fields.remove("hooks"));
        self.tree(&key, &rest);
        for (when, argv) in
            [("success", &hooks.success), ("failure", &hooks.failure), ("always", &hooks.always)]
        {
            if let (false, Some((_, origin))) = (argv.is_empty(), self.in_file(Some(()))) {
                let value = masked_argv(argv.iter().map(String::as_str));
                self.shown.push(Shown { key: format!("{key}.hooks.{when}"), value, origin });
            }
        }
    }

    /// Everything in a table of the file, with dotted keys.
    fn tree(&mut self, key: &str, value: &Value) {
        if let Value::Object(fields) = value {
            fields.iter().for_each(|(name, value)| self.tree(&format!("{key}.{name}"), value));
        } else if let Some((_, origin)) = self.in_file(Some(())) {
            self.show(key, value.clone(), origin);
        }
    }

    fn show(&mut self, key: &str, value: Value, origin: Origin) {
        self.shown.push(Shown { key: key.to_owned(), value: masked(key, &value), origin });
    }
}

fn ours(key: &str) -> String {
    format!("KEYFERRY_{}", key.to_uppercase())
}

/// What the profile says, or else what the whole file does.
fn nearest<T: Clone>(
    of_profile: &Option<T>,
    origin: &Origin,
    of_file: Option<(T, Origin)>,
) -> Option<(T, Origin)> {
    of_profile.clone().map(|value| (value, origin.clone())).or(of_file)
}
