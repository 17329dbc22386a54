//! `forget`: deletes backups that no rule keeps, or that are named. A plan only ever adds to a cloud, so this is no
//! plan: it says what goes and what stays and why, asks, and then deletes.

mod choose;
mod shown;

use std::collections::BTreeSet;

use jiff::SignedDuration;
use keyferry_catalogue::{Catalogue, Leftover, Listing};
use keyferry_core::model::Protection;
use keyferry_core::policy::Retention;
use keyferry_core::{Code, Period};
use keyferry_forget::{Choice, Doomed, Performed};
use keyferry_report::{ForgetShown, KeptShown, views};

use crate::exit::Outcome;
use crate::failure::{CliError, Failure};
use crate::invocation::Invocation;
use crate::trust;

/// A backup that is under way has no manifest either.
const YOUNG: SignedDuration = SignedDuration::from_hours(24);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Ids, beginnings of ids, `latest~2` or `latest~2@REGION`
    #[arg(value_name = "ID", conflicts_with_all = ["rules", "policy"])]
    ids: Vec<String>,
    #[command(flatten)]
    rules: Rules,
    /// Take the rules, and the vaults they are for, from a policy in keyferry.toml
    #[arg(long, value_name = "NAME", conflicts_with = "rules")]
    policy: Option<String>,
    /// Also delete the files of what is forgotten, and what unfinished backups left behind a day ago or earlier
    #[arg(long)]
    prune: bool,
    /// Show what would be done
    #[arg(short = 'n', long)]
    dry_run: bool,
}

/// A backup is kept if any of them keeps it.
#[derive(Debug, clap::Args)]
#[group(id = "rules", multiple = true)]
struct Rules {
    /// Keep the newest N backups of each vault
    #[arg(long, value_name = "N")]
    keep_last: Option<u32>,
    /// Keep the newest of each of N days that have one
    #[arg(long, value_name = "N")]
    keep_daily: Option<u32>,
    /// Keep the newest of each of N weeks that have one
    #[arg(long, value_name = "N")]
    keep_weekly: Option<u32>,
    /// Keep the newest of each of N months that have one
    #[arg(long, value_name = "N")]
    keep_monthly: Option<u32>,
    /// Keep the newest of each of N years that have one
    #[arg(long, value_name = "N")]
    keep_yearly: Option<u32>,
    /// Keep all that are at most so much older than the vault's newest, such as 30d
    #[arg(long, value_name = "DUR")]
    keep_within: Option<Period>,
}

impl Rules {
    fn retention(&self) -> Retention {
        Retention {
            keep_last: self.keep_last,
            keep_daily: self.keep_daily,
            keep_weekly: self.keep_weekly,
            keep_monthly: self.keep_monthly,
            keep_yearly: self.keep_yearly,
            keep_within: self.keep_within,
        }
    }
}

pub(crate) async fn run(args: &Args, on: &Invocation) -> Result<Outcome, Failure> {
    let policy = args.policy.as_deref().map(|name| on.own.policy(name)).transpose()?;
    let rules = policy.and_then(|policy| policy.retention).unwrap_or_else(|| args.rules.retention());
    if args.ids.is_empty() && !rules.is_some() && (policy.is_some() || !args.prune) {
        let text = match policy {
            Some(_) => "the policy has no retention rules",
            None => "say what to forget: ids, rules such as --keep-daily 30, --policy NAME, or --prune alone",
        };
        return Err(CliError::Usage(text.into()).into());
    }
    let cloud = on.cloud()?;
    let catalogue = on.catalogue(&cloud)?;
    let allowed = trust::allowed_signers(on)?;
    let listing = catalogue.list().await?;
    if !on.compare(catalogue.store(), &listing, &allowed)? {
        // Which backups are the newest is then anybody's guess.
        return Ok(Outcome::Flawed(Code::RolledBack));
    }
    let protection = protection(on, &catalogue).await;
    let keeps_versions = protection.as_ref().is_some_and(|p| p.versioning.as_deref() == Some("Enabled"));
    let looked = choose::Looked { on, listing: &listing, allowed: &allowed, protection: protection.as_ref() };
    let mut chosen = looked.candidates(&cloud.environment, policy)?;
    let decision = if !args.ids.is_empty() {
        let (named, refused) = looked.named(&args.ids)?;
        chosen.kept.clear();
        let mut decision = keyferry_forget::plan(&chosen.candidates, &Choice::Named(named));
        decision.refused.extend(refused);
        decision
    } else if rules.is_some() {
        keyferry_forget::plan(&chosen.candidates, &Choice::Rules(rules))
    } else {
        chosen.kept.clear();
        keyferry_forget::Decision::default()
    };
    let mut shown = ForgetShown {
        store: catalogue.store().clone(),
        dry_run: args.dry_run,
        kept: shown::kept(&listing, decision.kept),
        forgotten: Vec::new(),
        pruned: Vec::new(),
        refused: shown::refused(decision.refused),
        keeps_versions,
    };
    shown.kept.append(&mut chosen.kept);
    if let Some(refused) = shown.refused.first() {
        let code = refused.code;
        on.printer.show("forget", &shown, || views::forget(&shown))?;
        return Ok(Outcome::Flawed(code));
    }
    let mut doomed = doomed(&listing, &decision.forgotten, args.prune);
    if args.prune {
        let (old, kept) = leftovers(on, &listing, &looked)?;
        doomed.extend(old.iter().map(|leftover| Doomed::new(leftover, true)));
        shown.kept.extend(kept);
    }
    if args.dry_run || doomed.is_empty() {
        shown.forgotten = shown::forgotten(&listing, &decision.forgotten);
        shown.pruned = doomed.iter().filter_map(shown::pruned).collect();
        on.printer.show("forget", &shown, || views::forget(&shown))?;
        return Ok(Outcome::Done);
    }
    on.confirm("forgetting backups", &shown::question(catalogue.store(), &decision.forgotten, &doomed))?;
    let performed = perform(on, &catalogue, &listing, &decision.forgotten, &doomed).await?;
    shown.forgotten = shown::forgotten(&listing, &performed.forgotten);
    shown.pruned = performed.pruned.iter().filter_map(shown::pruned).collect();
    shown.refused = shown::refused(performed.refused);
    on.printer.show("forget", &shown, || views::forget(&shown))?;
    match (performed.stopped, shown.refused.first()) {
        (Some(error), _) => Err(error.into()),
        (None, None) => Ok(Outcome::Done),
        (None, Some(refused)) if shown.forgotten.is_empty() && shown.pruned.is_empty() => {
            Ok(Outcome::Flawed(refused.code))
        }
        (None, Some(_)) => Ok(Outcome::Partly),
    }
}

