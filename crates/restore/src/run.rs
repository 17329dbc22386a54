//! Acts: performs a restore or proof plan once and folds what came of it.

use keyferry_core::journal::Progress;
use keyferry_core::plan::{Plan, PlanKind};
use keyferry_core::{Environment, Mapping, Proof};
use keyferry_engine::{Context, Runs, apply, resume as go_on};

use crate::RestoreError;
use crate::fold::{mapping_of, proof_of};

/// A finished run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The run.
    pub run_id: String,
    /// Old to new OCIDs.
    pub mapping: Mapping,
    /// The judgement.
    pub proof: Proof,
    /// What each step gave.
    pub progress: Progress,
}

/// Performs a plan. A restore plan can be applied once; a proof may be repeated.
///
/// # Errors
/// If the plan holds an error finding, was used before, or a step fails.
pub async fn run(
    context: &Context,
    runs: &Runs,
    plan: &Plan,
    environment: &Environment,
) -> Result<Restored, RestoreError> {
    let findings: Vec<_> = plan.errors().cloned().collect();
    if !findings.is_empty() {
        return Err(RestoreError::Refused { findings });
    }
    if plan.environment != *environment {
        return Err(RestoreError::OtherTenancy(plan.environment.tenancy_id.to_string()));
    }
    let _lock = runs.lock(&format!("restore-{}", plan.into))?;
    let (run_id, mut journal) = runs.begin(plan, &context.seed, plan.kind == PlanKind::Restore)?;
    let progress = apply(context, plan, &run_id, &mut journal).await?;
    let (mapping, proof) = (mapping_of(&progress).unwrap_or_default(), proof_of(plan, &progress));
    Ok(Restored { run_id, mapping, proof, progress })
}

/// Takes up a run that stopped. The steps that are done are not done again.
///
/// # Errors
/// If its files can't be read, it is another tenancy's, or a step fails.
pub async fn resume(
    context: &Context,
    runs: &Runs,
    run_id: &str,
    environment: &Environment,
) -> Result<(Plan, Restored), RestoreError> {
    let into = runs.open(run_id)?.plan.into;
    let _lock = runs.lock(&format!("restore-{into}"))?;
    let (run, mut journal) = runs.reopen(run_id)?;
    let plan = run.plan;
    if plan.environment != *environment {
        return Err(RestoreError::OtherTenancy(plan.environment.tenancy_id.to_string()));
    }
    let progress = if run.progress.is_finished_well() {
        run.progress
    } else {
        go_on(context, &plan, &run.id, run.progress, &mut journal).await?
    };
    let (mapping, proof) = (mapping_of(&progress).unwrap_or_default(), proof_of(&plan, &progress));
    Ok((plan, Restored { run_id: run.id, mapping, proof, progress }))
}
