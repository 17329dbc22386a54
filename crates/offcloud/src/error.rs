//! Why a store outside of OCI can't be used. What the library would say is never passed on: it quotes URLs and replies.

use std::path::PathBuf;

use keyferry_core::{Code, Explain};
use keyferry_seams::{DiskError, NoAnswer};

/// A failure of a store outside of OCI.
#[derive(Debug, thiserror::Error)]
pub enum OffCloudError {
    /// No name for an object.
    #[error("`{}` can't be the name of an object in a store", .0.escape_debug())]
    Name(String),
    /// No name for a bucket.
    #[error("`{}` can't be the name of a bucket", .0.escape_debug())]
    Bucket(String),
    /// Variables of the environment that must hold credentials and do not.
    #[error("{} not set", if let [one] = &missing[..] { format!("{one} is") } else { format!("{} are", missing.join(" and ")) })]
    NoCredentials {
        /// Their names.
        missing: Vec<&'static str>,
    },
    /// A variable of the environment that makes no sense. Its value is not told.
    #[error("{variable} {fault}")]
    Environment {
        /// Its name.
        variable: &'static str,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The folder does not exist.
    #[error("the folder {} is not there", .0.display())]
    Absent(PathBuf),
    /// A link, or a file where a folder should be.
    #[error("{} is a link or something else that Keyferry did not write", .0.display())]
    Foreign(PathBuf),
    /// The disk.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The service.
    #[error("could not {doing} in {store}")]
    Service {
        /// What was being done, with the object's name.
        doing: String,
        /// The store.
        store: String,
        /// Why.
        #[source]
        source: Trouble,
    },
    /// More objects than a listing may have.
    #[error("{store} holds more than {} objects", crate::MOST_LISTED)]
    TooMany {
        /// The store.
        store: String,
    },
}

/// What a service did instead of what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// It gave no usable answer.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    /// It refused.
    #[error("the service answered {status} {code}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// S3's own word for it; letters and digits only, may be empty.
        code: String,
    },
    /// It answered with something that is not S3.
    #[error("the answer makes no sense")]
    Nonsense,
}

impl Trouble {
    fn code(&self) -> Code {
        let (status, code) = match self {
            Self::NoAnswer(NoAnswer::Unreachable | NoAnswer::TimedOut) => return Code::Unreachable,
            Self::NoAnswer(_) | Self::Nonsense => return Code::UnexpectedAnswer,
            Self::Refused { status, code } => (*status, code.as_str()),
        };
        match (status, code) {
            (_, "RequestTimeTooSkewed") => Code::ClockSkew,
            (_, "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "ExpiredToken" | "InvalidToken")
            | (401, _) => Code::NotAuthenticated,
            (403, _) => Code::NotAuthorised,
            (404, _) => Code::NotFound,
            _ => Code::ServiceRefused,
        }
    }

    fn help(&self) -> String {
        // A bucket of another region answers 301, or 400 with the second.
        let is_elsewhere = |status: u16, code: &str| status == 301 || code == "AuthorizationHeaderMalformed";
        match self {
            Self::Refused { status, code } if is_elsewhere(*status, code) => {
                return "set AWS_REGION to the bucket's region".to_owned();
            }
            _ => {}
        }
        match self.code() {
            Code::NotAuthenticated => "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN",
            Code::NotAuthorised => {
                "allow s3:PutObject, s3:GetObject, s3:DeleteObject and s3:ListBucket on the bucket"
            }
            Code::NotFound => "check the bucket's name, AWS_ENDPOINT_URL and AWS_REGION",
            Code::Unreachable => "check the network and AWS_ENDPOINT_URL",
            code => code.help(),
        }
        .to_owned()
    }
}

impl OffCloudError {
    /// True if the service answered and said no to what was asked.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Service { source: Trouble::Refused { status: 400..=428 | 430..=499, .. }, .. })
    }

    /// True if an object is longer than it may be.
    pub fn is_too_large(&self) -> bool {
        match self {
            Self::Disk(error) => error.source.kind() == std::io::ErrorKind::FileTooLarge,
            Self::Service { source: Trouble::NoAnswer(NoAnswer::TooLarge { .. }), .. } => true,
            _ => false,
        }
    }
}

impl Explain for OffCloudError {
    fn code(&self) -> Code {
        match self {
            Self::Name(_) | Self::Bucket(_) => Code::Usage,
            Self::NoCredentials { .. } => Code::NoCredentials,
            Self::Environment { .. } => Code::Usage,
            Self::Absent(_) => Code::NotFound,
            Self::Foreign(_) | Self::Disk(_) => Code::Disk,
            Self::Service { source, .. } => source.code(),
            Self::TooMany { .. } => Code::UnexpectedAnswer,
        }
    }

    fn help(&self) -> Vec<String> {
        let help = match self {
            Self::NoCredentials { .. } => {
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN if they are temporary"
                    .to_owned()
            }
            Self::Environment { variable, .. } => format!("set {variable} as for AWS's own tools"),
            Self::Absent(_) => "mount the disk it lies on, or make the folder".to_owned(),
            Self::Foreign(path) => format!("look at {} and move it out of the store", path.display()),
            Self::Service { source, .. } => source.help(),
            Self::TooMany { .. } => "give the backups a prefix or a folder of their own".to_owned(),
            other => other.code().help().to_owned(),
        };
        vec![help]
    }
}
