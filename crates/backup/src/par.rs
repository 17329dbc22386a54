//! A backup through a pre-authenticated request: where it leads, and what can be known of it beforehand.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use keyferry_core::model::ObjectPlace;
use keyferry_core::{Code, Finding, Severity};
use keyferry_ids::Region;
use keyferry_oci::ListedPar;

/// So many other names are tried.
const NAMES: usize = 20;

/// The object that the service will write, and what is to be said about it.
#[derive(Debug, Clone)]
pub struct Through {
    /// The object.
    pub to: ObjectPlace,
    /// What forbids it, or should be known.
    pub findings: Vec<Finding>,
}

/// The object itself: a request to all of a bucket or folder gets the name that the file has in its bundle.
pub(crate) fn completed(par: &ObjectPlace, name: &str) -> ObjectPlace {
    let is_whole = !par.name.is_empty() && !par.name.ends_with('/');
    let name = if is_whole { par.name.clone() } else { format!("{}{name}", par.name) };
    ObjectPlace { name, ..par.clone() }
}

/// What is known of the bucket that a request leads to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'a> {
    /// Its requests; none if they may not be listed.
    pub(crate) listed: Option<&'a [ListedPar]>,
    /// Whether there is an object of that name.
    pub(crate) is_taken: bool,
    /// What the request leads to instead, if it was seen to.
    pub(crate) leads_to: Option<&'a str>,
}

/// Judges a request by the list of its bucket's. The list does not say which of them is meant, so what it allows may
/// still be refused by the service; what it rules out certainly would be.
pub(crate) fn judge(
    to: &ObjectPlace,
    vault: Region,
    known: Known<'_>,
    now: Timestamp,
    patience: Duration,
) -> Vec<Finding> {
    let finding = |code, severity, because: String| Finding::new(code, severity, to, because);
    let error = |code, because: String| vec![finding(code, Severity::Error, because)];
    if to.region != vault {
        let because = format!("the vault is in {vault}, the pre-authenticated request in {}", to.region);
        return error(Code::BucketElsewhere, because);
    }
    if known.is_taken {
        return error(Code::ParUsed, format!("{to} exists"));
    }
    let Some(listed) = known.listed else {
        let because =
            "the bucket's requests may not be listed, so nobody knows whether this one is good".into();
        return vec![finding(Code::ParUnchecked, Severity::Warning, because)];
    };
    let ours: Vec<_> = listed.iter().filter(|par| par.covers(&to.name)).collect();
    let latest = ours.iter().filter(|par| par.writes).map(|par| par.expires).max();
    let goes_on = SignedDuration::try_from(patience).unwrap_or(SignedDuration::MAX);
    match latest {
        Some(end) if end > now => {
            if end.duration_since(now) >= goes_on {
                return Vec::new();
            }
            let because = format!("it ends at {end}, and the service may take longer");
            vec![finding(Code::ParExpired, Severity::Warning, because)]
        }
        Some(end) => error(Code::ParExpired, format!("it ended at {end}")),
        None if !ours.is_empty() => error(Code::ParReadOnly, format!("nothing can be written to {to}")),
        None => match known.leads_to {
            Some(name) => {
                let name: String = name.chars().take(200).collect();
                error(Code::ParOtherObject, format!("it leads to {}, not to {to}", name.escape_debug()))
            }
            None => error(Code::ParRevoked, format!("the bucket has no pre-authenticated request for {to}")),
        },
    }
}

