//! Looks at the target again before a plan is applied: a plan may be old, and others work there too.

use keyferry_core::plan::{Action, Plan, PlanKind};
use keyferry_core::{Code, Environment};
use keyferry_engine::Runs;
use keyferry_ids::{CompartmentId, VaultId};
use keyferry_oci::Client;

use crate::{RestoreError, Target, look};

/// Insists that the target is still as the plan found it. Nothing is looked at for a plan that [`crate::run`] refuses
/// in any case: one with an error, of another tenancy, or applied before.
///
/// # Errors
/// With [`RestoreError::Stale`] if it is not, or if the region does not answer.
pub async fn still_fits(
    client: &Client,
    environment: &Environment,
    runs: &Runs,
    plan: &Plan,
) -> Result<(), RestoreError> {
    let is_refused = plan.errors().next().is_some() || plan.environment != *environment;
    let Some(expects) = Expects::of(plan).filter(|_| !is_refused) else { return Ok(()) };
    if runs.ids()?.iter().any(|id| runs.read(id).is_ok_and(|run| run.plan == *plan)) {
        return Ok(());
    }
    let vault = expects.vault_id.map(|id| (id, expects.compartment_id));
    let target = look(client, environment, plan.into, plan.into, vault)
        .await
        .map_err(|e| RestoreError::Look(Box::new(e)))?;
    let because = expects.differences(plan, &target);
    if because.is_empty() { Ok(()) } else { Err(RestoreError::Stale { because }) }
}

/// What a restore plan says of its target.
struct Expects<'a> {
    vault_id: Option<&'a VaultId>,
    compartment_id: &'a CompartmentId,
    /// Compartments that must be there.
    needed: Vec<&'a CompartmentId>,
    /// What was seen of the vault there, in words that hold its OCID; none if it was not there.
    existing: Option<&'a str>,
}

impl<'a> Expects<'a> {
    fn of(plan: &'a Plan) -> Option<Self> {
        if plan.kind != PlanKind::Restore {
            return None;
        }
        let of_map = plan.steps.iter().find_map(|step| match &step.details {
            Action::MapVault { vault_id, compartment_id, search, .. } => {
                Some((vault_id, compartment_id, search))
            }
            _ => None,
        });
        let (vault_id, compartment_id, search) = of_map?;
        // Of a file without a manifest nobody knows where its keys lie, so that all compartments are searched.
        let keys = search.iter().filter(|_| vault_id.is_some());
        let existing = plan.findings.iter().find(|finding| finding.code == Code::AlreadyRestored);
        Some(Self {
            vault_id: vault_id.as_ref(),
            compartment_id,
            needed: std::iter::once(compartment_id).chain(keys.filter(|id| *id != compartment_id)).collect(),
            existing: existing.map(|finding| finding.because.as_str()),
        })
    }

    fn differences(&self, plan: &Plan, target: &Target) -> Vec<String> {
        if !target.subscribed.contains(&plan.into) {
            return vec![format!("the tenancy may no longer use {}", plan.into)];
        }
        let is_there = |id: &CompartmentId| target.compartments.iter().any(|c| c.id == *id && c.is_active);
        let gone = self.needed.iter().filter(|id| !is_there(id));
        let mut because: Vec<_> = gone.map(|id| format!("compartment {id} is no longer active")).collect();
        match (self.existing, &target.existing) {
            (None, Some(vault)) => {
                because.push(format!("{vault}, the vault or restored from it, is there now"));
            }
            (Some(_), None) => because.push("the vault that was there is gone".to_owned()),
            (Some(seen), Some(vault)) if !seen.contains(vault.as_str()) => {
                because.push(format!("{vault} is there instead of the vault that was there"));
            }
            _ => {}
        }
        because
    }
}

#[cfg(test)]
mod tests {
    use keyferry_core::model::Compartment;
    use keyferry_core::plan::PlanKind;
    use keyferry_core::{EnvironmentKind, Finding, Severity};
    use keyferry_ids::{Region, TenancyId};

    use super::*;

