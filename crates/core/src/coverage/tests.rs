//! Each kind of line, and what the sums make of it.

use serde_json::{Value, json};

use super::*;
use crate::{Code, Inventory, VaultStock};

const NOW: &str = "2026-11-24T12:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn version(name: &str) -> KeyVersionId {
    KeyVersionId::parse(&format!("ocid1.keyversion.oc1.iad.aaaaaaaaaaaaa.{name}")).expect("an OCID")
}

fn key(name: &str, versions: &[&str]) -> Value {
    let made = "2026-01-01T00:00:00Z";
    let versions: Vec<_> = versions
        .iter()
        .map(|name| {
            json!({"id": version(name), "lifecycle_state": "ENABLED", "origin": "INTERNAL", "time_created": made,
                "public_key": null, "restored_from": null})
        })
        .collect();
    json!({"id": format!("ocid1.key.oc1.iad.aaaaaaaaaaaaa.{name}"), "name": name,
        "vault_id": "ocid1.vault.oc1.iad.aaaaaaaaaaaaa.v", "compartment_id": "ocid1.compartment.oc1..c",
        "protection_mode": "HSM", "shape": {"algorithm": "AES", "length": 32}, "lifecycle_state": "ENABLED",
        "current_version": version("current"), "restored_from": null, "is_primary": true, "time_created": made,
        "versions": versions})
}

fn with(mut value: Value, changes: Value) -> Value {
    let (Value::Object(fields), Value::Object(changes)) = (&mut value, changes) else {
        panic!("two objects")
    };
    fields.extend(changes);
    value
}

fn vault(changes: Value, keys: &[Value]) -> Value {
    let vault = json!({"id": "ocid1.vault.oc1.iad.aaaaaaaaaaaaa.v", "name": "payments", "region": "us-ashburn-1",
        "compartment_id": "ocid1.compartment.oc1..c", "vault_type": "VIRTUAL_PRIVATE", "lifecycle_state": "ACTIVE",
        "management_endpoint": "https://m", "crypto_endpoint": "https://c", "time_created": "2026-01-01T00:00:00Z",
        "time_of_deletion": null, "restored_from": null, "is_primary": true});
    json!({"vault": with(vault, changes), "keys": keys, "secrets": [], "usage": null})
}

fn inventory(vaults: &[Value]) -> Inventory {
    let inventory = json!({"taken_at": NOW, "regions": ["us-ashburn-1", "eu-frankfurt-1"], "compartments": [],
        "environment": {"kind": "embedded", "realm": "oc1", "tenancy_id": "ocid1.tenancy.oc1..t"},
        "vaults": vaults, "gaps": []});
    serde_json::from_value(inventory).expect("an inventory")
}

fn place(store: &str) -> Place {
    let region = store.rsplit_once('/').and_then(|(_, region)| Region::parse(region).ok());
    Place { store: store.to_owned(), region, is_seen: true }
}

const HOME: &str = "oci://saves@ns/us-ashburn-1";
const AWAY: &str = "oci://copies@ns/eu-frankfurt-1";

fn saved(made_at: &str, stores: &[&str], versions: &[&str]) -> Saved {
    let versions =
        versions.iter().map(|name| SavedVersion { id: version(name), has_canary: *name != "mute" });
    let backup = Backup {
        id: format!("b-{made_at}"),
        made_at: at(made_at),
        generation: None,
        region: Region::parse("iad").expect("known"),
        fingerprint: None,
        places: stores.iter().copied().map(place).collect(),
    };
    Saved { backup: Arc::new(backup), versions: versions.collect() }
}

fn ledger(records: &[(&str, Saved, Option<Saved>)]) -> Ledger {
    let record = |(name, newest, older_away): &(&str, Saved, Option<Saved>)| {
        let id = KeyId::parse(&format!("ocid1.key.oc1.iad.aaaaaaaaaaaaa.{name}")).expect("an OCID");
        (id, KeyRecord { newest: newest.clone(), older_away: older_away.clone() })
    };
    Ledger { keys: records.iter().map(record).collect(), ..Ledger::default() }
}

fn day(_: &VaultStock) -> Expected {
    Expected { rpo: Some("24h".parse().expect("a period")), ..Expected::default() }
}

