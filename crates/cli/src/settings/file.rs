//! `keyferry.toml`: found, read and understood.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use keyferry_core::Period;
use keyferry_core::model::StoreUrl;
use keyferry_core::policy::{Objectives, Policy};
use keyferry_ids::Region;
use keyferry_seams::Disk;
use serde::{Deserialize, Serialize};

use super::{LONGEST, variable};
use crate::failure::CliError;

/// All that can be written in it. Unknown words are refused: a misspelt `copy_to` must not mean "no copies".
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub(super) profile: Option<String>,
    pub(super) config_file: Option<PathBuf>,
    pub(super) region: Option<Region>,
    pub(super) auth: Option<String>,
    pub(super) store: Option<String>,
    pub(super) state: Option<PathBuf>,
    pub(super) signing_key: Option<PathBuf>,
    pub(super) allowed_signers: Option<PathBuf>,
    pub(super) rate: Option<Rate>,
    pub(super) concurrency: Option<NonZeroU16>,
    pub(super) timeout: Option<Period>,
    pub(super) log_file: Option<PathBuf>,
    pub(super) profiles: BTreeMap<String, Profile>,
    pub(super) stores: BTreeMap<Name, StoreUrl>,
    pub(super) objectives: Objectives,
    pub(super) policies: BTreeMap<Name, Policy>,
}

/// What differs from account to account: goes before the values above it if that profile is chosen.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Profile {
    pub(super) config_file: Option<PathBuf>,
    pub(super) region: Option<Region>,
    pub(super) auth: Option<String>,
    pub(super) store: Option<String>,
}

/// A name of one's own for a store or policy: fit for a command line, and never taken for a store's address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Name(pub(super) String);

impl TryFrom<String> for Name {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if is_plain && (1..=64).contains(&text.len()) {
            Ok(Self(text))
        } else {
            Err("a name has up to 64 letters, digits, `-` and `_`")
        }
    }
}

/// Calls a second, for each class of calls in each region.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub(super) struct Rate(f64);

const NO_RATE: &str = "a rate is a number of calls a second, from 0.01 to 1000";

impl TryFrom<f64> for Rate {
    type Error = &'static str;

    fn try_from(number: f64) -> Result<Self, Self::Error> {
        if (0.01..=1_000.0).contains(&number) { Ok(Self(number)) } else { Err(NO_RATE) }
    }
}

impl FromStr for Rate {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<f64>().map_err(|_| NO_RATE)?.try_into()
    }
}

impl From<Rate> for f64 {
    fn from(rate: Rate) -> Self {
        rate.0
    }
}

/// `--settings`, `$KEYFERRY_SETTINGS`, then where it usually lies. The first two have to be there.
pub(super) fn find(
    flag: Option<&Path>,
    env: &BTreeMap<String, String>,
    disk: &dyn Disk,
) -> Result<Option<(PathBuf, File)>, CliError> {
    if let Some(path) = flag.or_else(|| variable(env, "KEYFERRY_SETTINGS").map(Path::new)) {
        return Ok(Some((path.to_path_buf(), read(path, env, disk)?)));
    }
    let xdg = variable(env, "XDG_CONFIG_HOME").map(PathBuf::from);
    let home = variable(env, "HOME").map(|home| Path::new(home).join(".config"));
    let usual = [xdg, home].into_iter().flatten().map(|folder| folder.join("keyferry"));
    for folder in std::iter::once(PathBuf::new()).chain(usual) {
        let path = folder.join("keyferry.toml");
        match read(&path, env, disk) {
            Err(CliError::SettingsUnread(error)) if error.is_absent() => {}
            other => return Ok(Some((path, other?))),
        }
    }
    Ok(None)
}

fn read(path: &Path, env: &BTreeMap<String, String>, disk: &dyn Disk) -> Result<File, CliError> {
    let bytes = disk.read(path, LONGEST).map_err(CliError::SettingsUnread)?;
    let mut file = parse(path, &bytes)?;
    let has_hooks = file.policies.values().any(|policy| policy.hooks != Default::default());
    if has_hooks && disk.mode(path).map_err(CliError::SettingsUnread)? & 0o002 != 0 {
        let because = "it names programs to run, and everybody may write to it".to_owned();
        let help = format!("run: chmod o-w {}", path.display());
        return Err(CliError::Settings { path: path.to_path_buf(), at: None, because, help });
    }
    file.place(path.parent().unwrap_or(Path::new("")), env);
    Ok(file)
}

fn parse(path: &Path, bytes: &[u8]) -> Result<File, CliError> {
    let wrong = |text: &str, offset: Option<usize>, because: &str| {
        let at = offset.and_then(|offset| text.get(..offset)).map(position);
        let because: Vec<_> = because.split_whitespace().collect();
        let help = match at {
            Some((line, _)) => format!("correct line {line} of {}", path.display()),
            None => format!("correct {}", path.display()),
        };
        let because = because.join(" ").chars().take(300).collect();
        CliError::Settings { path: path.to_path_buf(), at, because, help }
    };
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}'),
        Err(error) => {
            let sound = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            return Err(wrong(&sound, Some(sound.len()), "not UTF-8"));
        }
    };
    // Only the message: with the line it would repeat what may be a secret.
    toml::from_str(text).map_err(|error| wrong(text, error.span().map(|span| span.start), error.message()))
}

/// Line and column of what comes after `before`.
fn position(before: &str) -> (usize, usize) {
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

impl File {
    /// Paths are meant from the folder of the file, and policies from the objectives.
    fn place(&mut self, folder: &Path, env: &BTreeMap<String, String>) {
        let File { config_file, state, signing_key, allowed_signers, log_file, .. } = self;
        let own = [config_file, state, signing_key, allowed_signers, log_file];
        let of_profiles = self.profiles.values_mut().map(|profile| &mut profile.config_file);
        for path in own.into_iter().chain(of_profiles).flatten() {
            *path = placed(path, folder, env).into_owned();
        }
        for policy in self.policies.values_mut() {
            *policy = std::mem::take(policy).with_defaults(&self.objectives);
            let hooks = &mut policy.hooks;
            let programs = [&mut hooks.success, &mut hooks.failure, &mut hooks.always];
            // A bare word is looked for on the PATH.
            for program in programs.into_iter().filter_map(|argv| argv.first_mut()) {
                if program.contains('/') {
                    *program = placed(Path::new(&*program), folder, env).to_string_lossy().into_owned();
                }
            }
        }
    }
}

fn placed<'a>(path: &'a Path, folder: &Path, env: &BTreeMap<String, String>) -> Cow<'a, Path> {
    match (path.strip_prefix("~"), variable(env, "HOME")) {
        (Ok(rest), Some(home)) => Path::new(home).join(rest).into(),
        _ if path.is_absolute() => path.into(),
        _ => folder.join(path).into(),
    }
}
