//! A fleet is saved night after night: what fails, what is skipped, what is noticed, and four workers at once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use keyferry_core::model::{OciStore, Vault};
use keyferry_core::sshsig::SigningKey;
use keyferry_ids::Region;
use keyferry_realm::{Effect, Fault, OperationName, RateClass};
use keyferry_seams::{Access, Disk as _, RealDisk};
use keyferry_tests::{Fleet, FleetShape, Ran, block_on};
use serde_json::Value;

use crate::program::{Ended, Program};

pub(crate) const IAD: &str = "us-ashburn-1";
pub(crate) const FRA: &str = "eu-frankfurt-1";
pub(crate) const PHX: &str = "us-phoenix-1";
const RATED: [RateClass; 4] = [
    RateClass::ProvisioningRead,
    RateClass::ProvisioningWrite,
    RateClass::ManagementRead,
    RateClass::ManagementWrite,
];

fn region(name: &str) -> Region {
    Region::parse(name).expect("a known region")
}

/// A fleet in three regions with a policy: each vault into the bucket of its own region, and off to those of
/// Ashburn's and Frankfurt's copies that its own region is not.
pub(crate) struct Nightly {
    pub(crate) fleet: Fleet,
    pub(crate) settings: PathBuf,
    pub(crate) copies: Vec<OciStore>,
}

impl Nightly {
    pub(crate) fn start(shape: &FleetShape) -> Self {
        let fleet = Fleet::start(shape);
        let bucket = |name| block_on(fleet.account.bucket(name, "copies", &fleet.account.root()));
        let copies: Vec<OciStore> = [IAD, FRA].map(bucket).into();
        let settings = fleet.folder.path().join("keyferry.toml");
        let text = format!(
            "signing_key = \"key\"\n[stores]\niad = \"{}\"\nfra = \"{}\"\n\
             [policies.nightly]\nbucket = \"backups\"\ncopy_to = [\"iad\", \"fra\"]\n",
            copies[0], copies[1]
        );
        std::fs::write(&settings, text).expect("written");
        // Made beforehand: workers of one fleet sign with one key.
        let key = SigningKey::from_seed([7; 32]).expect("a key").to_openssh("fleet");
        RealDisk.write(&fleet.folder.path().join("key"), key.as_bytes(), Access::Owner).expect("written");
        Self { fleet, settings, copies }
    }

    /// All stores: of the regions' own, and of copies.
    pub(crate) fn stores(&self) -> impl Iterator<Item = &OciStore> {
        self.fleet.stores.values().chain(&self.copies)
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        let settings = self.settings.display().to_string();
        self.fleet.keyferry.run(&[&["--settings", &settings], args].concat())
    }

    fn back_up(&self, code: u8) -> Night {
        self.fleet.count_anew();
        Night(self.run(&["backup", "--policy", "nightly", "-o", "json"]).exits(code).json())
    }

    /// Where a vault's backups lie.
    fn places(&self, vault: &Vault) -> Vec<String> {
        let copies = self.copies.iter().filter(|store| store.region != vault.region);
        std::iter::once(&self.fleet.stores[&vault.region]).chain(copies).map(ToString::to_string).collect()
    }

    /// What is listed in each store, by the vault's OCID, after every byte was checked.
    fn checked(&self) -> BTreeMap<String, Vec<String>> {
        let of_store = |store: &OciStore| {
            let store = store.to_string();
            let checked = self.run(&["--store", &store, "check", "--all", "-o", "json"]).exits(0).json();
            let listed = self.run(&["--store", &store, "list", "-o", "json"]).exits(0).json();
            let vaults = texts(&listed["backups"], "vault_id");
            assert_eq!(texts(&checked["backups"], "id"), texts(&listed["backups"], "id"));
            (store, vaults)
        };
        self.stores().map(of_store).collect()
    }

    fn object(&self, backup: &Value, store: &OciStore) -> keyferry_core::model::ObjectPlace {
        store.object(&format!("keyferry/{}/vault.kmsbak", backup["id"].as_str().expect("an id")))
    }
}

