//! Proofs, folded from runs: each run once.

use keyferry_core::Verdict;
use keyferry_core::coverage::Tried;
use redb::{ReadableDatabase as _, ReadableTable as _};

use super::Index;
use super::tables::{Numbers, PROOFS, RUNS, decode, encode};
use crate::IndexError;

pub(super) const PROVEN: u8 = 0;
pub(super) const FAILED: u8 = 1;

/// Time in microseconds, number of the region, backup.
pub(super) type TriedRow<'a> = (i64, u32, &'a str);

/// A version that a run tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The version in the backup.
    pub version: String,
    /// What came of it.
    pub verdict: Verdict,
    /// When and where, and from which backup.
    pub tried: Tried,
}

impl Index {
    /// The runs among these that are not folded in yet.
    ///
    /// # Errors
    /// If the database fails.
    pub fn unfolded(&self, runs: Vec<String>) -> Result<Vec<String>, IndexError> {
        let folded = self.database.begin_read()?.open_table(RUNS)?;
        let mut left = Vec::new();
        for run in runs {
            if folded.get(run.as_str())?.is_none() {
                left.push(run);
            }
        }
        Ok(left)
    }

    /// Folds in what runs tried: of each version the newest proof and the newest failure are kept. Runs in `over`
    /// will not be asked for again.
    ///
    /// # Errors
    /// If the database fails.
    pub fn record_proofs(&self, proofs: &[Proof], over: &[String]) -> Result<(), IndexError> {
        if proofs.is_empty() && over.is_empty() {
            return Ok(());
        }
        self.write(|transaction, facts| {
            let mut numbers = Numbers::new(transaction, facts)?;
            let mut table = transaction.open_table(PROOFS)?;
            for proof in proofs {
                let verdict = match proof.verdict {
                    Verdict::Proven => PROVEN,
                    Verdict::Failed => FAILED,
                    // Nothing was tried.
                    Verdict::Unprovable => continue,
                };
                let place = (proof.version.as_str(), verdict);
                let at = proof.tried.at.as_microsecond();
                let before =
                    table.get(place)?.map(|row| decode::<TriedRow<'_>>(row.value()).map(|row| row.0));
                if before.transpose()?.is_none_or(|before| before < at) {
                    let region = numbers.of(proof.tried.region.name())?;
                    table.insert(place, encode(&(at, region, &*proof.tried.backup_id))?.as_slice())?;
                }
            }
            let mut folded = transaction.open_table(RUNS)?;
            for run in over {
                folded.insert(run.as_str(), ())?;
            }
            Ok(())
        })
    }
}
