//! What a store really does: some accept a condition and ignore it, without a word.

use bytes::Bytes;
use futures_util::future::join_all;

use crate::{OffCloud, OffCloudError, Put};

/// Probes lie in this folder of a store for as long as they take.
const FOLDER: &str = "keyferry/probe";
const FIRST: Bytes = Bytes::from_static(b"keyferry probe 1\n");
const SECOND: Bytes = Bytes::from_static(b"keyferry probe, the second\n");
/// Writers at the same time. A server was seen to let most of so many win that looks first and writes then.
const WRITERS: u8 = 16;

/// What was seen. Without `reads_back` and `lists` a store can hold nothing. Without both of the others it may hold copies,
/// but never a claim, a lock or the only manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probed {
    /// Of two writers, one after the other, the second was refused.
    pub honours_create: bool,
    /// Of many writers at the same time one was told that it wrote, and what it wrote is there. One race proves nothing;
    /// a lost one does.
    pub one_wins: bool,
    /// What was read is what was written last.
    pub reads_back: bool,
    /// It was in the listing, with its size.
    pub lists: bool,
}

impl OffCloud {
    /// Writes small objects, reads and lists them, and removes them. `chance` makes their names their own; with the
    /// same one again, what a probe that was killed has left is removed as well.
    ///
    /// # Errors
    /// If the store can't be used.
    pub async fn probe(&self, chance: [u8; 16]) -> Result<Probed, OffCloudError> {
        let folder = format!("{FOLDER}/{}", hex::encode(chance));
        let (twice, race) = (format!("{folder}/twice"), format!("{folder}/race"));
        self.delete(&twice).await?;
        self.delete(&race).await?;
        let probed = self.try_out(&folder, &twice, &race).await;
        // Both, whatever became of the first.
        let deleted = (self.delete(&twice).await, self.delete(&race).await);
        let probed = probed?;
        deleted.0.and(deleted.1)?;
        Ok(probed)
    }

    async fn try_out(&self, folder: &str, twice: &str, race: &str) -> Result<Probed, OffCloudError> {
        self.put_new(twice, FIRST).await?;
        let is_refused = self.put_new(twice, SECOND).await? == Put::Exists;
        let written = if is_refused { FIRST } else { SECOND };
        // Refused, but written all the same: not honoured, and not read back either.
        let reads_back = self.get(twice, FIRST.len() + SECOND.len()).await?.as_ref() == Some(&written);
        let listed = self.list(folder).await?;
        let honours_create = is_refused && reads_back;
        Ok(Probed {
            honours_create,
            one_wins: honours_create && self.one_wins(race).await?,
            reads_back,
            lists: listed.iter().any(|object| object.name == *twice && object.size == written.len() as u64),
        })
    }

    async fn one_wins(&self, name: &str) -> Result<bool, OffCloudError> {
        let write = |writer: u8| self.put_new(name, vec![writer].into());
        // To their end, so that none writes after the probe was removed.
        let written = join_all((0..WRITERS).map(write)).await;
        let mut winners = Vec::new();
        for (writer, put) in (0..WRITERS).zip(written) {
            if put? == Put::Written {
                winners.push(writer);
            }
        }
        Ok(winners.len() == 1 && self.get(name, 1).await?.as_deref() == Some(&winners[..]))
    }
}
