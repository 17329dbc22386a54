//! What is done to a realm from outside: regions fall, states are saved and taken up again.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use keyferry_ids::Region;
use keyferry_seams::Seed;
use keyferry_wire::kms::VaultState;
use keyferry_wire::secrets::SecretState;

use crate::account::VaultPorts;
use crate::clock::ClockSetting;
use crate::down::Down;
use crate::faults::{Fault, FaultRecord};
use crate::mint;
use crate::rates::Rates;
use crate::realm::{Realm, RealmError};
use crate::records::{LimitRecord, SecretRecord};
use crate::services::limits::Limit;
use crate::snapshot;
use crate::store::Header;
use crate::world::{Change, World};

/// A secret to put into the realm from outside. It has a name and no content.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// Where it lies.
    pub region: Region,
    /// The vault it is encrypted in.
    pub vault_id: String,
    /// Its compartment, which may be another than the vault's.
    pub compartment_id: String,
    /// Its name.
    pub name: String,
    /// The key it is encrypted with.
    #[serde(default)]
    pub key_id: Option<String>,
}

/// The secret as the realm remembers it.
pub(crate) fn secret_record(secret: &Secret, seed: &Seed, now: Timestamp) -> SecretRecord {
    SecretRecord {
        id: mint::ocid("vaultsecret", &secret.region.realm(), Some(secret.region), &[], seed),
        region: secret.region,
        vault_id: secret.vault_id.clone(),
        key_id: secret.key_id.clone(),
        compartment_id: secret.compartment_id.clone(),
        name: secret.name.clone(),
        description: None,
        metadata: Default::default(),
        freeform_tags: Default::default(),
        defined_tags: Default::default(),
        state: SecretState::Active,
        versions: Vec::new(),
        current: None,
        previous: None,
        time_created: now,
        time_of_deletion: None,
        etag: mint::etag(seed),
    }
}

impl Realm {
    /// Loses a region. What was due before `now` is done before.
    ///
    /// # Errors
    /// If the realm does not have the region.
    pub fn region_down(&self, region: Region, how: Down, now: Timestamp) -> Result<(), RealmError> {
        self.change(region, now, |_| Change::RegionDown(region, how))
    }

    /// Brings a region back: as it was, or empty if it was destroyed.
    ///
    /// # Errors
    /// If the realm does not have the region.
    pub fn region_up(&self, region: Region, now: Timestamp) -> Result<(), RealmError> {
        self.change(region, now, |_| Change::RegionUp(region))
    }

    /// How the region is down, if it is.
    pub fn down(&self, region: Region) -> Option<Down> {
        self.state().world.down.get(&region).copied()
    }

    /// Puts a secret into the realm that nobody created, and which has no content.
    ///
    /// # Errors
    /// If the realm does not have the region.
    pub fn seed_secret(&self, secret: &Secret, now: Timestamp) -> Result<String, RealmError> {
        let mut id = String::new();
        self.change(secret.region, now, |seed| {
            let record = secret_record(secret, seed, now);
            id.clone_from(&record.id);
            record.into()
        })?;
        Ok(id)
    }

    /// Sets a service limit of a region.
    ///
    /// # Errors
    /// If the realm does not have the region.
    pub fn set_limit(&self, limit: Limit, now: Timestamp) -> Result<(), RealmError> {
        let Limit { region, name, value } = limit;
        self.change(region, now, |_| LimitRecord { region, name, value }.into())
    }

    /// Refuses more than ten requests a second of one kind, or no longer does.
    pub fn set_rate_limits(&self, are_on: bool) {
        self.state().rates = are_on.then(Rates::default);
    }

    /// Opens a port for each vault that there is and will be, rather than a path.
    pub(crate) fn set_vault_ports(&self, ports: Arc<dyn VaultPorts>) {
        let mut state = self.state();
        for vault in state.world.vaults.values().filter(|vault| vault.state != VaultState::Deleted) {
            ports.endpoint(vault.region, &vault.ext);
        }
        state.account.vault_ports = Some(ports);
    }

