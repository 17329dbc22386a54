//! Any error on its way to the user, and those that only a command line can have.

use std::path::PathBuf;

use keyferry_core::{Code, Explain, Site};
use keyferry_realm::{DataDirError, ServeError};
use keyferry_seams::{DiskError, NoAnswer};

/// An error of any crate, kept with all it can say of itself.
#[derive(Debug)]
pub(crate) struct Failure(Box<dyn Explain + Send + Sync>);

impl<E: Explain + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl Failure {
    pub(crate) fn explain(&self) -> &(dyn Explain + Send + Sync) {
        self.0.as_ref()
    }

    pub(crate) fn code(&self) -> Code {
        self.0.code()
    }
}

/// Errors of the command line itself.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// Contradictory or unusable arguments.
    #[error("{0}")]
    Usage(String),
    /// Something that a person at a terminal would have been asked.
    #[error("without a terminal {what} needs {flag}")]
    MissingFlag {
        /// What is to be done.
        what: &'static str,
        /// The flag that says yes.
        flag: String,
    },
    /// Asked, and the answer was no.
    #[error("nothing was done")]
    Declined,
    /// A store that the service can't restore from.
    #[error("the service restores from its own buckets only, not from {store}")]
    NotInOci {
        /// The store.
        store: String,
        /// The backup.
        id: String,
    },
    /// A bucket that is absent, or hidden from us.
    #[error("there is no bucket {store} to see")]
    NoBucket {
        /// The store.
        store: String,
    },
    /// A run of another tenancy.
    #[error("the run belongs to tenancy {tenancy}")]
    OtherTenancy {
        /// Whose it is.
        tenancy: String,
    },
    /// A target that no backup can save.
    #[error("{name} can't be backed up: {because}")]
    NotEligible {
        /// Its name.
        name: String,
        /// Which rule.
        code: Code,
        /// The rule in a sentence.
        because: String,
    },
    /// A plan with findings that forbid it.
    #[error("{} ({name}): {because}", code.summary())]
    Finding {
        /// The finding's subject.
        name: String,
        /// Which.
        code: Code,
        /// What was seen.
        because: String,
        /// What to do.
        remedy: String,
    },
    /// All was done and shown, and is not good.
    #[error("{}", .0.summary())]
    Flaw(Code),
    /// `keyferry.toml` says something that can't be.
    #[error("{}{}: {because}", path.display(), at.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default())]
    Settings {
        /// The file.
        path: PathBuf,
        /// Line and column.
        at: Option<(usize, usize)>,
        /// Why.
        because: String,
        /// What to do.
        help: String,
    },
    /// It can't be read.
    #[error("the settings can't be read")]
    SettingsUnread(#[source] DiskError),
    /// Nobody's signature would be accepted.
    #[error("there is no key to check signatures with")]
    NoSigners {
        /// Where the list would be found.
        list: PathBuf,
    },
    /// Others can read a key that signs.
    #[error("the signing key {} can be read by others (mode {mode:o})", path.display())]
    SigningKeyReadable {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A file that is not a signing key.
    #[error("{} can't be used to sign", path.display())]
    SigningKey {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: keyferry_core::sshsig::KeyFileError,
    },
    /// The plan is not the one that was looked at.
    #[error("the plan's digest is {found}, not {expected}")]
    OtherPlan {
        /// As given.
        expected: String,
        /// As computed.
        found: String,
    },
    /// A run that made no map.
    #[error("run {0} restored no vault, so it has no map")]
    NoMap(String),
    /// The embedded realm did not do as it was told.
    #[error("the embedded realm {0}")]
    Realm(String),
    /// It does not run, or not any more.
    #[error("the embedded realm in {} does not answer", folder.display())]
    RealmSilent {
        /// Its folder.
        folder: PathBuf,
        /// Why not.
        #[source]
        source: NoAnswer,
    },
    /// It can't be found.
    #[error("the embedded realm can't be found")]
    RealmAbsent(#[from] DataDirError),
    /// It can't run.
    #[error("the embedded realm can't run")]
    Serve(#[from] ServeError),
    /// A backup came or went between the look and the deed.
    #[error("{0} is not as it was when it was looked at")]
    StoreChanged(String),
    /// Nothing to back up.
    #[error("there is no vault in what could be read")]
    NoVaults,
    /// A drill that ended early.
    #[error("the drill stopped: {because}")]
    Drill {
        /// Why.
        code: Code,
        /// Why, in words.
        because: String,
    },
    /// A file.
    #[error("a file can't be used")]
    Disk(#[from] DiskError),
    /// Standard output.
    #[error("the result can't be written")]
    Output(#[from] std::io::Error),
    /// The user or the system ended it.
    #[error("interrupted{}", journal.as_ref().map(|path| format!("; the journal is {}", path.display())).unwrap_or_default())]
    Interrupted {
        /// The journal of the run that was under way.
        journal: Option<PathBuf>,
    },
}

impl Explain for CliError {
    fn code(&self) -> Code {
        match self {
            Self::Usage(_) | Self::MissingFlag { .. } => Code::Usage,
            Self::Declined | Self::Interrupted { .. } => Code::Interrupted,
            Self::NotEligible { code, .. } | Self::Finding { code, .. } | Self::Drill { code, .. } => *code,
            Self::Flaw(code) => *code,
            Self::NotInOci { .. } => Code::BucketElsewhere,
            Self::NoBucket { .. } => Code::NotFound,
            Self::OtherTenancy { .. } => Code::ForeignTenancy,
            Self::Settings { .. } | Self::SettingsUnread(_) => Code::OwnSettings,
            Self::NoSigners { .. } => Code::Untrusted,
            Self::SigningKeyReadable { .. } => Code::KeyFileReadable,
            Self::SigningKey { .. } => Code::Settings,
            Self::OtherPlan { .. } => Code::Signature,
            Self::StoreChanged(_) => Code::PlanStale,
            Self::NoMap(_) | Self::NoVaults => Code::NotFound,
            Self::RealmAbsent(DataDirError::Disk(error)) if error.is_absent() => Code::NotFound,
            Self::Serve(ServeError::DataDir(DataDirError::InUse(_))) => Code::Locked,
            Self::RealmSilent { .. } => Code::Unreachable,
            Self::RealmAbsent(_) => Code::Settings,
            Self::Disk(error) if error.is_absent() => Code::NotFound,
            Self::Disk(_) | Self::Output(_) => Code::Disk,
            Self::Realm(_) | Self::Serve(_) => Code::Internal,
        }
    }

    fn site(&self) -> Option<Site> {
        None
    }

    fn help(&self) -> Vec<String> {
        match self {
            Self::NotInOci { id, .. } => {
                vec![format!("copy it first: keyferry copy {id} --to oci://BUCKET@NAMESPACE/REGION")]
            }
            Self::Settings { help, .. } => vec![help.clone()],
            Self::SettingsUnread(error) => {
                let path = error.path.display();
                vec![format!("make {path} readable, or name another file with --settings FILE")]
            }
            Self::Finding { remedy, .. } => vec![remedy.clone()],
            Self::MissingFlag { flag, .. } => vec![format!("add {flag}")],
            Self::NoSigners { list } => vec![
                "give the file of those who may sign: --allowed-signers FILE".to_owned(),
                format!("or keep it as {}", list.display()),
            ],
            Self::SigningKeyReadable { path, .. } => vec![format!("run: chmod 600 {}", path.display())],
            Self::OtherPlan { .. } => vec!["look at the plan again before it is applied".to_owned()],
            Self::StoreChanged(_) => vec!["look again with -n, then repeat".to_owned()],
            Self::Realm(_) => vec!["see `keyferry realm status`".to_owned()],
            Self::RealmSilent { folder, .. } => {
                vec![format!("start it: keyferry realm serve --data {}", folder.display())]
            }
            Self::RealmAbsent(_) => vec!["start one: keyferry realm serve --data DIR".to_owned()],
            _ => vec![self.code().help().to_owned()],
        }
    }
}
