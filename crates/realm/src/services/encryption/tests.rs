//! Keys of buckets and objects as a client sees them.

use serde_json::json;

use crate::services::bucket_testing::TestBucket;
use crate::services::vault_testing::{TestVault, aes, rsa, settle};
use crate::testing::{Client, good, iad, refused};

fn conflict() -> (u16, String) {
    (409, "Conflict".to_owned())
}

#[test]
fn objects_under_a_disabled_key_can_neither_be_read_nor_written() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    let bucket = TestBucket::create_with(&client, &json!({"kmsKeyId": key}));
    assert_eq!(bucket.json("")["kmsKeyId"], json!(key));
    bucket.put("o", b"secret");
    assert_eq!(bucket.get("o").body().as_ref(), b"secret");
    good(&vault.switch(&key, "disable"));
    let lost = bucket.get("o");
    assert_eq!(refused(&lost), conflict());
    assert!(String::from_utf8_lossy(lost.body()).contains("DISABLED"));
    assert_eq!(bucket.head("o").status(), 409);
    assert_eq!(refused(&bucket.put("p", b"more")), conflict());
    assert_eq!(refused(&bucket.post("/u", &json!({"object": "p"}))), conflict());
    assert_eq!(bucket.json("/o?fields=size")["objects"], json!([{"name": "o", "size": 6}]));
    good(&vault.switch(&key, "enable"));
    assert_eq!(bucket.get("o").body().as_ref(), b"secret");
}

#[test]
fn the_end_of_a_vault_is_the_end_of_what_its_keys_protect() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let bucket = TestBucket::create_with(&client, &json!({"kmsKeyId": vault.key("k", &aes())}));
    bucket.put("o", b"secret");
    good(&vault.act("scheduleDeletion", &json!({})));
    settle(&client);
    assert_eq!(refused(&bucket.get("o")), conflict());
    client.wait(std::time::Duration::from_secs(31 * 24 * 60 * 60));
    let gone = bucket.get("o");
    assert_eq!(refused(&gone), conflict());
    assert!(String::from_utf8_lossy(gone.body()).contains("does not exist"));
    assert_eq!(bucket.delete("o").status(), 204, "it can still be deleted");
}

#[test]
fn a_key_that_is_not_there_or_does_not_encrypt_is_not_given_to_a_bucket() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let bucket = TestBucket::create(&client);
    let refusal = |id: &str| refused(&bucket.post("", &json!({"kmsKeyId": id}))).1;
    assert_eq!(refusal("ocid1.key.oc1.iad.none"), "RelatedResourceNotAuthorizedOrNotFound");
    assert_eq!(refusal(&vault.key("asymmetric", &rsa())), "InvalidParameter");
    assert_eq!(bucket.json("")["kmsKeyId"], json!(null));
}

#[test]
fn objects_keep_their_key_until_they_are_encrypted_anew() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let (old, new) = (vault.key("old", &aes()), vault.key("new", &aes()));
    let bucket = TestBucket::create_with(&client, &json!({"kmsKeyId": old}));
    for name in ["a", "b"] {
        bucket.put(name, b"x");
    }
    good(&bucket.post("", &json!({"kmsKeyId": new})));
    good(&bucket.post("/actions/reencrypt/a", &json!({})));
    good(&vault.switch(&old, "disable"));
    assert_eq!((bucket.get("a").status().as_u16(), bucket.get("b").status().as_u16()), (200, 409));
    let failed = bucket.ended(&bucket.post("/actions/reencrypt", &json!({})));
    assert_eq!(failed, ("FAILED".to_owned(), json!("Conflict")));
    good(&vault.switch(&old, "enable"));
    let done = bucket.ended(&bucket.post("/actions/reencrypt", &json!({})));
    assert_eq!(done.0, "COMPLETED");
    good(&vault.switch(&old, "disable"));
    assert_eq!((bucket.get("a").status().as_u16(), bucket.get("b").status().as_u16()), (200, 200));
}

#[test]
fn a_bucket_whose_key_is_taken_away_writes_with_oracles_own() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    let bucket = TestBucket::create_with(&client, &json!({"kmsKeyId": key}));
    bucket.put("old", b"x");
    let updated = good(&bucket.post("", &json!({"kmsKeyId": ""})));
    assert_eq!(updated["kmsKeyId"], json!(null));
    bucket.put("new", b"x");
    bucket.put_with("own", &[("opc-sse-kms-key-id", &key)], b"x");
    good(&vault.switch(&key, "disable"));
    let statuses = ["old", "new", "own"].map(|name| bucket.get(name).status().as_u16());
    assert_eq!(statuses, [409, 200, 409]);
    assert_eq!(refused(&bucket.post("/actions/reencrypt", &json!({}))).0, 400);
}

#[test]
fn keys_that_come_along_with_requests_are_refused_and_not_ignored() {
    let client = Client::new();
    let bucket = TestBucket::create(&client);
    assert_eq!(refused(&bucket.put_with("o", &[("opc-sse-customer-algorithm", "AES256")], b"x")).0, 400);
    bucket.put("o", b"x");
    let body = json!({"sseCustomerKey": {"algorithm": "AES256"}});
    assert_eq!(refused(&bucket.post("/actions/reencrypt/o", &body)).0, 400);
}
