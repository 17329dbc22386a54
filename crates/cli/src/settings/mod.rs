//! What was decided before the command line was typed, and what the command line makes of it.

mod account;
mod file;
mod mask;
mod merge;
mod own;

use std::collections::BTreeMap;

pub(crate) use account::{Settings, realm_dir, state_dir};
pub(crate) use merge::merge;
pub(crate) use own::{Origin, Own};

/// Longest file that is read.
const LONGEST: u64 = 1 << 20;

/// An environment variable, if it is set and not empty.
fn variable<'a>(env: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    env.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests;