    const THERE: &str = "ocid1.vault.oc1.eu-frankfurt-1.ccccccccccccc.v2";

    fn compartment(name: &str) -> CompartmentId {
        CompartmentId::parse(&format!("ocid1.compartment.oc1..{name}")).expect("a compartment")
    }

    fn vault(ocid: &str) -> VaultId {
        VaultId::parse(ocid).expect("a vault")
    }

    fn region(name: &str) -> Region {
        Region::parse(name).expect("a region")
    }

    fn target(compartments: &[&str], existing: Option<&str>) -> Target {
        let tenancy_id = TenancyId::parse("ocid1.tenancy.oc1..t").expect("a tenancy");
        let compartment = |name: &&str| Compartment {
            id: compartment(name),
            parent_id: None,
            name: (*name).to_owned(),
            path: (*name).to_owned(),
            is_active: true,
        };
        Target {
            environment: Environment { kind: EnvironmentKind::Oci, realm: tenancy_id.realm(), tenancy_id },
            subscribed: vec![region("eu-frankfurt-1")],
            compartments: compartments.iter().map(compartment).collect(),
            existing: existing.map(vault),
        }
    }

    /// A plan that maps a vault of `c1` with keys in `c2`, made when `existing` was there.
    fn plan(into: &str, described: bool, existing: Option<&str>) -> Plan {
        let mut plan = Plan {
            schema: keyferry_core::plan::SCHEMA.into(),
            version: keyferry_core::plan::VERSION,
            kind: PlanKind::Restore,
            made_at: "2026-01-02T00:00:00Z".parse().expect("a time"),
            environment: target(&[], None).environment,
            backup_ids: Vec::new(),
            into: region(into),
            backup_made_at: None,
            steps: Vec::new(),
            findings: Vec::new(),
        };
        plan.findings.extend(existing.map(|id| {
            let because = format!("the service will merge the backup into {id}");
            Finding::new(Code::AlreadyRestored, Severity::Warning, "v", because)
        }));
        let map = Action::MapVault {
            region: plan.into,
            vault_id: described.then(|| vault("ocid1.vault.oc1.iad.aaaaaaaaaaaaa.v1")),
            compartment_id: compartment("c1"),
            search: vec![compartment("c1"), compartment("c2")],
            keys: Vec::new(),
        };
        plan.push(map, &[]);
        plan
    }

    fn differences(plan: &Plan, target: &Target) -> String {
        Expects::of(plan).expect("a restore").differences(plan, target).join("; ")
    }

    #[test]
    fn a_target_is_as_expected_or_the_difference_is_told() {
        let (whole, other) = (["c1", "c2"], "ocid1.vault.oc1.eu-frankfurt-1.ccccccccccccc.v3");
        let fra = |existing| plan("eu-frankfurt-1", true, existing);
        for (plan, target, said) in [
            (fra(None), target(&whole, None), ""),
            (fra(Some(THERE)), target(&whole, Some(THERE)), ""),
            (fra(None), target(&whole, Some(THERE)), "is there now"),
            (fra(Some(THERE)), target(&whole, None), "is gone"),
            (fra(Some(THERE)), target(&whole, Some(other)), "is there instead"),
            (fra(None), target(&["c1"], None), "c2 is no longer active"),
            (fra(None), target(&["c2"], None), "c1 is no longer active"),
            (plan("eu-frankfurt-1", false, None), target(&["c1"], None), ""),
            (plan("eu-frankfurt-1", false, None), target(&["c2"], None), "c1 is no longer active"),
            (plan("us-phoenix-1", true, None), target(&whole, None), "may no longer use us-phoenix-1"),
        ] {
            let found = differences(&plan, &target);
            assert!(if said.is_empty() { found.is_empty() } else { found.contains(said) }, "{said}: {found}");
        }
    }

    #[test]
    fn a_proof_expects_nothing() {
        let proof = Plan { kind: PlanKind::Prove, ..plan("eu-frankfurt-1", true, None) };
        assert!(Expects::of(&proof).is_none());
    }
}
