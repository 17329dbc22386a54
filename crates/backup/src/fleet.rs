//! One vault of many: skipped if it is unchanged, saved otherwise, taken up again if an earlier run was cut off.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use jiff::Timestamp;
use keyferry_catalogue::{CatalogueError, Seen, bundle};
use keyferry_core::lockout::Lockouts;
use keyferry_core::manifest::Manifest;
use keyferry_core::model::{Bucket, Compartment, ObjectPlace, OciStore, StoreUrl, Vault, VaultState};
use keyferry_core::plan::Plan;
use keyferry_core::sshsig::AllowedSigners;
use keyferry_core::{Code, Environment, Event, EventKind, Finding, Severity, Sha256, VaultStock};
use keyferry_engine::{Context, Runs, until_idle};
use keyferry_ids::VaultId;
use tokio::sync::Mutex;

use crate::destination::set_back;
use crate::lockouts::buckets;
use crate::par::{self, Known, Through};
use crate::plan::{BackupRequest, Extent, backup_id, plan};
use crate::run::{BackupDone, resume, run};
use crate::unchanged::{Unchanged, verify};
use crate::{BackupError, Destination, FileName, Memory, look};

/// Where one vault goes, and how much of it.
#[derive(Debug, Clone)]
pub struct Target {
    /// The store in the vault's region, or anywhere for a pre-authenticated request.
    pub store: OciStore,
    /// Stores that get a copy.
    pub copies: Vec<StoreUrl>,
    /// How much.
    pub extent: Extent,
    /// Where a pre-authenticated request leads that the service is to write through. The file then comes into the
    /// store as a copy.
    pub par: Option<ObjectPlace>,
}

impl Target {
    fn places(&self) -> Vec<StoreUrl> {
        let own = StoreUrl::Oci(self.store.clone());
        std::iter::once(own).chain(self.copies.iter().cloned()).collect()
    }
}

/// How a vault came out of it.
#[derive(Debug)]
pub enum Saved {
    /// There is a new backup.
    Backup(Box<BackupDone>),
    /// The newest backup is as the vault is now.
    Unchanged(Box<Unchanged>),
}

/// What is to be done about a vault.
enum Decided {
    Unchanged(Box<Unchanged>),
    Planned(Box<Plan>),
}

/// Everything that is the same for all vaults. Shared by those that are worked on at the same time.
#[derive(Debug)]
pub struct Fleet<'a> {
    /// The surroundings; its key signs the manifests.
    pub context: Context,
    /// All runs of this machine.
    pub runs: Runs,
    /// What was seen before.
    pub memory: Memory,
    /// The run that the single backups belong to.
    pub run_id: String,
    /// Realm and tenancy.
    pub environment: &'a Environment,
    /// All compartments, for their paths.
    pub compartments: &'a [Compartment],
    /// Whose earlier backups count.
    pub allowed: AllowedSigners,
    /// Name of the service's file in each bundle.
    pub file_name: FileName,
    /// Whether a vault that has not changed is saved again.
    pub force: bool,
    /// All vaults that are known.
    pub(crate) vaults: &'a [Vault],
    /// All buckets that are written to.
    pub(crate) stores: Vec<OciStore>,
    pub(crate) lockouts: std::sync::Mutex<Lockouts>,
    /// Stores that get no copies in this run, and why.
    unusable: std::sync::Mutex<BTreeMap<StoreUrl, String>>,
    buckets: Mutex<BTreeMap<(String, String), Option<Bucket>>>,
}

/// What a fleet is begun with.
#[derive(Debug)]
pub struct FleetSetup<'a> {
    /// See [`Fleet`].
    pub context: Context,
    /// See [`Fleet`].
    pub runs: Runs,
    /// See [`Fleet`].
    pub memory: Memory,
    /// See [`Fleet`].
    pub run_id: String,
    /// See [`Fleet`].
    pub environment: &'a Environment,
    /// See [`Fleet`].
    pub compartments: &'a [Compartment],
    /// All vaults that are known, also those that are not saved: one of them may encrypt a bucket.
    pub vaults: &'a [Vault],
    /// Stores outside of OCI that can't be used now, and why.
    pub unusable: BTreeMap<StoreUrl, String>,
    /// Which vaults' backups lie, or will lie, in which stores.
    pub places: Vec<(VaultId, StoreUrl)>,
    /// See [`Fleet`].
    pub allowed: AllowedSigners,
    /// See [`Fleet`].
    pub file_name: FileName,
    /// See [`Fleet`].
    pub force: bool,
}

