//! Each rule, and each guard against it.

use super::*;

const DAY: &str = "2026-11-24T23:00:00Z";

fn vault(number: u8) -> VaultId {
    format!("ocid1.vault.oc1.iad.aaaaaaaaaaaaa.v{number}").parse().expect("a vault")
}

/// A backup of the first vault, called by its time.
fn made(at: &str) -> Candidate {
    Candidate {
        backup_id: at.to_owned(),
        vault_id: vault(1),
        made_at: at.parse().expect("a time"),
        generation: 0,
        is_proven: false,
        hold: None,
        contents: Contents::WithKeys,
        keys: keys(&[1, 2]),
    }
}

fn keys(numbers: &[u8]) -> BTreeSet<KeyId> {
    let key = |number| format!("ocid1.key.oc1.iad.aaaaaaaaaaaaa.k{number}").parse().expect("a key");
    numbers.iter().map(key).collect()
}

fn holds(contents: Contents, numbers: &[u8], at: &str) -> Candidate {
    Candidate { contents, keys: keys(numbers), ..made(at) }
}

fn single(number: u8, at: &str) -> Candidate {
    holds(Contents::Key, &[number], at)
}

fn all(times: &[&str]) -> Vec<Candidate> {
    times.iter().map(|at| made(at)).collect()
}

fn proven(at: &str) -> Candidate {
    Candidate { is_proven: true, ..made(at) }
}

fn held(at: &str, until: Option<&str>) -> Candidate {
    let until = until.map(|until| until.parse().expect("a time"));
    Candidate { hold: Some(Hold { rule: "month".to_owned(), until }), ..made(at) }
}

fn names(ids: &[&str]) -> Choice {
    Choice::Named(ids.iter().map(|id| (*id).to_owned()).collect())
}

fn last(count: u32) -> Choice {
    Choice::Rules(Retention { keep_last: Some(count), ..Retention::default() })
}

/// What is kept, with its reasons.
fn kept(candidates: &[Candidate], choice: &Choice) -> Vec<String> {
    let decision = plan(candidates, choice);
    assert_eq!(decision.refused, [], "rules name nobody");
    let kept = decision.kept.into_iter().map(|kept| {
        let reasons: Vec<_> = kept.reasons.iter().map(Reason::to_string).collect();
        format!("{}: {}", kept.backup_id, reasons.join(", "))
    });
    kept.collect()
}

#[test]
fn each_rule_keeps_the_newest_of_its_stretch_and_one_rule_is_enough() {
    let times = [
        "2025-12-28T10:00:00Z",
        "2025-12-29T10:00:00Z",
        "2026-10-31T10:00:00Z",
        "2026-11-22T10:00:00Z",
        "2026-11-23T10:00:00Z",
        "2026-11-24T10:00:00Z",
        "2026-11-24T22:00:00Z",
        "2026-11-24T23:00:00Z",
    ];
    let backups = all(&times);
    let none = Retention::default();
    let within = |text: &str| Retention { keep_within: Some(text.parse().expect("a length")), ..none };
    let (newest, day_before) = ("2026-11-24T23:00:00Z", "2026-11-23T10:00:00Z");
    let cases: [(Retention, Vec<(&str, &str)>); 10] = [
        (Retention { keep_last: Some(2), ..none }, vec![("2026-11-24T22:00:00Z", "last"), (newest, "last")]),
        (
            Retention { keep_daily: Some(2), ..none },
            vec![(day_before, "daily 2026-11-23"), (newest, "daily 2026-11-24")],
        ),
        (
            // A Sunday and the Monday after it are of two weeks.
            Retention { keep_weekly: Some(2), ..none },
            vec![("2026-11-22T10:00:00Z", "weekly 2026-W47"), (newest, "weekly 2026-W48")],
        ),
        (
            Retention { keep_monthly: Some(2), ..none },
            vec![("2026-10-31T10:00:00Z", "monthly 2026-10"), (newest, "monthly 2026-11")],
        ),
        (
            Retention { keep_yearly: Some(9), ..none },
            vec![("2025-12-29T10:00:00Z", "yearly 2025"), (newest, "yearly 2026")],
        ),
        (within("90m"), vec![("2026-11-24T22:00:00Z", "within 90m"), (newest, "within 90m")]),
        (within("1h"), vec![(newest, "within 1h")]),
        (
            Retention { keep_last: Some(1), keep_daily: Some(2), keep_yearly: Some(1), ..none },
            vec![(day_before, "daily 2026-11-23"), (newest, "last, daily 2026-11-24, yearly 2026")],
        ),
        (
            Retention { keep_weekly: Some(3), ..none },
            vec![
                ("2026-10-31T10:00:00Z", "weekly 2026-W44"),
                ("2026-11-22T10:00:00Z", "weekly 2026-W47"),
                (newest, "weekly 2026-W48"),
            ],
        ),
        (Retention { keep_last: Some(0), ..none }, vec![(newest, "the newest backup of its vault")]),
    ];
    for (rules, expected) in cases {
        let expected: Vec<_> = expected.iter().map(|(id, reasons)| format!("{id}: {reasons}")).collect();
        assert_eq!(kept(&backups, &Choice::Rules(rules)), expected, "{rules:?}");
        let decision = plan(&backups, &Choice::Rules(rules));
        assert_eq!(decision.kept.len() + decision.forgotten.len(), times.len(), "each is one or the other");
    }
}

