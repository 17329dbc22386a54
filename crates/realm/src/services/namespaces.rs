//! Object Storage: the tenancy's namespace, which is the same in all regions, and what is said about it.

use keyferry_wire::objects::{NamespaceMetadata, UpdateNamespaceMetadataDetails};

use super::buckets::check_namespace;
use crate::call::{Call, Effect, Moment};
use crate::records::NamespaceRecord;
use crate::refusal::Refusal;

pub(super) fn namespace(call: &Call<'_>) -> Result<Effect, Refusal> {
    Effect::json(&call.account.identity.namespace)
}

/// Buckets of other protocols go to the root compartment, unless told otherwise.
fn current(moment: &Moment<'_>) -> NamespaceRecord {
    let root = &moment.account.identity.tenancy_id;
    moment.world.namespaces.get(&moment.region).cloned().unwrap_or_else(|| NamespaceRecord {
        region: moment.region,
        s3_compartment_id: root.clone(),
        swift_compartment_id: root.clone(),
    })
}

fn view(call: &Call<'_>, record: &NamespaceRecord) -> NamespaceMetadata {
    NamespaceMetadata {
        namespace: call.name(0).to_owned(),
        default_s3_compartment_id: record.s3_compartment_id.clone(),
        default_swift_compartment_id: record.swift_compartment_id.clone(),
    }
}

pub(super) fn metadata(call: &Call<'_>) -> Result<Effect, Refusal> {
    check_namespace(call, call.name(0))?;
    Effect::json(&view(call, &current(call)))
}

pub(super) fn update_metadata(call: &Call<'_>) -> Result<Effect, Refusal> {
    check_namespace(call, call.name(0))?;
    let details: UpdateNamespaceMetadataDetails = call.json()?;
    let mut record = current(call);
    if let Some(id) = details.default_s3_compartment_id {
        call.check_compartment(&id)?;
        record.s3_compartment_id = id;
    }
    if let Some(id) = details.default_swift_compartment_id {
        call.check_compartment(&id)?;
        record.swift_compartment_id = id;
    }
    Ok(Effect::json(&view(call, &record))?.change(record))
}
