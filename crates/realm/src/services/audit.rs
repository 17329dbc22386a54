//! Audit: the calls that were made, from the request log.

use std::collections::BTreeMap;

use jiff::Timestamp;
use keyferry_seams::Seed;
use keyferry_wire::audit::{AuditEvent, Data, Identity, Request, Response};
use keyferry_wire::{OperationName, Plane, SPECS, Time};
use serde::Deserialize;

use super::identity::ROOT_NAME;
use super::users::USER_NAME;
use crate::call::{Call, Effect};
use crate::lists::{self, Listed};
use crate::log::{LogLine, Touched};
use crate::mint;
use crate::query;
use crate::refusal::Refusal;

/// What answers and requests say about the thing they are about.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Mentioned {
    id: Option<String>,
    compartment_id: Option<String>,
    display_name: Option<String>,
    name: Option<String>,
    secret_name: Option<String>,
    key_id: Option<String>,
    secret_id: Option<String>,
}

impl Mentioned {
    /// Contents of objects say nothing about the call, whatever they look like.
    fn in_json(bytes: &[u8]) -> Self {
        if bytes.first() == Some(&b'{') {
            serde_json::from_slice(bytes).unwrap_or_default()
        } else {
            Self::default()
        }
    }
}

fn plane(operation: OperationName) -> Option<Plane> {
    SPECS.iter().find(|spec| spec.name == operation).map(|spec| spec.plane)
}

/// What a call was about: by its answer, by its path, or by the compartment it named.
pub(crate) fn touched(call: &Call<'_>, effect: Option<&Effect>) -> Touched {
    let plane = plane(call.operation);
    if plane == Some(Plane::Objects) {
        return touched_in_storage(call, effect);
    }
    // What cryptography gives back names nothing new, and is long.
    let effect = effect.filter(|_| plane != Some(Plane::Crypto));
    let answer = effect.map(|effect| Mentioned::in_json(&effect.body)).unwrap_or_default();
    let request = Mentioned::in_json(call.body);
    let name = answer.display_name.or(answer.secret_name).or(answer.name);
    let id = answer.id.or(answer.secret_id).or_else(|| call.names.first().cloned()).or(request.key_id);
    let place = id.as_deref().and_then(|id| place_of(call, id));
    let (known_compartment, known_name) = place.unzip();
    let asked = call.parameter("compartmentId").map(str::to_owned);
    Touched {
        compartment_id: answer.compartment_id.or(known_compartment).or(asked).or(request.compartment_id),
        resource_id: id,
        resource_name: name.or(known_name),
    }
}

fn touched_in_storage(call: &Call<'_>, effect: Option<&Effect>) -> Touched {
    if call.operation == OperationName::CreateBucket {
        let made = Mentioned::in_json(effect.map_or(call.body, |effect| &effect.body));
        let Mentioned { id, compartment_id, name, .. } = made;
        return Touched { compartment_id, resource_id: id, resource_name: name };
    }
    let asked = call.parameter("compartmentId").map(str::to_owned);
    let bucket = call.names.get(1).and_then(|name| call.world.bucket(call.region, name));
    Touched {
        compartment_id: bucket.map(|bucket| bucket.compartment_id.clone()).or(asked),
        resource_id: bucket.map(|bucket| bucket.id.clone()),
        resource_name: call.names.get(2).or(call.names.get(1)).cloned(),
    }
}

/// Compartment and name of something that is there.
fn place_of(call: &Call<'_>, id: &str) -> Option<(String, String)> {
    let world = call.world;
    let vault = || world.vaults.get(id).map(|v| (&v.compartment_id, &v.display_name));
    let key = || world.keys.get(id).map(|k| (&k.compartment_id, &k.display_name));
    let secret = || world.secrets.get(id).map(|s| (&s.compartment_id, &s.name));
    let compartment = || world.compartments.get(id).map(|c| (&c.compartment_id, &c.name));
    let namespace = || world.tag_namespaces.get(id).map(|n| (&n.compartment_id, &n.name));
    let found = vault().or_else(key).or_else(secret).or_else(compartment).or_else(namespace);
    found.map(|(compartment, name)| (compartment.clone(), name.clone()))
}

