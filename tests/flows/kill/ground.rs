//! One vault in a realm in this process, and command lines of which each is a process of its own: they share nothing
//! but the disk and the cloud, and time is virtual.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use jiff::Timestamp;
use keyferry_cli::{Terminal, World};
use keyferry_core::model::{Algorithm, KeyShape, OciStore, ProtectionMode, Vault, VaultType};
use keyferry_ids::{CompartmentId, Region, TenancyId, UserId};
use keyferry_oci::{
    Client, ClientConfig, Credentials, Endpoints, NewKey, NewVault, Pace, PrivateKey, RetryPolicy,
};
use keyferry_realm::{
    AdminEndpoint, ApiKey, EmbeddedSend, Identity, Latency, ReadyLine, Realm, RealmConfig, RegionEndpoint,
    Semantics,
};
use keyferry_seams::{Access, Clock, Disk, HttpSend, MemoryDisk, Seed, VirtualClock};
use keyferry_tests::{Captured, Ran};

use super::fate::{Fate, Mortal};

/// The signing vectors' key; making one takes long.
const KEY: &str = include_str!("../../vectors/signing.txt");
/// A folder that takes copies.
pub(crate) const FOLDER: &str = "/mnt/copies";

fn iad() -> Region {
    Region::parse("iad").expect("known")
}

fn fra() -> Region {
    Region::parse("fra").expect("known")
}

/// A realm with a vault of two AES keys, one of them rotated, as bytes: each test begins with the same.
#[derive(Debug)]
pub(crate) struct Origin {
    saved: Bytes,
    at: Timestamp,
    pub(crate) vault: Vault,
    namespace: String,
}

impl Origin {
    pub(crate) async fn new() -> Self {
        let clock = Arc::new(VirtualClock::new("2026-11-24T06:00:00Z".parse().expect("a time")));
        let realm = realm();
        let client = client(&realm, &clock);
        let root = CompartmentId::from(client.tenancy_id().clone());
        let namespace = client.namespace(iad()).await.expect("asked");
        for (region, name) in [(iad(), "backups"), (fra(), "copies")] {
            client.create_bucket(region, &namespace, name, &root, None).await.expect("made");
        }
        let settle = async || clock.sleep(Duration::from_secs(5)).await;
        let new = NewVault {
            compartment_id: &root,
            name: "payments",
            vault_type: VaultType::VirtualPrivate,
            tags: BTreeMap::new(),
        };
        let id = client.create_vault(iad(), new, None).await.expect("made").id;
        settle().await;
        let vault = client.vault(iad(), &id).await.expect("there");
        for name in ["cards", "accounts"] {
            let key = NewKey {
                compartment_id: &root,
                name,
                shape: KeyShape { algorithm: Algorithm::Aes, length: 32, curve: None },
                protection_mode: ProtectionMode::Hsm,
                tags: BTreeMap::new(),
            };
            let id = client.create_key(&vault, key, None).await.expect("made");
            settle().await;
            if name == "cards" {
                client.rotate_key(&vault, &id, None).await.expect("rotated");
                settle().await;
            }
        }
        Self { saved: realm.save().expect("saved"), at: clock.now(), vault, namespace }
    }
}

fn realm() -> Arc<Realm> {
    let seed = Seed::from_number(1);
    let config = RealmConfig {
        identity: Identity::mint(vec![iad(), fra()], &seed.child("identity")),
        seed: seed.child("requests"),
        root_key: seed.child("root key"),
        api_key: ApiKey::from_pem(KEY).expect("a good key"),
        latency: Latency::realistic(),
        semantics: Semantics::default(),
    };
    Arc::new(Realm::new(config).expect("two regions of one realm"))
}

fn network(realm: &Arc<Realm>, clock: &Arc<VirtualClock>) -> Arc<dyn HttpSend> {
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    Arc::new(EmbeddedSend::new(Arc::clone(realm), clock, Seed::from_number(2)))
}

fn client(realm: &Arc<Realm>, clock: &Arc<VirtualClock>) -> Client {
    let identity = realm.identity();
    let tenancy_id = TenancyId::parse(&identity.tenancy_id).expect("a tenancy");
    let mut endpoints = Endpoints::of(tenancy_id.realm());
    for region in &identity.regions {
        endpoints = endpoints.with(*region, &realm.endpoint(*region).expect("known")).expect("loopback");
    }
    let user_id = UserId::parse(&identity.user_id).expect("a user");
    let key = PrivateKey::from_pem(KEY.as_bytes(), "the vectors").expect("a good key");
    let fingerprint = realm.api_key().fingerprint();
    Client::new(ClientConfig {
        http: network(realm, clock),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        seed: Seed::from_number(9),
        credentials: Credentials::new(tenancy_id, user_id, fingerprint, Some(iad()), key),
        endpoints: endpoints.closed(),
        retry: RetryPolicy::default(),
        pace: Pace::UNLIMITED,
        observer: None,
    })
}

