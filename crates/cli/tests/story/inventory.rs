//! Stock-taking as a user sees it: what is missing is said, and the exit code says so too.

use keyferry_core::model::{ProtectionMode, VaultType};
use keyferry_realm::{Effect, Fault, OperationName};
use serde_json::json;

use crate::stage::{Stage, iad};

#[tokio::test]
async fn a_compartment_that_no_list_shows_makes_the_inventory_incomplete_and_both_counts_are_shown() {
    let stage = Stage::new().await;
    stage.vault("payments").await;
    stage.run("inventory").await.exits(0);
    let hidden = Effect::OmitCompartment { compartment: "keys".into() };
    stage.realm.add_fault(Fault::new(hidden)).expect("a good rule");
    let shown = stage.run("inventory").await.exits(3);
    assert!(shown.out.contains("INCOMPLETE"), "{}", shown.out);
    assert!(shown.out.contains("vault payments: the service counts 3 keys, 2 were seen"), "{}", shown.out);
    assert!(shown.err.contains("warning[KF-2001]"), "{}", shown.err);
    let shown = stage.run("inventory -o json").await.exits(3).json();
    let counted = &shown["completeness"];
    assert_eq!(
        (&counted["complete"], &counted["expected"], &counted["seen"]),
        (&json!(false), &json!(3), &json!(2))
    );
    stage.run("inventory -o md").await.exits(3);
}

#[tokio::test]
async fn an_unreadable_key_is_named_with_its_reason_and_the_others_are_shown() {
    let stage = Stage::new().await;
    let vault = stage.vault("payments").await;
    let listed = stage.client.key_ids(&vault, &stage.compartments["keys"]).await.expect("listed");
    let effect = Effect::Status { status: 404, code: None, retry_after: None };
    let operation = Some(OperationName::GetKey);
    let fault =
        Fault { region: Some(iad()), operation, resource: Some(listed[0].to_string()), ..Fault::new(effect) };
    stage.realm.add_fault(fault).expect("a good rule");
    let shown = stage.run("inventory -o json").await.exits(3).json();
    let gap = &shown["completeness"]["gaps"][0];
    assert_eq!((&gap["region"], &gap["reading"]), (&json!("us-ashburn-1"), &json!("key")));
    assert_eq!(gap["subject"], format!("{} (signing)", listed[0]));
    assert!(gap["because"].as_str().is_some_and(|text| text.contains("404")), "{gap}");
    assert_eq!(shown["vaults"][0]["keys"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn what_cannot_be_saved_is_shown_with_what_protects_it_instead() {
    let stage = Stage::new().await;
    let vault = stage.vault("payments").await;
    stage.key(&vault, "cache", "vaults", ProtectionMode::Software).await;
    stage.secret(&vault, "password");
    stage.secret(&vault, "token");
    stage.bare_vault("shared", VaultType::Default).await;
    let shown = stage.run("inventory -o json").await.exits(0).json();
    assert_eq!(
        shown["vaults"][0]["secrets_in"],
        json!([{"compartment_id": stage.compartments["keys"], "count": 2}])
    );
    let reason = |code: &str| {
        let verdicts = shown["eligibility"].as_array().expect("a list");
        let reasons = verdicts.iter().flat_map(|verdict| verdict["reasons"].as_array().expect("a list"));
        reasons.clone().find(|reason| reason["code"] == code).expect("such a reason")["next_best"].clone()
    };
    for (code, words) in [
        ("KF-2101", "create-vault-replica"),
        ("KF-2103", "oci kms crypto key export"),
        ("KF-2104", "keep its source"),
    ] {
        assert!(reason(code).as_str().is_some_and(|text| text.contains(words)), "{code}");
    }
    assert_eq!(shown["limits"][0]["name"], "virtual-private-vault-count");
    let text = stage.run("inventory").await.exits(0).out;
    assert!(text.contains("What can't be saved") && text.contains("2 secrets"), "{text}");
    let csv = stage.run("inventory -o csv").await.exits(0).out;
    assert_eq!(
        csv.lines().count(),
        1 + 4 + 1,
        "titles, four keys of one version, a vault without keys: {csv}"
    );
}