    /// Where the clock stands.
    pub(crate) fn clock_setting(&self) -> ClockSetting {
        self.state().world.clock.get(&()).copied().unwrap_or_default()
    }

    /// Writes down where the clock stands.
    pub(crate) fn keep_clock(&self, setting: ClockSetting) -> Result<(), RealmError> {
        let mut state = self.state();
        state.world.apply(setting.into());
        Ok(state.keep()?)
    }

    /// Does something wrong from now on. The rule's number is among what is returned.
    ///
    /// # Errors
    /// If the realm does not have the region, or the rule can never hold.
    pub fn add_fault(&self, fault: Fault) -> Result<FaultRecord, RealmError> {
        if let Some(region) = fault.region.filter(|region| !self.identity().regions.contains(region)) {
            return Err(RealmError::OtherRegion(region));
        }
        if let Some(mistake) = fault.mistake() {
            return Err(RealmError::Fault(mistake));
        }
        let mut state = self.state();
        let id = state.world.faults.last_key_value().map_or(1, |(last, _)| last + 1);
        let record = FaultRecord { id, fault, seen: 0, hit: 0 };
        state.world.apply(record.clone().into());
        state.keep()?;
        Ok(record)
    }

    /// The rules by which things go wrong, and how often they have.
    pub fn faults(&self) -> Vec<FaultRecord> {
        self.state().world.faults.values().cloned().collect()
    }

    /// Ends one rule.
    ///
    /// # Errors
    /// If there is no such rule.
    pub fn remove_fault(&self, id: u64) -> Result<(), RealmError> {
        let mut state = self.state();
        if !state.world.faults.contains_key(&id) {
            return Err(RealmError::NoFault(id));
        }
        state.world.apply(Change::DeleteFault(id));
        Ok(state.keep()?)
    }

    /// Ends all rules, and what they have left out of order. Spoiled things stay spoiled.
    ///
    /// # Errors
    /// If this can't be written.
    pub fn clear_faults(&self) -> Result<(), RealmError> {
        let mut state = self.state();
        state.world.apply(Change::DeleteFaults);
        Ok(state.keep()?)
    }

    /// The whole state, to be taken up again with [`Realm::load`] by this realm or one with the same identity.
    /// It holds key material in the clear.
    ///
    /// # Errors
    /// If it has no stored form.
    pub fn save(&self) -> Result<Bytes, RealmError> {
        let mut state = self.state();
        let header = Header::new(&self.identity().tenancy_id, state.starts);
        Ok(snapshot::write(header, &mut state.world)?.into())
    }

    /// Takes up a saved state in place of the present one, at once and as a whole. No id that was made before,
    /// here or there, will be made again.
    ///
    /// # Errors
    /// If it is not the state of a realm with this identity, or can't be written; then nothing has changed.
    pub fn load(&self, saved: &[u8]) -> Result<(), RealmError> {
        let (header, world) = snapshot::read(saved)?;
        header.check(&self.identity().tenancy_id)?;
        let starts = header.starts.max(self.state().starts) + 1;
        self.begin(world, starts)
    }

    /// Makes the realm what it was when it was new: empty, and on its way to the same ids again.
    ///
    /// # Errors
    /// If this can't be written; then nothing has changed.
    pub fn reset(&self) -> Result<(), RealmError> {
        self.begin(World::default(), 0)
    }

    fn begin(&self, mut world: World, starts: u64) -> Result<(), RealmError> {
        let mut state = self.state();
        if let Some(store) = &state.store {
            store.replace(&Header::new(&self.identity().tenancy_id, starts), &mut world)?;
        }
        state.begin(world, starts);
        Ok(())
    }

    fn change(
        &self,
        region: Region,
        now: Timestamp,
        change: impl FnOnce(&Seed) -> Change,
    ) -> Result<(), RealmError> {
        if !self.identity().regions.contains(&region) {
            return Err(RealmError::OtherRegion(region));
        }
        let mut state = self.state();
        state.settle(now);
        let seed = state.next_seed("change");
        state.world.apply(change(&seed));
        Ok(state.keep()?)
    }
}
