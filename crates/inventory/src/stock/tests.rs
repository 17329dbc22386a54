//! When the service's count is proof enough that nothing is missing.

use serde_json::json;

use super::*;

fn vault(vault_type: &str) -> Vault {
    serde_json::from_value(json!({
        "id": "ocid1.vault.oc1.iad.ext.v", "name": "v", "region": "us-ashburn-1",
        "compartment_id": "ocid1.compartment.oc1..c", "vault_type": vault_type, "lifecycle_state": "ACTIVE",
        "management_endpoint": "", "crypto_endpoint": "", "time_created": "2026-01-01T00:00:00Z",
        "time_of_deletion": null, "restored_from": null, "is_primary": true,
        "wrapping_key_id": "ocid1.key.oc1.iad.ext.wrapping",
    }))
    .expect("a vault")
}

fn key(name: &str, protection: &str, state: &str) -> ListedKey {
    ListedKey {
        id: format!("ocid1.key.oc1.iad.ext.{name}").parse().expect("an OCID"),
        name: name.to_owned(),
        protection_mode: protection.into(),
        lifecycle_state: state.into(),
    }
}

#[test]
fn the_count_is_proof_only_of_lasting_keys_that_it_counts() {
    let usage = Some(Usage { keys: 1, software_keys: 1, key_versions: 9, software_key_versions: 9 });
    let one = || key("one", "HSM", "ENABLED");
    for (vault_type, second, usage, expected) in [
        ("VIRTUAL_PRIVATE", key("two", "SOFTWARE", "DISABLED"), usage, true),
        ("DEFAULT", key("two", "HSM", "ENABLED"), usage, true),
        ("VIRTUAL_PRIVATE", key("two", "HSM", "ENABLED"), None, false),
        ("EXTERNAL", key("two", "HSM", "ENABLED"), usage, false),
        ("NEW_KIND", key("two", "HSM", "ENABLED"), usage, false),
        ("VIRTUAL_PRIVATE", key("two", "EXTERNAL", "ENABLED"), usage, false),
        ("VIRTUAL_PRIVATE", key("two", "HSM", "CREATING"), usage, false),
        ("VIRTUAL_PRIVATE", key("two", "HSM", "PENDING_DELETION"), usage, false),
        ("VIRTUAL_PRIVATE", key("two", "HSM", "DELETED"), usage, false),
        ("VIRTUAL_PRIVATE", key("two", "HSM", "NEW_STATE"), usage, false),
        ("VIRTUAL_PRIVATE", key("wrapping", "HSM", "ENABLED"), usage, false),
        ("VIRTUAL_PRIVATE", one(), usage, false),
    ] {
        let listed = [one(), second];
        assert_eq!(is_all(&vault(vault_type), &listed, usage), expected, "{vault_type} {listed:?}");
    }
}
