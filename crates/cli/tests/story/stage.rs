//! A realm of two regions in this process, and command lines that run against it in virtual time.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, Cursor, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::Timestamp;
use keyferry_cli::{Terminal, World};
use keyferry_core::model::{Algorithm, KeyShape, ProtectionMode, Vault, VaultType};
use keyferry_ids::{CompartmentId, KeyId, Region, TenancyId, UserId};
use keyferry_oci::{
    Client, ClientConfig, Credentials, Endpoints, NewKey, NewVault, Pace, PrivateKey, RetryPolicy,
};
use keyferry_realm::{
    AdminEndpoint, ApiKey, Down, EmbeddedSend, Identity, Latency, ReadyLine, Realm, RealmConfig,
    RegionEndpoint, Secret, Semantics,
};
use keyferry_seams::{Access, Clock, Disk, HttpSend, MemoryDisk, Recorder, Seed, VirtualClock};
use serde_json::Value;

/// The signing vectors' key; making one takes long.
const KEY: &str = include_str!("../../../../tests/vectors/signing.txt");

pub(crate) fn iad() -> Region {
    Region::parse("iad").expect("known")
}

pub(crate) fn fra() -> Region {
    Region::parse("fra").expect("known")
}

/// A realm, a disk, a clock, and a client that sets things up.
pub(crate) struct Stage {
    pub(crate) realm: Arc<Realm>,
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) disk: Arc<MemoryDisk>,
    pub(crate) http: Arc<Recorder>,
    pub(crate) client: Client,
    pub(crate) namespace: String,
    pub(crate) compartments: BTreeMap<&'static str, CompartmentId>,
    commands: Cell<u64>,
}

/// What a command line came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: u8,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// The one document on standard output.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e} in:\n{}\n{}", self.out, self.err))
    }

    /// The last error on standard error.
    pub(crate) fn error(&self) -> Value {
        let mut all = serde_json::Deserializer::from_str(&self.err[self.err.find('{').expect("JSON")..])
            .into_iter::<Value>();
        all.by_ref().last().expect("an error").expect("a whole one")
    }

    /// Fails with both streams unless the exit code is this one.
    #[track_caller]
    pub(crate) fn exits(self, code: u8) -> Self {
        assert_eq!(self.code, code, "\n{}\n{}", self.out, self.err);
        self
    }
}

/// A stream whose bytes can be looked at afterwards.
#[derive(Clone, Default)]
struct Stream(Arc<Mutex<Vec<u8>>>);