#[test]
fn a_key_that_a_backup_can_hold_stands_as_its_surviving_backup_does() {
    let (fresh, old) = ("2026-11-24T00:00:00Z", "2026-11-01T00:00:00Z");
    let both: &[&str] = &[HOME, AWAY];
    for (expected, record) in [
        (Standing::Unsaved, None),
        (Standing::Protected, Some((saved(fresh, both, &["1", "2"]), None))),
        (Standing::Protected, Some((saved(fresh, &["s3://b"], &["1", "2"]), None))),
        (Standing::NotCopied, Some((saved(fresh, &[HOME], &["1", "2"]), None))),
        (Standing::NotCopied, Some((saved(old, &[HOME], &["1"]), None))),
        (Standing::Stale, Some((saved(old, both, &["1", "2"]), None))),
        (Standing::Outdated, Some((saved(fresh, both, &["1"]), None))),
        (Standing::Outdated, Some((saved(old, both, &["1"]), None))),
        (
            Standing::NotCopied,
            Some((saved(fresh, &[HOME], &["1", "2"]), Some(saved(old, both, &["1", "2"])))),
        ),
        (Standing::NotCopied, Some((saved(fresh, &[HOME], &["1", "2"]), Some(saved(fresh, both, &["1"]))))),
        (
            Standing::Protected,
            Some((saved(fresh, &[HOME], &["1", "2"]), Some(saved(fresh, both, &["1", "2"])))),
        ),
        (Standing::Stale, Some((saved(old, &[HOME], &["1", "2"]), Some(saved(old, both, &["1", "2"]))))),
    ] {
        let inventory = inventory(&[vault(json!({}), &[key("k", &["1", "2"])])]);
        let ledger = match &record {
            Some((newest, away)) => ledger(&[("k", newest.clone(), away.clone())]),
            None => Ledger::default(),
        };
        let coverage = judge(&inventory, &ledger, day, at(NOW));
        let line = &coverage.lines[0];
        assert_eq!(line.standing, expected, "{record:?}");
        assert!(expected.counts() && expected.is_savable());
        assert_eq!(
            line.next().is_some(),
            expected != Standing::Protected || line.proof == ProofStanding::Never
        );
        assert_eq!(
            coverage.totals.percent(),
            Some(if expected == Standing::Protected { 100.0 } else { 0.0 })
        );
    }
}

#[test]
fn a_backup_that_still_shows_its_vault_as_it_is_has_no_age() {
    let mut inventory = inventory(&[vault(json!({}), &[key("k", &["1"])])]);
    let mut backup = saved("2026-11-01T00:00:00Z", &[HOME, AWAY], &["1"]);
    let stock = &inventory.vaults[0];
    Arc::make_mut(&mut backup.backup).fingerprint =
        Some(crate::fingerprint(stock, stock.keys.iter(), "with_keys").expect("json"));
    let ledger = ledger(&[("k", backup, None)]);
    let standing = |inventory: &Inventory| judge(inventory, &ledger, day, at(NOW)).lines[0].standing;
    assert_eq!(standing(&inventory), Standing::Protected);
    inventory.taken_at = at("2026-11-20T00:00:00Z");
    assert_eq!(standing(&inventory), Standing::Stale, "nobody has looked since");
    inventory.taken_at = at(NOW);
    inventory.vaults[0].keys[0].name = "renamed".into();
    assert_eq!(standing(&inventory), Standing::Stale);
}

#[test]
fn a_key_saved_by_itself_is_as_fresh_as_itself_whatever_happens_to_the_others() {
    let mut inventory = inventory(&[vault(json!({}), &[key("k", &["1"]), key("other", &["2"])])]);
    let stock = &inventory.vaults[0];
    let fingerprint = |extent| crate::fingerprint(stock, stock.keys[..1].iter(), extent).expect("json");
    let saved_as = |extent| {
        let mut backup = saved("2026-11-01T00:00:00Z", &[HOME, AWAY], &["1"]);
        Arc::make_mut(&mut backup.backup).fingerprint = Some(fingerprint(extent));
        ledger(&[("k", backup, None)])
    };
    let (alone, whole) = (saved_as("key"), saved_as("with_keys"));
    let standing = |inventory: &Inventory, ledger| judge(inventory, ledger, day, at(NOW)).lines[0].standing;
    assert_eq!(standing(&inventory, &alone), Standing::Protected);
    assert_eq!(standing(&inventory, &whole), Standing::Stale, "the vault has more keys since");
    inventory.vaults[0].keys[1].name = "renamed".into();
    assert_eq!(standing(&inventory, &alone), Standing::Protected);
    inventory.vaults[0].keys[0].name = "renamed".into();
    assert_eq!(standing(&inventory, &alone), Standing::Stale);
}

