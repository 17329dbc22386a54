//! Where requests go: Oracle's host of a plane and region, a configured endpoint, or a vault's own endpoint;
//! never a host outside the realm.

use std::collections::BTreeMap;

use keyferry_ids::{RealmName, Region, regions};
use keyferry_wire::Plane;
use url::{Host, Url};

use crate::error::NotSent;

/// The hosts that may be called.
#[derive(Debug, Clone)]
pub struct Endpoints {
    realm: RealmName,
    configured: BTreeMap<Region, Base>,
    is_closed: bool,
}

/// A checked base URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Base {
    /// `https://host[:port]`, as it is sent in `host` after the scheme.
    scheme: String,
    /// Host and, if it is not the scheme's own, port.
    authority: String,
    /// Path without a slash at the end: Oracle's own tools send `//` otherwise.
    prefix: String,
    is_loopback: bool,
    host: String,
}

/// An `--endpoint REGION=URL` that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// Not of the form.
    #[error("`{0}` is not of the form REGION=URL")]
    Form(String),
    /// The region is not known.
    #[error(transparent)]
    Region(#[from] keyferry_ids::RegionError),
    /// The URL breaks a rule.
    #[error("the endpoint `{url}` can't be used: {because}")]
    Url {
        /// The URL, cut and escaped, without a password that may be in it.
        url: String,
        /// The rule.
        because: &'static str,
    },
}

/// Why a vault's endpoint was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Foreign {
    pub(crate) host: String,
    pub(crate) because: &'static str,
}

impl Endpoints {
    /// Oracle's own hosts of that realm.
    pub fn of(realm: RealmName) -> Self {
        Self { realm, configured: BTreeMap::new(), is_closed: false }
    }

    /// The same with another endpoint for one region, for all planes. The URL may have a path.
    ///
    /// # Errors
    /// If the URL is not https (or http on loopback), or has a user, query or fragment.
    pub fn with(mut self, region: Region, url: &str) -> Result<Self, EndpointError> {
        let base =
            Base::parse(url).map_err(|because| EndpointError::Url { url: without_user(url), because })?;
        self.configured.insert(region, base);
        Ok(self)
    }

    /// The same with an endpoint written `REGION=URL`.
    ///
    /// # Errors
    /// As [`Endpoints::with`], and if the text has not that form.
    pub fn with_written(self, text: &str) -> Result<Self, EndpointError> {
        let (region, url) = text.split_once('=').ok_or_else(|| EndpointError::Form(without_user(text)))?;
        self.with(Region::parse(region.trim())?, url.trim())
    }

    /// The same without Oracle's hosts: only configured regions can be called. For the embedded realm, whose
    /// credentials mean nothing to Oracle.
    #[must_use]
    pub fn closed(mut self) -> Self {
        self.is_closed = true;
        self
    }

    /// The realm that all calls stay in.
    pub fn realm(&self) -> &RealmName {
        &self.realm
    }

    /// The endpoint of a regional plane.
    pub(crate) fn regional(&self, plane: Plane, region: Region) -> Result<Base, NotSent> {
        self.check(region)?;
        if let Some(base) = self.configured.get(&region) {
            return Ok(base.clone());
        }
        let host = plane.host(region).ok_or(NotSent::NoHost(plane))?;
        Ok(Base {
            scheme: "https".to_owned(),
            authority: host.clone(),
            prefix: String::new(),
            is_loopback: false,
            host,
        })
    }

    /// The region whose Object Storage answers at that address, also where each namespace has a host of its own.
    pub(crate) fn region_of_objects(&self, base: &Base, namespace: &str) -> Option<Region> {
        if let Some((region, _)) = self.configured.iter().find(|(_, configured)| *configured == base) {
            return Some(*region);
        }
        let is_host = |region: &Region| {
            let dedicated = || format!("{namespace}.objectstorage.{}.oci.customer-oci.com", region.name());
            region.realm() == self.realm
                && (Plane::Objects.host(*region).as_ref() == Some(&base.authority)
                    || (self.realm.as_str() == "oc1" && base.authority == dedicated()))
        };
        let is_oracles = !self.is_closed && base.scheme == "https" && base.prefix.is_empty();
        regions().find(is_host).filter(|_| is_oracles)
    }

    /// A vault's endpoint as the service named it, if it stays where it should.
    pub(crate) fn of_vault(&self, region: Region, url: &str) -> Result<Base, Foreign> {
        let foreign = |because| Foreign { host: without_user(url), because };
        let base = Base::parse(url).map_err(foreign)?;
        if let Some(configured) = self.configured.get(&region) {
            // A realm on this machine may give each vault a port of its own, but does not leave the machine.
            let same_host = configured.is_loopback && base.host == configured.host;
            if same_host || base.authority == configured.authority {
                return Ok(base);
            }
            if configured.is_loopback {
                return Err(foreign("the region's configured endpoint has another host"));
            }
        }
        let is_of_realm = base.scheme == "https"
            && base
                .authority
                .strip_suffix(region.domain())
                .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'));
        if is_of_realm && !self.is_closed {
            Ok(base)
        } else {
            Err(foreign("the host belongs neither to the realm nor to a configured endpoint"))
        }
    }

    /// Credentials are shown to their own realm only.
    pub(crate) fn check(&self, region: Region) -> Result<(), NotSent> {
        if self.is_closed && !self.configured.contains_key(&region) {
            return Err(NotSent::NotConfigured(region));
        }
        if !self.is_closed && region.realm() != self.realm {
            let (expected, found) = (self.realm.clone(), region.realm());
            return Err(NotSent::OtherRealm { region, expected, found });
        }
        Ok(())
    }
}

