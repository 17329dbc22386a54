//! A fleet: as many vaults with as many keys in each region of a served realm, and what was asked about them.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use jiff::SignedDuration;
use keyferry_core::model::{OciStore, Vault};
use keyferry_ids::{KeyId, Region};
use keyferry_realm::{
    Effect, Fault, FaultRecord, Latency, LogLine, OperationName, RateClass, ServeOptions, WorldFile, admin,
};

use crate::{Account, Keyferry, Served, block_on};

/// The bucket that each region has.
const BUCKET: &str = "backups";

/// What a fleet is made of.
#[derive(Debug, Clone)]
pub struct FleetShape {
    /// Everything random in the realm follows from it.
    pub seed: u64,
    /// The first one is home.
    pub regions: Vec<Region>,
    /// Regions that have a bucket and nothing else: places for copies.
    pub elsewhere: Vec<Region>,
    /// Vaults in each region, `shop-01` and so on, in the root compartment.
    pub vaults: usize,
    /// AES keys in each vault, `card-01` and so on.
    pub keys: usize,
    /// Whether the realm refuses what comes too fast.
    pub rate_limits: bool,
    /// How long work takes.
    pub latency: Latency,
}

impl FleetShape {
    /// A fleet that answers at once.
    pub fn new(regions: &[&str], vaults: usize, keys: usize) -> Self {
        let regions = regions.iter().map(|name| Region::parse(name).expect("a known region")).collect();
        let (elsewhere, latency) = (Vec::new(), Latency::none());
        Self { seed: 1, regions, elsewhere, vaults, keys, rate_limits: false, latency }
    }

    fn world(&self) -> WorldFile {
        let (mut text, vaults, keys) = (String::new(), self.vaults, self.keys);
        for region in &self.regions {
            let table = format!(
                "[[limit]]\nregion = \"{region}\"\nname = \"virtual-private-vault-count\"\nvalue = {limit}\n\
                 [[bucket]]\nregion = \"{region}\"\nname = \"{BUCKET}\"\n\
                 [[vault]]\nregion = \"{region}\"\nname = \"shop\"\ncount = {vaults}\n\
                 [[vault.key]]\nname = \"card\"\ncount = {keys}\n",
                limit = vaults.max(100),
            );
            text.write_str(&table).expect("there is memory");
        }
        for region in &self.elsewhere {
            let table = format!("[[bucket]]\nregion = \"{region}\"\nname = \"{BUCKET}\"\n");
            text.write_str(&table).expect("there is memory");
        }
        WorldFile::parse(&text).expect("a world file")
    }

    fn everywhere(&self) -> impl Iterator<Item = &Region> {
        self.regions.iter().chain(&self.elsewhere)
    }
}

/// A running fleet with its user.
#[derive(Debug)]
pub struct Fleet {
    /// The realm's user, who makes and changes things.
    pub account: Account,
    /// The user of Keyferry.
    pub keyferry: Keyferry,
    /// By region, in the order of their names.
    pub vaults: BTreeMap<Region, Vec<Vault>>,
    /// A bucket in each region.
    pub stores: BTreeMap<Region, OciStore>,
    /// Calls up to this one are not counted.
    counted_to: Cell<u64>,
    // Dropped last: the realm goes when everybody is done with it.
    /// The realm.
    pub realm: Served,
    /// Where all its files are.
    pub folder: tempfile::TempDir,
}

impl Fleet {
    /// Starts a realm that holds it.
    pub fn start(shape: &FleetShape) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let realm = Served::start_with(ServeOptions {
            regions: Some(shape.everywhere().copied().collect()),
            seed: Some(shape.seed),
            world: Some(shape.world()),
            rate_limits: shape.rate_limits,
            latency: shape.latency,
            ..ServeOptions::new(folder.path().join("realm"))
        });
        let account = Account::of(&realm);
        let keyferry = Keyferry::new(&folder.path().join("home"), &realm.data);
        let (mut vaults, mut stores) = (BTreeMap::new(), BTreeMap::new());
        for region in shape.everywhere() {
            let mut here = block_on(account.client.list_vaults(*region, &account.root())).expect("a list");
            here.sort_by(|a, b| a.name.cmp(&b.name));
            vaults.insert(*region, here);
            let store = format!("oci://{BUCKET}@{}/{region}", account.namespace);
            stores.insert(*region, store.parse().expect("a store"));
        }
        let fleet = Self { account, keyferry, vaults, stores, counted_to: Cell::new(0), realm, folder };
        fleet.count_anew();
        fleet
    }

    /// All vaults, region by region.
    pub fn all(&self) -> impl Iterator<Item = &Vault> {
        self.vaults.values().flatten()
    }

    /// Rotates the first key of a vault; returns which one that is.
    pub fn rotate_key(&self, vault: &Vault) -> KeyId {
        block_on(async {
            let keys = self.account.client.key_ids(vault, &self.account.root()).await.expect("a list");
            let key = keys.into_iter().next().expect("a key");
            self.account.rotate(vault, &key).await;
            key
        })
    }

    /// Lets something go wrong from now on.
    pub fn add_fault(&self, fault: Fault) -> FaultRecord {
        let answer = block_on(self.account.command(&admin::Command::AddFault(fault)));
        serde_json::from_slice(&answer).expect("a fault")
    }

    /// Two in a hundred of all calls fail from now on, in the ways that pass: too fast, broken service, broken line.
    pub fn add_two_percent(&self) -> Vec<FaultRecord> {
        let status = |status| Effect::Status { status, code: None, retry_after: None };
        let effects = [status(429), status(500), Effect::Reset];
        effects.map(|effect| self.add_fault(Fault { probability: Some(0.007), ..Fault::new(effect) })).into()
    }

    /// Sets right what went wrong.
    pub fn clear_fault(&self, fault: &FaultRecord) {
        block_on(self.account.command(&admin::Command::RemoveFault(fault.id)));
    }

    /// The faults there are, with how often each has hit.
    pub fn faults(&self) -> Vec<FaultRecord> {
        let answer = block_on(self.account.command(&admin::Command::Faults));
        serde_json::from_slice(&answer).expect("a list")
    }

    /// Counts no call that was made before.
    pub fn count_anew(&self) {
        self.counted_to.set(self.log().last().map_or(0, |line| line.seq));
    }

    /// The calls since they are counted.
    pub fn calls(&self) -> Calls {
        let since = self.counted_to.get();
        Calls(self.log().into_iter().filter(|line| line.seq > since).collect())
    }

    fn log(&self) -> Vec<LogLine> {
        block_on(self.account.log())
    }
}

