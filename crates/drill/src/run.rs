//! Plays a scenario from the first stock-taking to the last canary.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use keyferry_backup::{Extent, FileName, Fleet, FleetSetup, Saved, Target};
use keyferry_catalogue::bundle;
use keyferry_core::journal::Progress;
use keyferry_core::model::StoreUrl;
use keyferry_core::sshsig::{AllowedSigners, SigningKey};
use keyferry_core::{
    Code, Event, EventKind, Evidence, Explain, Inventory, Observer, canonical, evidence::NAMESPACE,
};
use keyferry_engine::Context;
use keyferry_inventory::Scope;
use keyferry_restore::{Existing, RestoreRequest, proof_of};
use keyferry_seams::{Clock as _, Seed};

use crate::embedded::{Ground, ground};
use crate::evidence::{self, seconds};
use crate::scenario::Happening;
use crate::stage::{name, stage};
use crate::world::{self, World};
use crate::{DrillError, Scenario};

/// The name under which a drill signs, as reports tell it to `ssh-keygen -Y verify`.
const PRINCIPAL: &str = "keyferry";

/// How a drill is run.
#[derive(Debug)]
pub struct DrillOptions {
    /// What happens.
    pub scenario: Scenario,
    /// The same number gives the same drill, byte for byte; without one it can't be foreseen.
    pub seed: Option<u64>,
    /// Who is told.
    pub observer: Arc<dyn Observer>,
}

/// A drill that came to an end, good or bad.
#[derive(Debug)]
pub struct Drilled {
    /// What it claims.
    pub evidence: Evidence,
    /// The evidence in canonical form: the content of `evidence.json`.
    pub bytes: Vec<u8>,
    /// SSHSIG signature over these bytes.
    pub signature: String,
    /// The line of an allowed-signers file that accepts it.
    pub allowed_signers: String,
    /// The realm's own request log, one JSON document a line.
    pub realm_log: Vec<u8>,
    /// Whether unprovable versions were accepted beforehand.
    pub accept_unprovable: bool,
}

/// A step of the story that failed: the drill ends there and says so in its evidence.
type Stopped = (Code, String);

/// Plays the scenario on an embedded realm under a clock of its own.
///
/// # Errors
/// If the world can't be made. What goes wrong later is part of the evidence.
pub async fn run(options: DrillOptions) -> Result<Drilled, DrillError> {
    let seed = options.seed.map_or_else(Seed::from_system, |number| Ok(Seed::from_number(number)))?;
    let scenario = options.scenario;
    let ground = ground(&scenario, &seed, options.observer)?;
    let key =
        SigningKey::from_seed(seed.bytes("signing key")).map_err(|e| DrillError::Misfit(e.to_string()))?;
    let key = Arc::new(key);
    let world = world::make(&scenario, &ground).await?;
    let mut drill = Drill {
        ground: &ground,
        world: &world,
        key: Arc::clone(&key),
        allowed: AllowedSigners::default().with(PRINCIPAL, key.public()),
        evidence: evidence::begin(&scenario, &ground, options.seed),
    };
    for happening in &scenario.steps {
        let started = ground.clock.now();
        let name = name(happening);
        let event = Event::new(started, EventKind::Progress, "drill", name.clone());
        ground.context.observer.note(event);
        let outcome = drill.play(happening).await;
        // The loss is a moment of its own in the evidence.
        if !matches!(happening, Happening::Lose { .. }) {
            drill.evidence.stages.push(stage(name, started, ground.clock.now()));
        }
        if let Err(stopped) = outcome {
            drill.evidence.failure = Some(stopped);
            break;
        }
    }
    let mut evidence = drill.evidence;
    evidence.finished = ground.clock.now();
    evidence.calls = ground.calls.all();
    let bytes = canonical::to_bytes(&evidence)?;
    let mut realm_log = Vec::new();
    for line in ground.realm.log() {
        let text = serde_json::to_vec(&line).map_err(canonical::CanonicalError::Form)?;
        realm_log.extend_from_slice(&text);
        realm_log.push(b'\n');
    }
    Ok(Drilled {
        signature: key.sign(NAMESPACE, &bytes),
        allowed_signers: format!(
            "{PRINCIPAL} namespaces=\"{NAMESPACE},keyferry-manifest\" {}\n",
            key.public().to_line()
        ),
        evidence,
        bytes,
        realm_log,
        accept_unprovable: scenario.accept_unprovable,
    })
}

