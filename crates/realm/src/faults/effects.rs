//! What can go wrong: on the way, in an answer, and in what the realm does.

use serde::{Deserialize, Serialize};

/// One way to go wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// The request is not done; it is answered with that status.
    Status {
        /// From 400 to 599.
        status: u16,
        /// The word that says why; the status' usual one if left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// Seconds in a `retry-after` header.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
    },
    /// The request is done, and answered so much later.
    Delay {
        /// How much.
        milliseconds: u64,
    },
    /// The request is done; the connection breaks in the middle of the answer's body, or before an answer that
    /// has none.
    Reset,
    /// The request is done; half of the answer's body is missing, and its length says nothing of that.
    Truncate,
    /// `ListCompartments` does not show this one.
    OmitCompartment {
        /// Its OCID or name.
        compartment: String,
    },
    /// Lists of vaults, keys and secrets in this one are empty, as for somebody who can't see into it.
    HideContent {
        /// Its OCID or name.
        compartment: String,
    },
    /// For so long after a restore, restored keys answer 500 to everything at the crypto endpoint.
    RestoredKeyFails {
        /// How long.
        seconds: u64,
    },
    /// For so long after a vault was created or restored, nobody answers at its own endpoints.
    NewEndpointSilent {
        /// How long.
        seconds: u64,
    },
    /// Nothing in this bucket can be read or written, as if its key were disabled.
    BucketKeyDisabled {
        /// Its name.
        bucket: String,
    },
    /// A backup succeeds, and its object is not what it should be.
    BackupObject {
        /// What has become of it.
        how: Spoiled,
    },
    /// The pre-authenticated request that a backup goes through is deleted as soon as the backup is accepted.
    ParRevoked,
    /// A restore brings back one version with other material.
    OtherMaterial,
    /// A restore leaves one version out: one that is not its key's current one, if there is such a one.
    VersionMissing,
    /// A restore puts one key into another compartment.
    KeyInOtherCompartment {
        /// Which; the root if left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        compartment_id: Option<String>,
    },
    /// The work that a request leaves fails, and its work request says so.
    WorkFails,
    /// The work that a request leaves is never done.
    WorkStuck,
}

/// What becomes of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spoiled {
    /// It is not there.
    Absent,
    /// Half of it is missing.
    Truncated,
    /// It has as many bytes, but others.
    Altered,
}
