//! Typed Oracle Cloud identifiers: one type per kind, the inside left opaque as OCI asks.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::Arc;

use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::region::{RealmName, Region};

/// Longest text taken for an OCID. Real ones stay under 200.
const LONGEST: usize = 255;

/// An identifier of any kind: `ocid1.<kind>.<realm>.[region].[...].<unique>`. Clones share the text: what is planned
/// for a thing, done to it and written down of it all name it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ocid(Arc<str>);

/// Why a text is not the OCID that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OcidError {
    /// Not of OCID form at all.
    #[error("`{0}` is not an OCID (ocid1.<kind>.<realm>.[region].<unique>)")]
    Malformed(String),
    /// A good OCID of another kind.
    #[error("expected the OCID of a {expected}, found the OCID of a {found}")]
    OtherKind {
        /// The kind asked for.
        expected: &'static str,
        /// The kind given.
        found: String,
    },
}

impl Ocid {
    /// Parses an identifier of any kind.
    ///
    /// # Errors
    /// If the text has not the form of an OCID.
    pub fn parse(text: &str) -> Result<Self, OcidError> {
        let malformed =
            || OcidError::Malformed(text.chars().take(60).collect::<String>().escape_debug().to_string());
        let mut parts = text.split('.');
        let plain = |b: u8| b.is_ascii_alphanumeric() | matches!(b, b'.' | b'-' | b'_');
        let is_good = text.len() <= LONGEST
            // Every byte, so that many are looked at together: fleets have many OCIDs.
            && text.bytes().fold(true, |all, b| all & plain(b))
            && parts.next() == Some("ocid1")
            && parts.next().is_some_and(|kind| !kind.is_empty())
            && parts.next().is_some_and(|realm| !realm.is_empty())
            && parts.next().is_some()
            && parts.next_back().is_some_and(|unique| !unique.is_empty());
        if is_good { Ok(Self(text.into())) } else { Err(malformed()) }
    }

    /// The whole identifier.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The kind as OCI spells it: `vault`, `key`, `keyversion`...
    pub fn kind(&self) -> &str {
        self.part(1)
    }

    /// The realm, such as `oc1`.
    pub fn realm(&self) -> RealmName {
        RealmName::new(self.part(2))
    }

    /// The region, if this kind of resource has one and the region is known. Old regions are written
    /// by key (`iad`), newer ones by name; both forms are understood.
    pub fn region(&self) -> Option<Region> {
        Region::parse(self.part(3)).ok()
    }

    /// The last part.
    pub fn unique(&self) -> &str {
        self.0.rsplit('.').next().unwrap_or_default()
    }

    fn part(&self, index: usize) -> &str {
        self.0.split('.').nth(index).unwrap_or_default()
    }
}

impl fmt::Display for Ocid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Ocid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Ocid {
    type Err = OcidError;
    fn from_str(text: &str) -> Result<Self, OcidError> {
        Self::parse(text)
    }
}

impl Serialize for Ocid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Ocid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text(PhantomData))
    }
}

/// Reads an identifier from a text without owning the text first.
struct Text<T>(PhantomData<T>);

impl<T: FromStr<Err = OcidError>> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $words:literal, $($kind:literal)|+;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(Ocid);

        impl $name {
            /// Parses an identifier of this kind.
            ///
            /// # Errors
            /// If the text is no OCID, or one of another kind; the text then names both kinds.
            pub fn parse(text: &str) -> Result<Self, OcidError> {
                let id = Ocid::parse(text)?;
                match id.kind() {
                    $($kind)|+ => Ok(Self(id)),
                    other => Err(OcidError::OtherKind { expected: $words, found: words_for(other) }),
                }
            }
        }

        impl std::ops::Deref for $name {
            type Target = Ocid;
            fn deref(&self) -> &Ocid { &self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { fmt::Debug::fmt(&self.0, f) }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Text(PhantomData))
            }
        }
        impl From<$name> for Ocid {
            fn from(id: $name) -> Self { id.0 }
        }
        impl FromStr for $name {
            type Err = OcidError;
            fn from_str(text: &str) -> Result<Self, OcidError> { Self::parse(text) }
        }
    )*
    };
}

/// The words of the glossary for the kinds that OCI spells otherwise.
fn words_for(kind: &str) -> String {
    match kind {
        "keyversion" => "key version".to_owned(),
        "vaultsecret" => "secret".to_owned(),
        "coreservicesworkrequest" => "work request".to_owned(),
        other => other.to_owned(),
    }
}

kinds! {
    /// A vault.
    VaultId = "vault", "vault";
    /// A master encryption key (or a vault's wrapping key).
    KeyId = "key", "key";
    /// One version of a key.
    KeyVersionId = "key version", "keyversion";
    /// A secret.
    SecretId = "secret", "vaultsecret";
    /// An account; also its root compartment.
    TenancyId = "tenancy", "tenancy";
    /// A user.
    UserId = "user", "user";
    /// A bucket.
    BucketId = "bucket", "bucket";
    /// A work request of the general work request service.
    WorkRequestId = "work request", "coreservicesworkrequest";
    /// A compartment, or the tenancy as the root one.
    CompartmentId = "compartment", "compartment" | "tenancy";
}

impl From<TenancyId> for CompartmentId {
    fn from(tenancy: TenancyId) -> Self {
        Self(tenancy.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_kind_is_refused_with_a_text_that_names_both() {
        let error = VaultId::parse("ocid1.key.oc1.iad.bbpnctzaaacuk.abuw").expect_err("a key");
        assert_eq!(error.to_string(), "expected the OCID of a vault, found the OCID of a key");
    }

    #[test]
    fn realm_and_region_are_read_in_both_spellings() {
        let short = KeyId::parse("ocid1.key.oc1.iad.ext.unique").expect("a key");
        let long = KeyId::parse("ocid1.key.oc1.us-ashburn-1.ext.unique").expect("a key");
        assert_eq!(short.region(), long.region());
        assert_eq!(short.realm().as_str(), "oc1");
        let global = CompartmentId::parse("ocid1.tenancy.oc1..unique").expect("a root compartment");
        assert_eq!(global.region(), None);
    }

    #[test]
    fn odd_texts_are_refused() {
        for odd in [
            "",
            "vault",
            "ocid1.vault.oc1",
            "ocid1.vault.oc1.iad.",
            "ocid1.vault.oc1.iad.a\nb",
            "ocid2.a.b.c.d",
        ] {
            assert!(Ocid::parse(odd).is_err(), "{odd:?}");
        }
    }
}
