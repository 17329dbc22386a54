//! `prove`: opens the canaries of a backup against the vault that was restored from it.

use keyferry_core::plan::Plan;
use keyferry_core::{Code, Verdict};
use keyferry_report::{RestoredShown, views};
use keyferry_restore::Restored;

use crate::exit::Outcome;
use crate::failure::Failure;
use crate::invocation::{Invocation, open};
use crate::trust;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Id, the beginning of one, `latest`, `latest~2` or `latest@REGION`; --region names the region of the
    /// restored vault, by default the store's
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    accept: Accept,
}

/// For proofs of any origin.
#[derive(Debug, clap::Args)]
pub(super) struct Accept {
    /// Exit with 0 although some versions have no canary that can be opened
    #[arg(long)]
    accept_unprovable: bool,
}

pub(crate) async fn run(args: &Args, on: &Invocation) -> Result<Outcome, Failure> {
    let cloud = on.cloud()?;
    let catalogue = on.catalogue(&cloud)?;
    let opened = open(on, &catalogue, &trust::allowed_signers(on)?, &args.id).await?;
    let region = on.globals.region.or(catalogue.store().region()).map_or_else(|| cloud.region(), Ok)?;
    let plan = keyferry_restore::plan_proof(&opened.manifest, &cloud.environment, region, on.clock.now());
    let done = keyferry_restore::run(&on.context(&cloud), &on.runs()?, &plan, &cloud.environment).await?;
    // Proving alone recovers nothing, so there is no recovery time or point to measure.
    let shown = RestoredShown { rta_seconds: None, rpa_seconds: None, ..restored_shown(&plan, &done) };
    on.printer.show("prove", &shown, || views::proof(&shown.proof))?;
    Ok(args.accept.outcome(&shown))
}

/// What a run came to. Recovery time is the run's own; the recovery point lies where the backup was made.
pub(super) fn restored_shown(plan: &Plan, done: &Restored) -> RestoredShown {
    let progress = &done.progress;
    let seconds = |from: Option<jiff::Timestamp>, to: Option<jiff::Timestamp>| {
        Some(to?.duration_since(from?).as_secs_f64())
    };
    RestoredShown {
        run_id: done.run_id.clone(),
        state: keyferry_core::journal::RunState::Succeeded,
        backup_ids: plan.backup_ids.clone(),
        into: plan.into,
        mapping: done.mapping.clone(),
        proof: done.proof.clone(),
        rta_seconds: seconds(progress.started_at, progress.finished_at),
        rpa_seconds: seconds(plan.backup_made_at, progress.started_at),
    }
}

impl Accept {
    /// Failed outweighs unprovable, and only the latter can be accepted.
    pub(super) fn outcome(&self, shown: &RestoredShown) -> Outcome {
        if shown.proof.count(Verdict::Failed) > 0 {
            Outcome::Flawed(Code::ProofFailed)
        } else if shown.proof.count(Verdict::Unprovable) > 0 && !self.accept_unprovable {
            Outcome::Flawed(Code::Unprovable)
        } else {
            Outcome::Done
        }
    }
}
