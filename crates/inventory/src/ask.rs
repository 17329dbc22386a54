//! Asks many places the same. What can't be read becomes a gap.

use futures_util::{StreamExt as _, stream};
use keyferry_core::Gap;
use keyferry_ids::{CompartmentId, Region};
use keyferry_oci::Error;

/// Places asked at the same time. The pace is the client's business.
pub(crate) const AT_ONCE: usize = 8;
/// So many calls in a row without an answer, each of them tried again by the client, mean that the region is away.
const SILENT: usize = AT_ONCE;

/// What came of asking.
#[derive(Debug)]
pub(crate) struct Asked<T> {
    pub(crate) found: Vec<T>,
    pub(crate) gaps: Vec<Gap>,
    /// The region stopped answering, or never did; the rest was not asked.
    pub(crate) is_silent: bool,
}

/// Asks in each compartment. `about` says for a gap what was being read there.
pub(crate) async fn everywhere<'a, T, F>(
    (region, reading): (Region, &str),
    compartments: impl Iterator<Item = &'a CompartmentId>,
    about: impl Fn(&CompartmentId) -> String,
    ask: impl Fn(&'a CompartmentId) -> F,
) -> Asked<T>
where
    F: Future<Output = Result<Vec<T>, Error>>,
{
    let asking = compartments.map(|compartment| {
        let answer = ask(compartment);
        async move { (compartment, answer.await) }
    });
    let mut answers = stream::iter(asking).buffered(AT_ONCE);
    let (mut found, mut gaps) = (Vec::new(), Vec::new());
    let (mut silent, mut has_answered) = (0, false);
    while let Some((compartment, answer)) = answers.next().await {
        match answer {
            Ok(items) => {
                (silent, has_answered) = (0, true);
                found.extend(items);
            }
            Err(error) => {
                let is_silence = error.is_unreachable();
                silent = if is_silence { silent + 1 } else { 0 };
                has_answered |= !is_silence;
                gaps.push(gap(region, reading, Some(about(compartment)), &error));
                if silent == SILENT {
                    break;
                }
            }
        }
    }
    let is_silent = silent == SILENT || (silent > 0 && !has_answered);
    // A region that does not answer is one gap, not one per compartment.
    if is_silent {
        gaps.truncate(gaps.len() - silent + 1);
        gaps.last_mut().expect("silence was a gap each time").subject = None;
    }
    Asked { found, gaps, is_silent }
}

/// What could not be read, and why.
pub(crate) fn gap(region: Region, reading: &str, subject: Option<String>, error: &Error) -> Gap {
    let because = match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    };
    Gap { region, reading: reading.to_owned(), subject, because }
}
