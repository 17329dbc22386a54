//! Identity: tag namespaces and tags, and what may be set on resources.

use jiff::Timestamp;
use keyferry_wire::identity::{
    CreateTagDetails, CreateTagNamespaceDetails, DefinedTags, Tag, TagNamespace, TagState, TagSummary,
    TagValidator, UpdateTagDetails, UpdateTagNamespaceDetails,
};
use keyferry_wire::{Time, code};

use super::identity::check_home;
use crate::call::{Call, Effect, Moment};
use crate::lists::{self, Listed};
use crate::mint;
use crate::records::{TagNamespaceRecord, TagRecord};
use crate::refusal::{Refusal, shortened};
use crate::world::World;

const LONGEST_NAME: usize = 100;

/// Refuses defined tags that do not exist, are retired, or do not take the value. What was set before may
/// stay, whatever has become of its tag.
pub(crate) fn check(
    moment: &Moment<'_>,
    wanted: Option<&DefinedTags>,
    before: Option<&DefinedTags>,
) -> Result<(), Refusal> {
    let mut missing = Vec::new();
    for (namespace, tags) in wanted.into_iter().flatten() {
        let before = before.and_then(|before| before.get(namespace));
        for (name, value) in tags {
            if before.and_then(|before| before.get(name)) == Some(value) {
                continue;
            }
            let Some(space) = active_namespace(moment.world, namespace) else {
                missing.push(shortened(namespace));
                break;
            };
            let Some(tag) = active_tag(moment.world, &space.id, name) else {
                missing.push(shortened(&format!("{namespace}.{name}")));
                continue;
            };
            check_value(tag, value)?;
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let message = format!(
        "The following tag namespaces / keys are not authorized or not found: '{}'",
        missing.join("', '")
    );
    Err(Refusal::new(400, code::RELATED_RESOURCE_NOT_AUTHORIZED_OR_NOT_FOUND, message))
}

/// Names of namespaces and tags are the same in upper and lower case.
fn active_namespace<'w>(world: &'w World, name: &str) -> Option<&'w TagNamespaceRecord> {
    world.tag_namespaces.values().find(|n| n.name.eq_ignore_ascii_case(name) && !n.is_retired)
}

fn active_tag<'w>(world: &'w World, namespace_id: &str, name: &str) -> Option<&'w TagRecord> {
    tag_in(world, namespace_id, name).filter(|tag| !tag.is_retired)
}

fn tag_in<'w>(world: &'w World, namespace_id: &str, name: &str) -> Option<&'w TagRecord> {
    world.tags.values().find(|tag| tag.namespace_id == namespace_id && tag.name.eq_ignore_ascii_case(name))
}

fn check_value(tag: &TagRecord, value: &serde_json::Value) -> Result<(), Refusal> {
    let allowed = tag.validator.as_ref().and_then(|validator| validator.values.as_ref());
    let fits = allowed.is_none_or(|allowed| allowed.iter().any(|one| value.as_str() == Some(one)));
    if fits {
        return Ok(());
    }
    Err(Refusal::invalid(format!("The tag {} does not take this value.", tag.name)))
}

fn check_validator(validator: Option<TagValidator>) -> Result<Option<TagValidator>, Refusal> {
    match validator {
        None => Ok(None),
        Some(v) if v.validator_type == "DEFAULT" => Ok(None),
        Some(v) if v.validator_type == "ENUM" && v.values.as_ref().is_some_and(|list| !list.is_empty()) => {
            Ok(Some(v))
        }
        Some(_) => Err(Refusal::invalid("A validator is DEFAULT, or ENUM with values.")),
    }
}

