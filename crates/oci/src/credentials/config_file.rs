//! `~/.oci/config`: what Oracle's Python and Node readers take, together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use configparser::ini::{Ini, IniDefault};
use zeroize::Zeroizing;

use super::pass_phrase::PassPhrase;
use super::{CredentialsError, LONGEST, Source, in_home, variable};
use crate::explain::shell_word;

const USUAL_FILE: &str = "~/.oci/config";
/// Every profile inherits from it, key by key.
const DEFAULT: &str = "DEFAULT";
/// Takes the place of a section for lines that stand before the first one.
const NO_SECTION: &str = "";

/// A section. Its values may be pass phrases.
type Section = BTreeMap<String, Zeroizing<String>>;

/// The values of one profile; those of the environment go before those of the file.
pub(super) struct Profile<'a> {
    /// Names the profile in messages.
    pub(super) origin: String,
    /// Its file and its name there.
    place: Option<(PathBuf, String)>,
    own: Section,
    inherited: Section,
    environment: &'a BTreeMap<String, String>,
}

impl<'a> Profile<'a> {
    /// Reads the profile asked for. If the environment says it all, no file is needed.
    pub(super) fn find(source: Source<'a>) -> Result<Self, CredentialsError> {
        let environment = source.environment;
        let has_all = ["USER", "TENANCY", "FINGERPRINT", "REGION"]
            .iter()
            .all(|name| variable(environment, name).is_some())
            && ["KEY_FILE", "KEY_CONTENT"].iter().any(|name| variable(environment, name).is_some());
        if has_all && source.config_file.is_none() && source.profile.is_none() {
            let (own, inherited) = Default::default();
            let origin = "the environment".to_owned();
            return Ok(Self { origin, place: None, own, inherited, environment });
        }
        let path = match (source.config_file, variable(environment, "CONFIG_FILE")) {
            (Some(path), _) => path.to_path_buf(),
            (None, path) => in_home(path.unwrap_or(USUAL_FILE), environment),
        };
        let name = source.profile.or_else(|| variable(environment, "PROFILE")).unwrap_or(DEFAULT).trim();
        let mut sections = parse(&Zeroizing::new(source.disk.read(&path, LONGEST)?), &path)?;
        let own = sections.remove(name).ok_or_else(|| CredentialsError::NoProfile {
            path: path.clone(),
            profile: name.chars().take(60).collect::<String>().escape_debug().to_string(),
        })?;
        let inherited = sections.remove(DEFAULT).unwrap_or_default();
        let origin = format!("profile [{name}] of {}", path.display());
        Ok(Self { origin, place: Some((path, name.to_owned())), own, inherited, environment })
    }

    /// A value, if it is set and not empty.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        let value = variable(self.environment, &name.to_ascii_uppercase());
        Some(value.or_else(|| self.in_file(name))?.to_owned()).filter(|value| !value.is_empty())
    }

    fn in_file(&self, name: &str) -> Option<&str> {
        self.own.get(name).or_else(|| self.inherited.get(name)).map(|value| value.as_str())
    }

    /// What opens the key, if it is encrypted. Oracle writes the variable in one word, the key in two.
    pub(super) fn pass_phrase(&self) -> Option<PassPhrase> {
        if let Some(text) = variable(self.environment, "PASSPHRASE") {
            return Some(PassPhrase::new(text, "OCI_CLI_PASSPHRASE".to_owned()));
        }
        let text = self.in_file("pass_phrase").filter(|text| !text.is_empty())?;
        Some(PassPhrase::new(text, format!("`pass_phrase` of {}", self.origin)))
    }

    /// A value that has to be there.
    pub(super) fn need(&self, name: &'static str) -> Result<String, CredentialsError> {
        self.value(name).ok_or_else(|| CredentialsError::Missing { origin: self.origin.clone(), name })
    }

    /// True if a session token stands beside the key that signs. A profile with a key of its own inherits the
    /// token of `[DEFAULT]` all the same, and one with a token inherits `user`; OCI refuses signatures made of
    /// such mixes.
    pub(super) fn is_session(&self) -> bool {
        let beside_key = if self.own.contains_key("key_file") { &self.own } else { &self.inherited };
        let has_token = |section: &Section| section.contains_key("security_token_file");
        variable(self.environment, "SECURITY_TOKEN_FILE").is_some()
            || has_token(&self.own)
            || has_token(beside_key)
    }

    /// The command that renews the session of this profile.
    pub(super) fn refresh_command(&self) -> String {
        let Some((path, name)) = &self.place else { return "oci session refresh".to_owned() };
        let profile = format!("oci session refresh --profile {}", shell_word(name));
        if *path == in_home(USUAL_FILE, self.environment) {
            return profile;
        }
        format!("{profile} --config-file {}", shell_word(&path.to_string_lossy()))
    }
}

type Sections = BTreeMap<String, Section>;

fn parse(bytes: &[u8], path: &Path) -> Result<Sections, CredentialsError> {
    let grammar = |problem| CredentialsError::Grammar { path: path.to_path_buf(), problem };
    let text = std::str::from_utf8(bytes).map_err(|_| grammar("it is not UTF-8".to_owned()))?;
    let mut rules = IniDefault::default();
    rules.default_section = NO_SECTION.to_owned();
    // Profile names are case-sensitive everywhere; key names are not in Python, which the lines are folded
    // for.
    rules.case_sensitive = true;
    // `#` behind a value is part of it for all of Oracle's readers.
    rules.enable_inline_comments = false;
    let lines: Vec<_> = text.trim_start_matches('\u{feff}').lines().map(with_key_folded).collect();
    let mut sections = Sections::new();
    for (section, values) in Ini::new_from_defaults(rules).read(lines.join("\n")).map_err(grammar)? {
        if section == NO_SECTION {
            return Err(grammar("there are lines before the first [profile]".to_owned()));
        }
        let values = values.into_iter().map(|(key, value)| (key, Zeroizing::new(value.unwrap_or_default())));
        sections.insert(section, values.collect());
    }
    Ok(sections)
}

/// `KEY = value` becomes `key = value`, so that the last of several spellings wins.
fn with_key_folded(line: &str) -> String {
    match line.find(['=', ':']) {
        Some(end) if !line.trim_start().starts_with('[') => line[..end].to_lowercase() + &line[end..],
        _ => line.to_owned(),
    }
}
