//! Folds a run's outputs into its map and its proof.

use keyferry_core::journal::{Output, Progress};
use keyferry_core::plan::{Action, Plan};
use keyferry_core::{Mapping, MappingKind, Proof, ProvenVersion, Verdict};

/// The map that a run found, if it got that far.
pub fn mapping_of(progress: &Progress) -> Option<Mapping> {
    progress.outputs.values().find_map(|output| match output {
        Output::Mapped { mapping, .. } => Some(mapping.clone()),
        _ => None,
    })
}

/// The judgement over every key version in the bundle. A version that the plan itself did not expect has not failed
/// by being absent. Of a file without a manifest, the versions that came are listed as unprovable; what should have
/// come nobody knows.
pub fn proof_of(plan: &Plan, progress: &Progress) -> Proof {
    let mut proof = Proof::default();
    let mut is_described = false;
    let mut expected = Vec::new();
    for step in &plan.steps {
        if let Action::MapVault { vault_id, keys, .. } = &step.details {
            is_described = vault_id.is_some();
            expected = keys.iter().map(|key| &key.id).collect();
        }
        if let Action::ProveVersion { key_name, key_id, version_id, unprovable, .. } = &step.details {
            proof.versions.push(match (progress.outputs.get(&step.id), unprovable) {
                (Some(Output::Proven { version }), Some(because))
                    if version.to.is_none() && !expected.contains(&key_id) =>
                {
                    let verdict = Verdict::Unprovable;
                    ProvenVersion { verdict, reason: because.clone(), ..version.clone() }
                }
                (Some(Output::Proven { version }), _) => version.clone(),
                _ => ProvenVersion {
                    key_name: key_name.clone(),
                    from: version_id.to_string(),
                    to: None,
                    verdict: Verdict::Failed,
                    reason: "the run stopped before it was tried".into(),
                },
            });
        }
    }
    if !is_described && let Some(mapping) = mapping_of(progress) {
        let versions = mapping.entries.into_iter().filter(|entry| entry.kind == MappingKind::KeyVersion);
        proof.versions.extend(versions.map(|entry| ProvenVersion {
            key_name: entry.name.unwrap_or_default(),
            from: entry.from,
            to: Some(entry.to),
            verdict: Verdict::Unprovable,
            reason: "the backup has no manifest".into(),
        }));
    }
    proof
}