#[test]
fn the_first_week_of_a_year_may_begin_in_december() {
    let rules = Retention { keep_weekly: Some(5), ..Retention::default() };
    let backups = all(&["2025-12-28T10:00:00Z", "2025-12-29T10:00:00Z", "2026-01-04T10:00:00Z"]);
    let expected =
        ["2025-12-28T10:00:00Z: weekly 2025-W52", "2026-01-04T10:00:00Z: weekly 2026-W01"].map(str::to_owned);
    assert_eq!(kept(&backups, &Choice::Rules(rules)), expected);
}

#[test]
fn each_vault_is_thinned_out_by_itself() {
    let mut backups = all(&["2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z", DAY]);
    backups.push(Candidate { vault_id: vault(2), ..made("2026-01-01T00:00:00Z") });
    let decision = plan(&backups, &last(2));
    assert_eq!(decision.forgotten, ["2026-11-20T00:00:00Z"]);
}

#[test]
fn a_vault_keeps_its_only_and_its_newest_backup() {
    let only = [made(DAY)];
    let refused = plan(&only, &names(&[DAY])).refused;
    assert_eq!(
        (refused[0].code, refused[0].because.as_str()),
        (Code::LastBackup, "the only backup of its vault")
    );
    let two = all(&["2026-11-20T00:00:00Z", DAY]);
    let decision = plan(&two, &names(&["2026-11-20T00:00:00Z", DAY]));
    assert_eq!(decision.forgotten, ["2026-11-20T00:00:00Z"]);
    assert_eq!(decision.refused[0].because, "the newest backup of its vault");
    assert_eq!(plan(&two, &names(&["2026-11-20T00:00:00Z"])).kept, [], "nobody asked for the other");
}

#[test]
fn the_highest_generation_stays_even_if_a_clock_was_wrong() {
    let clocked = Candidate { generation: 9, ..made("2026-11-20T00:00:00Z") };
    let backups = [clocked, Candidate { generation: 8, ..made("2026-11-21T00:00:00Z") }, made(DAY)];
    assert_eq!(plan(&backups, &last(1)).forgotten, ["2026-11-21T00:00:00Z"]);
}