/// Calls as the realm has seen them.
#[derive(Debug)]
pub struct Calls(Vec<LogLine>);

impl Calls {
    /// All of them.
    pub fn lines(&self) -> &[LogLine] {
        &self.0
    }

    /// How often an operation was asked for in a region, whatever came of it.
    pub fn count(&self, operation: OperationName, region: Region) -> usize {
        let is_one = |line: &&LogLine| line.operation == Some(operation) && line.region == region;
        self.0.iter().filter(is_one).count()
    }

    /// How many were refused because they came too fast.
    pub fn throttled(&self) -> usize {
        self.0.iter().filter(|line| line.status == Some(429)).count()
    }

    /// The objects that were read as a whole, with their regions; each once.
    pub fn objects_read(&self) -> BTreeSet<(Region, &str)> {
        let is_read =
            |line: &&LogLine| line.operation == Some(OperationName::GetObject) && line.status == Some(200);
        self.0.iter().filter(is_read).map(|line| (line.region, line.target.as_str())).collect()
    }

    /// The most calls of a class that reached a region within any one second.
    pub fn busiest_second(&self, class: RateClass, region: Region) -> usize {
        self.most_within(class, region, 1)
    }

    /// The most calls of a class that reached a region within any so many seconds.
    pub fn most_within(&self, class: RateClass, region: Region, seconds: u64) -> usize {
        let is_one =
            |line: &&LogLine| line.region == region && line.operation.and_then(RateClass::of) == Some(class);
        let mut times: Vec<_> = self.0.iter().filter(is_one).map(|line| line.time).collect();
        times.sort();
        let span = SignedDuration::try_from(Duration::from_secs(seconds)).expect("not that long");
        let within = |at: usize| times[at..].iter().take_while(|time| **time < times[at] + span).count();
        (0..times.len()).map(within).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fleet_is_what_its_shape_says_and_its_calls_are_counted() {
        let fleet = Fleet::start(&FleetShape::new(&["us-ashburn-1", "eu-frankfurt-1"], 3, 2));
        let names: Vec<_> = fleet.all().map(|vault| vault.name.as_str()).collect();
        assert_eq!(names, ["shop-01", "shop-02", "shop-03"].repeat(2));
        assert_eq!(fleet.calls().lines().len(), 0, "making it is not counted");

        let root = fleet.account.root();
        for vault in fleet.all() {
            let keys = block_on(fleet.account.client.key_ids(vault, &root)).expect("a list");
            assert_eq!(keys.len(), 2);
        }
        let home = fleet.account.home;
        let calls = fleet.calls();
        assert_eq!((calls.lines().len(), calls.count(OperationName::ListKeys, home)), (6, 3));
        assert_eq!(calls.busiest_second(RateClass::ManagementWrite, home), 0);
        assert!((1..=3).contains(&calls.busiest_second(RateClass::ManagementRead, home)));

        fleet.count_anew();
        let rotated = fleet.rotate_key(&fleet.vaults[&home][0]);
        assert_eq!(fleet.calls().count(OperationName::CreateKeyVersion, home), 1);
        let key = block_on(fleet.account.client.key(&fleet.vaults[&home][0], &rotated)).expect("the key");
        assert_eq!(key.versions.len(), 2);
    }

    #[test]
    fn a_fault_hits_one_vault_of_a_fleet() {
        let fleet = Fleet::start(&FleetShape::new(&["us-ashburn-1"], 2, 1));
        let vaults = &fleet.vaults[&fleet.account.home];
        let status = Effect::Status { status: 404, code: None, retry_after: None };
        fleet.add_fault(Fault { resource: Some(vaults[0].id.to_string()), ..Fault::new(status) });
        let root = fleet.account.root();
        let listed = |vault| block_on(fleet.account.client.key_ids(vault, &root));
        assert!(listed(&vaults[0]).is_err());
        assert_eq!(listed(&vaults[1]).expect("a list").len(), 1);
        assert_eq!(fleet.faults()[0].hit, 1);
        assert_eq!(fleet.calls().throttled(), 0);
    }
}
