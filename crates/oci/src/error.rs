//! What can go wrong with a call, named so that callers ask for meanings, not for status codes.

use std::fmt;

use jiff::SignedDuration;
use keyferry_ids::Region;
use keyferry_seams::NoAnswer;
use keyferry_wire::{OperationName, PathError, Plane, code};

use crate::par::without_tokens;

/// Which call it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallSite {
    /// The operation.
    pub operation: OperationName,
    /// The service.
    pub plane: Plane,
    /// The region that was asked.
    pub region: Region,
    /// What it was about: an OCID or a name.
    pub subject: Option<String>,
    /// Identifies the call in Oracle's logs; the service's own if it answered, else the one we sent.
    pub opc_request_id: Option<String>,
}

impl fmt::Display for CallSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.operation, self.region)
    }
}

/// Why a request never left.
#[derive(Debug, thiserror::Error)]
pub enum NotSent {
    /// A name can't be part of a path.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A value has no JSON form.
    #[error("the request's body can't be written")]
    Body(#[source] serde_json::Error),
    /// A value can't be a header.
    #[error("the request can't be written as HTTP")]
    Http(#[from] http::Error),
    /// Credentials of one realm are worth nothing in another, and are not shown to it.
    #[error("region {region} belongs to realm {found}, the credentials to realm {expected}")]
    OtherRealm {
        /// The region that was to be called.
        region: Region,
        /// The realm of the credentials.
        expected: keyferry_ids::RealmName,
        /// The realm of the region.
        found: keyferry_ids::RealmName,
    },
    /// The embedded realm has no such region.
    #[error("region {0} is not one of the embedded realm's regions")]
    NotConfigured(Region),
    /// Key and crypto operations are served where the vault says.
    #[error("the {0:?} plane has no host of its own in a region; only a vault names one")]
    NoHost(Plane),
    /// A backup can only be written to and read from a bucket of the region that is called.
    #[error("the bucket lies in {bucket}, the request goes to {called}")]
    BucketElsewhere {
        /// The bucket's region.
        bucket: Region,
        /// The region of the call.
        called: Region,
    },
    /// A pre-authenticated request leads elsewhere than to the object that is meant.
    #[error("the pre-authenticated request {par} does not lead to {object}")]
    OtherPar {
        /// The request, without its secret.
        par: String,
        /// The object.
        object: String,
    },
    /// The private key could not sign.
    #[error("the private key can't sign")]
    Signature,
    /// A token that was good when the command began.
    #[error(transparent)]
    SessionExpired(#[from] crate::SessionExpired),
}

/// A call that did not give what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The service said no.
    #[error("the service refused {site}: {status} {code}: {message}")]
    Refused {
        /// The call.
        site: Box<CallSite>,
        /// HTTP status.
        status: u16,
        /// OCI's word; empty if the answer had no error document.
        code: String,
        /// OCI's sentence.
        message: String,
    },
    /// The service answered, but not as its documents say.
    #[error("the service answered {site} in an unexpected way: {what}")]
    Unexpected {
        /// The call.
        site: Box<CallSite>,
        /// What is odd.
        what: String,
    },
    /// No usable answer arrived.
    #[error("no answer to {site}")]
    NoAnswer {
        /// The call.
        site: Box<CallSite>,
        /// Why.
        #[source]
        source: NoAnswer,
    },
    /// The request was not sent.
    #[error("{site} was not sent")]
    NotSent {
        /// The call.
        site: Box<CallSite>,
        /// Why.
        #[source]
        source: NotSent,
    },
    /// OCI refuses requests whose date is more than five minutes off.
    #[error("the service refused {site} because this machine's clock is {}", off(by))]
    ClockSkew {
        /// The call.
        site: Box<CallSite>,
        /// Our time less the service's.
        by: SignedDuration,
    },
    /// The signature, the key or the user is not accepted, and it is not the clock.
    #[error("the service does not accept the credentials for {site}: {message}")]
    NotAuthenticated {
        /// The call.
        site: Box<CallSite>,
        /// OCI's sentence.
        message: String,
    },
    /// A host outside the realm; nothing was sent there.
    #[error("{site} was not sent to `{host}`: {because}")]
    ForeignHost {
        /// The call.
        site: Box<CallSite>,
        /// The endpoint as it was named, cut and escaped.
        host: String,
        /// The rule that it breaks.
        because: &'static str,
    },
    /// A value in the answer has not the form that it should have.
    #[error("the answer to {site} has an unusable `{field}`: {problem}")]
    Decode {
        /// The call.
        site: Box<CallSite>,
        /// The field, or `body`.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

fn off(by: &SignedDuration) -> String {
    let (seconds, way) = (by.unsigned_abs().as_secs(), if by.is_negative() { "slow" } else { "fast" });
    match seconds {
        ..600 => format!("{seconds} seconds {way}"),
        _ => format!("{} minutes {way}", seconds / 60),
    }
}

impl Error {
    /// Which call it was.
    pub fn call_site(&self) -> &CallSite {
        match self {
            Self::Refused { site, .. }
            | Self::Unexpected { site, .. }
            | Self::NoAnswer { site, .. }
            | Self::NotSent { site, .. }
            | Self::ClockSkew { site, .. }
            | Self::NotAuthenticated { site, .. }
            | Self::ForeignHost { site, .. }
            | Self::Decode { site, .. } => site,
        }
    }

    /// Absent or forbidden: OCI does not say which.
    pub fn is_absent_or_forbidden(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }

    /// Forbidden for certain.
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Refused { status: 403, .. })
    }

    /// In the way of something else: waiting may help or not.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Refused { status: 409, .. })
    }

    /// It exists already, or has another tag than asked for.
    pub fn is_precondition_failed(&self) -> bool {
        matches!(self, Self::Refused { status: 412, .. })
    }

    /// Too many requests.
    pub fn is_throttled(&self) -> bool {
        matches!(self, Self::Refused { status: 429, .. })
    }

    /// The region can't be worked with now: no answer, or only its front door answers.
    pub fn is_unreachable(&self) -> bool {
        match self {
            Self::NoAnswer { source, .. } => !matches!(source, NoAnswer::TooLarge { .. }),
            Self::Refused { status, .. } => matches!(status, 502..=504),
            _ => false,
        }
    }

    /// The service answered and said no to what was asked: a 4xx that repeating does not change.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { status: 400..=428 | 430..=499, .. })
    }

