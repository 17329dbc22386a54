//! Stock-taking against the embedded realm: nothing is forgotten, and whatever is missing is said.

mod stage;

use keyferry_core::model::{KeyState, VaultState};
use keyferry_core::{Code, eligibility};
use keyferry_ids::VaultId;
use keyferry_inventory::{Found, Scope, find, stock};
use keyferry_realm::{Down, Effect, Fault, Limit, LimitName, OperationName as Op, Secret};

use stage::{Stage, about, counts, fra, iad, keys, of};

/// Two regions; keys and secrets in other compartments than their vaults.
const WORLD: &str = r#"
    [[compartment]]
    name = "shop"
    [[compartment]]
    name = "keys"
    parent = "shop"
    [[compartment]]
    name = "empty"
    [[vault]]
    region = "us-ashburn-1"
    name = "payments"
    compartment = "shop"
    [[vault.key]]
    name = "master"
    [[vault.key]]
    name = "signing"
    compartment = "keys"
    algorithm = "ECDSA"
    curve = "NIST_P256"
    [[vault.key]]
    name = "cache"
    protection = "SOFTWARE"
    [[vault.secret]]
    name = "password"
    key = "master"
    [[vault]]
    region = "eu-frankfurt-1"
    name = "archive"
    [[vault.key]]
    name = "seal"
    compartment = "shop"
    [[vault]]
    region = "us-ashburn-1"
    name = "shared"
    type = "DEFAULT"
    compartment = "shop"
"#;

fn key_of(inventory: &keyferry_core::Inventory, vault: &str, key: &str) -> keyferry_core::model::Key {
    of(inventory, vault).keys.iter().find(|found| found.name == key).expect("such a key").clone()
}

#[tokio::test]
async fn everything_in_every_compartment_of_every_region_is_found_in_a_stable_order() {
    let stage = Stage::new(WORLD);
    let inventory = stage.take().await;
    assert!(inventory.is_complete(), "{:?}", inventory.gaps);
    assert_eq!(inventory.regions, [fra(), iad()]);
    let vaults: Vec<_> = inventory.vaults.iter().map(|s| (s.vault.region, s.vault.name.as_str())).collect();
    assert_eq!(vaults, [(fra(), "archive"), (iad(), "payments"), (iad(), "shared")]);
    let payments = of(&inventory, "payments");
    assert_eq!(keys(payments), ["cache", "master", "signing"]);
    assert_eq!(counts(payments), (Some(3), 3));
    let is_public = |name| key_of(&inventory, "payments", name).versions[0].public_key.is_some();
    assert_eq!(["cache", "master", "signing"].map(is_public), [false, false, true]);
    let secrets: Vec<_> = payments.secrets_by_compartment().into_values().collect();
    assert_eq!(secrets, [1]);
    let mut again = stage.take().await;
    again.taken_at = inventory.taken_at;
    assert_eq!(again, inventory);
}

#[tokio::test]
async fn a_compartment_that_is_left_out_of_the_list_shows_in_the_counts() {
    let stage = Stage::new(WORLD);
    stage.fault(Fault::new(Effect::OmitCompartment { compartment: "keys".into() }));
    let inventory = stage.take().await;
    assert!(!inventory.is_complete());
    assert_eq!(about(&inventory.gaps), []);
    assert_eq!(counts(of(&inventory, "payments")), (Some(3), 2));
    assert_eq!(counts(of(&inventory, "archive")), (Some(1), 1));
}

#[tokio::test]
async fn a_compartment_that_shows_nothing_shows_in_the_counts() {
    let stage = Stage::new(WORLD);
    stage.fault(Fault::new(Effect::HideContent { compartment: "keys".into() }));
    let inventory = stage.take().await;
    assert_eq!(counts(of(&inventory, "payments")), (Some(3), 2));
    assert!(!inventory.is_complete());
}

#[tokio::test]
async fn a_vault_that_only_its_secrets_know_is_a_gap() {
    let stage = Stage::new(WORLD);
    let hidden = "ocid1.vault.oc1.iad.aaaaaaaaaaaaa.hidden";
    let secret = Secret {
        region: iad(),
        vault_id: hidden.into(),
        compartment_id: stage.client.tenancy_id().to_string(),
        name: "left behind".into(),
        key_id: None,
    };
    stage.realm.seed_secret(&secret, stage.take().await.taken_at).expect("a region of the realm");
    let inventory = stage.take().await;
    assert_eq!(about(&inventory.gaps), [("vault", hidden)]);
    assert!(inventory.gaps[0].because.contains("left behind"), "{}", inventory.gaps[0].because);
    assert!(!inventory.is_complete());
}