impl Stream {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("not poisoned").clone()).expect("text")
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stage {
    /// An empty realm with three compartments and a bucket per region.
    pub(crate) async fn new() -> Self {
        let seed = Seed::from_number(1);
        let start: Timestamp = "2026-11-24T06:00:00Z".parse().expect("a time");
        let clock = Arc::new(VirtualClock::new(start));
        let config = RealmConfig {
            identity: Identity::mint(vec![iad(), fra()], &seed.child("identity")),
            seed: seed.child("requests"),
            root_key: seed.child("root key"),
            api_key: ApiKey::from_pem(KEY).expect("a good key"),
            latency: Latency::none(),
            semantics: Semantics::default(),
        };
        let realm = Arc::new(Realm::new(config).expect("two regions of one realm"));
        let now = Arc::clone(&clock) as Arc<dyn Clock>;
        let network = EmbeddedSend::new(Arc::clone(&realm), Arc::clone(&now), seed.child("network"));
        let http = Arc::new(Recorder::new(Arc::new(network)));
        let client = client(&realm, now, Arc::clone(&http) as Arc<dyn HttpSend>);
        let namespace = client.namespace(iad()).await.expect("asked");
        let root = CompartmentId::from(client.tenancy_id().clone());
        let mut compartments = BTreeMap::new();
        for name in ["vaults", "keys", "backups"] {
            let id = client.create_compartment(iad(), &root, name, "for a test", None).await.expect("made");
            compartments.insert(name, id);
        }
        for (region, name) in [(iad(), "saves"), (fra(), "copies")] {
            let compartment = &compartments["backups"];
            client.create_bucket(region, &namespace, name, compartment, None).await.expect("made");
        }
        let disk = Arc::new(MemoryDisk::default());
        let commands = Cell::new(0);
        let stage = Self { realm, clock, disk, http, client, namespace, compartments, commands };
        stage.describe(&stage.realm.api_key().fingerprint());
        stage
    }

    /// The folder that a served realm would leave behind.
    pub(crate) fn describe(&self, fingerprint: &str) {
        let identity = self.realm.identity();
        let config = format!(
            "[DEFAULT]\nuser={}\nfingerprint={fingerprint}\ntenancy={}\nregion=us-ashburn-1\nkey_file=/realm/key.pem\n",
            identity.user_id, identity.tenancy_id
        );
        let endpoint = |region: Region| self.realm.endpoint(region).expect("a region of the realm");
        let ready = ReadyLine {
            schema: "keyferry.realm".into(),
            version: 1,
            pid: 1,
            tenancy_id: identity.tenancy_id.clone(),
            user_id: identity.user_id.clone(),
            namespace: identity.namespace.clone(),
            home_region: iad(),
            config_file: "/realm/config".into(),
            ca_file: None,
            rate_limits: false,
            regions: [iad(), fra()].map(|r| (r, RegionEndpoint { endpoint: endpoint(r) })).into(),
            admin: AdminEndpoint {
                url: "http://127.0.0.1:1".into(),
                token_file: "/realm/admin.token".into(),
            },
        };
        let ready = serde_json::to_vec(&ready).expect("plain data");
        for (name, bytes) in
            [("realm.json", ready.as_slice()), ("config", config.as_bytes()), ("key.pem", KEY.as_bytes())]
        {
            self.disk.write(&Path::new("/realm").join(name), bytes, Access::Owner).expect("written");
        }
    }

    /// A vault with an AES, an RSA and an ECDSA key, the last one in a compartment of its own.
    pub(crate) async fn vault(&self, name: &str) -> Vault {
        let vault = self.bare_vault(name, VaultType::VirtualPrivate).await;
        self.key(&vault, "card-data", "vaults", ProtectionMode::Hsm).await;
        let shapes = [
            ("wrapping", "vaults", Algorithm::Rsa, 256, None),
            ("signing", "keys", Algorithm::Ecdsa, 48, Some("NIST_P384".to_owned())),
        ];
        for (name, compartment, algorithm, length, curve) in shapes {
            let shape = KeyShape { algorithm, length, curve };
            self.shaped_key(&vault, name, compartment, ProtectionMode::Hsm, shape).await;
        }
        vault
    }

    pub(crate) async fn bare_vault(&self, name: &str, vault_type: VaultType) -> Vault {
        let compartment_id = &self.compartments["vaults"];
        let new = NewVault { compartment_id, name, vault_type, tags: BTreeMap::new() };
        let id = self.client.create_vault(iad(), new, None).await.expect("made").id;
        self.clock.sleep(Duration::from_secs(5)).await;
        self.client.vault(iad(), &id).await.expect("there")
    }

    /// An AES-256 key.
    pub(crate) async fn key(
        &self,
        vault: &Vault,
        name: &str,
        compartment: &str,
        protection: ProtectionMode,
    ) -> KeyId {
        let shape = KeyShape { algorithm: Algorithm::Aes, length: 32, curve: None };
        self.shaped_key(vault, name, compartment, protection, shape).await
    }

    async fn shaped_key(
        &self,
        vault: &Vault,
        name: &str,
        compartment: &str,
        protection_mode: ProtectionMode,
        shape: KeyShape,
    ) -> KeyId {
        let compartment_id = &self.compartments[compartment];
        let new = NewKey { compartment_id, name, shape, protection_mode, tags: BTreeMap::new() };
        let id = self.client.create_key(vault, new, None).await.expect("made");
        self.clock.sleep(Duration::from_secs(5)).await;
        id
    }

    pub(crate) fn secret(&self, vault: &Vault, name: &str) {
        let secret = Secret {
            region: iad(),
            vault_id: vault.id.to_string(),
            compartment_id: self.compartments["keys"].to_string(),
            name: name.to_owned(),
            key_id: None,
        };
        self.realm.seed_secret(&secret, self.clock.now()).expect("a region of the realm");
    }

    pub(crate) fn lose(&self, region: Region) {
        self.realm.region_down(region, Down::Destroyed, self.clock.now()).expect("a region of the realm");
    }

    /// The store of that bucket.
    pub(crate) fn store(&self, bucket: &str, region: Region) -> String {
        format!("oci://{bucket}@{}/{region}", self.namespace)
    }

    /// Runs a line, its words apart by spaces.
    pub(crate) async fn run(&self, line: &str) -> Ran {
        self.run_with(line, |_| {}).await
    }

    /// The same in a world that was changed before.
    pub(crate) async fn run_with(&self, line: &str, change: impl FnOnce(&mut World)) -> Ran {
        self.commands.set(self.commands.get() + 1);
        let (out, err) = (Stream::default(), Stream::default());
        let env = [("KEYFERRY_REALM", "/realm"), ("KEYFERRY_STATE", "/state"), ("OCI_CLI_PROFILE", "PROD")];
        let mut world = World {
            http: Some(Arc::clone(&self.http) as Arc<dyn HttpSend>),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            disk: Arc::clone(&self.disk) as Arc<dyn Disk>,
            seed: Seed::from_number(1_000 + self.commands.get()),
            env: env.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            stdin: Box::new(Cursor::new(Vec::new())),
            stdout: Box::new(out.clone()),
            stderr: Box::new(err.clone()),
            terminal: Terminal::default(),
            interrupt: std::future::pending().boxed().shared(),
        };
        change(&mut world);
        let args = std::iter::once("keyferry").chain(line.split_whitespace());
        let code = keyferry_cli::run(args.map(Into::into).collect(), world).await;
        Ran { code, out: out.text(), err: err.text() }
    }
}

fn client(realm: &Realm, clock: Arc<dyn Clock>, http: Arc<dyn HttpSend>) -> Client {
    let identity = realm.identity();
    let tenancy_id = TenancyId::parse(&identity.tenancy_id).expect("a tenancy");
    let mut endpoints = Endpoints::of(tenancy_id.realm());
    for region in &identity.regions {
        let url = realm.endpoint(*region).expect("a region of the realm");
        endpoints = endpoints.with(*region, &url).expect("loopback");
    }
    let user_id = UserId::parse(&identity.user_id).expect("a user");
    let key = PrivateKey::from_pem(KEY.as_bytes(), "the vectors").expect("a good key");
    let fingerprint = realm.api_key().fingerprint();
    Client::new(ClientConfig {
        http,
        clock,
        seed: Seed::from_number(9),
        credentials: Credentials::new(tenancy_id, user_id, fingerprint, Some(iad()), key),
        endpoints: endpoints.closed(),
        retry: RetryPolicy::default(),
        pace: Pace::UNLIMITED,
        observer: None,
    })
}