impl Base {
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text).map_err(|_| "it is no URL")?;
        let host = url.host().ok_or("it has no host")?;
        let is_loopback = match &host {
            Host::Domain(name) => *name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        match url.scheme() {
            "https" => {}
            "http" if is_loopback => {}
            _ => return Err("only https is allowed, or http on loopback"),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it names a user");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("it has a query or fragment");
        }
        let host = host.to_string();
        let authority = url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        let prefix = url.path().trim_end_matches('/').to_owned();
        Ok(Self { scheme: url.scheme().to_owned(), authority, prefix, is_loopback, host })
    }

    /// The value of `host`.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// The whole URI of a path and query.
    pub(crate) fn uri(&self, path: &str, query: &str) -> Result<http::Uri, http::Error> {
        let mark = if query.is_empty() { "" } else { "?" };
        Ok(format!("{}://{}{}{path}{mark}{query}", self.scheme, self.authority, self.prefix)
            .parse::<http::Uri>()?)
    }
}

/// Cut and escaped; nothing before an `@` is repeated.
fn without_user(text: &str) -> String {
    let text = text.rsplit('@').next().unwrap_or_default();
    text.chars().take(120).collect::<String>().escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ashburn() -> Region {
        Region::parse("iad").expect("known")
    }

    fn oracle() -> Endpoints {
        Endpoints::of(RealmName::new("oc1"))
    }

    #[test]
    fn oracle_hosts_follow_plane_and_region() {
        let base = oracle().regional(Plane::Identity, ashburn()).expect("same realm");
        assert_eq!(base.authority(), "identity.us-ashburn-1.oci.oraclecloud.com");
        let uri = base.uri("/20160918/regions", "a=b").expect("a URI");
        assert_eq!(uri.to_string(), "https://identity.us-ashburn-1.oci.oraclecloud.com/20160918/regions?a=b");
    }

    #[test]
    fn another_realms_region_is_not_called() {
        let government = Region::parse("us-gov-ashburn-1").expect("known");
        assert!(matches!(oracle().regional(Plane::Vault, government), Err(NotSent::OtherRealm { .. })));
    }

    #[test]
    fn a_configured_endpoint_serves_all_planes_and_keeps_its_path() {
        let endpoints = oracle().with_written("iad=http://127.0.0.1:7001/us-ashburn-1/").expect("loopback");
        for plane in [Plane::Vault, Plane::Objects, Plane::WorkRequests] {
            let base = endpoints.regional(plane, ashburn()).expect("configured");
            assert_eq!(base.authority(), "127.0.0.1:7001");
            assert_eq!(
                base.uri("/n", "").expect("a URI").to_string(),
                "http://127.0.0.1:7001/us-ashburn-1/n"
            );
        }
        let phoenix = Region::parse("phx").expect("known");
        assert_eq!(
            endpoints.regional(Plane::Vault, phoenix).expect("Oracle's").authority(),
            "kms.us-phoenix-1.oraclecloud.com"
        );
        assert!(matches!(
            endpoints.closed().regional(Plane::Vault, phoenix),
            Err(NotSent::NotConfigured(region)) if region == phoenix
        ));
    }

    #[test]
    fn endpoints_that_are_not_safe_are_refused_and_do_not_leak() {
        for bad in [
            "iad=http://example.com",
            "iad=ftp://127.0.0.1",
            "iad=https://user:hunter2@example.com",
            "iad=https://example.com/?a=b",
            "iad=https://example.com/#f",
            "iad=http://127.0.0.1.example.com",
            "iad=http://10.0.0.1",
            "iad=",
            "nowhere-1=https://example.com",
            "https://example.com",
        ] {
            let error = oracle().with_written(bad).expect_err(bad);
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_vaults_endpoint_must_stay_in_the_realm() {
        for good in [
            "https://bbpnctzaaacuk-management.kms.us-ashburn-1.oraclecloud.com",
            "https://x-crypto.kms.us-ashburn-1.oci.oraclecloud.com/",
        ] {
            assert!(oracle().of_vault(ashburn(), good).is_ok(), "{good}");
        }
        for evil in [
            "https://evil.example.com",
            "https://evil-oraclecloud.com",
            "https://x.oraclecloud.com.evil.example",
            "https://oraclecloud.com",
            "https://x.oraclecloud.com:8443",
            "https://x.oraclecloud.com@evil.example",
            "https://x.oraclecloud.com.",
            "http://x.oraclecloud.com",
            "https://evil.example/.oraclecloud.com",
            "https://evil.example?.oraclecloud.com",
            "https://evil.example#.oraclecloud.com",
            "https://evil.example\\.oraclecloud.com",
            "https://x.oraclegovcloud.com",
            "http://169.254.169.254",
            "http://127.0.0.1:7001",
            "//x.oraclecloud.com",
            "",
        ] {
            assert!(oracle().of_vault(ashburn(), evil).is_err(), "{evil}");
        }
    }

    #[test]
    fn a_vault_of_a_realm_on_this_machine_stays_on_this_machine() {
        let endpoints = oracle().with(ashburn(), "http://127.0.0.1:7001").expect("loopback");
        for good in ["http://127.0.0.1:7001/vaults/x", "http://127.0.0.1:7055"] {
            assert!(endpoints.of_vault(ashburn(), good).is_ok(), "{good}");
        }
        for evil in ["https://x-management.kms.us-ashburn-1.oraclecloud.com", "http://127.0.0.2:7001"] {
            assert!(endpoints.of_vault(ashburn(), evil).is_err(), "{evil}");
        }
        let remote = oracle().with(ashburn(), "https://kms.internal:8443").expect("https");
        assert!(remote.of_vault(ashburn(), "https://kms.internal:8443/vaults/x").is_ok());
        assert!(remote.of_vault(ashburn(), "https://kms.internal:9000/vaults/x").is_err());
    }
}
