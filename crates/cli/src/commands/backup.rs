//! `backup`: vaults into signed bundles, with copies in other regions.

use std::collections::BTreeSet;

use clap::ValueEnum;
use keyferry_backup::{BackupDone, BackupPlan, BackupRequest, Destination, backup_id};
use keyferry_catalogue::bundle;
use keyferry_core::manifest::Contents;
use keyferry_core::model::StoreUrl;
use keyferry_core::sshsig::{AllowedSigners, SigningKey};
use keyferry_core::{Code, Explain, Inventory, VaultStock, eligibility};
use keyferry_ids::{Ocid, Region};
use keyferry_inventory::{Found, Scope, find};
use keyferry_report::{
    BackupShown, BackupsShown, CanaryCounts, Document, ErrorShown, NotBackedUp, ObjectShown, PlanShown, views,
};
use serde_json::json;

use super::inventory;
use crate::exit::Outcome;
use crate::failure::{CliError, Failure};
use crate::invocation::{Cloud, Invocation};
use crate::trust;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Vaults, by OCID or by a name that is unique
    #[arg(value_name = "TARGET", required_unless_present = "all", conflicts_with = "all")]
    targets: Vec<String>,
    /// Every vault that can be backed up
    #[arg(long)]
    all: bool,
    /// Bucket in the vault's own region that takes the backup
    #[arg(long, value_name = "NAME[@NAMESPACE]")]
    bucket: String,
    /// Store in another region that gets a verified copy (recommended); can be repeated
    #[arg(long = "copy-to", value_name = "STORE")]
    copies: Vec<StoreUrl>,
    /// Without keys: the vault's own metadata only
    #[arg(long)]
    metadata_only: bool,
    /// Exit with 0 although the vault also holds these, which no backup can save
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    accept_unsaved: Vec<Unsaved>,
    /// Show what would be done
    #[arg(short = 'n', long)]
    dry_run: bool,
}

/// What no backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Unsaved {
    Software,
    Secrets,
}

impl Unsaved {
    fn code(self) -> Code {
        match self {
            Self::Software => Code::SoftwareKey,
            Self::Secrets => Code::SecretNotSaved,
        }
    }
}

/// Everything that is decided before the first vault is touched.
struct Job<'a> {
    args: &'a Args,
    on: &'a Invocation,
    cloud: &'a Cloud,
    inventory: &'a Inventory,
    allowed: AllowedSigners,
}

pub(crate) async fn run(args: &Args, on: &Invocation) -> Result<Outcome, Failure> {
    let cloud = on.cloud()?;
    let inventory = inventory::take(on, &cloud, &scope(&args.targets)?).await?;
    let mut shown = BackupsShown::default();
    let chosen =
        if args.all { all(&inventory, &mut shown.skipped)? } else { named(&inventory, &args.targets)? };
    let job = Job { args, on, cloud: &cloud, inventory: &inventory, allowed: trust::known_signers(on)? };
    if args.dry_run {
        return job.preview(&chosen).await;
    }
    let key = trust::signing_key(on)?;
    let mut first_failure = None;
    for stock in &chosen {
        match job.backup(stock, &key).await {
            Ok(done) => shown.backups.push(backup_shown(&done)),
            Err(failure) if chosen.len() == 1 => return Err(failure),
            Err(failure) => {
                on.printer.failure(&ErrorShown::new(failure.explain()));
                let (code, because) = (failure.code(), failure.explain().to_string());
                first_failure = first_failure.or(Some(code));
                let vault = &stock.vault;
                let (id, name) = (vault.id.to_string(), vault.name.clone());
                shown.failed.push(NotBackedUp { id, name, code, because });
            }
        }
    }
    on.printer.show("backup", &shown, || views::backups(&shown))?;
    Ok(match first_failure {
        Some(code) if shown.backups.is_empty() => Outcome::Flawed(code),
        Some(_) => Outcome::Partly,
        None => job.outcome(&chosen, &shown),
    })
}