#[test]
fn a_key_that_no_backup_holds_shows_its_next_best_protection() {
    let software = |name| with(key(name, &["1"]), json!({"protection_mode": "SOFTWARE"}));
    let external = with(key("k", &["1"]), json!({"protection_mode": "EXTERNAL"}));
    let leaving = with(key("k", &["1"]), json!({"lifecycle_state": "PENDING_DELETION"}));
    let shared = json!({"vault_type": "DEFAULT"});
    for (expected, counts, next, vault) in [
        (Standing::Exportable, true, "oci kms crypto key export", vault(json!({}), &[software("k")])),
        (Standing::Unsavable, true, "replicate", vault(shared.clone(), &[key("k", &["1"])])),
        (Standing::Exportable, true, "oci kms crypto key export", vault(shared, &[software("k")])),
        (
            Standing::External,
            false,
            "external key manager",
            vault(json!({}), std::slice::from_ref(&external)),
        ),
        (Standing::Leaving, false, "", vault(json!({}), &[leaving])),
        (
            Standing::Leaving,
            false,
            "",
            vault(json!({"lifecycle_state": "PENDING_DELETION"}), &[key("k", &["1"])]),
        ),
    ] {
        let inventory = inventory(&[vault]);
        let ledger = Ledger::default();
        let coverage = judge(&inventory, &ledger, day, at(NOW));
        let line = &coverage.lines[0];
        assert_eq!((line.standing, coverage.totals.counted), (expected, usize::from(counts)));
        assert!(line.next().unwrap_or_default().contains(next), "{:?}", line.next());
        assert!(!line.is_overdue, "no backup could meet an objective");
        assert_eq!(coverage.totals.percent(), counts.then_some(0.0));
    }
}

#[test]
fn software_keys_are_out_of_the_count_once_accepted_and_protected_by_a_replica() {
    let software = with(key("k", &["1"]), json!({"protection_mode": "SOFTWARE"}));
    let primary = vault(json!({}), std::slice::from_ref(&software));
    let replica =
        vault(json!({"is_primary": false, "region": "eu-frankfurt-1"}), std::slice::from_ref(&software));
    let accepts = |_: &VaultStock| Expected { accepts_software: true, ..Expected::default() };
    let ledger = Ledger::default();
    let alone = inventory(std::slice::from_ref(&primary));
    let coverage = judge(&alone, &ledger, accepts, at(NOW));
    assert_eq!((coverage.lines[0].standing, coverage.totals.percent()), (Standing::Accepted, None));
    let replicated = inventory(&[primary, replica]);
    let coverage = judge(&replicated, &ledger, day, at(NOW));
    assert_eq!(coverage.lines.len(), 1, "a replica shows the same key again");
    assert_eq!((coverage.lines[0].standing, coverage.totals.percent()), (Standing::Replicated, Some(100.0)));
    assert_eq!(coverage.lines[0].replicas, [Region::parse("fra").expect("known")]);
}

#[test]
fn a_replica_whose_primary_can_not_be_seen_stands_for_it() {
    let replica = vault(json!({"is_primary": false, "region": "eu-frankfurt-1"}), &[key("k", &["1"])]);
    let inventory = inventory(&[replica]);
    let ledger = ledger(&[("k", saved("2026-11-24T00:00:00Z", &[HOME, AWAY], &["1"]), None)]);
    assert_eq!(judge(&inventory, &ledger, day, at(NOW)).lines[0].standing, Standing::Protected);
}

#[test]
fn a_secret_and_a_deleted_key_are_in_no_count() {
    let deleted = with(key("k", &[]), json!({"lifecycle_state": "DELETED"}));
    let mut stock = vault(json!({}), &[deleted]);
    stock["secrets"] = json!([{"id": "ocid1.vaultsecret.oc1.iad.s", "name": "password", "key_id": null,
        "compartment_id": "ocid1.compartment.oc1..c", "vault_id": "ocid1.vault.oc1.iad.aaaaaaaaaaaaa.v",
        "lifecycle_state": "ACTIVE"}]);
    let (inventory, ledger) = (inventory(&[stock]), Ledger::default());
    let coverage = judge(&inventory, &ledger, day, at(NOW));
    assert_eq!(coverage.lines.len(), 1);
    assert_eq!(coverage.lines[0].standing, Standing::Secret);
    assert_eq!((coverage.totals.keys, coverage.totals.secrets, coverage.totals.percent()), (0, 1, None));
    assert_eq!(coverage.flaws(Some(100.0)), [], "nothing is not too little");
}