#[test]
fn the_only_proven_backup_stays_and_of_several_the_newest() {
    let old = "2026-11-01T00:00:00Z";
    let backups = [proven(old), made("2026-11-20T00:00:00Z"), made(DAY)];
    let decision = plan(&backups, &last(1));
    assert_eq!(decision.forgotten, ["2026-11-20T00:00:00Z"]);
    assert_eq!(decision.kept[0].reasons, [Reason::OnlyProven]);
    assert_eq!(plan(&backups, &names(&[old])).refused[0].code, Code::LastBackup);

    let backups = [proven(old), proven("2026-11-20T00:00:00Z"), made(DAY)];
    assert_eq!(plan(&backups, &last(1)).forgotten, [old], "the other proof is newer");
    assert_eq!(plan(&backups, &names(&["2026-11-20T00:00:00Z"])).refused, [], "one of two may go");
    let backups = [proven(old), proven(DAY)];
    assert_eq!(plan(&backups, &last(1)).forgotten, [old], "what a rule keeps is proven too");
}

#[test]
fn what_the_store_would_refuse_is_not_tried_and_the_end_is_told() {
    let (old, older, oldest) = ("2026-11-20T00:00:00Z", "2026-11-19T00:00:00Z", "2026-01-01T00:00:00Z");
    let backups = [made(oldest), held(older, Some("2026-12-19T00:00:00Z")), held(old, None), made(DAY)];
    let decision = plan(&backups, &last(1));
    assert_eq!(decision.forgotten, [oldest]);
    let expected = [
        format!("{older}: retained until 2026-12-19T00:00:00Z by the rule `month`"),
        format!("{old}: retained by the rule `month`, which has no end"),
        format!("{DAY}: last"),
    ];
    assert_eq!(kept(&backups, &last(1)), expected);
    let refused = plan(&backups, &names(&[older, oldest])).refused;
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].code, Code::Retained);
    assert!(refused[0].because.contains("2026-12-19"), "{}", refused[0].because);
}

#[test]
fn a_backup_of_less_pushes_none_of_more_out() {
    let (whole, older) = ("2026-11-01T00:00:00Z", "2026-10-01T00:00:00Z");
    for less in
        [single(1, DAY), holds(Contents::MetadataOnly, &[], DAY), holds(Contents::MetadataOnly, &[1, 2], DAY)]
    {
        let backups = [made(older), made(whole), less];
        assert_eq!(plan(&backups, &last(1)).forgotten, [older], "{:?}", backups[2]);
        let refused = plan(&backups, &names(&[older, whole])).refused;
        assert_eq!(refused.len(), 1);
        assert_eq!(refused[0].because, "the newest whole backup of its vault");
    }
}

#[test]
fn single_keys_are_thinned_out_key_by_key_and_the_last_of_each_goes_only_if_a_newer_whole_backup_has_it() {
    let at = |day: u8| format!("2026-11-{day:02}T00:00:00Z");
    let singles = [single(1, &at(1)), single(1, &at(2)), single(2, &at(3)), single(3, &at(4))];
    assert_eq!(plan(&singles, &last(1)).forgotten, [at(1)]);
    assert_eq!(plan(&singles, &names(&[&at(1), &at(2)])).refused[0].because, "the newest of what it holds");

    // A newer whole backup holds the first two keys, and not the third.
    let backups = [&singles[..], &[made(&at(5))]].concat();
    let decision = plan(&backups, &names(&[&at(1), &at(2), &at(3), &at(4)]));
    assert_eq!(decision.forgotten, [at(1), at(2), at(3)]);
    assert_eq!(decision.refused.iter().map(|refused| &refused.backup_id).collect::<Vec<_>>(), [&at(4)]);
    let older = [&singles[..], &[made("2026-10-01T00:00:00Z")]].concat();
    assert_eq!(plan(&older, &names(&[&at(2)])).forgotten, [""; 0], "what is older may hold an older version");
}

#[test]
fn the_highest_generation_stays_whatever_it_holds() {
    let counted = |generation, candidate| Candidate { generation, ..candidate };
    let at = |day: u8| format!("2026-11-{day:02}T00:00:00Z");
    let backups = [counted(9, single(1, &at(1))), counted(7, single(1, &at(2))), counted(8, made(&at(3)))];
    assert_eq!(plan(&backups, &last(1)).forgotten, [""; 0]);
    assert_eq!(plan(&backups, &names(&[&at(2)])).forgotten, [at(2)]);
}
