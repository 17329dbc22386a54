//! Object Storage: what strangers do through a pre-authenticated request. Nothing is signed, the URL is the
//! secret.

use std::fmt;

use bytes::Bytes;
use http::Request;
use keyferry_wire::{OperationName, SPECS, matches};

use super::buckets;
use super::pars::{Wish, digest_of};
use crate::call::Moment;
use crate::query;
use crate::refusal::Refusal;
use crate::route::Route;

const OBJECT: &str = "/p/{token}/n/{namespaceName}/b/{bucketName}/o/{objectName}";
const BUCKET: &str = "/p/{token}/n/{namespaceName}/b/{bucketName}/o";
const OPC_MULTIPART: &str = "opc-multipart";

/// Where the path of a pre-authenticated request leads.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(super) token: String,
    pub(super) namespace: String,
    pub(super) bucket: String,
    /// Empty for the bucket itself.
    pub(super) object: String,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("bucket", &self.bucket).finish_non_exhaustive()
    }
}

/// Reads a path; none if it is no pre-authenticated request's.
pub(crate) fn target(path: &str) -> Option<Target> {
    let mut names = matches(OBJECT, path).or_else(|| matches(BUCKET, path))?.into_iter();
    let (token, namespace, bucket) = (names.next()?, names.next()?, names.next()?);
    Some(Target { token, namespace, bucket, object: names.next().unwrap_or_default() })
}

/// The operation that a request amounts to, and its query. Whatever is wrong with the request, it is refused
/// in the same words, so that nobody learns what else there is.
pub(crate) fn route(
    moment: &Moment<'_>,
    request: &Request<Bytes>,
    target: Target,
) -> Result<(Route, Vec<(String, String)>), Refusal> {
    use OperationName as Op;
    let Target { token, namespace, bucket, object } = target;
    let refusal = || buckets::absent(&namespace, &bucket);
    let par = moment.world.pars.get(&(moment.region, digest_of(&token))).ok_or_else(refusal)?;
    let (operation, wish) = match (request.method().as_str(), object.is_empty()) {
        ("PUT", false) => (Op::PutObject, Wish::Write),
        ("GET", false) => (Op::GetObject, Wish::Read),
        ("HEAD", false) => (Op::HeadObject, Wish::Read),
        ("GET", true) => (Op::ListObjects, Wish::List),
        _ => return Err(refusal()),
    };
    let mut query = query::parse(request.uri().query().unwrap_or_default()).ok_or_else(refusal)?;
    let is_list = wish == Wish::List;
    let wanted = if is_list { only_prefix(&mut query, par.object_name.as_deref()) } else { object.clone() };
    let is_here = namespace == moment.account.identity.namespace;
    if !is_here || !par.permits(moment.now, wish, &bucket, &wanted) {
        return Err(refusal());
    }
    if wish == Wish::Write && request.headers().contains_key(OPC_MULTIPART) {
        return Err(Refusal::invalid("A pre-authenticated request takes objects in one piece only."));
    }
    let spec = SPECS.iter().find(|spec| spec.name == operation).ok_or_else(refusal)?;
    let mut names = vec![namespace, bucket];
    names.extend(Some(object).filter(|_| !is_list));
    Ok((Route { spec, names, vault_ext: None }, query))
}

/// Leaves one prefix in the query, the given one or else that of the pre-authenticated request.
fn only_prefix(query: &mut Vec<(String, String)>, named: Option<&str>) -> String {
    let given = query.iter().find(|(name, value)| name == "prefix" && !value.is_empty());
    let prefix = given.map_or(named.unwrap_or_default(), |(_, value)| value).to_owned();
    query.retain(|(name, _)| name != "prefix");
    query.push(("prefix".to_owned(), prefix.clone()));
    prefix
}
