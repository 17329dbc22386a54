//! `~/.oci/config`: what Oracle's Python and Node readers take, together.

use std::collections::BTreeMap;
use std::path::Path;

use configparser::ini::{Ini, IniDefault};

use super::{CredentialsError, LONGEST, Source, in_home, variable};

/// Every profile inherits from it, key by key.
const DEFAULT: &str = "DEFAULT";
/// Takes the place of a section for lines that stand before the first one.
const NO_SECTION: &str = "";

/// The values of one profile; those of the environment go before those of the file.
pub(super) struct Profile<'a> {
    /// Names the profile in messages.
    pub(super) origin: String,
    own: BTreeMap<String, String>,
    inherited: BTreeMap<String, String>,
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
            return Ok(Self { origin: "the environment".to_owned(), own, inherited, environment });
        }
        let path = match (source.config_file, variable(environment, "CONFIG_FILE")) {
            (Some(path), _) => path.to_path_buf(),
            (None, path) => in_home(path.unwrap_or("~/.oci/config"), environment),
        };
        let name = source.profile.or_else(|| variable(environment, "PROFILE")).unwrap_or(DEFAULT).trim();
        let mut sections = parse(&source.disk.read(&path, LONGEST)?, &path)?;
        let own = sections.remove(name).ok_or_else(|| CredentialsError::NoProfile {
            path: path.clone(),
            profile: name.chars().take(60).collect::<String>().escape_debug().to_string(),
        })?;
        let inherited = sections.remove(DEFAULT).unwrap_or_default();
        Ok(Self { origin: format!("profile [{name}] of {}", path.display()), own, inherited, environment })
    }

    /// A value, if it is set and not empty.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        let from_file = || self.own.get(name).or_else(|| self.inherited.get(name)).map(String::as_str);
        let value = variable(self.environment, &name.to_ascii_uppercase()).or_else(from_file)?;
        Some(value.to_owned()).filter(|value| !value.is_empty())
    }

    /// A value that has to be there.
    pub(super) fn need(&self, name: &'static str) -> Result<String, CredentialsError> {
        self.value(name).ok_or_else(|| CredentialsError::Missing { origin: self.origin.clone(), name })
    }

    /// True if the profile itself names a session token. It inherits `user` from `[DEFAULT]` all the same,
    /// and an API-key signature made of such a mix is refused by OCI.
    pub(super) fn is_session(&self) -> bool {
        self.own.contains_key("security_token_file")
    }
}

type Sections = BTreeMap<String, BTreeMap<String, String>>;

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
        let values = values.into_iter().map(|(key, value)| (key, value.unwrap_or_default()));
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