#[tokio::test]
async fn one_unreadable_thing_is_a_gap_and_the_rest_is_there() {
    let before = Stage::new(WORLD).take().await;
    let (master, signing) = (key_of(&before, "payments", "master"), key_of(&before, "payments", "signing"));
    let version = signing.versions[0].id.to_string();
    let (archive, payments) = (&of(&before, "archive").vault, &of(&before, "payments").vault);
    let shop = payments.compartment_id.to_string();
    for (operation, resource, status, reading, subject, found) in [
        (Op::GetKey, master.id.to_string(), 404, "key", format!("{} (master)", master.id), 2),
        (
            Op::ListKeyVersions,
            master.id.to_string(),
            404,
            "key versions",
            format!("{} (master)", master.id),
            3,
        ),
        (Op::GetKeyVersion, version.clone(), 404, "key version", version, 3),
        (Op::ListKeys, shop.clone(), 404, "keys", format!("{} in {shop}", payments.id), 1),
        (Op::GetVaultUsage, payments.id.to_string(), 500, "usage", payments.id.to_string(), 3),
        (Op::ListSecrets, shop.clone(), 503, "secrets", shop.clone(), 3),
        (Op::GetVault, archive.id.to_string(), 404, "vault", archive.id.to_string(), 3),
    ] {
        let stage = Stage::new(WORLD);
        stage.fault(Fault {
            region: Some(if operation == Op::GetVault { fra() } else { iad() }),
            operation: Some(operation),
            resource: Some(resource),
            ..Fault::new(Effect::Status { status, code: None, retry_after: None })
        });
        let inventory = stage.take().await;
        let gaps: Vec<_> = about(&inventory.gaps);
        let expected = if operation == Op::ListKeys {
            // The other vault there is unreadable too.
            vec![
                ("keys", subject.clone()),
                ("keys", format!("{} in {shop}", of(&inventory, "shared").vault.id)),
            ]
        } else {
            vec![(reading, subject)]
        };
        let expected: Vec<_> =
            expected.iter().map(|(reading, subject)| (*reading, subject.as_str())).collect();
        assert_eq!(gaps, expected, "{operation}");
        assert_eq!(of(&inventory, "payments").keys.len(), found, "{operation}");
        assert!(!inventory.is_complete(), "{operation}");
    }
}

#[tokio::test]
async fn an_unreadable_version_is_kept_as_listed() {
    let stage = Stage::new(WORLD);
    stage.refuse(Op::GetKeyVersion, None, 404);
    let inventory = stage.take().await;
    let signing = key_of(&inventory, "payments", "signing");
    assert_eq!((signing.versions.len(), &signing.versions[0].public_key), (1, &None));
}

#[tokio::test]
async fn a_lost_region_is_one_gap_and_is_not_asked_for_every_compartment() {
    let many: String = (0..60).map(|n| format!("[[compartment]]\nname = \"c{n}\"\n")).collect();
    let stage = Stage::new(&format!("{many}{WORLD}"));
    stage.realm.region_down(fra(), Down::Refuse, stage.take().await.taken_at).expect("a region of the realm");
    stage.calls();
    let inventory = stage.take().await;
    assert_eq!(about(&inventory.gaps), [("vaults", "")]);
    assert_eq!(inventory.gaps[0].region, fra());
    assert_eq!(inventory.vaults.len(), 2);
    let unknown: Vec<_> =
        inventory.limits.iter().map(|limit| (limit.region, limit.unknown.is_some())).collect();
    assert_eq!(unknown, [(fra(), true), (fra(), true), (iad(), false), (iad(), false)]);
    let asked = stage.calls();
    assert_eq!(asked[&Op::GetResourceAvailability], 2, "of the region that answers");
    assert!(
        asked[&Op::ListVaults] < 2 * 64,
        "each of the 64 once here, a few of them several times there: {asked:?}"
    );
}

#[tokio::test]
async fn one_silent_compartment_is_not_taken_for_a_lost_region() {
    let stage = Stage::new(WORLD);
    let root = stage.client.tenancy_id().to_string();
    stage.refuse(Op::ListVaults, Some(&root), 503);
    let inventory = stage.take().await;
    assert_eq!(about(&inventory.gaps), [("vaults", root.as_str()), ("vaults", root.as_str())]);
    assert_eq!(keys(of(&inventory, "payments")), ["cache", "master", "signing"]);
}

#[tokio::test]
async fn no_more_is_asked_than_is_needed() {
    let stage = Stage::new(WORLD);
    stage.calls();
    stage.take().await;
    let calls = stage.calls();
    let count = |operation| calls.get(&operation).copied().unwrap_or_default();
    let compartments = 4;
    assert_eq!(count(Op::ListVaults), 2 * compartments);
    assert_eq!((count(Op::GetVault), count(Op::GetVaultUsage)), (3, 3));
    // All of `shared`, which is empty, are counted where it lies; the others have keys elsewhere.
    assert_eq!(count(Op::ListKeys), 1 + 2 * compartments);
    assert_eq!((count(Op::GetKey), count(Op::ListKeyVersions)), (4, 4));
    assert_eq!(count(Op::GetKeyVersion), 1, "the public key of the only asymmetric one");
    assert_eq!((count(Op::ListCompartments), count(Op::ListRegionSubscriptions)), (1, 1));
}