/// A disk and a cloud.
pub(crate) struct Ground {
    realm: Arc<Realm>,
    clock: Arc<VirtualClock>,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) client: Client,
    pub(crate) own: OciStore,
    pub(crate) copies: OciStore,
    processes: Cell<u64>,
}

impl Ground {
    pub(crate) fn of(origin: &Origin) -> Self {
        let realm = realm();
        realm.load(&origin.saved).expect("its own state");
        let clock = Arc::new(VirtualClock::new(origin.at));
        let store = |bucket: &str, region: Region| format!("oci://{bucket}@{}/{region}", origin.namespace);
        let ground = Self {
            client: client(&realm, &clock),
            realm,
            clock,
            disk: Arc::new(MemoryDisk::default()),
            own: store("backups", iad()).parse().expect("a store"),
            copies: store("copies", fra()).parse().expect("a store"),
            processes: Cell::new(0),
        };
        ground.describe();
        ground
    }

    /// The folder that a served realm would leave behind, and one that takes copies.
    fn describe(&self) {
        let identity = self.realm.identity();
        let config = format!(
            "[DEFAULT]\nuser={}\nfingerprint={}\ntenancy={}\nregion=us-ashburn-1\nkey_file=/realm/key.pem\n",
            identity.user_id,
            self.realm.api_key().fingerprint(),
            identity.tenancy_id
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
        let write = |path: &Path, bytes: &[u8]| self.disk.write(path, bytes, Access::Owner).expect("written");
        write(Path::new("/realm/realm.json"), &ready);
        write(Path::new("/realm/config"), config.as_bytes());
        write(Path::new("/realm/key.pem"), KEY.as_bytes());
        // Keeps the folder there; not a name of an object.
        write(&Path::new(FOLDER).join(".mounted"), b"");
    }

    /// The three stores that hold a backup.
    pub(crate) fn stores(&self) -> [String; 3] {
        [self.own.to_string(), self.copies.to_string(), format!("file:{FOLDER}")]
    }

    /// The command line of a backup into all of them.
    pub(crate) async fn back_up(&self, fate: Option<Arc<Fate>>) -> Option<Ran> {
        let [_, copies, folder] = self.stores();
        let to = ["--bucket", "backups", "--copy-to", &copies, "--copy-to", &folder];
        self.process(&[&["backup", "payments"], &to[..]].concat(), fate).await
    }

    /// Runs a process to its end.
    pub(crate) async fn run(&self, args: &[&str]) -> Ran {
        self.process(args, None).await.expect("nobody kills it")
    }

    /// Runs a process to its end, or to the one that it is fated to: then nothing is known of it.
    pub(crate) async fn process(&self, args: &[&str], fate: Option<Arc<Fate>>) -> Option<Ran> {
        self.processes.set(self.processes.get() + 1);
        let (stdout, stderr) = (Captured::default(), Captured::default());
        let (mut disk, mut http) = (Arc::clone(&self.disk), network(&self.realm, &self.clock));
        if let Some(fate) = &fate {
            disk = mortal_disk(fate, disk);
            http = mortal_network(fate, http);
        }
        let env = [("KEYFERRY_REALM", "/realm"), ("KEYFERRY_STATE", "/state")];
        let world = World {
            http: Some(http),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            disk,
            seed: Seed::from_number(1_000 + self.processes.get()),
            env: env.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            stdin: Box::new(io::empty()),
            stdout: Box::new(stdout.clone()),
            stderr: Box::new(stderr.clone()),
            terminal: Terminal::default(),
            interrupt: std::future::pending().boxed().shared(),
        };
        let args = ["keyferry"].iter().chain(args).chain(&["-o", "json"]).map(Into::into).collect();
        let running = keyferry_cli::run(args, world);
        let code = match &fate {
            None => running.await,
            // Dropped where it stands: not even what it would do when it goes gets through.
            Some(fate) => tokio::select! { biased; () = fate.over() => return None, code = running => code },
        };
        let is_alive = fate.is_none_or(|fate| !fate.is_over());
        is_alive.then(|| Ran { code, stdout: stdout.text(), stderr: stderr.text() })
    }
}

fn mortal_disk(fate: &Arc<Fate>, inner: Arc<dyn Disk>) -> Arc<dyn Disk> {
    Arc::new(Mortal { fate: Arc::clone(fate), inner })
}

fn mortal_network(fate: &Arc<Fate>, inner: Arc<dyn HttpSend>) -> Arc<dyn HttpSend> {
    Arc::new(Mortal { fate: Arc::clone(fate), inner })
}
