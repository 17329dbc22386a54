//! One command as it runs: its flags, its world, and what it needs to speak to OCI.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::Shared;
use keyferry_backup::Memory;
use keyferry_catalogue::{Catalogue, Listed, Listing, OpenedBundle, Stores};
use keyferry_core::model::StoreUrl;
use keyferry_core::sshsig::AllowedSigners;
use keyferry_core::{Environment, EnvironmentKind, Finding, Observer};
use keyferry_engine::{Context, Patience, Runs, Waits};
use keyferry_ids::Region;
use keyferry_inventory::{Scope, Survey};
use keyferry_oci::{Client, ClientConfig, Pace, ParUrl, Reqwest, RetryPolicy};
use keyferry_seams::{BoxFuture, Clock, Disk, HttpSend, Seed};

use crate::app::Globals;
use crate::failure::{CliError, Failure};
use crate::printer::Printer;
use crate::progress::Progress;
use crate::settings::{Own, Settings, state_dir};

/// Everything a command works with.
pub(crate) struct Invocation {
    /// Flags, and what stands in for those that were not given.
    pub(crate) globals: Globals,
    /// The rest of the settings.
    pub(crate) own: Own,
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
    pub(crate) stores: Stores,
    pub(crate) environment: Environment,
    /// The pre-authenticated request that a backup is written through.
    pub(crate) par: Option<ParUrl>,
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

    /// What was seen of stores before.
    pub(crate) fn memory(&self) -> Result<Memory, CliError> {
        Ok(Memory::new(Arc::clone(&self.disk), self.state()?))
    }

    /// Compares what a store holds with what was seen there before, tells of signs that it was set back, and
    /// remembers the rest. Only manifests count that are trusted, or were when they were seen. False if there are
    /// such signs.
    pub(crate) fn compare(
        &self,
        store: &StoreUrl,
        listing: &Listing,
        allowed: &AllowedSigners,
    ) -> Result<bool, Failure> {
        let memory = self.memory()?;
        let seen = memory.seen_in(store)?;
        // One that was trusted when it was seen is still there, whoever is trusted now.
        let is_seen =
            |listed: &Listed| seen.iter().any(|seen| seen.manifest_sha256 == listed.manifest_sha256());
        let counts = |listed: &&Listed| is_seen(listed) || OpenedBundle::open(listed, allowed).is_ok();
        let backups = listing.backups.iter().filter(counts).cloned().collect();
        let objects = &listing.objects;
        let listing = &Listing { backups, ..Listing::default() };
        let findings = keyferry_catalogue::judge(store, listing, &seen);
        // A claim that does not count is told of, but it is no sign that the store was set back.
        let far = keyferry_catalogue::far_claims(store, objects, &listing.backups, &seen);
        let tell = |finding: &Finding| self.printer.warn(finding.code, &finding.because, &finding.remedy);
        findings.iter().chain(&far).for_each(tell);
        if findings.is_empty() {
            for seen in keyferry_catalogue::newest(listing) {
                memory.remember(store, &seen)?;
            }
        }
        Ok(findings.is_empty())
    }

    /// Sends requests; to a realm with TLS, trusting its own authority.
    pub(crate) fn http(&self, authority: Option<Vec<u8>>) -> Arc<dyn HttpSend> {
        let network = || authority.map_or_else(Reqwest::new, Reqwest::trusting);
        self.http.clone().unwrap_or_else(|| Arc::new(network()))
    }

    /// A client for the account of the settings. Nothing is called yet.
    pub(crate) fn cloud(&self) -> Result<Cloud, Failure> {
        self.cloud_with(1.0)
    }

    /// As [`Self::cloud`], for one of several workers, which takes only its share of the rate.
    pub(crate) fn cloud_with(&self, share: f64) -> Result<Cloud, Failure> {
        let settings = Settings::resolve(&self.globals, &self.env, self.disk.as_ref(), self.clock.now())?;
        let http = self.http(settings.authority.clone());
        let client = Client::new(ClientConfig {
            http: Arc::clone(&http),
            clock: Arc::clone(&self.clock),
            seed: self.seed.child("client"),
            credentials: settings.credentials.clone(),
            endpoints: settings.endpoints.clone(),
            retry: RetryPolicy::default(),
            pace: Pace { per_second: self.own.rate.or(settings.pace.per_second), share },
            observer: Some(Arc::clone(&self.progress) as _),
        });
        let stores = Stores::new(client.clone(), http, Arc::clone(&self.disk), self.env.clone());
        Ok(Cloud { client, stores, environment: settings.environment.clone(), par: None, settings })
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
        patience.limit = self.own.timeout.unwrap_or(patience.limit);
        Context {
            client: cloud.client.clone(),
            stores: cloud.stores.clone(),
            par: cloud.par.clone(),
            signing_key: None,
            waits: Waits::default(),
            clock: Arc::clone(&self.clock),
            seed: self.seed.child("engine"),
            observer: self.observer(),
            patience,
        }
    }

    /// `--store`, without which there is nowhere to look.
    pub(crate) fn store(&self) -> Result<StoreUrl, CliError> {
        let text = "say where the backups lie: --store oci://BUCKET@NAMESPACE/REGION[/PREFIX]";
        let store = self.globals.store.as_ref().ok_or_else(|| CliError::Usage(text.into()))?;
        self.own.store(store)
    }

    /// The backups in `--store`.
    pub(crate) fn catalogue(&self, cloud: &Cloud) -> Result<Catalogue, Failure> {
        Ok(cloud.stores.open(&self.store()?)?)
    }

    /// Finds all vaults in scope, with progress; their keys are read later.
    pub(crate) async fn survey(&self, cloud: &Cloud, scope: &Scope) -> Result<Survey, Failure> {
        let ask = match scope.ask {
            Some(region) => region,
            None => cloud.region()?,
        };
        let (client, clock, observer) = (&cloud.client, self.clock.as_ref(), self.observer());
        let surveying =
            keyferry_inventory::survey(client, clock, &observer, &cloud.environment, ask, scope).await?;
        surveying.gaps.iter().for_each(|gap| self.printer.gap(gap));
        Ok(surveying)
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

/// Finds one backup and checks its signature. An old backup is better than none: signs that the store was set back
/// are told and stop nothing.
pub(crate) async fn open(
    on: &Invocation,
    catalogue: &Catalogue,
    allowed: &AllowedSigners,
    word: &str,
) -> Result<OpenedBundle, Failure> {
    let listing = catalogue.list().await?;
    on.compare(catalogue.store(), &listing, allowed)?;
    Ok(OpenedBundle::open(&listing.select(word)?, allowed)?)
}
