//! Lists: sorted as asked for, one page at a time.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use keyferry_wire::headers;
use serde::Serialize;

use crate::call::{Call, Effect};
use crate::refusal::Refusal;

const DEFAULT_LIMIT: usize = 100;
const LARGEST_LIMIT: usize = 1000;

/// Something that can be listed.
pub(crate) trait Listed {
    /// Unique within the list.
    fn id(&self) -> &str;
    fn name(&self) -> &str;
    fn time_created(&self) -> Timestamp;
}

/// Sorts as `sortBy` and `sortOrder` say: by time, newest first, unless asked otherwise. `by_name` is the
/// word that this service uses for sorting by name.
pub(crate) fn sort<T: Listed>(call: &Call<'_>, by_name: &str, items: &mut [T]) -> Result<(), Refusal> {
    let by_name = match call.parameter("sortBy") {
        None | Some("TIMECREATED") => false,
        Some(word) if word == by_name => true,
        Some(_) => return Err(Refusal::invalid(format!("sortBy is TIMECREATED or {by_name}."))),
    };
    let descending = match call.parameter("sortOrder") {
        None => !by_name,
        Some("ASC") => false,
        Some("DESC") => true,
        Some(_) => return Err(Refusal::invalid("sortOrder is ASC or DESC.")),
    };
    items.sort_by(|a, b| {
        let order = if by_name { a.name().cmp(b.name()) } else { a.time_created().cmp(&b.time_created()) };
        let order = if descending { order.reverse() } else { order };
        order.then_with(|| a.id().cmp(b.id()))
    });
    Ok(())
}

/// The value of `limit`.
pub(crate) fn limit(call: &Call<'_>, default: usize) -> Result<usize, Refusal> {
    let Some(text) = call.parameter("limit") else { return Ok(default) };
    let limit = text.parse().ok().filter(|limit| (1..=LARGEST_LIMIT).contains(limit));
    limit.ok_or_else(|| Refusal::invalid(format!("limit is a number from 1 to {LARGEST_LIMIT}.")))
}

/// One page of the items as a JSON array. The header for the next page is left out on the last one: an empty
/// one makes Oracle's clients ask for ever.
pub(crate) fn page<T: Listed, S: Serialize>(
    call: &Call<'_>,
    items: &[T],
    view: impl Fn(&T) -> S,
) -> Result<Effect, Refusal> {
    let limit = limit(call, DEFAULT_LIMIT)?;
    let start = match call.parameter("page") {
        None => 0,
        Some(token) => start_of(token, items).ok_or_else(|| Refusal::invalid("The page is not known."))?,
    };
    let end = items.len().min(start.saturating_add(limit));
    let shown = items.get(start..end).unwrap_or_default();
    let effect = Effect::json(&shown.iter().map(view).collect::<Vec<_>>())?;
    Ok(match shown.last() {
        Some(last) if end < items.len() => {
            let token = BASE64_URL_SAFE_NO_PAD.encode(format!("{end} {}", last.id()));
            effect.header(headers::OPC_NEXT_PAGE, token)
        }
        _ => effect,
    })
}

/// A page begins after the last item of the one before; should that be gone by now, at its old place.
fn start_of<T: Listed>(token: &str, items: &[T]) -> Option<usize> {
    let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let (place, id) = text.split_once(' ')?;
    let place: usize = place.parse().ok()?;
    Some(items.iter().position(|item| item.id() == id).map_or(place, |at| at + 1))
}
