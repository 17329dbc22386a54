//! What a backup brings back, by which it is compared with others of its vault.

use std::collections::BTreeSet;

use keyferry_core::manifest::Contents;
use keyferry_ids::KeyId;

use super::Candidate;

/// Backups that hold the same are thinned out together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holds<'a> {
    /// The vault and its keys in one file, whichever keys it had then.
    Whole,
    /// The vault and its keys in files of their own.
    KeyByKey,
    /// The vault alone.
    Metadata,
    /// These keys alone.
    Keys(&'a BTreeSet<KeyId>),
}

impl<'a> Holds<'a> {
    pub(super) fn of(candidate: &'a Candidate) -> Self {
        match candidate.contents {
            Contents::WithKeys => Self::Whole,
            Contents::MetadataOnly if candidate.keys.is_empty() => Self::Metadata,
            Contents::MetadataOnly => Self::KeyByKey,
            Contents::Key => Self::Keys(&candidate.keys),
        }
    }

    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::Whole => "whole backup of its vault",
            _ => "of what it holds",
        }
    }
}

/// Nothing is lost with a backup if the newest whole one of its vault is newer and has all its keys.
pub(super) fn is_in_a_newer_whole_one(candidate: &Candidate, newest_first: &[&Candidate]) -> bool {
    let whole = newest_first.iter().find(|other| other.contents == Contents::WithKeys);
    candidate.contents != Contents::WithKeys
        && whole
            .is_some_and(|whole| whole.made_at >= candidate.made_at && candidate.keys.is_subset(&whole.keys))
}