impl<'a> Fleet<'a> {
    /// Nothing is asked yet.
    pub fn new(setup: FleetSetup<'a>) -> Self {
        let mut lockouts = Lockouts::new();
        setup.vaults.iter().for_each(|vault| lockouts.vault(&vault.id, &vault.name));
        setup.places.iter().for_each(|(vault, store)| lockouts.backup_lies_in(vault, &store.to_string()));
        Self {
            context: setup.context,
            runs: setup.runs,
            memory: setup.memory,
            run_id: setup.run_id,
            environment: setup.environment,
            compartments: setup.compartments,
            allowed: setup.allowed,
            file_name: setup.file_name,
            force: setup.force,
            vaults: setup.vaults,
            stores: buckets(setup.places.iter().map(|(_, store)| store)),
            lockouts: std::sync::Mutex::new(lockouts),
            unusable: std::sync::Mutex::new(setup.unusable),
            buckets: Mutex::default(),
        }
    }

    /// A bucket, asked for once. Held while asking, so that all vaults of a region ask one question.
    ///
    /// # Errors
    /// If the service does not say.
    pub async fn bucket(&self, store: &OciStore) -> Result<Option<Bucket>, BackupError> {
        let mut known = self.buckets.lock().await;
        let key = (store.region.to_string(), store.bucket.clone());
        if let Some(bucket) = known.get(&key) {
            return Ok(bucket.clone());
        }
        // Others have waited for the same answer, and there was none.
        if let Some(because) = self.known_as_unusable(&StoreUrl::Oci(store.clone())) {
            return Err(BackupError::Silent { store: store.to_string(), because });
        }
        let asked = self.context.client.bucket(store.region, &store.namespace, &store.bucket).await;
        let bucket = asked.map_err(|source| {
            if source.is_unreachable() {
                let because = format!("{} does not answer", store.region);
                self.unusable().insert(StoreUrl::Oci(store.clone()), because);
            }
            CatalogueError::Cloud { store: store.to_string(), source: Box::new(source) }
        })?;
        known.insert(key, bucket.clone());
        Ok(bucket)
    }

    /// Saves one vault. `number` is its place in the fleet, which names its run; `attempt` counts from 0.
    ///
    /// # Errors
    /// If it can't be saved, or a place can't be looked at.
    pub async fn save(
        &self,
        stock: VaultStock,
        target: &Target,
        number: usize,
        attempt: u32,
    ) -> Result<Saved, BackupError> {
        let vault = stock.vault.id.clone();
        let _lock = self.runs.lock(vault.as_str())?;
        let decided = self.decide(&stock, target, attempt).await?;
        // The plan says all that is left to do. Many vaults wait for the service at the same time.
        drop(stock);
        let planned = match decided {
            Decided::Unchanged(unchanged) => return Ok(Saved::Unchanged(unchanged)),
            Decided::Planned(plan) => plan,
        };
        let done = run(&self.context, &self.runs, &planned, &vault, (&self.run_id, number)).await?;
        self.remember(&done.manifest.places, &done.manifest, done.manifest_sha256)?;
        Ok(Saved::Backup(Box::new(done)))
    }

    /// Looks whether the newest backup is as the vault is now, and plans a new one otherwise.
    async fn decide(
        &self,
        stock: &VaultStock,
        target: &Target,
        attempt: u32,
    ) -> Result<Decided, BackupError> {
        let vault = &stock.vault.id;
        let (target, left_out) = &self.usable(target).await?;
        let mut destination = self.destination(stock, target).await?;
        destination.findings.extend(left_out.iter().cloned());
        let now = self.context.clock.now();
        let backup_id = self.new_backup_id(vault, now, attempt);
        let file_name = self.file_name.of(&stock.vault, now);
        let request = self.request(stock, target, &destination, (&backup_id, &file_name), now);
        let fingerprint = request.fingerprint()?;
        if let Some(previous) = destination.earlier.last() {
            let manifest = &previous.manifest;
            let is_as_before = manifest.fingerprint == Some(fingerprint) && manifest.changed.is_none();
            // Somebody took a newer one away: the one that is left gets no trust for being like the vault.
            let is_set_back = destination.findings.iter().any(|finding| finding.code == Code::RolledBack);
            if !self.force
                && is_as_before
                && !is_set_back
                && let Some(mut unchanged) = verify(&self.context.stores, previous, &target.places()).await?
            {
                unchanged.left_out.clone_from(left_out);
                let places = unchanged.checked.iter().chain(&unchanged.copied);
                self.remember(places, &unchanged.manifest, unchanged.manifest_sha256)?;
                return Ok(Decided::Unchanged(Box::new(unchanged)));
            }
        }
        let through = self.through(stock, target, (&backup_id, &file_name), now).await?;
        let planned = plan(&BackupRequest { through: through.as_ref(), ..request })?;
        Ok(Decided::Planned(Box::new(planned)))
    }

