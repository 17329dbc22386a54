//! How fast a command calls a realm that counts, and what `-vv` tells of it.

use std::path::Path;

use keyferry_core::model::{ProtectionMode, VaultType};
use keyferry_seams::{Access, Disk as _};
use serde_json::Value;

use crate::stage::Stage;

/// A vault with more keys than the burst that a service allows, in a realm that counts.
async fn stage() -> Stage {
    let stage = Stage::new().await;
    let vault = stage.bare_vault("payments", VaultType::VirtualPrivate).await;
    for number in 0..40 {
        stage.key(&vault, &format!("key-{number}"), "vaults", ProtectionMode::Hsm).await;
    }
    stage.realm.set_rate_limits(true);
    stage
}

fn refused(stage: &Stage) -> usize {
    stage.http.sent().iter().filter(|sent| sent.status == Some(429)).count()
}

#[tokio::test]
async fn a_command_keeps_to_the_rate_of_a_realm_that_states_one() {
    let stage = stage().await;
    let file = Path::new("/realm/realm.json");
    let mut realm: Value =
        serde_json::from_slice(&stage.disk.read(file, 1 << 20).expect("there")).expect("JSON");
    realm["rate_limits"] = true.into();
    stage.disk.write(file, realm.to_string().as_bytes(), Access::Owner).expect("written");
    let ran = stage.run("inventory -vv").await.exits(0);
    assert_eq!(refused(&stage), 0, "{}", ran.err);
    assert!(ran.err.contains(" ms in the queue, /"), "{}", ran.err);
    assert!(ran.err.contains("?compartmentId=…"), "{}", ran.err);
}

#[tokio::test]
async fn without_that_word_calls_are_only_held_up_by_refusals() {
    let stage = stage().await;
    let ran = stage.run("inventory -v").await.exits(0);
    assert!(refused(&stage) > 0, "{}", ran.err);
    assert!(!ran.err.contains("in the queue") && !ran.err.contains("/20180608/"), "{}", ran.err);
}