/// The service as events name it; none if its calls are not on record here.
fn source(plane: Plane) -> Option<&'static str> {
    match plane {
        Plane::Vault | Plane::Management | Plane::Crypto => Some("KeyManagementService"),
        Plane::Objects => Some("ObjectStorage"),
        Plane::Identity => Some("IdentityControlPlane"),
        Plane::Secrets => Some("VaultSecretManagement"),
        Plane::SecretRetrieval => Some("VaultSecretRetrieval"),
        Plane::WorkRequests | Plane::Limits | Plane::Audit => None,
    }
}

/// A line of the log that is an event.
struct Event<'a> {
    id: String,
    line: &'a LogLine,
    operation: OperationName,
    source: &'static str,
}

impl<'a> Event<'a> {
    fn of(line: &'a LogLine) -> Option<Self> {
        let operation = line.operation?;
        line.principal.as_ref()?;
        let source = source(plane(operation)?)?;
        Some(Self { id: mint::uuid(&Seed::from_number(line.seq)), line, operation, source })
    }
}

impl Listed for Event<'_> {
    fn id(&self) -> &str {
        &self.id
    }
    fn name(&self) -> &str {
        self.operation.as_str()
    }
    fn time_created(&self) -> Timestamp {
        self.line.time
    }
}

/// The calls that were made in one compartment of the region, oldest first. What is about no compartment
/// counts as the root's.
pub(super) fn list(call: &Call<'_>) -> Result<Effect, Refusal> {
    let compartment = call.required("compartmentId")?;
    call.check_compartment(compartment)?;
    let time = |name: &str| -> Result<Timestamp, Refusal> {
        let text = call.required(name)?;
        text.parse().map_err(|_| Refusal::invalid(format!("{name} is not a time of RFC 3339.")))
    };
    let (start, end) = (time("startTime")?, time("endTime")?);
    if start > end {
        return Err(Refusal::invalid("startTime is after endTime."));
    }
    let tenancy = &call.account.identity.tenancy_id;
    let lines = call.log.iter().filter(|line| {
        line.region == call.region
            && (start..end).contains(&line.time)
            && line.touched.compartment_id.as_ref().unwrap_or(tenancy) == compartment
    });
    let events: Vec<Event<'_>> = lines.filter_map(Event::of).collect();
    lists::page(call, &events, |event| view(call, compartment, event))
}

fn view(call: &Call<'_>, compartment: &str, event: &Event<'_>) -> AuditEvent {
    let Event { id, line, operation, source } = event;
    let compartment_name = match call.world.compartments.get(compartment) {
        Some(record) => record.name.clone(),
        None => ROOT_NAME.to_owned(),
    };
    let (path, query) = line.target.split_once('?').unwrap_or((&line.target, ""));
    let mut parameters: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in query::parse(query).unwrap_or_default() {
        parameters.entry(name).or_default().push(value);
    }
    let identity = &call.account.identity;
    let status = line.status.map_or_else(String::new, |status| status.to_string());
    let message = line.reason.clone().unwrap_or_else(|| format!("{operation} succeeded"));
    AuditEvent {
        event_type: format!("com.oraclecloud.{source}.{operation}"),
        cloud_events_version: "0.1".to_owned(),
        event_type_version: "2.0".to_owned(),
        source: (*source).to_owned(),
        event_id: id.clone(),
        event_time: Time(line.time),
        content_type: "application/json".to_owned(),
        data: Data {
            event_grouping_id: line.opc_request_id.clone(),
            event_name: operation.to_string(),
            compartment_id: compartment.to_owned(),
            compartment_name: Some(compartment_name),
            resource_name: line.touched.resource_name.clone(),
            resource_id: line.touched.resource_id.clone(),
            availability_domain: None,
            identity: Identity {
                principal_name: Some(USER_NAME.to_owned()),
                principal_id: Some(identity.user_id.clone()),
                auth_type: Some("natv".to_owned()),
                tenant_id: Some(identity.tenancy_id.clone()),
                ip_address: None,
                credentials: line.principal.clone(),
                user_agent: line.user_agent.clone(),
            },
            request: Request {
                id: line.opc_request_id.clone(),
                path: path.to_owned(),
                action: line.method.clone(),
                parameters,
                headers: BTreeMap::new(),
            },
            response: Response {
                status,
                response_time: Time(line.time),
                headers: BTreeMap::new(),
                payload: BTreeMap::new(),
                message: Some(message),
            },
        },
    }
}

#[cfg(test)]
mod tests;
