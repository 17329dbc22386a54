//! Selection as tables; the form of the texts is tried where they are read.

use serde_json::{Value, json};

use super::*;

const COMPARTMENT: &str = "ocid1.compartment.oc1..aaaaaaaaexamplecompartment";

fn vault() -> Vault {
    let vault = json!({
        "id": "ocid1.vault.oc1.iad.aaaaexample.abuwexample",
        "name": "payments-eu",
        "region": "us-ashburn-1",
        "compartment_id": COMPARTMENT,
        "vault_type": "VIRTUAL_PRIVATE",
        "lifecycle_state": "ACTIVE",
        "management_endpoint": "",
        "crypto_endpoint": "",
        "time_created": "2026-01-01T00:00:00Z",
        "is_primary": true,
        "tags": {
            "freeform": {"team": "cards", "a.b": "dotted"},
            "defined": {"Operations": {"CostCenter": "42", "Critical": true}},
        },
    });
    serde_json::from_value(vault).expect("a vault")
}

fn policy(value: Value) -> Policy {
    serde_json::from_value(value).expect("a policy")
}

fn refusal(value: Value) -> String {
    serde_json::from_value::<Policy>(value).expect_err("not a policy").to_string()
}

#[test]
fn a_vault_is_selected_if_all_that_is_given_fits() {
    for (select, fits) in [
        (json!({"compartments": [COMPARTMENT]}), true),
        (json!({"compartments": ["ocid1.compartment.oc1..aaaaaaaaother"]}), false),
        (json!({"compartments": ["/prod/keys"]}), true),
        (json!({"compartments": ["/prod"]}), false),
        (json!({"compartments": ["/prod/*"]}), true),
        (json!({"compartments": ["/test/*", "/prod/*"]}), true),
        (json!({"regions": ["iad"]}), true),
        (json!({"regions": ["eu-frankfurt-1", "us-ashburn-1"]}), true),
        (json!({"regions": ["fra"]}), false),
        (json!({"names": ["cards*", "pay*"]}), true),
        (json!({"names": ["payments"]}), false),
        (json!({"tags": {"team": "cards"}}), true),
        (json!({"tags": {"Team": "cards"}}), false),
        (json!({"tags": {"team": "*"}}), true),
        (json!({"tags": {"a.b": "dotted"}}), true),
        (json!({"tags": {"operations.costcenter": "42"}}), true),
        (json!({"tags": {"Operations.Critical": "true"}}), true),
        (json!({"tags": {"Operations.CostCenter": "43"}}), false),
        (json!({"tags": {"team": "cards", "owner": "*"}}), false),
        (json!({"names": ["pay*"], "regions": ["iad"], "tags": {"team": "cards"}}), true),
        (json!({"names": ["pay*"], "regions": ["fra"], "tags": {"team": "cards"}}), false),
    ] {
        assert_eq!(policy(json!({"select": select})).selects(&vault(), "/prod/keys"), fits, "{select}");
        let everything_else = policy(json!({"exclude": select}));
        assert_eq!(everything_else.selects(&vault(), "/prod/keys"), !fits, "all but {select}");
    }
}

#[test]
fn a_policy_that_says_nothing_is_about_every_vault_and_exclusion_goes_before_selection() {
    assert!(policy(json!({})).selects(&vault(), "/"));
    let both = policy(json!({"select": {"names": ["pay*"]}, "exclude": {"tags": {"team": "cards"}}}));
    assert!(!both.selects(&vault(), "/"));
}

#[test]
fn a_region_is_out_of_reach_if_no_vault_in_it_can_be_selected() {
    let (iad, fra) = (Region::parse("iad").expect("known"), Region::parse("fra").expect("known"));
    for (value, reached) in [
        (json!({}), (true, true)),
        (json!({"select": {"regions": ["iad"], "names": ["x"]}}), (true, false)),
        (json!({"exclude": {"regions": ["iad"]}}), (false, true)),
        (json!({"exclude": {"regions": ["iad"], "names": ["x"]}}), (true, true)),
    ] {
        let policy = policy(value);
        assert_eq!((policy.reaches(iad), policy.reaches(fra)), reached, "{policy:?}");
    }
}

#[test]
fn selectors_that_could_mean_all_or_none_are_refused() {
    assert!(refusal(json!({"exclude": {}})).contains("say which vaults"));
    assert!(refusal(json!({"select": {"names": []}})).contains("an empty list fits nothing"));
    assert!(refusal(json!({"select": {"compartments": ["prod/keys"]}})).contains("such as /prod/keys"));
    assert!(refusal(json!({"select": {"compartment": ["/"]}})).contains("unknown field `compartment`"));
    assert!(refusal(json!({"select": {"regions": ["mars-1"]}})).contains("mars-1"));
}

#[test]
fn a_bucket_may_have_another_name_in_each_region() {
    let (iad, fra) = (Region::parse("iad").expect("known"), Region::parse("fra").expect("known"));
    let one = policy(json!({"bucket": "saves@ns"}));
    assert_eq!((one.bucket(iad), one.bucket(fra)), (Some("saves@ns"), Some("saves@ns")));
    let each = policy(json!({"bucket": {"us-ashburn-1": "east"}}));
    assert_eq!((each.bucket(iad), each.bucket(fra)), (Some("east"), None));
    assert_eq!(policy(json!({})).bucket(iad), None);
    assert!(refusal(json!({"bucket": 7})).contains("NAME[@NAMESPACE]"));
}

#[test]
fn objectives_hold_where_a_policy_has_none_of_its_own() {
    let period = |text: &str| Some(text.parse::<Period>().expect(text));
    let all = Objectives { rpo: period("24h"), rto: period("4h"), proven_within: period("90d") };
    let own = policy(json!({"rpo": "6h"})).with_defaults(&all);
    assert_eq!((own.rpo, own.proven_within), (period("6h"), period("90d")));
}

#[test]
fn what_is_written_is_read_and_comes_out_again() {
    let written = json!({
        "select": {"compartments": ["/prod/*"], "regions": ["us-ashburn-1"], "tags": {"team": "cards"}},
        "exclude": {"names": ["*-test"]},
        "bucket": {"us-ashburn-1": "east"},
        "copy_to": ["offsite"],
        "contents": "keys_one_by_one",
        "accept_unsaved": ["software", "secrets"],
        "retention": {"keep_last": 7, "keep_within": "30d"},
        "rpo": "24h",
        "proven_within": "90d",
        "hooks": {"success": ["notify", "$(it) is; data"]},
    });
    assert_eq!(serde_json::to_value(policy(written.clone())).expect("plain data"), written);
    let accepted = policy(written).accept_unsaved.into_iter().map(Unsavable::code);
    assert_eq!(accepted.collect::<Vec<_>>(), [Code::SoftwareKey, Code::SecretNotSaved]);
    assert_eq!(policy(json!({})).contents, Extent::WithKeys);
}