/// What a request could lead to that is not in the list for an object of that name: one name for each that is still
/// good and leads to something else.
pub(crate) fn others(listed: &[ListedPar], to: &ObjectPlace, now: Timestamp) -> Vec<String> {
    let is_other = |par: &&ListedPar| par.expires > now && !par.covers(&to.name);
    let covered = listed.iter().any(|par| par.covers(&to.name));
    let mut names: Vec<_> =
        listed.iter().filter(is_other).filter(|_| !covered).map(|par| par.object.clone()).collect();
    names.sort();
    names.dedup();
    names.truncate(NAMES);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn place(name: &str) -> ObjectPlace {
        let region = Region::parse("iad").expect("known");
        ObjectPlace { region, namespace: "ns".into(), bucket: "box".into(), name: name.into() }
    }

    fn par(object: &str, is_for_many: bool, writes: bool, hours: i64) -> ListedPar {
        let expires = at("2026-01-01T00:00:00Z") + SignedDuration::from_hours(hours);
        ListedPar { object: object.into(), is_for_many, writes, expires }
    }

    fn judged(listed: Option<&[ListedPar]>) -> Vec<(Code, Severity)> {
        let known = Known { listed, is_taken: false, leads_to: None };
        let to = place("a/x.bak");
        let findings = judge(&to, to.region, known, at("2026-01-01T00:00:00Z"), HOUR);
        findings.iter().map(|finding| (finding.code, finding.severity)).collect()
    }

    #[test]
    fn all_that_a_list_can_say_of_a_request_is_told_apart() {
        let (error, warning) = (Severity::Error, Severity::Warning);
        let good = par("a/x.bak", false, true, 5);
        assert_eq!(judged(Some(&[par("b", false, false, 5), good.clone()])), []);
        assert_eq!(judged(Some(&[par("a/", true, true, 1)])), [], "as long as we wait");
        assert_eq!(judged(Some(&[par("", true, true, 0), good])), [], "one of them may be ours");
        assert_eq!(judged(Some(&[par("a/x.bak", false, true, 0)])), [(Code::ParExpired, error)]);
        let soon = ListedPar { expires: at("2026-01-01T00:59:59Z"), ..par("a/x.bak", false, true, 0) };
        assert_eq!(judged(Some(&[soon])), [(Code::ParExpired, warning)]);
        assert_eq!(judged(Some(&[par("a/x.bak", false, false, 5)])), [(Code::ParReadOnly, error)]);
        for other in [par("a/x", false, true, 5), par("b/", true, true, 5), par("b", false, true, -1)] {
            assert_eq!(judged(Some(&[other])), [(Code::ParRevoked, error)], "as far as the list knows");
        }
        assert_eq!(judged(Some(&[])), [(Code::ParRevoked, error)]);
        assert_eq!(judged(None), [(Code::ParUnchecked, warning)]);
    }

    #[test]
    fn a_request_that_was_seen_to_lead_elsewhere_is_for_another_object() {
        let (to, now) = (place("a/x.bak"), at("2026-01-01T00:00:00Z"));
        let listed = [par("b/", true, true, 5), par("a/y", false, true, 5), par("old", false, true, -1)];
        assert_eq!(others(&listed, &to, now), ["a/y", "b/"]);
        let known = Known { listed: Some(&listed), is_taken: false, leads_to: Some("a/y") };
        let finding = &judge(&to, to.region, known, now, HOUR)[0];
        assert_eq!(finding.code, Code::ParOtherObject);
        assert!(finding.because.contains("it leads to a/y, not to"), "{}", finding.because);
        let ours = [par("a/", true, false, 5), listed[1].clone()];
        assert!(others(&ours, &to, now).is_empty(), "nothing to look for");
    }

    #[test]
    fn a_request_of_another_region_or_to_an_object_that_is_there_is_refused() {
        let (to, now) = (place("x"), at("2026-01-01T00:00:00Z"));
        let code = |vault: &str, is_taken| {
            let vault = Region::parse(vault).expect("known");
            let listed = [par("x", false, true, 5)];
            let known = Known { listed: Some(&listed), is_taken, leads_to: None };
            judge(&to, vault, known, now, HOUR)[0].code
        };
        assert_eq!(code("fra", false), Code::BucketElsewhere);
        assert_eq!(code("iad", true), Code::ParUsed);
    }

    #[test]
    fn only_what_leads_to_many_objects_gets_a_name() {
        let name = |par: &str| completed(&place(par), "keyferry/1/vault.kmsbak").name;
        assert_eq!(name(""), "keyferry/1/vault.kmsbak");
        assert_eq!(name("team/"), "team/keyferry/1/vault.kmsbak");
        assert_eq!(name("team"), "team");
    }
}
