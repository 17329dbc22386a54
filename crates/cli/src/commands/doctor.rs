//! `doctor`: whether everything that a backup and a restore need is there, before it is needed.

use keyferry_core::model::StoreUrl;
use keyferry_core::{Code, Explain, Severity};
use keyferry_report::{Cell, Document, Tone};
use serde::Serialize;
use serde_json::json;

use crate::exit::Outcome;
use crate::failure::{CliError, Failure};
use crate::invocation::{Cloud, Invocation};
use crate::{stores, trust};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Stores to look at as well, besides those of keyferry.toml and --store
    #[arg(value_name = "STORE")]
    stores: Vec<String>,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Look {
    what: String,
    state: State,
    found: String,
    code: Option<Code>,
    help: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Well,
    Warning,
    Ill,
}

impl Look {
    fn well(what: impl Into<String>, found: impl Into<String>) -> Self {
        Self { what: what.into(), state: State::Well, found: found.into(), code: None, help: None }
    }

    fn of(what: impl Into<String>, state: State, code: Code, found: String, help: String) -> Self {
        Self { what: what.into(), state, found, code: Some(code), help: Some(help) }
    }

    fn ill(what: impl Into<String>, error: &(dyn Explain + Send + Sync)) -> Self {
        let mut found = error.to_string();
        let mut cause = error.source();
        while let Some(deeper) = cause {
            found = format!("{found}: {deeper}");
            cause = deeper.source();
        }
        Self::of(what, State::Ill, error.code(), found, error.help().join("; "))
    }
}

pub(crate) async fn run(args: &Args, on: &Invocation) -> Result<Outcome, Failure> {
    let mut looks = vec![settings(on), signing_key(on), signers(on)];
    match on.cloud() {
        Err(failure) => looks.push(Look::ill("credentials", failure.explain())),
        Ok(cloud) => {
            looks.push(account(&cloud).await);
            for text in all_stores(args, on) {
                looks.push(match on.own.store(&text) {
                    Ok(store) => place(on, &cloud, &store).await,
                    Err(error) => Look::ill(format!("store {text}"), &error),
                });
            }
        }
    }
    on.printer.show("doctor", &json!({"looks": looks}), || page(&looks))?;
    let first = |state| looks.iter().find(|look| look.state == state).and_then(|look| look.code);
    Ok(match (first(State::Ill), first(State::Warning)) {
        (Some(code), _) => Outcome::Flawed(code),
        (None, Some(_)) => Outcome::Partly,
        (None, None) => Outcome::Done,
    })
}

fn settings(on: &Invocation) -> Look {
    let found = match &on.own.source {
        Some(path) => path.display().to_string(),
        None => "no keyferry.toml; flags and variables only".to_owned(),
    };
    Look::well("settings", found)
}

fn signing_key(on: &Invocation) -> Look {
    match trust::public_key(on) {
        Ok(Some(line)) => Look::well("signing key", line),
        Ok(None) => Look::well("signing key", "none yet; the first backup makes one"),
        Err(failure) => Look::ill("signing key", failure.explain()),
    }
}

fn signers(on: &Invocation) -> Look {
    match trust::known_signers(on) {
        Ok(signers) if signers == keyferry_core::sshsig::AllowedSigners::default() => Look::of(
            "allowed signers",
            State::Warning,
            Code::Untrusted,
            "nobody's signature counts yet: nothing could be restored".to_owned(),
            "give the file of those who may sign with --allowed-signers".to_owned(),
        ),
        Ok(_) => Look::well("allowed signers", "at least one"),
        Err(failure) => Look::ill("allowed signers", failure.explain()),
    }
}

/// One signed call: it shows key, clock, network and region at once.
async fn account(cloud: &Cloud) -> Look {
    let what = "account";
    let region = match cloud.region() {
        Ok(region) => region,
        Err(error) => return Look::ill(what, &error),
    };
    match cloud.client.region_subscriptions(region).await {
        Ok(subscriptions) => {
            let names: Vec<_> = subscriptions.known.iter().map(|s| s.region.to_string()).collect();
            Look::well(what, format!("{} may use {}", cloud.environment.tenancy_id, names.join(", ")))
        }
        Err(error) => Look::ill(what, &error),
    }
}

/// Every store that is named anywhere, once.
fn all_stores(args: &Args, on: &Invocation) -> Vec<String> {
    let mut all: Vec<String> = on.own.stores().map(ToString::to_string).collect();
    all.extend(on.globals.store.clone());
    all.extend(on.own.policies().flat_map(|policy| policy.copy_to.iter().cloned()));
    all.extend(args.stores.iter().cloned());
    let resolved =
        |text: &String| on.own.store(text).map_or_else(|_| text.clone(), |store| store.to_string());
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|text| seen.insert(resolved(text)));
    all
}

async fn place(on: &Invocation, cloud: &Cloud, store: &StoreUrl) -> Look {
    let what = format!("store {store}");
    let Some(bucket) = store.oci() else {
        return match stores::note(on, cloud, store, true).await {
            Err(failure) => Look::ill(what, failure.explain()),
            Ok(None) => Look::well(what, "looked at by another process at this moment"),
            Ok(Some(note)) => match note.finding() {
                Some(finding) => {
                    let is_error = finding.severity == Severity::Error;
                    let state = if is_error { State::Ill } else { State::Warning };
                    Look::of(what, state, finding.code, finding.because, finding.remedy)
                }
                None => Look::well(what, "gives back what is written, and refuses to overwrite"),
            },
        };
    };
    match cloud.client.bucket(bucket.region, &bucket.namespace, &bucket.bucket).await {
        Err(error) => Look::ill(what, &error),
        Ok(None) => Look::ill(what, &CliError::NoBucket { store: store.to_string() }),
        Ok(Some(found)) => {
            let key =
                found.kms_key_id.map_or_else(|| "Oracle's own key".to_owned(), |key| format!("key {key}"));
            let is_public = found.public_access.as_deref().is_some_and(|access| access != "NoPublicAccess");
            if is_public {
                let help =
                    "make the bucket private: whoever reads a backup can restore it into a vault of yours";
                let text = "the bucket is open to the public".to_owned();
                return Look::of(what, State::Warning, Code::BucketElsewhere, text, help.to_owned());
            }
            Look::well(what, format!("there, private, encrypted by {key}"))
        }
    }
}

fn page(looks: &[Look]) -> Document {
    let mut document = Document::new("Doctor");
    let count = |state| looks.iter().filter(|look| look.state == state).count();
    let (ill, warnings) = (count(State::Ill), count(State::Warning));
    match (ill, warnings) {
        (0, 0) => document.verdict(Tone::Good, "Well", format!("{} things looked at", looks.len())),
        (0, _) => document.verdict(Tone::Warning, "Well, but", format!("{warnings} to look at")),
        _ => document.verdict(Tone::Bad, "Ill", format!("{ill} in the way, {warnings} to look at")),
    }
    let rows = looks.iter().map(|look| {
        let (word, tone) = match look.state {
            State::Well => ("well", Tone::Good),
            State::Warning => ("warning", Tone::Warning),
            State::Ill => ("ill", Tone::Bad),
        };
        let code = look.code.map(|code| format!(" ({code})")).unwrap_or_default();
        vec![
            look.what.as_str().into(),
            Cell::words(word).tone(tone),
            format!("{}{code}", look.found).into(),
            look.help.as_deref().unwrap_or_default().into(),
        ]
    });
    document.table(&["What", "State", "Found", "What to do"], rows);
    document
}