struct Drill<'a> {
    ground: &'a Ground,
    world: &'a World,
    key: Arc<SigningKey>,
    allowed: AllowedSigners,
    evidence: Evidence,
}

fn stopped<E: Explain>(error: E) -> Stopped {
    let code = error.code();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    (code, text)
}

fn missing(what: &str) -> Stopped {
    (Code::NotFound, format!("the scenario's world has no {what}"))
}

impl Drill<'_> {
    async fn play(&mut self, happening: &Happening) -> Result<(), Stopped> {
        match happening {
            Happening::TakeStock => {
                let inventory = self.stock().await?;
                self.evidence.unsaved = evidence::unsaved(&inventory);
                Ok(())
            }
            Happening::Backup { vault, bucket, copy_to } => self.backup(vault, bucket, copy_to).await,
            Happening::Rotate { vault, key } => self.rotate(vault, key).await,
            Happening::Wait { hours } => {
                self.ground.clock.advance(SignedDuration::from_hours((*hours).into()));
                Ok(())
            }
            Happening::Damage { bucket } => self.damage(bucket).await,
            Happening::Lose { region, how } => {
                let now = self.ground.clock.now();
                let lost = self.ground.realm.region_down(*region, *how, now);
                lost.map_err(|error| (Code::Internal, error.to_string()))?;
                self.evidence.lost_region = Some(*region);
                self.evidence.lost_at = Some(now);
                Ok(())
            }
            Happening::Restore { vault, bucket } => self.restore(vault, bucket).await,
        }
    }

    async fn stock(&self) -> Result<Inventory, Stopped> {
        let ground = self.ground;
        let home = ground.realm.identity().regions.first().copied().ok_or_else(|| missing("region"))?;
        let observer = &ground.context.observer;
        let client = &ground.context.client;
        let (clock, everything) = (ground.clock.as_ref(), Scope::default());
        let taken = keyferry_inventory::take(client, clock, observer, &ground.environment, home, &everything);
        taken.await.map_err(stopped)
    }

    async fn backup(&mut self, vault: &str, bucket: &str, copy_to: &[String]) -> Result<(), Stopped> {
        let context = &self.ground.context;
        let inventory = self.stock().await?;
        let id = self.world.vaults.get(vault).ok_or_else(|| missing("vault"))?;
        let stock = inventory.vaults.iter().find(|s| s.vault.id == *id).ok_or_else(|| missing("vault"))?;
        let store = self.world.stores.get(bucket).ok_or_else(|| missing("bucket"))?;
        let copies = copy_to.iter().filter_map(|name| self.world.stores.get(name).cloned());
        let target = Target {
            store: store.clone(),
            copies: copies.map(StoreUrl::Oci).collect(),
            extent: Extent::WithKeys,
            par: None,
        };
        let runs = &self.ground.runs;
        let fleet = Fleet::new(FleetSetup {
            context: Context { signing_key: Some(Arc::clone(&self.key)), ..context.clone() },
            runs: runs.clone(),
            memory: self.ground.memory.clone(),
            run_id: runs.new_id(&context.seed),
            environment: &inventory.environment,
            compartments: &inventory.compartments,
            vaults: &[],
            places: Vec::new(),
            unusable: BTreeMap::new(),
            allowed: self.allowed.clone(),
            file_name: FileName::default(),
            force: true,
        });
        let done = match fleet.save(stock.clone(), &target, 1, 0).await.map_err(stopped)? {
            Saved::Backup(done) => done,
            Saved::Unchanged(_) => return Err(missing("change")),
        };
        self.evidence.backups.push(evidence::backup(&done));
        Ok(())
    }

    async fn rotate(&self, vault: &str, key: &str) -> Result<(), Stopped> {
        let inventory = self.stock().await?;
        let id = self.world.vaults.get(vault).ok_or_else(|| missing("vault"))?;
        let stock = inventory.vaults.iter().find(|s| s.vault.id == *id).ok_or_else(|| missing("vault"))?;
        let key = stock.keys.iter().find(|k| k.name == key).ok_or_else(|| missing("key"))?;
        let rotating = self.ground.context.client.rotate_key(&stock.vault, &key.id, None);
        rotating.await.map_err(stopped)?;
        // A new version is CREATING for a while.
        self.ground.clock.advance(SignedDuration::from_mins(2));
        Ok(())
    }

    async fn damage(&self, bucket: &str) -> Result<(), Stopped> {
        let client = &self.ground.context.client;
        let store = self.world.stores.get(bucket).ok_or_else(|| missing("bucket"))?;
        let listing = self.ground.context.stores.oci(store.clone()).list().await.map_err(stopped)?;
        let newest = listing.select("latest").map_err(stopped)?;
        let file = newest.manifest.first_file().ok_or_else(|| missing("file"))?;
        let place = store.object(&bundle::file(&newest.manifest.backup_id, &file.name));
        let limit = usize::try_from(file.size).unwrap_or(usize::MAX);
        let mut bytes = client.object(&place, limit).await.map_err(stopped)?.to_vec();
        let middle = bytes.len() / 2;
        if let Some(byte) = bytes.get_mut(middle) {
            *byte ^= 1;
        }
        client.put_object(&place, bytes.into(), false).await.map_err(stopped)?;
        Ok(())
    }

    async fn restore(&mut self, vault: &str, bucket: &str) -> Result<(), Stopped> {
        let context = &self.ground.context;
        let store = self.world.stores.get(bucket).ok_or_else(|| missing("bucket"))?;
        let id = self.world.vaults.get(vault).ok_or_else(|| missing("vault"))?;
        let catalogue = context.stores.oci(store.clone());
        let listing = catalogue.list().await.map_err(stopped)?;
        let (newest, passed_over) = listing.newest_of(id, &self.ground.environment, &self.allowed);
        // A drill takes the newest backup or none: an older one would hide the loss.
        if let Some(error) = passed_over.into_iter().next() {
            return Err(stopped(error));
        }
        let manifest = newest.ok_or_else(|| missing("backup"))?.manifest;
        let recorded = Some((id, &manifest.vault.compartment.id));
        let into = store.region;
        let looking =
            keyferry_restore::look(&context.client, &self.ground.environment, store.region, into, recorded);
        let target = looking.await.map_err(stopped)?;
        let now = context.clock.now();
        let request = RestoreRequest {
            manifest: &manifest,
            store,
            into,
            target: &target,
            existing: Existing::Fail,
            now,
        };
        let plan = keyferry_restore::plan(&request);
        self.evidence.into = Some(into);
        self.evidence.plan_sha256 = plan.digest().ok();
        // If the restore stops, none of the bundle's versions is proven.
        self.evidence.proof = proof_of(&plan, &Progress::default());
        let running = keyferry_restore::run(context, &self.ground.runs, &plan, &self.ground.environment);
        let restored = running.await.map_err(stopped)?;
        self.evidence.run_id = Some(restored.run_id);
        self.evidence.mapping = restored.mapping;
        self.evidence.proof = restored.proof;
        let lost_at = self.evidence.lost_at.unwrap_or(now);
        self.evidence.rta_seconds = Some(seconds(lost_at, self.ground.clock.now()));
        self.evidence.rpa_seconds = Some(seconds(manifest.made_at, lost_at));
        Ok(())
    }
}
