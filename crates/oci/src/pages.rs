//! Lists that come in pages.

use std::collections::HashSet;

use keyferry_wire::{Json, Operation};

use crate::client::{Call, Client, Place};
use crate::error::{CallSite, Error};

/// No list of ours is longer; a service that goes on is broken.
const MOST_PAGES: usize = 10_000;

/// All items of a list and the last call, for messages about them.
#[derive(Debug)]
pub(crate) struct Listed<T> {
    pub(crate) items: Vec<T>,
    pub(crate) site: Box<CallSite>,
}

impl Client {
    /// Reads all pages. The end is a missing header, not an empty page: those are legal.
    pub(crate) async fn pages<O, T>(
        &self,
        place: Place<'_>,
        names: &[&str],
        query: &[(&str, String)],
    ) -> Result<Listed<T>, Error>
    where
        O: Operation<Body = (), Reply = Json<Vec<T>>>,
    {
        let mut items = Vec::new();
        let mut seen = HashSet::new();
        let mut query = query.to_vec();
        let asked = query.len();
        loop {
            let reply = self.call::<O>(Call { names, query: &query, ..Call::new(place, &()) }).await?;
            items.extend(reply.body.0);
            let Some(page) = reply.next_page else { return Ok(Listed { items, site: reply.site }) };
            if !seen.insert(page.clone()) || seen.len() >= MOST_PAGES {
                let what = "its pages do not come to an end".to_owned();
                return Err(Error::Unexpected { site: reply.site, what });
            }
            query.truncate(asked);
            query.push(("page", page));
        }
    }
}
