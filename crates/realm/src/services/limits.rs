//! Service limits: how much of them is used, and the refusal of what would go beyond.

use std::collections::BTreeSet;

use keyferry_ids::Region;
use keyferry_wire::code;
use keyferry_wire::kms::{KeyVersionState, ProtectionMode, VaultState, VaultType};
use keyferry_wire::secrets::SecretState;
use serde::{Deserialize, Serialize};

use super::secrets;
use crate::blob::KeyPart;
use crate::call::Moment;
use crate::material::Shape;
use crate::records::VaultRecord;
use crate::refusal::Refusal;

/// A service limit of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitName {
    /// Vaults of type DEFAULT.
    VirtualVaultCount,
    /// Vaults of type VIRTUAL_PRIVATE. OCI grants none until asked, also in the region of a restore.
    VirtualPrivateVaultCount,
    /// Versions of software keys in vaults of type DEFAULT, weighted.
    #[serde(rename = "virtual-vault-softwarekeyversion-count")]
    VirtualVaultSoftwareKeyVersionCount,
    /// Versions of HSM keys in one private vault, weighted: 1000 are included in such a vault. The Limits
    /// service does not show this one.
    VirtualPrivateVaultKeyVersionCount,
    /// Secrets.
    MaxSecretsPerTenancyCount,
}

impl LimitName {
    /// OCI's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VirtualVaultCount => "virtual-vault-count",
            Self::VirtualPrivateVaultCount => "virtual-private-vault-count",
            Self::VirtualVaultSoftwareKeyVersionCount => "virtual-vault-softwarekeyversion-count",
            Self::VirtualPrivateVaultKeyVersionCount => "virtual-private-vault-key-version-count",
            Self::MaxSecretsPerTenancyCount => "max-secrets-per-tenancy-count",
        }
    }

    pub(super) fn service(self) -> &'static str {
        if self == Self::MaxSecretsPerTenancyCount { "secrets" } else { "kms" }
    }

    pub(super) fn description(self) -> &'static str {
        match self {
            Self::VirtualVaultCount => "Virtual vaults",
            Self::VirtualPrivateVaultCount => "Virtual private vaults",
            Self::VirtualVaultSoftwareKeyVersionCount => "Software key versions in virtual vaults",
            Self::VirtualPrivateVaultKeyVersionCount => "Key versions in a virtual private vault",
            Self::MaxSecretsPerTenancyCount => "Secrets",
        }
    }

    /// The value of a region that nobody set: generous, where OCI has to be asked for more.
    fn usual(self) -> u64 {
        match self {
            Self::VirtualVaultCount | Self::VirtualPrivateVaultCount => 100,
            Self::VirtualVaultSoftwareKeyVersionCount | Self::MaxSecretsPerTenancyCount => 5000,
            Self::VirtualPrivateVaultKeyVersionCount => 1000,
        }
    }
}

/// A limit to set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Where.
    pub region: Region,
    /// Which.
    pub name: LimitName,
    /// The largest number allowed from now on; what is there already stays.
    pub value: u64,
}

pub(super) fn value(moment: &Moment<'_>, name: LimitName) -> u64 {
    moment.world.limits.get(&(moment.region, name)).map_or_else(|| name.usual(), |record| record.value)
}

/// How much a key version counts: asymmetric ones twice. A vault's wrapping key does not count.
pub(crate) fn weight(shape: Shape) -> u64 {
    if matches!(shape, Shape::Aes { .. }) { 1 } else { 2 }
}

fn vaults<'m>(moment: &'m Moment<'_>, kind: &VaultType) -> impl Iterator<Item = &'m VaultRecord> {
    let is_one = move |v: &&VaultRecord| {
        v.is_in(moment.region) && v.vault_type == *kind && v.state != VaultState::Deleted
    };
    moment.world.vaults.values().filter(is_one)
}

fn versions_in(moment: &Moment<'_>, vault: &VaultRecord, is_software: bool) -> u64 {
    let keys = moment.world.keys_of(&vault.id);
    keys.filter(|key| (key.protection_mode == ProtectionMode::Software) == is_software)
        .map(|key| {
            let versions = moment.world.versions_of(&key.id).into_iter();
            let versions = versions.filter(|version| version.state != KeyVersionState::Deleted);
            weight(key.shape) * versions.count() as u64
        })
        .sum()
}

