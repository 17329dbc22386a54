//! `backup`: vaults, keys or whole fleets into signed bundles, with copies in other places.

mod choose;
mod par;
mod preview;
mod shown;
mod work;

use std::path::PathBuf;

use clap::ValueEnum;
use keyferry_backup::{FileName, Shard};
use keyferry_core::Code;
use keyferry_core::policy::{Policy, Unsavable};
use keyferry_report::{BackupsShown, envelope, views};

use crate::exit::Outcome;
use crate::failure::{CliError, Failure};
use crate::hooks;
use crate::invocation::Invocation;
use crate::trust;

pub(crate) use par::read as read_par;
pub(crate) use work::{Errand, Worked, continue_fleet};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Vaults or keys, by OCID or by a name that is unique
    #[arg(value_name = "TARGET", required_unless_present_any = ["all", "policy"], conflicts_with_all = ["all", "policy"])]
    targets: Vec<String>,
    /// Every vault that can be backed up
    #[arg(long, conflicts_with = "policy")]
    all: bool,
    /// What a policy of keyferry.toml selects, the way it says
    #[arg(long, value_name = "NAME", conflicts_with_all = ["bucket", "copies", "metadata_only", "keys_one_by_one"])]
    policy: Option<String>,
    /// Bucket in the vault's own region that takes the backup (recommended); in any compartment
    #[arg(long, value_name = "NAME[@NAMESPACE]", required_unless_present_any = ["policy", "par_file"])]
    bucket: Option<String>,
    /// File with the URL of a pre-authenticated request that the service writes through; `-` for standard input. One
    /// vault or key for each, and --copy-to a bucket
    #[arg(long, value_name = "FILE", conflicts_with_all = ["bucket", "all", "policy", "keys_one_by_one", "shard"])]
    par_file: Option<PathBuf>,
    /// Name of the service's file, with {vault} and {date}; names of objects are not confidential
    #[arg(long, value_name = "NAME")]
    name: Option<FileName>,
    /// Store that gets a verified copy, in another region (recommended) or outside of OCI; can be repeated
    #[arg(long = "copy-to", value_name = "STORE")]
    copies: Vec<String>,
    /// Without keys: the vault's own metadata only
    #[arg(long, conflicts_with = "keys_one_by_one")]
    metadata_only: bool,
    /// The vault's metadata, and each key in a file of its own, so that single keys can come back
    #[arg(long)]
    keys_one_by_one: bool,
    /// Exit with 0 although a vault also holds these, which no backup can save
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    accept_unsaved: Vec<Unsaved>,
    /// Save again what has not changed since its newest backup
    #[arg(long)]
    force: bool,
    /// This worker's part of the fleet, INDEX/COUNT with indices from 0; it also takes only its part of the rate
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
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

impl From<Unsaved> for Unsavable {
    fn from(unsaved: Unsaved) -> Self {
        match unsaved {
            Unsaved::Software => Self::Software,
            Unsaved::Secrets => Self::Secrets,
        }
    }
}

impl Args {
    /// What may be missing, by flag or policy.
    fn accepted(&self, policy: Option<&Policy>) -> Vec<Code> {
        let by_flag = self.accept_unsaved.iter().map(|kind| Unsavable::from(*kind).code());
        let by_policy = policy.into_iter().flat_map(|policy| &policy.accept_unsaved).map(|kind| kind.code());
        let mut codes: Vec<_> = by_flag.chain(by_policy).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }
}

pub(crate) async fn run(args: &Args, on: &Invocation) -> Result<Outcome, Failure> {
    let policy = args.policy.as_deref().map(|name| on.own.policy(name).map(|policy| (name, policy)));
    let policy = policy.transpose()?;
    let mut shown = BackupsShown::default();
    let result = save(args, on, policy, &mut shown).await;
    match policy {
        Some((name, policy)) if !args.dry_run => {
            let document = serde_json::to_vec(&envelope("backup", &shown)).unwrap_or_default();
            hooks::after(on, name, policy, result, &document).await
        }
        _ => result,
    }
}

async fn save(
    args: &Args,
    on: &Invocation,
    policy: Option<(&str, &Policy)>,
    shown: &mut BackupsShown,
) -> Result<Outcome, Failure> {
    let mut cloud = on.cloud_with(args.shard.map_or(1.0, Shard::share))?;
    cloud.par = args.par_file.as_deref().map(|file| par::read(on, &cloud, file)).transpose()?;
    let chosen = choose::choose(args, on, &cloud, policy.map(|(_, policy)| policy)).await?;
    shown.skipped.clone_from(&chosen.skipped);
    if args.dry_run {
        return preview::preview(args, on, &cloud, &chosen).await;
    }
    let key = trust::signing_key(on)?;
    let errand = Errand {
        policy: policy.map(|(name, _)| name.to_owned()),
        accepted: args.accepted(policy.map(|(_, policy)| policy)),
        file_name: args.name.clone().unwrap_or_default(),
        force: args.force,
    };
    let worked = work::begin_fleet(on, &cloud, chosen, errand, key).await?;
    report(on, worked, shown)
}

/// Shows what came of it and says how that is to be taken.
pub(crate) fn report(on: &Invocation, worked: Worked, shown: &mut BackupsShown) -> Result<Outcome, Failure> {
    shown.run_id = Some(worked.run_id);
    shown.backups.extend(worked.backups);
    shown.skipped.extend(worked.skipped);
    shown.failed.extend(worked.failed);
    shown.accepted = worked.accepted;
    shown.is_incomplete = !worked.is_complete;
    // The only vault there was: its failure is the command's.
    let is_alone = shown.failed.len() == 1 && shown.backups.is_empty() && shown.skipped.is_empty();
    if is_alone && let Some(failure) = worked.first_failure {
        return Err(failure);
    }
    on.printer.show("backup", shown, || views::backups(shown))?;
    let first = shown.failed.first().map(|failed| failed.code);
    let nothing_saved = shown.backups.is_empty() && shown.skipped.iter().all(|s| s.code.is_some());
    Ok(match first {
        Some(code) if nothing_saved => Outcome::Flawed(code),
        Some(_) => Outcome::Partly,
        None if shown.unaccepted().next().is_some() => Outcome::Flawed(Code::UnsavedParts),
        None if shown.backups.iter().any(|backup| backup.changed.is_some()) => {
            Outcome::Flawed(Code::ChangedMeanwhile)
        }
        None if shown.left_out().next().is_some() => Outcome::Flawed(Code::CopyLeftOut),
        None if shown.is_incomplete => Outcome::Flawed(Code::InventoryIncomplete),
        None => Outcome::Done,
    })
}

/// The namespace of a bucket that was written without one.
async fn namespace(
    cloud: &crate::invocation::Cloud,
    bucket: &str,
    region: keyferry_ids::Region,
) -> Result<keyferry_core::model::OciStore, Failure> {
    let (name, namespace) = match bucket.split_once('@') {
        Some((name, namespace)) => (name, namespace.to_owned()),
        None => (bucket, cloud.client.namespace(region).await?),
    };
    let store = format!("oci://{name}@{namespace}/{region}").parse();
    store.map_err(|error| CliError::Usage(format!("bucket {name}: {error}")).into())
}
