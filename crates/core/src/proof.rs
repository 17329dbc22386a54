//! The judgement over a restore: each key version in the bundle is proven, failed or unprovable.

use serde::{Deserialize, Serialize};

use crate::journal::{Output, Progress};
use crate::plan::Plan;

/// The verdict on one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The restored version opened what the original had sealed.
    Proven,
    /// It did not.
    Failed,
    /// There is nothing it could be tested with.
    Unprovable,
}

/// One version with its verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvenVersion {
    /// The key's name.
    pub key_name: String,
    /// The version in the bundle.
    pub from: String,
    /// The restored version, if there is one.
    pub to: Option<String>,
    /// The verdict.
    pub verdict: Verdict,
    /// How it was shown, or why not.
    pub reason: String,
}

/// All versions of a bundle. The counts are computed, never stored beside the items.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Versions", into = "Counted")]
pub struct Proof {
    /// One entry per key version in the bundle.
    pub versions: Vec<ProvenVersion>,
}

#[derive(Deserialize)]
struct Versions {
    versions: Vec<ProvenVersion>,
}

#[derive(Serialize)]
struct Counted {
    proven: usize,
    failed: usize,
    unprovable: usize,
    versions: Vec<ProvenVersion>,
}

impl From<Versions> for Proof {
    fn from(read: Versions) -> Self {
        Self { versions: read.versions }
    }
}

impl From<Proof> for Counted {
    fn from(proof: Proof) -> Self {
        Self {
            proven: proof.count(Verdict::Proven),
            failed: proof.count(Verdict::Failed),
            unprovable: proof.count(Verdict::Unprovable),
            versions: proof.versions,
        }
    }
}

impl Proof {
    /// How many versions got this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.versions.iter().filter(|version| version.verdict == verdict).count()
    }

    /// `proven N of M, unprovable K (reasons)`; failures are named as well.
    pub fn summary(&self) -> String {
        let mut text = format!("proven {} of {}", self.count(Verdict::Proven), self.versions.len());
        for (verdict, word) in [(Verdict::Failed, "failed"), (Verdict::Unprovable, "unprovable")] {
            let of_verdict = self.versions.iter().filter(|v| v.verdict == verdict);
            let reasons: Vec<_> =
                of_verdict.map(|v| format!("{}: {}", v.key_name.escape_debug(), v.reason)).collect();
            if !reasons.is_empty() {
                text = format!("{text}, {word} {} ({})", reasons.len(), reasons.join("; "));
            }
        }
        text
    }
}

/// The backup that a run has proven: it opened canaries of it, and none of them failed.
pub fn proven_backup<'p>(plan: &'p Plan, progress: &Progress) -> Option<&'p str> {
    let verdicts = progress.outputs.values().filter_map(|output| match output {
        Output::Proven { version } => Some(version.verdict),
        _ => None,
    });
    let (mut proven, mut failed) = (0, 0);
    for verdict in verdicts {
        proven += usize::from(verdict == Verdict::Proven);
        failed += usize::from(verdict == Verdict::Failed);
    }
    let is_good = progress.is_finished_well() && proven > 0 && failed == 0;
    plan.backup_ids.first().filter(|_| is_good).map(String::as_str)
}