    /// The answer is longer than the caller allowed.
    pub fn is_too_large(&self) -> bool {
        matches!(self, Self::NoAnswer { source: NoAnswer::TooLarge { .. }, .. })
    }

    /// A service limit or compartment quota.
    pub fn is_limit(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == code::LIMIT_EXCEEDED || code == code::QUOTA_EXCEEDED)
    }

    /// True if the service may have done what was asked although it did not say so. A `false` after several
    /// attempts speaks for all of them.
    pub fn is_in_doubt(&self) -> bool {
        match self {
            Self::NoAnswer { source, .. } => !source.was_not_received(),
            Self::Refused { status, .. } => *status >= 500 && !matches!(status, 501 | 503),
            Self::Unexpected { .. } | Self::Decode { .. } => true,
            Self::NotSent { .. }
            | Self::ClockSkew { .. }
            | Self::NotAuthenticated { .. }
            | Self::ForeignHost { .. } => false,
        }
    }
}

/// A text of the service made fit for a terminal: bounded, control characters escaped, without tokens that it may
/// have repeated.
pub(crate) fn shown(text: &str) -> String {
    let cut: String = without_tokens(text).chars().take(500).collect();
    cut.chars().flat_map(|c| if c.is_control() { c.escape_debug().collect() } else { vec![c] }).collect()
}
