//! Scenarios: a small world, what happens to it, and what has to come back. Written in TOML.

use jiff::Timestamp;
use keyferry_core::model::{Algorithm, KeyShape, ProtectionMode, VaultType};
use keyferry_core::{Code, Explain};
use keyferry_ids::Region;
use keyferry_realm::Down;
use serde::Deserialize;

/// Longest scenario that is read.
const LONGEST: usize = 1 << 20;

/// Why a text is not a scenario.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// Not TOML of this form; the text names line and column.
    #[error("the scenario can't be read")]
    Form(#[from] toml::de::Error),
    /// Over [`LONGEST`].
    #[error("the scenario is longer than {LONGEST} bytes")]
    TooLong,
    /// A name that nothing has.
    #[error("the scenario speaks of {kind} `{}`, which it does not make", name.escape_debug())]
    Unknown {
        /// Bucket, vault, key, compartment or region.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A shape that is not one of the three.
    #[error("`{}` is not a key shape; write AES-256, RSA-2048 or ECDSA-P384", .0.escape_debug())]
    Shape(String),
}

impl Explain for ScenarioError {
    fn code(&self) -> Code {
        Code::Settings
    }
}

/// A world and its story.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Name.
    pub name: String,
    /// In a sentence.
    pub about: String,
    /// The realm's regions; the first is home.
    pub regions: Vec<Region>,
    /// When it begins, by the drill's own clock.
    pub start: Timestamp,
    /// Whether versions that can't be proven are no reason to complain.
    #[serde(default)]
    pub accept_unprovable: bool,
    pub(crate) compartments: Vec<NewCompartment>,
    pub(crate) buckets: Vec<NewBucket>,
    pub(crate) vaults: Vec<NewVault>,
    pub(crate) steps: Vec<Happening>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCompartment {
    pub(crate) name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewBucket {
    pub(crate) name: String,
    pub(crate) region: Region,
    pub(crate) compartment: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewVault {
    pub(crate) name: String,
    pub(crate) region: Region,
    pub(crate) compartment: String,
    #[serde(rename = "type", default = "private")]
    pub(crate) vault_type: VaultType,
    #[serde(default)]
    pub(crate) keys: Vec<NewKey>,
    #[serde(default)]
    pub(crate) secrets: Vec<NewSecret>,
}

fn private() -> VaultType {
    VaultType::VirtualPrivate
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKey {
    pub(crate) name: String,
    pub(crate) shape: String,
    pub(crate) compartment: Option<String>,
    #[serde(default = "hsm")]
    pub(crate) protection: ProtectionMode,
    #[serde(default)]
    pub(crate) disabled: bool,
}

fn hsm() -> ProtectionMode {
    ProtectionMode::Hsm
}

impl NewKey {
    pub(crate) fn shape(&self) -> Result<KeyShape, ScenarioError> {
        let shape = |algorithm, length, curve: Option<&str>| KeyShape {
            algorithm,
            length,
            curve: curve.map(Into::into),
        };
        match self.shape.as_str() {
            "AES-256" => Ok(shape(Algorithm::Aes, 32, None)),
            "RSA-2048" => Ok(shape(Algorithm::Rsa, 256, None)),
            "ECDSA-P384" => Ok(shape(Algorithm::Ecdsa, 48, Some("NIST_P384"))),
            other => Err(ScenarioError::Shape(other.chars().take(60).collect())),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSecret {
    pub(crate) name: String,
    pub(crate) compartment: String,
}

/// One thing that happens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Happening {
    /// An inventory, from which comes what no backup will save.
    TakeStock,
    /// A backup with keys.
    Backup {
        vault: String,
        bucket: String,
        #[serde(default)]
        copy_to: Vec<String>,
    },
    /// A key gets a new version.
    Rotate { vault: String, key: String },
    /// Time passes.
    Wait { hours: u32 },
    /// One byte of the newest backup's file in a bucket is flipped.
    Damage { bucket: String },
    /// A region is lost.
    Lose { region: Region, how: Down },
    /// The newest backup of a vault is restored from a bucket, into the bucket's region.
    Restore { vault: String, bucket: String },
}

impl Scenario {
    /// Reads a scenario and checks that everything it speaks of exists.
    ///
    /// # Errors
    /// Names the line or the name that is wrong.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        if text.len() > LONGEST {
            return Err(ScenarioError::TooLong);
        }
        let scenario: Self = toml::from_str(text)?;
        scenario.check()?;
        Ok(scenario)
    }

    /// The story that `keyferry demo` tells.
    ///
    /// # Errors
    /// Never; the text is part of the program and a test reads it.
    pub fn demo() -> Result<Self, ScenarioError> {
        Self::parse(include_str!("scenarios/demo.toml"))
    }

    /// The same story, but one byte of the copy is flipped before it is needed.
    #[must_use]
    pub fn with_damaged_copy(mut self) -> Self {
        let restore = self.steps.iter().position(|step| matches!(step, Happening::Restore { .. }));
        if let Some(at) = restore
            && let Happening::Restore { bucket, .. } = &self.steps[at]
        {
            self.steps.insert(at, Happening::Damage { bucket: bucket.clone() });
        }
        self
    }

    fn check(&self) -> Result<(), ScenarioError> {
        let unknown =
            |kind, name: &str| ScenarioError::Unknown { kind, name: name.chars().take(60).collect() };
        let compartment = |name: &str| match self.compartments.iter().any(|c| c.name == name) {
            true => Ok(()),
            false => Err(unknown("compartment", name)),
        };
        let region = |region: &Region| match self.regions.contains(region) {
            true => Ok(()),
            false => Err(unknown("region", region.name())),
        };
        let bucket = |name: &str| match self.buckets.iter().any(|b| b.name == name) {
            true => Ok(()),
            false => Err(unknown("bucket", name)),
        };
        let vault =
            |name: &str| self.vaults.iter().find(|v| v.name == name).ok_or_else(|| unknown("vault", name));
        for bucket in &self.buckets {
            compartment(&bucket.compartment)?;
            region(&bucket.region)?;
        }
        for vault in &self.vaults {
            compartment(&vault.compartment)?;
            region(&vault.region)?;
            for key in &vault.keys {
                key.shape()?;
                key.compartment.as_deref().map_or(Ok(()), compartment)?;
            }
            for secret in &vault.secrets {
                compartment(&secret.compartment)?;
            }
        }
        for step in &self.steps {
            match step {
                Happening::TakeStock | Happening::Wait { .. } => {}
                Happening::Backup { vault: name, bucket: to, copy_to } => {
                    vault(name)?;
                    bucket(to)?;
                    copy_to.iter().try_for_each(|name| bucket(name))?;
                }
                Happening::Rotate { vault: name, key } => {
                    if !vault(name)?.keys.iter().any(|k| k.name == *key) {
                        return Err(unknown("key", key));
                    }
                }
                Happening::Damage { bucket: name } => bucket(name)?,
                Happening::Lose { region: lost, .. } => region(lost)?,
                Happening::Restore { vault: name, bucket: from } => {
                    vault(name)?;
                    bucket(from)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_is_a_good_scenario_and_typing_errors_are_named() {
        let demo = Scenario::demo().expect("part of the program");
        assert_eq!(demo.regions.len(), 3);
        let text = include_str!("scenarios/demo.toml");
        let error = Scenario::parse(&text.replace("key = \"card-data\"", "key = \"card-dat\""))
            .expect_err("no such key");
        assert!(error.to_string().contains("card-dat"), "{error}");
        assert!(Scenario::parse(&text.replace("bucket =", "buckit =")).is_err());
        let damaged = demo.clone().with_damaged_copy();
        assert_eq!(damaged.steps.len(), demo.steps.len() + 1);
    }
}
