//! `backup --dry-run`: the plans, and nothing else.

use keyferry_backup::{BackupError, Fleet, FleetSetup};
use keyferry_core::Sha256;
use keyferry_core::plan::Plan;
use keyferry_inventory::stock;
use keyferry_report::{Document, PlanShown, envelope, views};
use serde_json::json;

use super::Args;
use super::choose::Chosen;
use super::work::places;
use crate::exit::Outcome;
use crate::failure::Failure;
use crate::invocation::{Cloud, Invocation};
use crate::trust;

/// Shows the plans; their findings decide the exit code as they would for the real thing.
pub(super) async fn preview(
    args: &Args,
    on: &Invocation,
    cloud: &Cloud,
    chosen: &Chosen,
) -> Result<Outcome, Failure> {
    let fleet = Fleet::new(FleetSetup {
        context: on.context(cloud),
        memory: on.memory()?,
        runs: on.runs()?,
        run_id: String::new(),
        environment: &chosen.survey.environment,
        compartments: &chosen.survey.compartments,
        vaults: &chosen.survey.vaults,
        places: places(&chosen.vaults),
        unusable: std::collections::BTreeMap::new(),
        allowed: trust::known_signers(on)?,
        file_name: args.name.clone().unwrap_or_default(),
        force: args.force,
    });
    fleet.look_around().await?;
    let mut plans: Vec<(Plan, Sha256)> = Vec::new();
    for wanted in &chosen.vaults {
        let vault = chosen.survey.vaults.iter().find(|v| v.id == wanted.id && v.region == wanted.region);
        let Some(vault) = vault else { continue };
        let (stock, _) = stock(&cloud.client, &chosen.survey, vault).await;
        let plan = fleet.plan(&stock, &wanted.target()).await?;
        let digest = plan.digest().map_err(BackupError::from)?;
        plans.push((plan, digest));
    }
    let shown: Vec<_> = plans.iter().map(|(plan, digest)| PlanShown { plan, digest }).collect();
    let shown: Vec<_> = shown.iter().map(|plan| envelope("plan", plan)).collect();
    on.printer.show("backup-plan", &json!({"plans": shown}), || {
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