/// Where the targets are, if their OCIDs say so: no other region needs to be up.
fn scope(targets: &[String]) -> Result<Scope, CliError> {
    if let Some(store) = targets.iter().find(|target| target.starts_with("oci://")) {
        return Err(CliError::Usage(format!(
            "`{store}` is a store, not a vault; write --copy-to before each store"
        )));
    }
    let region = |target: &String| Ocid::parse(target).ok().and_then(|id| id.region());
    let regions: Option<BTreeSet<Region>> = targets.iter().map(region).collect();
    let regions: Vec<Region> = regions.unwrap_or_default().into_iter().collect();
    Ok(Scope { ask: regions.first().copied(), regions, compartment: None })
}

fn all<'a>(
    inventory: &'a Inventory,
    skipped: &mut Vec<NotBackedUp>,
) -> Result<Vec<&'a VaultStock>, CliError> {
    let mut chosen = Vec::new();
    for stock in &inventory.vaults {
        let (id, name) = (stock.vault.id.to_string(), stock.vault.name.clone());
        match eligibility::vault(&stock.vault).into_iter().next() {
            None => chosen.push(stock),
            Some(reason) => skipped.push(NotBackedUp { id, name, code: reason.code, because: reason.text }),
        }
    }
    match (chosen.is_empty(), skipped.first()) {
        (false, _) => Ok(chosen),
        (true, Some(first)) => {
            let (name, because) = (first.name.clone(), first.because.clone());
            Err(CliError::NotEligible { name, code: first.code, because })
        }
        (true, None) => Err(CliError::NoVaults),
    }
}

/// The vaults that were named, each once. Refused before anything is written if one of them can't be saved.
fn named<'a>(inventory: &'a Inventory, targets: &[String]) -> Result<Vec<&'a VaultStock>, Failure> {
    let mut chosen: Vec<&VaultStock> = Vec::new();
    for target in targets {
        let (stock, name, reasons) = match find(inventory, target)? {
            Found::Vault(stock) => (stock, &stock.vault.name, eligibility::vault(&stock.vault)),
            Found::Key(stock, key) => {
                let reasons = [eligibility::vault(&stock.vault), eligibility::key(key)].concat();
                if reasons.is_empty() {
                    let help = format!("name its vault: keyferry backup {}", stock.vault.id);
                    let found = format!("the key {}", key.name);
                    return Err(CliError::WrongKind { expected: "a vault", found, help }.into());
                }
                (stock, &key.name, reasons)
            }
            Found::Secret(_, secret) => {
                let because = Code::SecretNotSaved.summary().to_owned();
                let name = secret.name.clone();
                return Err(CliError::NotEligible { name, code: Code::SecretNotSaved, because }.into());
            }
        };
        if let Some(reason) = reasons.into_iter().next() {
            let name = name.clone();
            return Err(CliError::NotEligible { name, code: reason.code, because: reason.text }.into());
        }
        if !chosen.iter().any(|known| known.vault.id == stock.vault.id) {
            chosen.push(stock);
        }
    }
    Ok(chosen)
}

