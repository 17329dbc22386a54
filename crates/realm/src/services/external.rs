//! External key managers and dedicated HSM clusters: there are none here.

use keyferry_wire::external::HsmClusterCollection;

use crate::call::{Call, Effect};
use crate::refusal::Refusal;

pub(super) fn endpoints(call: &Call<'_>) -> Result<Effect, Refusal> {
    call.check_compartment(call.required("compartmentId")?)?;
    Effect::json(&[(); 0])
}

pub(super) fn clusters(call: &Call<'_>) -> Result<Effect, Refusal> {
    call.check_compartment(call.required("compartmentId")?)?;
    Effect::json(&HsmClusterCollection::default())
}

#[cfg(test)]
mod tests {
    use http::Method;
    use serde_json::json;

    use crate::testing::{Client, iad, refused};

    #[test]
    fn the_lists_are_empty_and_everything_else_is_not_found() {
        let client = Client::new();
        let list =
            |path: &str| client.get(iad(), &format!("/20180608/{path}?compartmentId={}", client.tenancy()));
        assert_eq!(list("ekmsPrivateEndpoints"), json!([]));
        assert_eq!(list("hsmClusters"), json!({"items": []}));
        for (method, path) in [
            (Method::POST, "ekmsPrivateEndpoints"),
            (Method::GET, "ekmsPrivateEndpoints/x"),
            (Method::PUT, "ekmsPrivateEndpoints/x"),
            (Method::DELETE, "ekmsPrivateEndpoints/x"),
            (Method::POST, "hsmClusters"),
            (Method::GET, "hsmClusters/x"),
            (Method::GET, "hsmClusters/x/hsmPartitions"),
            (Method::POST, "hsmClusters/x/actions/scheduleDeletion"),
        ] {
            let answer = client.send(method, iad(), &format!("/20180608/{path}"), &[], b"");
            assert_eq!(refused(&answer), (404, "NotAuthorizedOrNotFound".to_owned()), "{path}");
        }
        let answer = client.send(Method::GET, iad(), "/20180608/hsmClusters", &[], b"");
        assert_eq!(refused(&answer).0, 400, "no compartment");
    }
}