/// Names have no spaces and no periods: a period separates namespace and tag.
fn check_name(name: &str) -> Result<(), Refusal> {
    let plain = |c: char| c.is_ascii_graphic() && c != '.';
    if (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(plain) {
        return Ok(());
    }
    Err(Refusal::invalid(format!("name has 1 to {LONGEST_NAME} characters, no spaces and no periods.")))
}

fn state(is_retired: bool) -> TagState {
    if is_retired { TagState::Inactive } else { TagState::Active }
}

impl Listed for TagNamespaceRecord {
    fn id(&self) -> &str {
        &self.id
    }
    fn name(&self) -> &str {
        &self.name
    }
    fn time_created(&self) -> Timestamp {
        self.time_created
    }
}

fn namespace_view(record: &TagNamespaceRecord) -> TagNamespace {
    TagNamespace {
        id: record.id.clone(),
        compartment_id: record.compartment_id.clone(),
        name: record.name.clone(),
        description: record.description.clone(),
        freeform_tags: Some(record.freeform_tags.clone()),
        defined_tags: Some(record.defined_tags.clone()),
        is_retired: record.is_retired,
        lifecycle_state: Some(state(record.is_retired)),
        time_created: Time(record.time_created),
    }
}

/// The namespace that the path names.
fn named<'c>(call: &'c Call<'_>) -> Result<&'c TagNamespaceRecord, Refusal> {
    call.world.tag_namespaces.get(call.name(0)).ok_or_else(Refusal::absent)
}

pub(super) fn namespaces(call: &Call<'_>) -> Result<Effect, Refusal> {
    let compartment = call.required("compartmentId")?;
    call.check_compartment(compartment)?;
    let below = call.parameter("includeSubcompartments") == Some("true");
    let asked = |value: &str| call.parameter("lifecycleState").is_none_or(|wanted| wanted == value);
    let is_below = |id: &str| {
        let mut at = Some(id);
        while let Some(id) = at {
            if id == compartment {
                return true;
            }
            at = call.world.compartments.get(id).map(|c| c.compartment_id.as_str());
        }
        false
    };
    let found = call.world.tag_namespaces.values().filter(|n| {
        let here = n.compartment_id == compartment || (below && is_below(&n.compartment_id));
        here && asked(state(n.is_retired).as_str())
    });
    let found: Vec<TagNamespaceRecord> = found.cloned().collect();
    lists::page(call, &found, namespace_view)
}

pub(super) fn namespace(call: &Call<'_>) -> Result<Effect, Refusal> {
    let record = named(call)?;
    Ok(Effect::json(&namespace_view(record))?.etag(&record.etag))
}

fn namespace_changed(record: TagNamespaceRecord) -> Result<Effect, Refusal> {
    Ok(Effect::json(&namespace_view(&record))?.etag(&record.etag).change(record))
}

pub(super) fn create_namespace(call: &Call<'_>) -> Result<Effect, Refusal> {
    check_home(call)?;
    let details: CreateTagNamespaceDetails = call.json()?;
    call.check_compartment(&details.compartment_id)?;
    check_name(&details.name)?;
    check(call, details.defined_tags.as_ref(), None)?;
    let is_taken = call.world.tag_namespaces.values().any(|n| n.name.eq_ignore_ascii_case(&details.name));
    if is_taken {
        let message = format!("The tag namespace '{}' already exists.", shortened(&details.name));
        return Err(Refusal::conflict(message));
    }
    namespace_changed(TagNamespaceRecord {
        id: mint::ocid("tagnamespace", &call.region.realm(), None, &[], &call.seed),
        compartment_id: details.compartment_id,
        name: details.name,
        description: details.description,
        freeform_tags: details.freeform_tags.unwrap_or_default(),
        defined_tags: details.defined_tags.unwrap_or_default(),
        is_retired: false,
        time_created: call.now,
        etag: mint::etag(&call.seed),
    })
}

/// Retiring a namespace retires what is in it, without a mark on the single tags.
pub(super) fn update_namespace(call: &Call<'_>) -> Result<Effect, Refusal> {
    check_home(call)?;
    let before = named(call)?.clone();
    call.check_if_match(&before.etag)?;
    let details: UpdateTagNamespaceDetails = call.json()?;
    check(call, details.defined_tags.as_ref(), Some(&before.defined_tags))?;
    namespace_changed(TagNamespaceRecord {
        description: details.description.unwrap_or(before.description),
        freeform_tags: details.freeform_tags.unwrap_or(before.freeform_tags),
        defined_tags: details.defined_tags.unwrap_or(before.defined_tags),
        is_retired: details.is_retired.unwrap_or(before.is_retired),
        etag: mint::etag(&call.seed),
        ..before
    })
}

impl Listed for TagRecord {
    fn id(&self) -> &str {
        &self.id
    }
    fn name(&self) -> &str {
        &self.name
    }
    fn time_created(&self) -> Timestamp {
        self.time_created
    }
}

fn tag_summary(namespace: &TagNamespaceRecord, tag: &TagRecord) -> TagSummary {
    TagSummary {
        compartment_id: namespace.compartment_id.clone(),
        id: tag.id.clone(),
        name: tag.name.clone(),
        description: tag.description.clone(),
        freeform_tags: Some(tag.freeform_tags.clone()),
        defined_tags: Some(tag.defined_tags.clone()),
        is_retired: tag.is_retired,
        lifecycle_state: Some(state(tag.is_retired)),
        time_created: Time(tag.time_created),
        is_cost_tracking: tag.is_cost_tracking,
    }
}

fn tag_view(namespace: &TagNamespaceRecord, tag: &TagRecord) -> Tag {
    Tag {
        summary: tag_summary(namespace, tag),
        tag_namespace_id: namespace.id.clone(),
        tag_namespace_name: namespace.name.clone(),
        validator: tag.validator.clone(),
    }
}

fn tag_changed(namespace: &TagNamespaceRecord, tag: TagRecord) -> Result<Effect, Refusal> {
    Ok(Effect::json(&tag_view(namespace, &tag))?.etag(&tag.etag).change(tag))
}

pub(super) fn list(call: &Call<'_>) -> Result<Effect, Refusal> {
    let namespace = named(call)?;
    let asked = |value: &str| call.parameter("lifecycleState").is_none_or(|wanted| wanted == value);
    let tags = call.world.tags.values();
    let tags = tags.filter(|t| t.namespace_id == namespace.id && asked(state(t.is_retired).as_str()));
    let tags: Vec<TagRecord> = tags.cloned().collect();
    lists::page(call, &tags, |tag| tag_summary(namespace, tag))
}

pub(super) fn tag(call: &Call<'_>) -> Result<Effect, Refusal> {
    let namespace = named(call)?;
    let tag = tag_in(call.world, &namespace.id, call.name(1)).ok_or_else(Refusal::absent)?;
    Ok(Effect::json(&tag_view(namespace, tag))?.etag(&tag.etag))
}

pub(super) fn create(call: &Call<'_>) -> Result<Effect, Refusal> {
    check_home(call)?;
    let namespace = named(call)?;
    if namespace.is_retired {
        return Err(Refusal::conflict("The tag namespace is retired."));
    }
    let details: CreateTagDetails = call.json()?;
    check_name(&details.name)?;
    check(call, details.defined_tags.as_ref(), None)?;
    if tag_in(call.world, &namespace.id, &details.name).is_some() {
        let message = format!("The tag '{}' already exists.", shortened(&details.name));
        return Err(Refusal::conflict(message));
    }
    tag_changed(
        namespace,
        TagRecord {
            id: mint::ocid("tagdefinition", &call.region.realm(), None, &[], &call.seed),
            namespace_id: namespace.id.clone(),
            name: details.name,
            description: details.description,
            freeform_tags: details.freeform_tags.unwrap_or_default(),
            defined_tags: details.defined_tags.unwrap_or_default(),
            is_cost_tracking: details.is_cost_tracking.unwrap_or(false),
            validator: check_validator(details.validator)?,
            is_retired: false,
            time_created: call.now,
            etag: mint::etag(&call.seed),
        },
    )
}

pub(super) fn update(call: &Call<'_>) -> Result<Effect, Refusal> {
    check_home(call)?;
    let namespace = named(call)?;
    let before = tag_in(call.world, &namespace.id, call.name(1)).ok_or_else(Refusal::absent)?.clone();
    call.check_if_match(&before.etag)?;
    let details: UpdateTagDetails = call.json()?;
    check(call, details.defined_tags.as_ref(), Some(&before.defined_tags))?;
    let validator = match details.validator {
        None => before.validator,
        given => check_validator(given)?,
    };
    tag_changed(
        namespace,
        TagRecord {
            description: details.description.unwrap_or(before.description),
            freeform_tags: details.freeform_tags.unwrap_or(before.freeform_tags),
            defined_tags: details.defined_tags.unwrap_or(before.defined_tags),
            is_cost_tracking: details.is_cost_tracking.unwrap_or(before.is_cost_tracking),
            validator,
            is_retired: details.is_retired.unwrap_or(before.is_retired),
            etag: mint::etag(&call.seed),
            ..before
        },
    )
}

#[cfg(test)]
mod tests;
