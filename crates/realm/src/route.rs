//! From a raw path to an operation.

use http::Method;
use keyferry_wire::{Plane, SPECS, Spec, code, matches};

use crate::refusal::Refusal;

/// The operation that a request asks for.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) spec: &'static Spec,
    pub(crate) names: Vec<String>,
    /// At a vault's own endpoint, that vault's extension.
    pub(crate) vault_ext: Option<String>,
}

/// A vault's own endpoint is `/vaults/{ext}/management` or `/vaults/{ext}/crypto`; everything else is regional.
fn endpoint_of(path: &str) -> (Option<(&str, Plane)>, &str) {
    let own = path.trim_start_matches('/').strip_prefix("vaults/").and_then(|rest| {
        let (ext, rest) = rest.split_once('/')?;
        let (plane, rest) = rest.split_once('/')?;
        match plane {
            "management" => Some(((ext, Plane::Management), rest)),
            "crypto" => Some(((ext, Plane::Crypto), rest)),
            _ => None,
        }
    });
    match own {
        Some((own, rest)) => (Some(own), rest),
        None => (None, path),
    }
}

/// External key managers and dedicated HSM clusters are listed, and none is ever found or made.
fn is_never_there(path: &str) -> bool {
    let rest = path.trim_start_matches('/').strip_prefix("20180608/").unwrap_or_default();
    let word = rest.split('/').next().unwrap_or_default();
    matches!(word, "ekmsPrivateEndpoints" | "hsmClusters")
}

/// Finds the operation. Planes are kept apart as strictly as OCI does: a key operation at the regional
/// endpoint is "not found". A port that belongs to a vault (`port_of`) serves both of its planes.
pub(crate) fn find(method: &Method, path: &str, port_of: Option<&str>) -> Result<Route, Refusal> {
    let (own, rest) = match port_of {
        Some(ext) => (Some((ext, None)), path),
        None => {
            let (own, rest) = endpoint_of(path);
            (own.map(|(ext, plane)| (ext, Some(plane))), rest)
        }
    };
    let is_here = |plane: Plane| match own {
        Some((_, Some(own))) => plane == own,
        Some((_, None)) => matches!(plane, Plane::Management | Plane::Crypto),
        None => !matches!(plane, Plane::Management | Plane::Crypto),
    };
    let route = |spec, names| Route { spec, names, vault_ext: own.map(|(ext, _)| ext.to_owned()) };
    let mut served = SPECS.iter().filter(|spec| spec.method == *method && is_here(spec.plane));
    if let Some((spec, names)) = served.find_map(|spec| Some((spec, matches(spec.path, rest)?))) {
        return Ok(route(spec, names));
    }
    // Nothing fits; what is it that does not?
    let candidates: Vec<_> = SPECS.iter().filter(|spec| matches(spec.path, rest).is_some()).collect();
    let is_there = candidates.iter().any(|spec| spec.method == *method);
    if !is_there && is_never_there(rest) {
        return Err(Refusal::absent());
    }
    if candidates.is_empty() {
        return Err(Refusal::new(404, code::NOT_FOUND, "There is no such operation."));
    }
    if candidates.iter().any(|spec| is_here(spec.plane)) {
        return Err(Refusal::new(405, code::METHOD_NOT_ALLOWED, "The method is not allowed here."));
    }
    Err(Refusal::absent())
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyferry_wire::OperationName;

    fn refused(method: Method, path: &str) -> u16 {
        find(&method, path, None).expect_err("refused").status.as_u16()
    }

    #[test]
    fn every_operation_is_found_by_its_own_path() {
        for spec in SPECS {
            let prefix = match spec.plane {
                Plane::Management => "/vaults/ext/management",
                Plane::Crypto => "/vaults/ext/crypto",
                _ => "",
            };
            let path = spec.path.replace(['{', '}'], "x");
            let route = find(&spec.method, &format!("{prefix}{path}"), None).expect("found");
            assert_eq!(route.spec.name, spec.name);
            assert_eq!(route.vault_ext.is_some(), !prefix.is_empty());
        }
    }

    #[test]
    fn planes_are_kept_apart() {
        assert_eq!(refused(Method::GET, "/20180608/keys"), 404);
        assert_eq!(refused(Method::POST, "/20180608/encrypt"), 404);
        assert_eq!(refused(Method::POST, "/vaults/ext/management/20180608/encrypt"), 404);
        assert_eq!(refused(Method::GET, "/vaults/ext/crypto/20180608/keys"), 404);
        assert_eq!(refused(Method::GET, "/vaults/ext/management/20180608/vaults"), 404);
    }

    #[test]
    fn a_vaults_own_port_serves_both_its_planes_and_no_other() {
        let at = |path: &str| find(&Method::POST, path, Some("ext"));
        for path in ["/20180608/keys", "/20180608/encrypt"] {
            assert_eq!(at(path).expect("found").vault_ext.as_deref(), Some("ext"));
        }
        assert_eq!(at("/20180608/vaults").expect_err("refused").status, 404);
        assert_eq!(at("/vaults/other/management/20180608/keys").expect_err("refused").status, 404);
    }

    #[test]
    fn a_wrong_method_and_an_unknown_path_are_told_apart() {
        assert_eq!(find(&Method::GET, "/20180608/nothing", None).expect_err("refused").code, code::NOT_FOUND);
        assert_eq!(refused(Method::PATCH, "/20180608/vaults"), 405);
    }

    #[test]
    fn double_slashes_of_an_endpoint_with_a_slash_at_the_end_are_tolerated() {
        for path in ["//20180608/keys/k", "/20180608/keys/k/"] {
            let route = find(&Method::GET, &format!("/vaults/ext/management{path}"), None).expect("found");
            assert_eq!(route.spec.name, OperationName::GetKey);
        }
        assert_eq!(
            find(&Method::GET, "//20180608/vaults", None).expect("found").spec.name,
            OperationName::ListVaults
        );
    }
}
