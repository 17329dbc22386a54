//! `restore plan` and `restore apply`: decide first, then do exactly that.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use keyferry_core::model::{ObjectPlace, OciStore};
use keyferry_core::plan::{Action, Plan};
use keyferry_core::{Code, Finding, Severity, Sha256, canonical};
use keyferry_ids::{CompartmentId, Region};
use keyferry_report::{ErrorShown, PlanShown, views};
use keyferry_restore::{BlobRequest, Existing, RestoreRequest, look, still_fits};
use keyferry_seams::Access;

use super::prove::{Accept, restored_shown};
use crate::app::Output;
use crate::exit::Outcome;
use crate::failure::{CliError, Failure};
use crate::invocation::{Cloud, Invocation, open};
use crate::trust;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Look at the target region and write down what a restore will do
    Plan(PlanArgs),
    /// Do what a plan says, once, and prove the result
    Apply(ApplyArgs),
}

#[derive(Debug, clap::Args)]
struct PlanArgs {
    /// Id, the beginning of one, `latest`, `latest~2` or `latest@REGION`
    #[arg(value_name = "ID", required_unless_present = "blob", conflicts_with = "blob")]
    id: Option<String>,
    /// Target region
    #[arg(long, value_name = "REGION")]
    into: Region,
    /// File that the plan is written to
    #[arg(long, value_name = "PLAN")]
    out: PathBuf,
    /// What to do if the target region already holds the vault
    #[arg(long, value_name = "WHAT", default_value = "fail")]
    existing: IfExisting,
    /// Confirms the recorded compartment; names it for --blob
    #[arg(long, value_name = "OCID")]
    compartment: Option<CompartmentId>,
    /// A service file without a manifest: oci://BUCKET@NAMESPACE/REGION/OBJECT
    #[arg(long, value_name = "OBJECT", value_parser = object_place, requires = "compartment", requires = "unsigned")]
    blob: Option<ObjectPlace>,
    /// Admits that nobody vouches for the file of --blob
    #[arg(long, requires = "blob")]
    unsigned: bool,
    /// Exit with 4 if the plan would change something
    #[arg(long)]
    detailed_exitcode: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum IfExisting {
    /// Refuse
    Fail,
    /// Leave it as it is, and prove it
    Skip,
    /// Let the service merge the backup into it
    Adopt,
}

#[derive(Debug, clap::Args)]
struct ApplyArgs {
    /// File that `restore plan` wrote
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// The digest of the plan that was looked at
    #[arg(long, value_name = "SHA-256")]
    plan_digest: Option<Sha256>,
    /// Show the plan, change nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    #[command(flatten)]
    accept: Accept,
}

pub(crate) async fn run(args: &Args, on: &Invocation) -> Result<Outcome, Failure> {
    match &args.command {
        Command::Plan(args) => plan(args, on).await,
        Command::Apply(args) => apply(args, on).await,
    }
}

async fn plan(args: &PlanArgs, on: &Invocation) -> Result<Outcome, Failure> {
    let cloud = on.cloud()?;
    let plan = match (&args.id, &args.blob, &args.compartment) {
        (Some(id), _, _) => of_bundle(args, id, on, &cloud).await?,
        (None, Some(blob), Some(compartment)) => of_blob(args, (blob, compartment), on, &cloud).await?,
        _ => return Err(CliError::Usage("name a backup, or a file with --blob".into()).into()),
    };
    let digest = plan.digest().map_err(keyferry_core::plan::PlanError::from)?;
    let shown = PlanShown { plan: &plan, digest: &digest };
    let mut errors = plan.errors().map(refusal);
    if let Some(first) = errors.next() {
        if on.printer.output() == Output::Json {
            on.printer.show("plan", &shown, || views::plan(&plan, &digest))?;
        }
        errors.for_each(|error| on.printer.failure(&ErrorShown::new(&error)));
        return Err(first.into());
    }
    let bytes = plan.to_bytes().map_err(keyferry_core::plan::PlanError::from)?;
    on.disk.write(&args.out, &bytes, Access::Owner).map_err(CliError::from)?;
    on.printer.show("plan", &shown, || views::plan(&plan, &digest))?;
    on.printer.note(&format!("wrote {}", args.out.display()));
    let is_change = |action: &Action| matches!(action, Action::RestoreVault { .. });
    let is_pending = plan.steps.iter().any(|step| is_change(&step.details));
    Ok(if args.detailed_exitcode && is_pending { Outcome::Pending } else { Outcome::Done })
}

async fn of_bundle(args: &PlanArgs, id: &str, on: &Invocation, cloud: &Cloud) -> Result<Plan, Failure> {
    let catalogue = on.catalogue(cloud)?;
    let manifest = open(on, &catalogue, &trust::allowed_signers(on)?, id).await?.manifest;
    let store = catalogue
        .store()
        .oci()
        .ok_or_else(|| CliError::NotInOci { store: catalogue.store().to_string(), id: id.to_owned() })?;
    let recorded = &manifest.vault.compartment;
    let vault = Some((&manifest.vault.id, &recorded.id));
    let target = look(&cloud.client, &cloud.environment, store.region, args.into, vault).await?;
    let existing = match args.existing {
        IfExisting::Fail => Existing::Fail,
        IfExisting::Skip => Existing::Skip,
        IfExisting::Adopt => Existing::Adopt,
    };
    let (into, now) = (args.into, on.clock.now());
    let request = RestoreRequest { manifest: &manifest, store, into, target: &target, existing, now };
    let mut plan = keyferry_restore::plan(&request);
    if let Some(asked) = args.compartment.as_ref().filter(|asked| **asked != recorded.id) {
        let because = format!("the vault was in {} ({})", recorded.path, recorded.id);
        plan.findings.push(Finding::new(Code::OtherCompartment, Severity::Error, asked, because));
    }
    Ok(plan)
}

async fn of_blob(
    args: &PlanArgs,
    (blob, compartment_id): (&ObjectPlace, &CompartmentId),
    on: &Invocation,
    cloud: &Cloud,
) -> Result<Plan, Failure> {
    let target = look(&cloud.client, &cloud.environment, blob.region, args.into, None).await?;
    let (into, now) = (args.into, on.clock.now());
    Ok(keyferry_restore::plan_blob(&BlobRequest { blob, compartment_id, into, target: &target, now }))
}

fn refusal(finding: &Finding) -> CliError {
    CliError::Finding {
        name: finding.subject.clone(),
        code: finding.code,
        because: finding.because.clone(),
        remedy: finding.remedy.clone(),
    }
}

async fn apply(args: &ApplyArgs, on: &Invocation) -> Result<Outcome, Failure> {
    let bytes = on.disk.read(&args.plan, canonical::LONGEST as u64).map_err(CliError::from)?;
    let plan = Plan::from_bytes(&bytes)?;
    let digest = Sha256::of(&bytes);
    if let Some(expected) = args.plan_digest.filter(|expected| *expected != digest) {
        return Err(CliError::OtherPlan { expected: expected.to_string(), found: digest.to_string() }.into());
    }
    if args.dry_run {
        on.printer
            .show("plan", &PlanShown { plan: &plan, digest: &digest }, || views::plan(&plan, &digest))?;
        return Ok(Outcome::Done);
    }
    let what = "a change like `restore apply`";
    if !on.can_ask && args.plan_digest.is_none() {
        let flag = if on.globals.yes { "--plan-digest SHA-256" } else { "--yes and --plan-digest SHA-256" };
        return Err(CliError::MissingFlag { what, flag: flag.into() }.into());
    }
    let backups = plan.backup_ids.join(", ");
    let backups = if backups.is_empty() { "a file without a manifest".to_owned() } else { backups };
    on.confirm(what, &format!("Restore {backups} into {}? Plan {digest}", plan.into))?;
    let cloud = on.cloud()?;
    let runs = on.runs()?;
    still_fits(&cloud.client, &cloud.environment, &runs, &plan).await?;
    let done = keyferry_restore::run(&on.context(&cloud), &runs, &plan, &cloud.environment).await?;
    let shown = restored_shown(&plan, &done);
    on.printer.show("restore", &shown, || views::restored(&shown))?;
    Ok(args.accept.outcome(&shown))
}

/// `oci://BUCKET@NAMESPACE/REGION/OBJECT`. Other programs choose names that no store of ours would have, so only
/// the part before the name is held to a store's form.
fn object_place(text: &str) -> Result<ObjectPlace, String> {
    let form = || "write oci://BUCKET@NAMESPACE/REGION/OBJECT".to_owned();
    let name_at = text.match_indices('/').nth(3).ok_or_else(form)?.0;
    let store: OciStore =
        text[..name_at].parse().map_err(|error: keyferry_core::model::StoreError| error.to_string())?;
    let name = &text[name_at + 1..];
    if name.is_empty() { Err(form()) } else { Ok(store.object(name)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_named_by_bucket_namespace_region_and_any_name() {
        let place = object_place("oci://b@ns/fra/folder/my backup (1)").expect("a good place");
        assert_eq!((place.bucket.as_str(), place.name.as_str()), ("b", "folder/my backup (1)"));
        assert_eq!(place.region.name(), "eu-frankfurt-1");
        for bad in ["oci://b@ns/fra", "oci://b@ns/fra/", "file:/tmp/x/y/z", "oci://b/fra/x/y"] {
            assert!(object_place(bad).is_err(), "{bad}");
        }
    }
}
