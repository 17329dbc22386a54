//! Reasons and next bests, as tables.

use serde_json::json;

use super::*;

fn made_of(vault_type: &str, state: &str, is_primary: bool, is_replicable: Option<bool>) -> Vault {
    serde_json::from_value(json!({
        "id": "ocid1.vault.oc1.iad.ext.v", "name": "v", "region": if is_primary { "us-ashburn-1" } else { "eu-frankfurt-1" },
        "compartment_id": "ocid1.compartment.oc1..c", "vault_type": vault_type, "lifecycle_state": state,
        "management_endpoint": "", "crypto_endpoint": "", "time_created": "2026-01-01T00:00:00Z",
        "time_of_deletion": null, "restored_from": null, "is_primary": is_primary, "is_replicable": is_replicable,
    }))
    .expect("a vault")
}

#[test]
fn every_reason_against_a_vault_says_what_protects_it_instead() {
    for (vault_type, state, is_primary, is_replicable, expected) in [
        ("VIRTUAL_PRIVATE", "ACTIVE", true, Some(true), vec![]),
        ("VIRTUAL_PRIVATE", "BACKUP_IN_PROGRESS", true, Some(true), vec![]),
        ("DEFAULT", "ACTIVE", true, None, vec![(Code::VaultNotPrivate, "as newer DEFAULT vaults can be")]),
        ("DEFAULT", "ACTIVE", true, Some(true), vec![(Code::VaultNotPrivate, "create-vault-replica")]),
        ("DEFAULT", "ACTIVE", true, Some(false), vec![(Code::VaultNotPrivate, "too old to be replicated")]),
        ("EXTERNAL", "ACTIVE", true, None, vec![(Code::VaultNotPrivate, "external key manager")]),
        ("VIRTUAL_PRIVATE", "ACTIVE", false, None, vec![(Code::Replica, "primary vault in us-ashburn-1")]),
        ("VIRTUAL_PRIVATE", "PENDING_DELETION", true, None, vec![(Code::WrongState, "cancel-deletion")]),
        ("VIRTUAL_PRIVATE", "DELETED", true, None, vec![(Code::WrongState, "an earlier backup")]),
        ("VIRTUAL_PRIVATE", "UPDATING", true, None, vec![(Code::WrongState, "wait")]),
    ] {
        let reasons = vault(&made_of(vault_type, state, is_primary, is_replicable));
        let codes: Vec<_> = reasons.iter().map(|reason| reason.code).collect();
        assert_eq!(codes, expected.iter().map(|(code, _)| *code).collect::<Vec<_>>(), "{vault_type} {state}");
        for (reason, (_, words)) in reasons.iter().zip(&expected) {
            assert!(reason.next_best.contains(words), "{}", reason.next_best);
        }
    }
}

#[test]
fn software_keys_are_exported_and_external_ones_protected_where_they_are() {
    assert!(next_best(Code::SoftwareKey).contains("oci kms crypto key export"));
    assert!(next_best(Code::ExternalKey).contains("external key manager"));
    assert_eq!(secret().next_best, next_best(Code::SecretNotSaved));
    assert_eq!(next_best(Code::Limit), Code::Limit.help());
}
