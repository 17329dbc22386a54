//! Why a store can't be used or a bundle not believed.

use keyferry_core::manifest::ManifestError;
use keyferry_core::{Code, Explain, Site};

/// A failure of the catalogue.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The service.
    #[error("the store {store} could not be used")]
    Cloud {
        /// The store.
        store: String,
        /// Why.
        #[source]
        source: Box<keyferry_oci::Error>,
    },
    /// A store outside of OCI.
    #[error("the store {store} could not be used")]
    OffCloud {
        /// The store.
        store: String,
        /// Why.
        #[source]
        source: Box<keyferry_offcloud::OffCloudError>,
    },
    /// A claim that is none.
    #[error("a claim in the chain of a vault's backups can't be read")]
    Claim {
        /// Why.
        #[source]
        source: keyferry_core::canonical::CanonicalError,
    },
    /// Somebody else was faster.
    #[error("generation {generation} of this vault was taken by backup {by}")]
    Claimed {
        /// The number.
        generation: u64,
        /// The other backup.
        by: String,
    },
    /// An archive that is not what `export` writes.
    #[error("the archive is not accepted")]
    Archive(#[from] crate::ArchiveError),
    /// A manifest that names a file outside of its bundle.
    #[error("the manifest of backup {backup_id} names a file `{name}`, which no bundle has")]
    OddName {
        /// The backup.
        backup_id: String,
        /// The name.
        name: String,
    },
    /// A manifest that can't be believed.
    #[error("the manifest of backup {backup_id} is not accepted")]
    Manifest {
        /// The backup.
        backup_id: String,
        /// Why.
        #[source]
        source: ManifestError,
    },
    /// Something that must be there is not.
    #[error("{0} is missing")]
    Missing(String),
    /// Bytes differ from what was written or signed.
    #[error("{object} holds other bytes than the manifest says")]
    Differs {
        /// The object.
        object: String,
    },
    /// The manifest lies under another backup's name.
    #[error("the manifest in the folder of backup {folder} says it is {says}")]
    Misplaced {
        /// The folder.
        folder: String,
        /// What the manifest calls itself.
        says: String,
    },
    /// A word that means no backup, or several.
    #[error("`{}` means {} backup in this store", word.escape_debug(), if *code == Code::Ambiguous { "more than one" } else { "no" })]
    Unknown {
        /// The word.
        word: String,
        /// Not found or ambiguous.
        code: Code,
    },
}

impl CatalogueError {
    /// True if the store itself failed, not one of its bundles.
    pub fn is_of_the_store(&self) -> bool {
        match self {
            Self::Cloud { source, .. } => !source.is_too_large(),
            Self::OffCloud { source, .. } => !source.is_too_large(),
            _ => false,
        }
    }

    /// True if the store answered and said no: repeating does not change it, and other objects may fare better.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Cloud { source, .. } => source.is_refusal(),
            Self::OffCloud { source, .. } => source.is_refusal(),
            _ => false,
        }
    }

    /// True if the store answered that something is in the way, such as a retention rule.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Cloud { source, .. } if source.is_conflict())
    }

    /// True if an object is longer than it may be.
    pub fn is_too_large(&self) -> bool {
        match self {
            Self::Cloud { source, .. } => source.is_too_large(),
            Self::OffCloud { source, .. } => source.is_too_large(),
            _ => false,
        }
    }
}

impl Explain for CatalogueError {
    fn code(&self) -> Code {
        match self {
            Self::Cloud { source, .. } => source.code(),
            Self::OffCloud { source, .. } => source.code(),
            Self::Claim { .. } | Self::OddName { .. } => Code::Signature,
            Self::Claimed { .. } => Code::Locked,
            Self::Manifest { source, .. } => source.code(),
            Self::Missing(_) => Code::ObjectMissing,
            Self::Differs { .. } | Self::Archive(_) => Code::ObjectDiffers,
            Self::Misplaced { .. } => Code::Signature,
            Self::Unknown { code, .. } => *code,
        }
    }

    fn site(&self) -> Option<Site> {
        match self {
            Self::Cloud { source, .. } => source.site(),
            _ => None,
        }
    }

    fn help(&self) -> Vec<String> {
        match self {
            Self::Cloud { source, .. } => source.help(),
            Self::OffCloud { source, .. } => source.help(),
            other => vec![other.code().help().to_owned()],
        }
    }
}
