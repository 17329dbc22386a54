//! An account in a served realm: makes the things that Keyferry itself never makes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use keyferry_core::model::{
    Algorithm, KeyShape, ObjectPlace, OciStore, ProtectionMode, Vault, VaultState, VaultType,
};
use keyferry_ids::{CompartmentId, KeyId, Region};
use keyferry_oci::{
    Client, ClientConfig, Credentials, Endpoints, NewKey, NewVault, Pace, Reqwest, RetryPolicy, Source,
};
use keyferry_realm::{LogLine, ReadyLine, Secret, admin};
use keyferry_seams::{Clock as _, HttpSend, RealDisk, Seed, SystemClock};

use crate::Served;

/// Runs a future to its end.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(future)
}

/// Keyferry's client with the credentials of the realm's user.
pub fn client(ready: &ReadyLine, http: Arc<dyn HttpSend>, retry: RetryPolicy) -> Client {
    let environment = BTreeMap::new();
    let credentials = Credentials::load(Source {
        disk: &RealDisk,
        environment: &environment,
        config_file: Some(&ready.config_file),
        profile: None,
        auth: None,
        region: None,
        now: SystemClock.now(),
    })
    .expect("the realm writes a good configuration");
    let mut endpoints = Endpoints::of(credentials.tenancy_id.realm());
    for (region, place) in &ready.regions {
        endpoints = endpoints.with(*region, &place.endpoint).expect("loopback");
    }
    Client::new(ClientConfig {
        http,
        clock: Arc::new(SystemClock),
        seed: Seed::from_number(99),
        credentials,
        endpoints: endpoints.closed(),
        retry,
        pace: Pace::UNLIMITED,
        observer: None,
    })
}

/// Signed calls in the name of the realm's user.
#[derive(Debug)]
pub struct Account {
    /// The client.
    pub client: Client,
    /// The first region.
    pub home: Region,
    /// The tenancy's namespace.
    pub namespace: String,
    admin: (String, PathBuf),
}

impl Account {
    /// The realm's user.
    pub fn of(realm: &Served) -> Self {
        Self::at(&realm.ready)
    }

    /// The user of a realm in whatever process.
    pub fn at(ready: &ReadyLine) -> Self {
        Self {
            client: client(ready, Arc::new(Reqwest::new()), RetryPolicy::default()),
            home: ready.home_region,
            namespace: ready.namespace.clone(),
            admin: (ready.admin.url.clone(), ready.admin.token_file.clone()),
        }
    }

    /// The root compartment.
    pub fn root(&self) -> CompartmentId {
        self.client.tenancy_id().clone().into()
    }

    /// A compartment below the root.
    pub async fn compartment(&self, name: &str) -> CompartmentId {
        let made = self.client.create_compartment(self.home, &self.root(), name, "for a test", None).await;
        made.expect("a compartment")
    }

    /// A bucket.
    pub async fn bucket(&self, region: &str, name: &str, compartment: &CompartmentId) -> OciStore {
        let region = Region::parse(region).expect("a region");
        let made = self.client.create_bucket(region, &self.namespace, name, compartment, None).await;
        made.expect("a bucket");
        format!("oci://{name}@{}/{region}", self.namespace).parse().expect("a store")
    }

    /// A vault in the home region, ready for use.
    pub async fn vault(&self, name: &str, vault_type: VaultType, compartment: &CompartmentId) -> Vault {
        let new = NewVault { compartment_id: compartment, name, vault_type, tags: BTreeMap::new() };
        let made = self.client.create_vault(self.home, new, None).await.expect("a vault");
        loop {
            let vault = self.client.vault(self.home, &made.id).await.expect("the vault");
            if vault.lifecycle_state == VaultState::Active {
                return vault;
            }
            SystemClock.sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// An AES-256, RSA-2048 or ECDSA-P384 key, ready for use.
    pub async fn key(
        &self,
        vault: &Vault,
        name: &str,
        shape: &str,
        protection_mode: ProtectionMode,
        compartment: &CompartmentId,
    ) -> KeyId {
        let shape = match shape {
            "AES" => KeyShape { algorithm: Algorithm::Aes, length: 32, curve: None },
            "RSA" => KeyShape { algorithm: Algorithm::Rsa, length: 256, curve: None },
            _ => KeyShape { algorithm: Algorithm::Ecdsa, length: 48, curve: Some("NIST_P384".into()) },
        };
        let new = NewKey { compartment_id: compartment, name, shape, protection_mode, tags: BTreeMap::new() };
        let id = self.client.create_key(vault, new, None).await.expect("a key");
        self.until_enabled(vault, &id).await;
        id
    }

    /// Rotates a key and waits until it can be used.
    pub async fn rotate(&self, vault: &Vault, id: &KeyId) {
        self.client.rotate_key(vault, id, None).await.expect("rotated");
        self.until_enabled(vault, id).await;
    }

    async fn until_enabled(&self, vault: &Vault, id: &KeyId) {
        loop {
            let key = self.client.key(vault, id).await.expect("the key");
            let settled = |state: &str| matches!(state, "ENABLED" | "DISABLED");
            let versions = key.versions.iter().all(|version| settled(version.lifecycle_state.as_str()));
            if settled(key.lifecycle_state.as_str()) && versions {
                return;
            }
            SystemClock.sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// A secret, put into the realm directly.
    pub async fn secret(&self, vault: &Vault, name: &str, compartment: &CompartmentId) {
        self.command(&admin::Command::Secret(Secret {
            region: vault.region,
            vault_id: vault.id.to_string(),
            compartment_id: compartment.to_string(),
            name: name.to_owned(),
            key_id: None,
        }))
        .await;
    }

    /// Tells the realm something.
    pub async fn command(&self, command: &admin::Command) -> Vec<u8> {
        let (method, path, body) = command.to_request();
        let token = std::fs::read_to_string(&self.admin.1).expect("the token");
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.admin.0))
            .header("authorization", format!("Bearer {}", token.trim()))
            .body(body)
            .expect("a request");
        let answer = Reqwest::new().send(request, 1 << 28).await.expect("an answer");
        assert!(answer.status().is_success(), "{:?}", answer.body());
        answer.body().to_vec()
    }

    /// Every request that the realm has answered, oldest first.
    pub async fn log(&self) -> Vec<LogLine> {
        let answer = self.command(&admin::Command::Log).await;
        let lines = answer.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).expect("a line of the log")).collect()
    }

    /// An object's bytes.
    pub async fn read(&self, place: &ObjectPlace) -> Vec<u8> {
        self.client.object(place, 1 << 26).await.expect("the object").to_vec()
    }

    /// Writes an object, whatever was there.
    pub async fn write(&self, place: &ObjectPlace, bytes: Vec<u8>) {
        self.client.put_object(place, bytes.into(), false).await.expect("written");
    }
}