#[tokio::test]
async fn a_key_that_may_be_deleted_any_moment_makes_the_count_no_proof() {
    let stage = Stage::new(
        r#"
        [[compartment]]
        name = "a"
        [[compartment]]
        name = "b"
        [[vault]]
        region = "us-ashburn-1"
        name = "v"
        compartment = "a"
        [[vault.key]]
        name = "one"
        [[vault.key]]
        name = "two"
        "#,
    );
    let survey = stage.survey().await;
    stage.calls();
    let (found, gaps) = stock(&stage.client, &survey, &survey.vaults[0]).await;
    assert_eq!((keys(&found), gaps), (vec!["one", "two"], vec![]));
    assert_eq!(stage.calls().get(&Op::ListKeys), Some(&1));

    stage.schedule_deletion(&found.vault, &found.keys[0].id).await;
    stage.calls();
    let (found, _) = stock(&stage.client, &survey, &survey.vaults[0]).await;
    assert_eq!(found.keys[0].lifecycle_state, KeyState::PendingDeletion);
    assert_eq!(counts(&found), (Some(2), 2));
    assert_eq!(stage.calls().get(&Op::ListKeys), Some(&3));

    stage.wait(31 * 24 * 3600);
    let (found, gaps) = stock(&stage.client, &survey, &survey.vaults[0]).await;
    assert_eq!((keys(&found), counts(&found), gaps), (vec!["two"], (Some(1), 1), vec![]));
}

#[tokio::test]
async fn a_replica_is_told_from_its_primary_and_is_not_meant_by_its_name() {
    let stage = Stage::new(WORLD);
    let before = stage.take().await;
    stage.replicate(&of(&before, "payments").vault, fra()).await;
    let inventory = stage.take().await;
    assert!(inventory.is_complete(), "{:?}", inventory.gaps);
    let both: Vec<_> = inventory.vaults.iter().map(|s| &s.vault).filter(|v| v.name == "payments").collect();
    let [replica, primary] = both.as_slice() else { panic!("{both:?}") };
    assert_eq!((replica.region, replica.is_primary, replica.primary_region()), (fra(), false, Some(iad())));
    assert_eq!((primary.region, primary.is_primary, primary.primary_region()), (iad(), true, None));
    assert_eq!(inventory.replicas_of(primary).collect::<Vec<_>>(), [fra()]);
    assert_eq!(inventory.replicas_of(replica).count(), 0);
    let reasons = eligibility::vault(replica);
    assert_eq!(reasons.iter().map(|r| r.code).collect::<Vec<_>>(), [Code::Replica]);
    assert_eq!(reasons[0].next_best, "back up the primary vault in us-ashburn-1");
    for target in ["payments", primary.id.as_str()] {
        let found = find(&inventory, target).expect("one vault");
        assert!(matches!(found, Found::Vault(stock) if stock.vault.is_primary), "{found:?}");
    }
    assert!(
        matches!(find(&inventory, "master").expect("one key"), Found::Key(stock, _) if stock.vault.is_primary)
    );
}

#[tokio::test]
async fn a_vault_that_is_gone_is_listed_without_questions() {
    let stage = Stage::new(WORLD);
    let before = stage.take().await;
    let id: &VaultId = &of(&before, "archive").vault.id;
    stage.client.schedule_vault_deletion(fra(), id, None, None).await.expect("scheduled");
    stage.wait(31 * 24 * 3600);
    let inventory = stage.take().await;
    let gone = of(&inventory, "archive");
    assert_eq!((&gone.vault.lifecycle_state, gone.keys.len()), (&VaultState::Deleted, 0));
    assert!(inventory.is_complete(), "{:?}", inventory.gaps);
}

#[tokio::test]
async fn limits_are_shown_and_their_absence_makes_nothing_incomplete() {
    let stage = Stage::new(WORLD);
    let limit = Limit { region: fra(), name: LimitName::VirtualPrivateVaultCount, value: 3 };
    stage.realm.set_limit(limit, stage.take().await.taken_at).expect("a region of the realm");
    let limits = stage.take().await.limits;
    let shown: Vec<_> = limits.iter().map(|l| (l.region, l.name.as_str(), l.used, l.available)).collect();
    assert_eq!(shown[0], (fra(), "virtual-private-vault-count", Some(1), Some(2)));
    assert_eq!(shown[3], (iad(), "virtual-vault-count", Some(1), Some(99)));

    stage.refuse(Op::GetResourceAvailability, None, 404);
    let inventory = stage.take().await;
    assert!(inventory.limits.iter().all(|limit| limit.used.is_none() && limit.unknown.is_some()));
    assert!(inventory.is_complete());
}

#[tokio::test]
async fn vaults_of_one_compartment_are_still_read_in_all() {
    let stage = Stage::new(WORLD);
    let shop = of(&stage.take().await, "payments").vault.compartment_id.clone();
    let inventory = stage.take_in(&Scope { compartment: Some(shop), ..Scope::default() }).await;
    let names: Vec<_> = inventory.vaults.iter().map(|stock| stock.vault.name.as_str()).collect();
    assert_eq!(names, ["payments", "shared"]);
    assert_eq!(keys(of(&inventory, "payments")), ["cache", "master", "signing"]);
    assert!(inventory.is_complete(), "{:?}", inventory.gaps);
}