/// What the bucket does against deletion. To ask takes rights of its own; without them the store itself will say.
async fn protection(on: &Invocation, catalogue: &Catalogue) -> Option<Protection> {
    catalogue.protection().await.unwrap_or_else(|error| {
        on.printer
            .note(&format!("whether {} keeps what is deleted is not known: {error}", catalogue.store()));
        None
    })
}

fn doomed(listing: &Listing, ids: &[String], prune: bool) -> Vec<Doomed> {
    let found =
        |id: &String| Leftover { backup_id: id.clone(), objects: listing.objects_of(id).cloned().collect() };
    ids.iter().map(|id| Doomed::new(&found(id), prune)).collect()
}

/// Leftovers that may go, and those that may not with the reason.
fn leftovers(
    on: &Invocation,
    listing: &Listing,
    looked: &choose::Looked<'_>,
) -> Result<(Vec<Leftover>, Vec<KeptShown>), Failure> {
    let now = on.clock.now();
    let runs = on.runs()?;
    let mut under_way = BTreeSet::new();
    for id in runs.under_way()? {
        // A damaged run can't be resumed.
        under_way.extend(runs.read(&id).into_iter().flat_map(|run| run.plan.backup_ids));
    }
    let (mut old, mut kept) = (Vec::new(), Vec::new());
    for leftover in listing.leftovers() {
        let hold = looked.hold(&leftover.objects);
        let is_young = leftover.written().is_none_or(|written| now.duration_since(written) < YOUNG);
        let reason = match hold {
            _ if under_way.contains(&leftover.backup_id) => {
                "a backup that `resume` can still finish".to_owned()
            }
            _ if is_young => "unfinished, written less than a day ago".to_owned(),
            Some(hold) => keyferry_forget::Reason::Held(hold).to_string(),
            None => {
                old.push(leftover);
                continue;
            }
        };
        kept.push(KeptShown { id: leftover.backup_id, vault_name: None, reasons: vec![reason] });
    }
    Ok((old, kept))
}

/// Under the locks of all vaults concerned, and only if no backup came or went since the look.
async fn perform(
    on: &Invocation,
    catalogue: &Catalogue,
    listing: &Listing,
    forgotten: &[String],
    doomed: &[Doomed],
) -> Result<Performed, Failure> {
    let runs = on.runs()?;
    let of = |id: &String| listing.backups.iter().find(|listed| listed.manifest.backup_id == *id);
    let vaults: BTreeSet<_> =
        forgotten.iter().filter_map(of).map(|listed| &listed.manifest.vault.id).collect();
    let locks: Result<Vec<_>, _> = vaults.into_iter().map(|vault| runs.lock(vault.as_str())).collect();
    let _locks = locks?;
    if catalogue.ids().await? != listing.ids() {
        return Err(CliError::StoreChanged(catalogue.store().to_string()).into());
    }
    Ok(keyferry_forget::run(catalogue, doomed).await)
}
