//! One command as it runs: its flags, its world, and what it needs to speak to OCI.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::Shared;
use keyferry_catalogue::{Catalogue, OpenedBundle};
use keyferry_core::model::StoreUrl;
use keyferry_core::sshsig::AllowedSigners;
use keyferry_core::{Environment, EnvironmentKind, Observer};
use keyferry_engine::{Context, Patience, Runs};
use keyferry_ids::Region;
use keyferry_oci::{Client, ClientConfig, Reqwest, RetryPolicy};
use keyferry_seams::{BoxFuture, Clock, Disk, HttpSend, Seed};

use crate::app::Globals;
use crate::failure::{CliError, Failure};
use crate::printer::Printer;
use crate::progress::Progress;
use crate::settings::{Settings, state_dir};

/// Everything a command works with.
pub(crate) struct Invocation {
    pub(crate) globals: Globals,
    pub(crate) printer: Arc<Printer>,
    pub(crate) progress: Arc<Progress>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) seed: Seed,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) http: Option<Arc<dyn HttpSend>>,
    pub(crate) interrupt: Shared<BoxFuture<'static, ()>>,
    pub(crate) stdin: Mutex<Box<dyn BufRead + Send>>,
    /// Somebody can be asked.
    pub(crate) can_ask: bool,
}

/// A client with what is known of whom it calls.
#[derive(Debug)]
pub(crate) struct Cloud {
    pub(crate) client: Client,
    pub(crate) environment: Environment,
    settings: Settings,
}

impl Invocation {
    /// The folder of journals, runs and locks.
    pub(crate) fn state(&self) -> Result<PathBuf, CliError> {
        state_dir(self.globals.state.as_deref(), &self.env)
    }

    /// All runs so far.
    pub(crate) fn runs(&self) -> Result<Runs, CliError> {
        Ok(Runs::new(Arc::clone(&self.disk), Arc::clone(&self.clock), self.state()?))
    }

    /// Sends requests; to a realm with TLS, trusting its own authority.
    pub(crate) fn http(&self, authority: Option<Vec<u8>>) -> Arc<dyn HttpSend> {
        let network = || authority.map_or_else(Reqwest::new, Reqwest::trusting);
        self.http.clone().unwrap_or_else(|| Arc::new(network()))
    }

    /// A client for the account of the settings. Nothing is called yet.
    pub(crate) fn cloud(&self) -> Result<Cloud, Failure> {
        let settings = Settings::resolve(&self.globals, &self.env, self.disk.as_ref())?;
        let client = Client::new(ClientConfig {
            http: self.http(settings.authority.clone()),
            clock: Arc::clone(&self.clock),
            seed: self.seed.child("client"),
            credentials: settings.credentials.clone(),
            endpoints: settings.endpoints.clone(),
            retry: RetryPolicy::default(),
            observer: Some(Arc::clone(&self.progress) as _),
        });
        Ok(Cloud { client, environment: settings.environment.clone(), settings })
    }

    /// Who is told of events.
    pub(crate) fn observer(&self) -> Arc<dyn Observer> {
        Arc::clone(&self.progress) as _
    }

    /// The surroundings of a run.
    pub(crate) fn context(&self, cloud: &Cloud) -> Context {
        let mut patience = Patience::default();
        if cloud.environment.kind == EnvironmentKind::Embedded {
            // The embedded realm is done in a moment.
            patience.first = Duration::from_millis(100);
        }
        Context {
            client: cloud.client.clone(),
            clock: Arc::clone(&self.clock),
            seed: self.seed.child("engine"),
            observer: self.observer(),
            patience,
        }
    }

    /// `--store`, without which there is nowhere to look.
    pub(crate) fn store(&self) -> Result<&StoreUrl, CliError> {
        let text = "say where the backups lie: --store oci://BUCKET@NAMESPACE/REGION[/PREFIX]";
        self.globals.store.as_ref().ok_or_else(|| CliError::Usage(text.into()))
    }

    /// The backups in `--store`.
    pub(crate) fn catalogue(&self, cloud: &Cloud) -> Result<Catalogue, CliError> {
        Ok(Catalogue::new(cloud.client.clone(), self.store()?.clone()))
    }

    /// Asks a yes-or-no question, or finds the answer in the flags.
    pub(crate) fn confirm(&self, what: &'static str, question: &str) -> Result<(), CliError> {
        if self.globals.yes {
            return Ok(());
        }
        if !self.can_ask {
            return Err(CliError::MissingFlag { what, flag: "--yes".into() });
        }
        self.printer.ask(&format!("{question} [y/N] "));
        let mut answer = String::new();
        self.stdin.lock().unwrap_or_else(PoisonError::into_inner).read_line(&mut answer)?;
        if matches!(answer.trim(), "y" | "Y" | "yes") { Ok(()) } else { Err(CliError::Declined) }
    }
}

impl Cloud {
    /// The region to ask if nothing else decides it.
    pub(crate) fn region(&self) -> Result<Region, CliError> {
        self.settings.region()
    }
}

/// Finds one backup and checks its signature.
pub(crate) async fn open(
    catalogue: &Catalogue,
    allowed: &AllowedSigners,
    word: &str,
) -> Result<OpenedBundle, Failure> {
    Ok(OpenedBundle::open(&catalogue.list().await?.select(word)?, allowed)?)
}