/// The result of one night.
struct Night(Value);

impl Night {
    fn list(&self, name: &str) -> &Vec<Value> {
        self.0[name].as_array().expect("a list")
    }

    /// Backups made, vaults skipped, vaults failed.
    fn totals(&self) -> [usize; 3] {
        ["backups", "skipped", "failed"].map(|name| self.list(name).len())
    }

    fn saved(&self) -> BTreeSet<&str> {
        self.list("backups").iter().map(|backup| backup["vault_id"].as_str().expect("an id")).collect()
    }

    fn skipped(&self, vault: &Vault) -> &Value {
        let is_it = |skipped: &&Value| skipped["id"] == vault.id.as_str();
        self.list("skipped").iter().find(is_it).expect("skipped")
    }

    fn backup(&self, vault: &Vault) -> &Value {
        let is_it = |backup: &&Value| backup["vault_id"] == vault.id.as_str();
        self.list("backups").iter().find(is_it).expect("saved")
    }
}

/// A field of each item.
fn texts(items: &Value, field: &str) -> Vec<String> {
    let items = items.as_array().expect("a list").iter();
    items.map(|item| item[field].as_str().expect("a text").to_owned()).collect()
}

#[test]
fn sixty_vaults_are_saved_night_after_night_whatever_happens_to_some() {
    let nightly = Nightly::start(&FleetShape::new(&[IAD, FRA, PHX], 20, 10));
    let fleet = &nightly.fleet;
    let broken = &fleet.vaults[&region(IAD)][6];
    let all: BTreeSet<&str> = fleet.all().map(|vault| vault.id.as_str()).collect();
    let whole: BTreeSet<&str> = all.iter().copied().filter(|id| *id != broken.id.as_str()).collect();
    let passing = fleet.add_two_percent();
    let failing = fleet.add_fault(Fault {
        operation: Some(OperationName::BackupVault),
        resource: Some(broken.id.to_string()),
        ..Fault::new(Effect::WorkFails)
    });

    // The first night: one in sixty fails, all others are saved, away and as signed.
    let first = nightly.back_up(3);
    assert_eq!(first.totals(), [59, 0, 1], "{:#?}", first.list("failed"));
    assert_eq!(first.saved(), whole);
    let failed = &first.list("failed")[0];
    assert_eq!((&failed["id"], &failed["code"]), (&broken.id.as_str().into(), &"KF-2111".into()));
    assert!(
        failed["because"].as_str().is_some_and(|because| because.contains("ended as FAILED")),
        "{failed}"
    );
    let hit: u64 = fleet.faults().iter().filter(|fault| fault.id != failing.id).map(|fault| fault.hit).sum();
    assert!(hit >= 30, "the calls that failed on their way: {hit}");
    let expected = |store: &OciStore| -> BTreeSet<&str> {
        let lies_there = |vault: &&Vault| nightly.places(vault).contains(&store.to_string());
        fleet
            .all()
            .filter(lies_there)
            .map(|vault| vault.id.as_str())
            .filter(|id| whole.contains(id))
            .collect()
    };
    let checked = nightly.checked();
    for store in nightly.stores() {
        let there = &checked[&store.to_string()];
        assert_eq!(there.iter().map(String::as_str).collect::<BTreeSet<_>>(), expected(store), "{store}");
        assert_eq!(there.len(), expected(store).len(), "{store}: each once");
    }

    // The second night: nothing has changed, and every byte is read again everywhere.
    let second = nightly.back_up(3);
    assert_eq!(second.totals(), [0, 59, 1]);
    assert_eq!(second.list("failed")[0]["id"], broken.id.as_str());
    let mut places = 0;
    for vault in fleet.all().filter(|vault| whole.contains(vault.id.as_str())) {
        let skipped = second.skipped(vault);
        assert_eq!(skipped["checked"], serde_json::json!(nightly.places(vault)));
        assert_eq!(skipped["copied"], serde_json::json!([]));
        assert_eq!(skipped["backup_id"], first.backup(vault)["id"]);
        places += nightly.places(vault).len();
    }
    let calls = fleet.calls();
    let blobs =
        calls.objects_read().into_iter().filter(|(_, target)| target.ends_with("vault.kmsbak")).count();
    assert_eq!(blobs, places, "the service's files, in each of their places");
    passing.iter().for_each(|fault| fleet.clear_fault(fault));

    // The third: the broken one is healed, and one key was rotated.
    fleet.clear_fault(&failing);
    let rotated = &fleet.vaults[&region(FRA)][13];
    fleet.rotate_key(rotated);
    let third = nightly.back_up(0);
    assert_eq!(third.totals(), [2, 58, 0]);
    assert_eq!(third.saved(), [broken, rotated].map(|vault| vault.id.as_str()).into());
    assert_eq!(third.backup(rotated)["versions"], 11);
    assert_eq!(third.backup(rotated)["canaries"]["carried"], 1);

    // A copy is lost, and another one is damaged.
    let (lost, damaged) = (&fleet.vaults[&region(PHX)][0], &fleet.vaults[&region(PHX)][1]);
    let [_, copies] = &nightly.copies[..] else { panic!("two stores of copies") };
    let lost_copy = nightly.object(first.backup(lost), copies);
    let damaged_copy = nightly.object(first.backup(damaged), copies);
    block_on(async {
        fleet.account.client.delete_object(&lost_copy).await.expect("deleted");
        let mut bytes = fleet.account.read(&damaged_copy).await;
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fleet.account.write(&damaged_copy, bytes).await;
    });
    let fourth = nightly.back_up(0);
    assert_eq!(fourth.totals(), [1, 59, 0]);
    assert_eq!(
        fourth.saved(),
        [damaged.id.as_str()].into(),
        "nothing is overwritten, so there is a new backup"
    );
    assert_eq!(fourth.backup(damaged)["generation"], 2);
    assert_eq!(fourth.skipped(lost)["copied"], serde_json::json!([copies.to_string()]));
    let original = nightly.object(first.backup(lost), &fleet.stores[&region(PHX)]);
    let bytes = |place| block_on(fleet.account.read(place));
    assert_eq!(bytes(&lost_copy), bytes(&original), "it is there again");
}

