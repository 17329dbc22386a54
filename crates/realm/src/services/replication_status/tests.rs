//! Changes come to a replica.

use serde_json::{Value, json};

use crate::Down;
use crate::services::vault_testing::{TestVault, aes, settle, text};
use crate::testing::{Client, fra, good, iad, refused};

#[test]
fn a_change_names_its_replication_which_waits_for_a_region_that_is_down() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    assert_eq!(vault.key_now(&key)["replicaDetails"], Value::Null, "no replica yet");
    vault.act("createReplica", &json!({"replicaRegion": fra().name()}));
    settle(&client);
    let updated = good(&vault.update_key(&key, &[], &json!({"displayName": "x"})));
    let id = text(&updated["replicaDetails"], "replicationId").to_owned();
    settle(&client);
    let ask = |id: &str| vault.manage(&format!("/replicaOperations/{id}/status"), None);
    let status = || good(&ask(&id))["replicaDetails"].clone();
    assert_eq!(status(), json!([{"region": fra().name(), "status": "REPLICATED"}]));
    client.realm.region_down(fra(), Down::Refuse, client.now()).expect("a region");
    assert_eq!(status()[0]["status"], "REPLICATING");
    let version = vault.version(&key, &vault.versions(&key)[0]);
    good(&ask(text(&version["replicaDetails"], "replicationId")));
    good(&ask(text(&vault.now()["replicaDetails"], "replicationId")));
    for other in ["none", &id[..31], &format!("{id}0"), &format!("{}{}", &id[16..], &id[..16])] {
        assert_eq!(refused(&ask(other)).0, 404, "{other}");
    }
    let next_door = TestVault::create(&client, iad(), "w");
    assert_eq!(refused(&next_door.manage(&format!("/replicaOperations/{id}/status"), None)).0, 404);
}