/// How much of a region's limit is used.
pub(super) fn used(moment: &Moment<'_>, name: LimitName) -> u64 {
    match name {
        LimitName::VirtualVaultCount => vaults(moment, &VaultType::Default).count() as u64,
        LimitName::VirtualPrivateVaultCount => vaults(moment, &VaultType::VirtualPrivate).count() as u64,
        LimitName::VirtualVaultSoftwareKeyVersionCount => {
            vaults(moment, &VaultType::Default).map(|vault| versions_in(moment, vault, true)).sum()
        }
        // Of one vault, not of the region.
        LimitName::VirtualPrivateVaultKeyVersionCount => 0,
        LimitName::MaxSecretsPerTenancyCount => {
            let secrets = moment.world.secrets.values().filter(|s| s.region == moment.region);
            secrets.filter(|s| secrets::state_of(moment.world, s) != SecretState::Deleted).count() as u64
        }
    }
}

fn check_fits(moment: &Moment<'_>, name: LimitName, used: u64, more: u64) -> Result<(), Refusal> {
    if more == 0 || used.saturating_add(more) <= value(moment, name) {
        return Ok(());
    }
    let message = format!(
        "The following service limits were exceeded: {}. Request a service limit increase from the service \
         limits page in the console.",
        name.as_str()
    );
    Err(Refusal::new(400, code::LIMIT_EXCEEDED, message))
}

/// Refuses another vault of that type beyond the region's limit.
pub(crate) fn check_vault(moment: &Moment<'_>, kind: &VaultType) -> Result<(), Refusal> {
    let name = match kind {
        VaultType::VirtualPrivate => LimitName::VirtualPrivateVaultCount,
        _ => LimitName::VirtualVaultCount,
    };
    check_fits(moment, name, used(moment, name), 1)
}

/// Refuses more key versions beyond a limit; `more` says of each what key it would be a version of. The vault
/// may be one that is not there yet.
pub(crate) fn check_versions<'k>(
    moment: &Moment<'_>,
    vault: &VaultRecord,
    more: impl IntoIterator<Item = (Shape, &'k ProtectionMode)>,
) -> Result<(), Refusal> {
    let (mut hardware, mut software) = (0, 0);
    for (shape, mode) in more {
        let of_mode = if *mode == ProtectionMode::Software { &mut software } else { &mut hardware };
        *of_mode += weight(shape);
    }
    if vault.vault_type == VaultType::VirtualPrivate {
        let name = LimitName::VirtualPrivateVaultKeyVersionCount;
        check_fits(moment, name, versions_in(moment, vault, false), hardware)
    } else {
        let name = LimitName::VirtualVaultSoftwareKeyVersionCount;
        check_fits(moment, name, used(moment, name), software)
    }
}

/// Refuses a restore beyond a limit: of the vault, if it is new, and of the versions that are not there yet.
pub(super) fn check_restore(
    moment: &Moment<'_>,
    vault: &VaultRecord,
    is_new: bool,
    keys: &[KeyPart],
) -> Result<(), Refusal> {
    if is_new {
        check_vault(moment, &vault.vault_type)?;
    }
    let versions = moment.world.versions.values().filter(|v| v.vault_id == vault.id);
    let there: BTreeSet<&str> = versions.map(|version| version.lineage_id.as_str()).collect();
    let more = keys.iter().flat_map(|key| {
        let new = key.versions.iter().filter(|version| !there.contains(version.lineage_id.as_str()));
        new.map(move |_| (key.shape, &key.protection_mode))
    });
    check_versions(moment, vault, more)
}

/// Refuses another secret beyond the region's limit.
pub(super) fn check_secret(moment: &Moment<'_>) -> Result<(), Refusal> {
    let name = LimitName::MaxSecretsPerTenancyCount;
    check_fits(moment, name, used(moment, name), 1)
}

#[cfg(test)]
mod tests;