/// With two keys in each vault: at ten calls a second of each kind, reading ten would take minutes.
#[test]
fn four_workers_share_a_fleet_and_its_rate_and_know_nothing_of_each_other() {
    let nightly =
        Nightly::start(&FleetShape { rate_limits: true, ..FleetShape::new(&[IAD, FRA, PHX], 20, 2) });
    let fleet = &nightly.fleet;
    fleet.count_anew();
    let workers = ["0/4", "1/4", "2/4", "3/4"].map(|shard| {
        let home = fleet.folder.path().join(shard.replace('/', "-of-"));
        let program = Program::new(&home, &fleet.realm.data, &nightly.settings);
        program.start(&["backup", "--policy", "nightly", "--shard", shard])
    });
    let ended = workers.map(|worker| Ended::of(worker.wait_with_output()).exits(0).json());
    let saved: Vec<String> = ended.iter().flat_map(|ended| texts(&ended["backups"], "vault_id")).collect();
    let once: BTreeSet<&str> = saved.iter().map(String::as_str).collect();
    assert_eq!(once, fleet.all().map(|vault| vault.id.as_str()).collect(), "together they save all");
    assert_eq!(saved.len(), 60, "and none twice");
    assert!(ended.iter().all(|ended| !texts(&ended["backups"], "id").is_empty()), "each has its part");

    let calls = fleet.calls();
    let (throttled, all) = (calls.throttled(), calls.lines().len());
    assert!(throttled * 100 < all, "{throttled} of {all} calls were too fast");
    for region in fleet.stores.keys() {
        for class in RATED {
            let most = calls.most_within(class, *region, 10);
            assert!(most <= 110, "{class:?} in {region}: {most} calls in ten seconds");
        }
    }
    for (store, there) in nightly.checked() {
        assert_eq!(there.len(), there.iter().collect::<BTreeSet<_>>().len(), "{store}: each once");
    }
}