impl Job<'_> {
    async fn backup(&self, stock: &VaultStock, key: &SigningKey) -> Result<BackupDone, Failure> {
        let destination = self.destination(stock).await?;
        let id = self.new_id(stock);
        let (request, planned) = self.plan(stock, &destination, &id);
        let (context, runs) = (self.on.context(self.cloud), self.on.runs()?);
        Ok(keyferry_backup::run(&context, &runs, key, &request, &planned, self.inventory).await?)
    }

    /// Shows the plans; their findings decide the exit code as they would for the real thing.
    async fn preview(&self, chosen: &[&VaultStock]) -> Result<Outcome, Failure> {
        let mut plans = Vec::new();
        for stock in chosen {
            let destination = self.destination(stock).await?;
            let plan = self.plan(stock, &destination, &self.new_id(stock)).1.plan;
            let digest = plan.digest().map_err(keyferry_backup::BackupError::from)?;
            plans.push((plan, digest));
        }
        let shown: Vec<_> = plans.iter().map(|(plan, digest)| PlanShown { plan, digest }).collect();
        self.on.printer.show("backup-plan", &json!({"plans": shown}), || {
            let mut whole = Document::new("Dry run");
            for (plan, digest) in &plans {
                let one = views::plan(plan, digest);
                whole.heading(one.title.as_str());
                whole.blocks.extend(one.blocks);
            }
            whole
        })?;
        let refused = plans.iter().flat_map(|(plan, _)| plan.errors()).next();
        Ok(refused.map_or(Outcome::Done, |finding| Outcome::Flawed(finding.code)))
    }

    async fn destination(&self, stock: &VaultStock) -> Result<Destination, Failure> {
        let (client, region) = (&self.cloud.client, stock.vault.region);
        let (name, namespace) = match self.args.bucket.split_once('@') {
            Some((name, namespace)) => (name, namespace.to_owned()),
            None => (self.args.bucket.as_str(), client.namespace(region).await?),
        };
        let store: StoreUrl = format!("oci://{name}@{namespace}/{region}")
            .parse()
            .map_err(|error| CliError::Usage(format!("--bucket {name}: {error}")))?;
        let looking =
            keyferry_backup::look(client, &self.cloud.environment, &stock.vault.id, &store, &self.allowed);
        let destination = looking.await?;
        for error in &destination.passed_over {
            let text = format!("a backup in {store} is passed over: {error}");
            self.on.printer.warn(error.code(), &text, error.code().help());
        }
        Ok(destination)
    }

    fn plan<'a>(
        &'a self,
        stock: &'a VaultStock,
        destination: &'a Destination,
        backup_id: &'a str,
    ) -> (BackupRequest<'a>, BackupPlan) {
        let request = BackupRequest {
            stock,
            environment: &self.cloud.environment,
            destination,
            copies: &self.args.copies,
            contents: if self.args.metadata_only { Contents::MetadataOnly } else { Contents::WithKeys },
            backup_id,
            now: self.on.clock.now(),
        };
        let planned = keyferry_backup::plan(&request);
        (request, planned)
    }

    fn new_id(&self, stock: &VaultStock) -> String {
        let now = self.on.clock.now();
        let chance = self.on.seed.bytes(&format!("backup {} {now}", stock.vault.id));
        backup_id(now, u32::from_be_bytes(chance))
    }

    /// Saved is not enough if something else of the vault was not, or may not have been seen.
    fn outcome(&self, chosen: &[&VaultStock], shown: &BackupsShown) -> Outcome {
        let is_accepted = |code: Code| self.args.accept_unsaved.iter().any(|kind| kind.code() == code);
        let mut unsaved = shown.backups.iter().flat_map(|backup| &backup.not_saved);
        let is_in_gap = |region: Region| self.inventory.gaps.iter().any(|gap| gap.region == region);
        let is_incomplete = |stock: &&VaultStock| {
            !keyferry_core::completeness(stock).complete || is_in_gap(stock.vault.region)
        };
        if unsaved.any(|item| !is_accepted(item.code)) {
            Outcome::Flawed(Code::UnsavedParts)
        } else if chosen.iter().any(is_incomplete) {
            Outcome::Flawed(Code::InventoryIncomplete)
        } else {
            Outcome::Done
        }
    }
}

fn backup_shown(done: &BackupDone) -> BackupShown {
    let manifest = &done.manifest;
    let (first, copies) =
        manifest.places.split_first().expect("a manifest names the store it was written to");
    let object = first.object(&bundle::blob(&manifest.backup_id));
    BackupShown {
        id: manifest.backup_id.clone(),
        vault_id: manifest.vault.id.to_string(),
        vault_name: manifest.vault.name.clone(),
        contents: manifest.contents,
        keys: manifest.keys.len(),
        versions: manifest.versions().count(),
        object: ObjectShown {
            namespace: object.namespace,
            bucket: object.bucket,
            name: object.name,
            region: object.region,
            size: manifest.blob.size,
            sha256: manifest.blob.sha256,
        },
        copies: copies.to_vec(),
        manifest_sha256: done.manifest_sha256,
        work_request_id: manifest.work_request_id.clone(),
        canaries: CanaryCounts {
            minted: done.minted,
            carried: manifest.canaries.len().saturating_sub(done.minted),
            unprovable: manifest.unprovable.len(),
        },
        not_saved: manifest.not_saved.clone(),
    }
}