    /// The vault as it is when no backup of it is under way: what an earlier run was killed in the middle of is
    /// finished, and anybody else is waited for.
    pub(crate) async fn settled(&self, vault: &Vault) -> Result<Vault, BackupError> {
        let lock = self.runs.lock(vault.id.as_str())?;
        self.finish_cut_off(&vault.id).await?;
        drop(lock);
        if vault.lifecycle_state != VaultState::BackupInProgress {
            return Ok(vault.clone());
        }
        until_idle(&self.context, vault.region, &vault.id).await.map_err(BackupError::Busy)
    }

    /// The target without stores that can't be used now. A vault is rather saved in fewer places than not at all.
    async fn usable(&self, target: &Target) -> Result<(Target, Vec<Finding>), BackupError> {
        let mut usable = Target { copies: Vec::new(), ..target.clone() };
        let mut findings = Vec::new();
        for copy in &target.copies {
            if let Some(store) = copy.oci()
                && let Err(error) = self.bucket(store).await
                && !error.is_unreachable()
            {
                return Err(error);
            }
            let because = self.known_as_unusable(copy);
            match because {
                None => usable.copies.push(copy.clone()),
                Some(because) => {
                    findings.push(Finding::new(Code::CopyLeftOut, Severity::Warning, copy, because));
                }
            }
        }
        Ok((usable, findings))
    }

    fn unusable(&self) -> std::sync::MutexGuard<'_, BTreeMap<StoreUrl, String>> {
        self.unusable.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known_as_unusable(&self, store: &StoreUrl) -> Option<String> {
        self.unusable().get(store).cloned()
    }

    /// Finishes a backup of this fleet that was cut off, as it was planned.
    ///
    /// # Errors
    /// If a step fails, or another process works on the vault.
    pub async fn finish(&self, vault: &VaultId, run_id: &str) -> Result<Saved, BackupError> {
        let _lock = self.runs.lock(vault.as_str())?;
        let done = resume(&self.context, &self.runs, run_id).await?;
        self.remember(&done.manifest.places, &done.manifest, done.manifest_sha256)?;
        Ok(Saved::Backup(Box::new(done)))
    }

    /// What saving a vault would do. Nothing is written, and an unchanged vault is planned for as well.
    ///
    /// # Errors
    /// If a place can't be looked at.
    pub async fn plan(&self, stock: &VaultStock, target: &Target) -> Result<Plan, BackupError> {
        let vault = &stock.vault.id;
        let destination = self.destination(stock, target).await?;
        let now = self.context.clock.now();
        let backup_id = self.new_backup_id(vault, now, 0);
        let file_name = self.file_name.of(&stock.vault, now);
        let through = self.through(stock, target, (&backup_id, &file_name), now).await?;
        let request = self.request(stock, target, &destination, (&backup_id, &file_name), now);
        Ok(plan(&BackupRequest { through: through.as_ref(), ..request })?)
    }

    /// Looks where a pre-authenticated request leads, if one is to be used.
    async fn through(
        &self,
        stock: &VaultStock,
        target: &Target,
        (backup_id, file_name): (&str, &str),
        now: Timestamp,
    ) -> Result<Option<Through>, BackupError> {
        let Some(place) = &target.par else { return Ok(None) };
        let Context { client, patience, .. } = &self.context;
        let url = self.context.par.as_ref().ok_or(BackupError::NoPar)?;
        let file_name = target.extent.first_file(file_name);
        let to = par::completed(place, &bundle::file(backup_id, &file_name));
        let unknown = |source| CatalogueError::Cloud { store: to.to_string(), source: Box::new(source) };
        let (mut listed, mut is_taken, mut leads_to) = (None, false, None);
        if to.region == stock.vault.region {
            is_taken = client.head_object(&to).await.map_err(unknown)?.is_some();
            listed = client.pars(&to).await.map_err(unknown)?;
            for other in par::others(listed.as_deref().unwrap_or_default(), &to, now) {
                if client.reads_through(url, &other).await {
                    leads_to = Some(other);
                    break;
                }
            }
        }
        let known = Known { listed: listed.as_deref(), is_taken, leads_to: leads_to.as_deref() };
        let findings = par::judge(&to, stock.vault.region, known, now, patience.limit);
        Ok(Some(Through { to, findings }))
    }