#[test]
fn a_key_is_proven_when_all_its_versions_with_a_canary_are() {
    let tried = |time| {
        Some(Tried { at: at(time), region: Region::parse("fra").expect("known"), backup_id: "b".into() })
    };
    let (older, newer) = ("2026-11-10T00:00:00Z", "2026-11-20T00:00:00Z");
    let both = Trials { proven: tried(newer), failed: tried(older) };
    let failed = Trials { proven: tried(older), failed: tried(newer) };
    let proven = |time| Trials { proven: tried(time), failed: None };
    let week = |_: &VaultStock| Expected {
        proven_within: Some("7d".parse().expect("a period")),
        ..Expected::default()
    };
    let inventory = inventory(&[vault(json!({}), &[key("k", &["1", "2", "mute"])])]);
    let mut ledger =
        ledger(&[("k", saved("2026-11-24T00:00:00Z", &[HOME, AWAY], &["1", "2", "mute"]), None)]);
    for (trials, expected, is_late) in [
        (vec![], "never", true),
        (vec![("1", proven(newer))], "never", true),
        (vec![("1", proven(newer)), ("2", proven(newer))], newer, false),
        (vec![("1", proven(newer)), ("2", proven(older))], older, true),
        (vec![("1", both), ("2", proven(newer))], newer, false),
        (vec![("1", proven(newer)), ("2", failed)], "failed", true),
    ] {
        ledger.trials = trials.into_iter().map(|(name, trials)| (version(name), trials)).collect();
        let coverage = judge(&inventory, &ledger, week, at(NOW));
        let line = &coverage.lines[0];
        let found = match line.proof {
            ProofStanding::Proven(tried) => tried.at.to_string(),
            ProofStanding::Failed(_) => "failed".to_owned(),
            ProofStanding::Never => "never".to_owned(),
            other => panic!("{other:?}"),
        };
        assert_eq!((found.as_str(), line.is_unproven_in_time), (expected, is_late));
        assert_eq!(line.next().is_some(), is_late, "{:?}", line.next());
        assert_eq!(coverage.flaws(None), if is_late { vec![Code::NotProvenInTime] } else { vec![] });
    }
    let mute = self::ledger(&[("k", saved("2026-11-24T00:00:00Z", &[HOME, AWAY], &["mute"]), None)]);
    assert_eq!(judge(&inventory, &mute, week, at(NOW)).lines[0].proof, ProofStanding::Unprovable);
}

#[test]
fn the_percentage_is_never_rounded_up_and_gates_name_what_is_wrong() {
    let names: Vec<_> = (0..3).map(|number| format!("k{number}")).collect();
    let keys: Vec<_> = names.iter().map(|name| key(name, &["1"])).collect();
    let inventory = inventory(&[vault(json!({}), &keys)]);
    let good = saved("2026-11-24T00:00:00Z", &[HOME, AWAY], &["1"]);
    let ledger = ledger(&[("k0", good.clone(), None), ("k1", good, None)]);
    let coverage = judge(&inventory, &ledger, |_| Expected::default(), at(NOW));
    assert_eq!(coverage.totals.percent(), Some(66.66));
    assert_eq!(coverage.flaws(Some(66.66)), []);
    assert_eq!(coverage.flaws(Some(66.67)), [Code::CoverageLow]);
    let overdue = judge(&inventory, &ledger, day, at(NOW));
    assert_eq!(
        (overdue.totals.overdue, overdue.flaws(None)),
        (1, vec![Code::Overdue]),
        "never saved is too old"
    );
}

#[test]
fn what_to_do_next_uses_what_is_known_of_the_last_time() {
    let inventory = inventory(&[vault(json!({}), &[key("k", &["1", "2"])])]);
    let next = |record| {
        let ledger = ledger(&[("k", record, None)]);
        judge(&inventory, &ledger, day, at(NOW)).lines[0].next()
    };
    let vault = "ocid1.vault.oc1.iad.aaaaaaaaaaaaa.v";
    assert_eq!(
        next(saved("2026-11-24T00:00:00Z", &[HOME, AWAY], &["1"])),
        Some(format!("keyferry backup {vault} --bucket saves --copy-to {AWAY}"))
    );
    assert_eq!(
        next(saved("2026-11-24T00:00:00Z", &[HOME], &["1", "2"])),
        Some(format!("keyferry copy b-2026-11-24T00:00:00Z --store {HOME} --to STORE"))
    );
    assert_eq!(
        next(saved("2026-11-24T00:00:00Z", &[AWAY], &["1", "2"])),
        Some(format!(
            "keyferry restore plan b-2026-11-24T00:00:00Z --store {AWAY} --into eu-frankfurt-1 --out plan.json"
        ))
    );
}

#[test]
fn the_best_place_outside_the_region_says_how_well_a_key_is_kept() {
    let inventory = inventory(&[vault(json!({}), &[key("k", &["1"])])]);
    let mut ledger = ledger(&[("k", saved("2026-11-24T00:00:00Z", &[HOME, AWAY, "s3://b"], &["1"]), None)]);
    let keeping = |ledger: &Ledger| judge(&inventory, ledger, day, at(NOW)).lines[0].keeping;
    assert_eq!(keeping(&ledger), Keeping::Unknown);
    ledger.keeping = [(HOME.to_owned(), Keeping::Locked), (AWAY.to_owned(), Keeping::Versioned)].into();
    assert_eq!(keeping(&ledger), Keeping::Versioned, "what lies in the region is lost with it");
}
