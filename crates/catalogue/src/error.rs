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

impl Explain for CatalogueError {
    fn code(&self) -> Code {
        match self {
            Self::Cloud { source, .. } => source.code(),
            Self::Manifest { source, .. } => source.code(),
            Self::Missing(_) => Code::ObjectMissing,
            Self::Differs { .. } => Code::ObjectDiffers,
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
            other => vec![other.code().help().to_owned()],
        }
    }
}