    /// Looks at all places of a vault: its bucket and chain, and whether what is saved there could be read again.
    async fn destination(&self, stock: &VaultStock, target: &Target) -> Result<Destination, BackupError> {
        let mut destination = self.chain(stock, target).await?;
        for store in target.copies.iter().filter_map(StoreUrl::oci) {
            // For the vault's own bucket the plan says so itself.
            if self.bucket(store).await?.is_none() {
                let because = "there is no such bucket to see for a copy";
                destination.findings.push(Finding::new(Code::NotFound, Severity::Error, store, because));
            }
        }
        for store in &target.copies {
            destination.findings.extend(self.copy_set_back(&stock.vault.id, store).await?);
        }
        let places = std::iter::once(&target.store).chain(target.copies.iter().filter_map(StoreUrl::oci));
        destination.findings.extend(self.locked_in(&stock.vault.id, places));
        Ok(destination)
    }

    async fn chain(&self, stock: &VaultStock, target: &Target) -> Result<Destination, BackupError> {
        let (vault, store) = (&stock.vault.id, &target.store);
        let seen = self.memory.seen(vault, &StoreUrl::Oci(store.clone()))?;
        let bucket = self.bucket(store).await?;
        let catalogue = self.context.stores.oci(store.clone());
        let (environment, allowed) = (self.environment, &self.allowed);
        let saves_as_much = |manifest: &Manifest| target.extent.is_that_of(manifest, stock);
        look(&catalogue, (store, bucket), environment, vault, allowed, seen.as_ref(), saves_as_much).await
    }

    fn new_backup_id(&self, vault: &VaultId, now: Timestamp, attempt: u32) -> String {
        let chance = self.context.seed.bytes(&format!("backup {vault} {now} {attempt}"));
        backup_id(now, u32::from_be_bytes(chance))
    }

    fn request<'r>(
        &'r self,
        stock: &'r VaultStock,
        target: &'r Target,
        destination: &'r Destination,
        (backup_id, file_name): (&'r str, &'r str),
        now: Timestamp,
    ) -> BackupRequest<'r> {
        BackupRequest {
            stock,
            compartments: self.compartments,
            environment: self.environment,
            destination,
            copies: &target.copies,
            extent: &target.extent,
            through: None,
            file_name,
            backup_id,
            now,
        }
    }

    /// Each place is remembered for itself: any of them can be set back.
    fn remember<'s>(
        &self,
        places: impl IntoIterator<Item = &'s StoreUrl>,
        manifest: &Manifest,
        manifest_sha256: Sha256,
    ) -> Result<(), BackupError> {
        let Some(seen) = Seen::of(manifest, manifest_sha256) else { return Ok(()) };
        places.into_iter().try_for_each(|store| self.memory.remember(store, &seen))
    }

    /// Whether a store of copies was set back. One that can't be read tells nothing now; the copy soon will.
    async fn copy_set_back(&self, vault: &VaultId, store: &StoreUrl) -> Result<Option<Finding>, BackupError> {
        let Some(seen) = self.memory.seen(vault, store)? else { return Ok(None) };
        let catalogue = self.context.stores.open(store)?;
        match catalogue.read(&seen.backup_id).await {
            Ok(listed) if listed.manifest_sha256() == seen.manifest_sha256 => return Ok(None),
            Err(error) if error.is_of_the_store() => return Ok(None),
            _ => {}
        }
        // Perhaps another machine went on with the chain, and what was seen is forgotten by now.
        let Ok(listing) = catalogue.list().await else { return Ok(None) };
        let (newest, _) = listing.newest_of(vault, self.environment, &self.allowed);
        Ok(set_back(store, newest.as_ref(), &seen))
    }

    /// Finishes what an earlier run was killed in the middle of. If that fails, a new backup is made all the same.
    async fn finish_cut_off(&self, vault: &VaultId) -> Result<(), BackupError> {
        for run_id in &self.runs.cut_off(vault)? {
            if !self.runs.is_begun(run_id)? {
                self.runs.close_note(run_id)?;
                continue;
            }
            let state = match resume(&self.context, &self.runs, run_id).await {
                Ok(_) => "finished".to_owned(),
                Err(error) => format!("could not be finished: {error}"),
            };
            let event = Event::new(self.context.clock.now(), EventKind::Warning, "resume", state);
            self.context.observer.note(event.about(run_id));
        }
        Ok(())
    }
}
