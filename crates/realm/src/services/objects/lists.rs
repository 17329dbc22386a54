//! Lists of objects and of their versions.

use std::collections::BTreeSet;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use keyferry_wire::objects::{ListObjects, ObjectSummary, ObjectVersionSummary, ObjectVersions};
use keyferry_wire::{Time, headers};

use super::NO_VERSION;
use crate::call::{Call, Effect, Moment};
use crate::lists;
use crate::records::ObjectRecord;
use crate::refusal::Refusal;
use crate::services::buckets;

const PAGE: usize = 1000;

/// What the query asks for.
struct Asked<'c> {
    prefix: &'c str,
    start: &'c str,
    after: &'c str,
    end: Option<&'c str>,
    is_cut: bool,
    fields: Vec<String>,
    limit: usize,
}

/// One page: what is shown, what lies in folders, and what comes next.
struct Page<'m> {
    shown: Vec<&'m ObjectRecord>,
    prefixes: Option<Vec<String>>,
    next: Option<&'m ObjectRecord>,
}

impl<'c> Asked<'c> {
    fn of(call: &'c Call<'_>) -> Result<Self, Refusal> {
        let text = |name: &str| call.parameter(name).unwrap_or_default();
        let is_cut = match call.parameter("delimiter") {
            None => false,
            Some("/") => true,
            Some(_) => return Err(Refusal::invalid("The delimiter can only be '/'.")),
        };
        let fields = call.parameter("fields").unwrap_or("name");
        Ok(Self {
            prefix: text("prefix"),
            start: text("start"),
            after: text("startAfter"),
            end: call.parameter("end"),
            is_cut,
            fields: fields.split(',').map(str::to_ascii_lowercase).collect(),
            limit: lists::limit(call, PAGE)?,
        })
    }

    /// The first name that can be on the page.
    fn from(&self) -> &'c str {
        [self.prefix, self.start, self.after].into_iter().max().unwrap_or_default()
    }

    /// Cuts a page out of objects that are sorted by name.
    fn page<'m>(&self, objects: impl Iterator<Item = &'m ObjectRecord>) -> Page<'m> {
        let (mut shown, mut prefixes, mut next) = (Vec::new(), BTreeSet::new(), None);
        let found = objects
            .take_while(|o| o.name.starts_with(self.prefix) && self.end.is_none_or(|end| *o.name < *end))
            .filter(|o| self.after.is_empty() || *o.name > *self.after);
        for object in found {
            let folder = object.name[self.prefix.len()..].find('/').filter(|_| self.is_cut);
            let folder = folder.map(|at| object.name[..=self.prefix.len() + at].to_owned());
            if folder.as_ref().is_some_and(|folder| prefixes.contains(folder)) {
                continue;
            }
            if shown.len() + prefixes.len() == self.limit {
                next = Some(object);
                break;
            }
            match folder {
                Some(folder) => drop(prefixes.insert(folder)),
                None => shown.push(object),
            }
        }
        let prefixes = self.is_cut.then(|| prefixes.into_iter().collect());
        Page { shown, prefixes, next }
    }

    fn summary(&self, object: &ObjectRecord) -> ObjectSummary {
        // A delete marker has a name and a time, and nothing else.
        let asked = |name: &str| self.fields.iter().any(|field| field == name);
        let has = |name: &str| asked(name) && !object.is_delete_marker;
        ObjectSummary {
            name: object.name.clone(),
            size: has("size").then(|| object.size()),
            etag: has("etag").then(|| object.etag.clone()),
            md5: has("md5").then(|| object.content.md5.clone()),
            time_created: asked("timecreated").then_some(Time(object.time_created)),
            time_modified: asked("timemodified").then_some(Time(object.time_modified)),
            storage_tier: has("storagetier").then(|| object.content.attributes.storage_tier.clone()),
            archival_state: None,
        }
    }
}

/// The objects of a bucket from a name on, in the order of their names' bytes.
fn in_bucket<'m>(
    moment: &'m Moment<'_>,
    bucket: &'m str,
    from: &str,
) -> impl Iterator<Item = &'m ObjectRecord> {
    let first = (moment.region, bucket.to_owned(), from.to_owned());
    let rest = moment.world.objects.range(first..).map(|(_, object)| object);
    rest.take_while(move |object| object.region == moment.region && object.bucket == bucket)
}

/// Pages go on at `nextStartWith`, not with a header.
pub(in crate::services) fn list(call: &Call<'_>) -> Result<Effect, Refusal> {
    let bucket = buckets::named(call)?;
    let asked = Asked::of(call)?;
    let page = asked.page(in_bucket(call, &bucket.name, asked.from()));
    Effect::json(&ListObjects {
        objects: page.shown.into_iter().map(|object| asked.summary(object)).collect(),
        prefixes: page.prefixes,
        next_start_with: page.next.map(|object| object.name.clone()),
    })
}

/// Here pages do go on with a header. It names the next version; should that be gone, its object.
pub(in crate::services) fn versions(call: &Call<'_>) -> Result<Effect, Refusal> {
    let bucket = buckets::named(call)?;
    let mut asked = Asked::of(call)?;
    let token = call.parameter("page").map(|token| read_token(token).ok_or_else(unknown_page)).transpose()?;
    if let Some((name, _)) = &token {
        asked.start = name;
    }
    let mut all = call.world.object_versions(call.region, &bucket.name, asked.from());
    if let Some((name, id)) = &token {
        let place = all.iter().position(|object| object.name == *name && shown_id(object) == id);
        all.drain(..place.unwrap_or(0));
    }
    let page = asked.page(all.into_iter());
    let items = page.shown.into_iter().map(|object| ObjectVersionSummary {
        object: ObjectSummary { time_modified: Some(Time(object.time_modified)), ..asked.summary(object) },
        version_id: shown_id(object).to_owned(),
        is_delete_marker: object.is_delete_marker,
    });
    let effect = Effect::json(&ObjectVersions { items: items.collect(), prefixes: page.prefixes })?;
    Ok(match page.next {
        Some(next) => {
            let token = BASE64_URL_SAFE_NO_PAD.encode(format!("{} {}", shown_id(next), next.name));
            effect.header(headers::OPC_NEXT_PAGE, token)
        }
        None => effect,
    })
}

fn shown_id(object: &ObjectRecord) -> &str {
    object.version_id.as_deref().unwrap_or(NO_VERSION)
}

/// Name and version.
fn read_token(token: &str) -> Option<(String, String)> {
    let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let (id, name) = text.split_once(' ')?;
    Some((name.to_owned(), id.to_owned()))
}

fn unknown_page() -> Refusal {
    Refusal::invalid("The page is not known.")
}
