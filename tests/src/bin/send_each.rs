//! Makes each call of Keyferry's client once, for comparison with what Oracle's own client sends.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use keyferry_core::model::{Algorithm, KeyShape, ObjectPlace, OciStore, ProtectionMode, Vault, VaultType};
use keyferry_ids::{CompartmentId, KeyId, KeyVersionId, Region, VaultId};
use keyferry_oci::{Client, Error, NewKey, NewVault, Reqwest, RetryPolicy};
use keyferry_realm::ReadyLine;
use keyferry_tests::{block_on, client};
use serde::Deserialize;

/// As the comparison's recorder answers too.
const PLAINTEXT: &[u8] = b"plaintext";

#[derive(Debug, Deserialize)]
struct Told {
    ready: ReadyLine,
    names: Names,
}

/// What the calls are about.
#[derive(Debug, Deserialize)]
struct Names {
    compartment: CompartmentId,
    vault: VaultId,
    key: KeyId,
    version: KeyVersionId,
    work_request: String,
    namespace: String,
    bucket: String,
    object: String,
    copy: String,
    name: String,
    token: String,
    time: Timestamp,
}

fn main() {
    let file = std::env::args().nth(1).expect("usage: send_each FILE");
    let text = std::fs::read(file).expect("the file can be read");
    let Told { ready, names } = serde_json::from_slice(&text).expect("the file says what to call, and where");
    let client = client(&ready, Arc::new(Reqwest::new()), RetryPolicy::default());
    block_on(send(&client, ready.home_region, &names)).expect("all calls are answered");
}

async fn send(client: &Client, region: Region, names: &Names) -> Result<(), Error> {
    let vault = vaults(client, region, names).await?;
    keys(client, &vault, names).await?;
    uses(client, &vault, names).await?;
    objects(client, region, names).await?;
    identity(client, region, names).await?;
    client.list_secrets(region, &names.compartment, None).await?;
    client.list_secrets(region, &names.compartment, Some(&names.vault)).await?;
    client.availability(region, "kms", "virtual-private-vault-count").await?;
    client.work_request(region, &names.work_request).await?;
    client.work_request_errors(region, &names.work_request).await?;
    Ok(())
}

async fn vaults(client: &Client, region: Region, names: &Names) -> Result<Vault, Error> {
    let (token, place) = (Some(names.token.as_str()), object(region, names, &names.object));
    client.list_vaults(region, &names.compartment).await?;
    client.vault_usage(region, &names.vault).await?;
    let new = NewVault {
        compartment_id: &names.compartment,
        name: &names.name,
        vault_type: VaultType::VirtualPrivate,
        tags: tags(),
    };
    client.create_vault(region, new, token).await?;
    client.backup_vault(region, &names.vault, (&place, None), true, token).await?;
    client.restore_vault(region, &names.compartment, &place, token).await?;
    client.schedule_vault_deletion(region, &names.vault, Some(names.time), token).await?;
    client.schedule_vault_deletion(region, &names.vault, None, token).await?;
    client.vault(region, &names.vault).await
}

async fn keys(client: &Client, vault: &Vault, names: &Names) -> Result<(), Error> {
    let token = Some(names.token.as_str());
    client.list_keys(vault, &names.compartment).await?;
    client.key_version(vault, &names.key, &names.version).await?;
    let shape = KeyShape { algorithm: Algorithm::Ecdsa, length: 48, curve: Some("NIST_P384".to_owned()) };
    let new = NewKey {
        compartment_id: &names.compartment,
        name: &names.name,
        shape,
        protection_mode: ProtectionMode::Hsm,
        tags: tags(),
    };
    client.create_key(vault, new, token).await?;
    client.rotate_key(vault, &names.key, token).await?;
    let place = object(vault.region, names, &names.object);
    client.backup_key(vault, &names.key, (&place, None), token).await?;
    client.disable_key(vault, &names.key, token).await
}

async fn uses(client: &Client, vault: &Vault, names: &Names) -> Result<(), Error> {
    let (key, version) = (&names.key, &names.version);
    let context = [("a", "1"), ("b", "2")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let (context, none) = (BTreeMap::from(context), BTreeMap::new());
    let (aes, rsa, ecdsa) = ("AES_256_GCM", "RSA_OAEP_SHA_256", "ECDSA_SHA_384");
    client.encrypt(vault, key, PLAINTEXT, &context, aes).await?;
    client.decrypt(vault, key, None, PLAINTEXT, &context, aes).await?;
    client.decrypt(vault, key, Some(version), PLAINTEXT, &none, rsa).await?;
    client.sign(vault, key, None, PLAINTEXT, ecdsa).await?;
    client.sign(vault, key, Some(version), PLAINTEXT, ecdsa).await?;
    client.verify(vault, key, version, PLAINTEXT, PLAINTEXT, ecdsa).await?;
    Ok(())
}

async fn objects(client: &Client, region: Region, names: &Names) -> Result<(), Error> {
    let (namespace, bucket) = (names.namespace.as_str(), names.bucket.as_str());
    let (place, copy) = (object(region, names, &names.object), object(region, names, &names.copy));
    let store = OciStore {
        bucket: names.bucket.clone(),
        namespace: names.namespace.clone(),
        region,
        prefix: String::new(),
    };
    client.namespace(region).await?;
    client.bucket(region, namespace, bucket).await?;
    for key in [None, Some(names.key.as_str())] {
        client.create_bucket(region, namespace, bucket, &names.compartment, key).await?;
    }
    for create_only in [false, true] {
        client.put_object(&place, Bytes::from_static(PLAINTEXT), create_only).await?;
    }
    client.object(&place, 1024).await?;
    client.head_object(&place).await?;
    client.list_objects(&store, &names.object).await?;
    client.pars(&place).await?;
    client.protection(&store).await?;
    client.delete_object(&place).await?;
    client.copy_object(&place, &copy).await?;
    client.object_work_request(region, &names.work_request).await?;
    client.object_work_request_errors(region, &names.work_request).await?;
    Ok(())
}

async fn identity(client: &Client, region: Region, names: &Names) -> Result<(), Error> {
    let tenancy = client.tenancy_id().clone().into();
    client.home_region(region).await?;
    client.region_subscriptions(region).await?;
    client.compartments(region).await?;
    client.compartment(region, &names.compartment).await?;
    let token = Some(names.token.as_str());
    client.create_compartment(region, &tenancy, &names.name, "description", token).await?;
    Ok(())
}

fn object(region: Region, names: &Names, name: &str) -> ObjectPlace {
    ObjectPlace {
        region,
        namespace: names.namespace.clone(),
        bucket: names.bucket.clone(),
        name: name.to_owned(),
    }
}

fn tags() -> BTreeMap<String, String> {
    BTreeMap::from([("tag".to_owned(), "value".to_owned())])
}
