//! Buckets and objects.

use jiff::{SignedDuration, Timestamp};
use keyferry_ids::CompartmentId;
use serde::{Deserialize, Serialize};

use crate::coverage::Keeping;

/// A bucket's properties that matter to a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Name, unique per namespace and region.
    pub name: String,
    /// Where it lives; may be any compartment.
    pub compartment_id: CompartmentId,
    /// The key that encrypts it, if not Oracle's own.
    pub kms_key_id: Option<String>,
    /// True for the destination of a replication policy.
    pub is_read_only: bool,
    /// `NoPublicAccess` unless somebody opened it.
    pub public_access: Option<String>,
}

/// What the service says of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectFacts {
    /// Size in bytes.
    pub size: u64,
    /// Opaque tag that changes with each write.
    pub etag: Option<String>,
    /// Base64 MD5; absent for multipart objects.
    pub md5: Option<String>,
    /// Version, in a versioned bucket.
    pub version_id: Option<String>,
}

/// An object as listed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListedObject {
    /// Its name, without the store's own prefix.
    pub name: String,
    /// Size in bytes.
    pub size: u64,
    /// When it was last written; none if the store does not say.
    pub modified: Option<Timestamp>,
}

/// What a bucket does against the loss of what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Protection {
    /// `Enabled`, `Suspended` or `Disabled`.
    pub versioning: Option<String>,
    /// While one of them holds, an object can be neither overwritten nor deleted.
    pub rules: Vec<RetentionRule>,
}

/// A retention rule. It counts from each object's last change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionRule {
    /// Display name.
    pub name: String,
    /// How long; none for as long as the rule is there.
    pub days: Option<u32>,
    /// From when on nobody can lift it.
    pub locked_from: Option<Timestamp>,
}

impl RetentionRule {
    /// True if nobody can lift it any more. A lock is announced, and holds two weeks later.
    pub fn is_locked(&self, now: Timestamp) -> bool {
        self.locked_from.is_some_and(|from| from <= now)
    }
}

/// A rule that forbids the deletion of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The rule's name.
    pub rule: String,
    /// The end; none if the rule has none.
    pub until: Option<Timestamp>,
}

impl Protection {
    /// In one word.
    pub fn keeping(&self, now: Timestamp) -> Keeping {
        if self.rules.iter().any(|rule| rule.is_locked(now)) {
            Keeping::Locked
        } else if !self.rules.is_empty() {
            Keeping::Retained
        } else if self.versioning.as_deref() == Some("Enabled") {
            // Suspended versioning keeps old versions and makes no new ones.
            Keeping::Versioned
        } else {
            Keeping::Deletable
        }
    }

    /// The rule that holds an object longest which was last written then. Where nobody knows when that was, only
    /// rules without an end count; the store itself will say.
    pub fn hold(&self, modified: Option<Timestamp>, now: Timestamp) -> Option<Hold> {
        let hold = |rule: &RetentionRule| {
            let until = match rule.days {
                None => None,
                Some(days) => {
                    let length = SignedDuration::from_hours(24 * i64::from(days));
                    // Beyond the calendar is for good.
                    let end = modified?.checked_add(length).unwrap_or(Timestamp::MAX);
                    if end <= now {
                        return None;
                    }
                    Some(end)
                }
            };
            Some(Hold { rule: rule.name.clone(), until })
        };
        let holds = self.rules.iter().filter_map(hold);
        holds.max_by_key(|hold| hold.until.unwrap_or(Timestamp::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn rule(name: &str, days: Option<u32>, locked_from: Option<&str>) -> RetentionRule {
        RetentionRule { name: name.to_owned(), days, locked_from: locked_from.map(at) }
    }

    #[test]
    fn the_rule_that_holds_longest_counts_from_the_last_change() {
        let now = at("2026-11-24T00:00:00Z");
        let rules = vec![rule("week", Some(7), None), rule("month", Some(30), None)];
        let bucket = Protection { versioning: None, rules };
        let hold = |modified: &str| bucket.hold(Some(at(modified)), now);
        let until = |rule: &str, until: &str| Some(Hold { rule: rule.to_owned(), until: Some(at(until)) });
        assert_eq!(hold("2026-11-20T00:00:00Z"), until("month", "2026-12-20T00:00:00Z"));
        assert_eq!(hold("2026-10-25T00:00:00Z"), None, "to the second");
        assert_eq!(bucket.hold(None, now), None, "the store has to say");
        let legal = Protection { rules: vec![rule("legal", None, None)], ..bucket };
        assert_eq!(legal.hold(None, now), Some(Hold { rule: "legal".to_owned(), until: None }));
    }

    #[test]
    fn a_lock_counts_from_the_day_it_was_announced_for() {
        let rules = vec![rule("month", Some(30), Some("2026-12-01T00:00:00Z"))];
        let bucket = Protection { versioning: Some("Disabled".to_owned()), rules };
        assert_eq!(bucket.keeping(at("2026-11-24T00:00:00Z")), Keeping::Retained);
        assert_eq!(bucket.keeping(at("2026-12-01T00:00:00Z")), Keeping::Locked);
        let versioned = Protection { versioning: Some("Enabled".to_owned()), rules: Vec::new() };
        assert_eq!(versioned.keeping(at("2026-11-24T00:00:00Z")), Keeping::Versioned);
        assert_eq!(Protection::default().keeping(at("2026-11-24T00:00:00Z")), Keeping::Deletable);
    }
}
