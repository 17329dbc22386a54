//! Retention rules: while one holds, an object can be neither overwritten nor deleted.

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use keyferry_wire::objects::{
    CreateRetentionRuleDetails, Duration, RetentionRule, RetentionRules, UpdateRetentionRuleDetails,
};
use keyferry_wire::{Time, code};

use super::buckets::{self, check_if_match};
use crate::call::{Call, Effect, Moment};
use crate::mint;
use crate::records::{BucketRecord, ObjectRecord, Versioning};
use crate::refusal::{Refusal, shortened};

const DAY: SignedDuration = SignedDuration::from_hours(24);
const MOST_RULES: usize = 100;
/// A lock is announced this long before.
const LOCK_DELAY_DAYS: i32 = 14;
const LONGEST_DAYS: i64 = 365_000;

/// The length of a rule; rules without one last.
fn length(duration: &Duration) -> Result<SignedDuration, Refusal> {
    let days = match duration.time_unit.as_str() {
        "DAYS" => 1,
        "YEARS" => 365,
        _ => return Err(Refusal::invalid("timeUnit is DAYS or YEARS.")),
    };
    let days = i64::from(duration.time_amount) * days;
    if (1..=LONGEST_DAYS).contains(&days) {
        Ok(SignedDuration::from_hours(24 * days))
    } else {
        Err(Refusal::invalid("timeAmount is not that of a duration of 1 day to 1000 years."))
    }
}

fn holds(rule: &RetentionRule, object: &ObjectRecord, now: Timestamp) -> bool {
    let Some(duration) = &rule.duration else { return true };
    let end = length(duration).ok().and_then(|length| object.time_modified.checked_add(length).ok());
    end.is_none_or(|end| now < end)
}

/// Refuses to touch an object that a rule holds. Oracle does not say with which code.
pub(super) fn check(bucket: &BucketRecord, object: &ObjectRecord, now: Timestamp) -> Result<(), Refusal> {
    let rule = bucket.retention_rules.iter().find(|rule| holds(rule, object, now));
    let Some(rule) = rule.filter(|_| !object.is_delete_marker) else { return Ok(()) };
    let message = format!(
        "The object '{}' is retained by the rule '{}' of the bucket '{}': it can't be overwritten or deleted.",
        shortened(&object.name),
        shortened(&rule.display_name),
        bucket.name
    );
    Err(Refusal::new(409, "ObjectRetained", message))
}

fn is_locked(rule: &RetentionRule, now: Timestamp) -> bool {
    rule.time_rule_locked.is_some_and(|time| time.0 <= now)
}

fn check_rule(rule: &RetentionRule) -> Result<(), Refusal> {
    match &rule.duration {
        Some(duration) => length(duration).map(drop),
        None if rule.time_rule_locked.is_some() => {
            Err(Refusal::invalid("A rule without a duration can't be locked."))
        }
        None => Ok(()),
    }
}

fn check_lock(moment: &Moment<'_>, time: Time) -> Result<(), Refusal> {
    if time.0.duration_since(moment.now) < DAY * LOCK_DELAY_DAYS {
        return Err(Refusal::invalid(format!("timeRuleLocked is at least {LOCK_DELAY_DAYS} days from now.")));
    }
    Ok(())
}

fn named<'c>(call: &'c Call<'_>) -> Result<(&'c BucketRecord, &'c RetentionRule), Refusal> {
    let bucket = buckets::named(call)?;
    let found = bucket.retention_rules.iter().find(|rule| rule.id == call.name(2));
    let rule = found.ok_or_else(|| {
        let message = "The bucket has no retention rule of that id.";
        Refusal::new(404, code::NOT_AUTHORIZED_OR_NOT_FOUND, message)
    })?;
    Ok((bucket, rule))
}

fn answer(bucket: BucketRecord, rule: RetentionRule) -> Result<Effect, Refusal> {
    let mut rules = bucket.retention_rules;
    rules.retain(|other| other.id != rule.id);
    let effect = Effect::json(&rule)?.etag(&rule.etag);
    rules.push(rule);
    Ok(effect.change(BucketRecord { retention_rules: rules, ..bucket }))
}

pub(super) fn create(call: &Call<'_>) -> Result<Effect, Refusal> {
    let bucket = buckets::named(call)?;
    let details: CreateRetentionRuleDetails = call.json()?;
    if bucket.versioning == Versioning::Enabled {
        return Err(Refusal::conflict(
            "A bucket that keeps versions takes no retention rules: suspend versioning first.",
        ));
    }
    if bucket.retention_rules.len() == MOST_RULES {
        return Err(Refusal::new(
            400,
            code::LIMIT_EXCEEDED,
            format!("A bucket has at most {MOST_RULES} retention rules."),
        ));
    }
    if let Some(time) = details.time_rule_locked {
        check_lock(call, time)?;
    }
    let seed = call.seed.child("retention rule");
    let rule = RetentionRule {
        id: mint::uuid(&seed),
        display_name: details.display_name.unwrap_or_default(),
        duration: details.duration,
        etag: mint::uuid(&call.seed.child("retention rule's etag")),
        time_rule_locked: details.time_rule_locked,
        time_created: Time(call.now),
        time_modified: Time(call.now),
    };
    check_rule(&rule)?;
    answer(bucket.clone(), rule)
}

pub(super) fn list(call: &Call<'_>) -> Result<Effect, Refusal> {
    Effect::json(&RetentionRules { items: buckets::named(call)?.retention_rules.clone() })
}

pub(super) fn rule(call: &Call<'_>) -> Result<Effect, Refusal> {
    let (_, rule) = named(call)?;
    Ok(Effect::json(rule)?.etag(&rule.etag))
}

/// Of a locked rule, only the duration changes, and it only grows.
pub(super) fn update(call: &Call<'_>) -> Result<Effect, Refusal> {
    let (bucket, before) = named(call)?;
    check_if_match(call, &before.etag)?;
    let details: UpdateRetentionRuleDetails = call.json()?;
    if is_locked(before, call.now) {
        let others = details.display_name.is_some() || details.time_rule_locked.is_some();
        let shorter = match (&before.duration, &details.duration) {
            (Some(old), Some(Some(new))) => length(new)? < length(old)?,
            (_, Some(None)) => true,
            _ => false,
        };
        if others || shorter {
            return Err(Refusal::conflict("The rule is locked: its duration can grow, and that is all."));
        }
    }
    if let Some(Some(time)) = details.time_rule_locked {
        check_lock(call, time)?;
    }
    let rule = RetentionRule {
        display_name: details.display_name.unwrap_or_else(|| before.display_name.clone()),
        duration: details.duration.unwrap_or_else(|| before.duration.clone()),
        time_rule_locked: details.time_rule_locked.unwrap_or(before.time_rule_locked),
        etag: mint::uuid(&call.seed),
        time_modified: Time(call.now),
        ..before.clone()
    };
    check_rule(&rule)?;
    answer(bucket.clone(), rule)
}

pub(super) fn delete(call: &Call<'_>) -> Result<Effect, Refusal> {
    let (bucket, rule) = named(call)?;
    check_if_match(call, &rule.etag)?;
    if is_locked(rule, call.now) {
        return Err(Refusal::conflict("The rule is locked: it goes with its bucket."));
    }
    let mut bucket = bucket.clone();
    bucket.retention_rules.retain(|other| other.id != call.name(2));
    Ok(Effect::empty(StatusCode::NO_CONTENT).change(bucket))
}

#[cfg(test)]
mod tests;
