//! The specimens of one format version, and reading all of them as strictly as they can be read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use keyferry_core::journal::{self, Entry, Output, Progress, RunState};
use keyferry_core::manifest::{self, Manifest, SealedManifest};
use keyferry_core::plan::Plan;
use keyferry_core::sshsig::AllowedSigners;
use keyferry_core::{Evidence, Sha256, canonical, evidence};
use serde_json::{Value, json};

/// A folder of the museum.
#[derive(Debug, Clone)]
pub(crate) struct Specimens {
    /// `v1`.
    pub(crate) version: String,
    /// By path below the folder.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

impl Specimens {
    /// Those of every version.
    pub(crate) fn all() -> Vec<Self> {
        let museum = Path::new(env!("CARGO_MANIFEST_DIR")).join("museum");
        let folders = entries(&museum).into_iter().filter(|path| path.is_dir());
        let is_version = |folder: &PathBuf| name(folder).starts_with('v');
        let all: Vec<_> = folders.filter(is_version).map(|folder| Self::of(&folder)).collect();
        assert!(!all.is_empty(), "the museum is not empty");
        all
    }

    fn of(folder: &Path) -> Self {
        let (mut files, mut waiting) = (BTreeMap::new(), vec![folder.to_path_buf()]);
        while let Some(next) = waiting.pop() {
            for path in entries(&next) {
                if path.is_dir() {
                    waiting.push(path);
                } else {
                    let below = path.strip_prefix(folder).expect("below it").display().to_string();
                    files.insert(below, std::fs::read(&path).expect("readable"));
                }
            }
        }
        Self { version: name(folder), files }
    }

    /// The same with another content of one file.
    pub(crate) fn with(&self, name: &str, bytes: Vec<u8>) -> Self {
        let mut changed = self.clone();
        changed.files.insert(name.to_owned(), bytes);
        changed
    }

    pub(crate) fn bytes(&self, name: &str) -> &[u8] {
        &self.files[name]
    }

    fn text(&self, name: &str) -> Result<String> {
        Ok(String::from_utf8(self.bytes(name).to_vec())?)
    }

    /// Reads everything and compares what can be compared.
    pub(crate) fn verify(&self) -> Result<()> {
        let before = self.bundle("bundle-before")?;
        let bundle = self.bundle("bundle")?;
        // Version 1 knew no single keys.
        if self.files.contains_key("bundle-keys/manifest.json") {
            ensure!(self.bundle("bundle-keys")?.keys.iter().all(|key| key.blob.is_some()), "keys one by one");
        }
        let previous = bundle.previous.context("the second bundle has one before it")?;
        ensure!(previous.backup_id == before.backup_id, "another backup came before");
        let digest = Sha256::of(self.bytes("bundle-before/manifest.json"));
        ensure!(previous.manifest_sha256 == digest, "the manifest before is another one");
        self.run("backup")?;
        let (plan, restored) = self.run("restore")?;
        self.map(&plan, &restored)?;
        self.evidence()
    }

    fn bundle(&self, folder: &str) -> Result<Manifest> {
        let bytes = self.bytes(&format!("{folder}/manifest.json")).to_vec();
        let signature = self.text(&format!("{folder}/manifest.json.sig"))?;
        let allowed = AllowedSigners::parse(&self.text("allowed_signers")?)?;
        let (manifest, signer) = manifest::open(&SealedManifest { bytes, signature }, &allowed)?;
        ensure!(signer.principal == "keyferry", "signed by somebody else");
        for file in manifest.files() {
            let bytes = self.bytes(&format!("{folder}/{}", file.name));
            ensure!(bytes.len() as u64 == file.size && Sha256::of(bytes) == file.sha256, "other bytes");
        }
        ensure!(manifest.files().count() > 0 && manifest.versions().count() > 0, "nothing was saved");
        for (_, version) in manifest.versions() {
            let has_canary = manifest.canaries_of(&version.id).next().is_some();
            ensure!(has_canary != manifest.unprovable_because(&version.id).is_some(), "a canary or a reason");
        }
        Ok(manifest)
    }

    pub(crate) fn plan(&self, run: &str) -> Result<Plan> {
        Ok(Plan::from_bytes(self.bytes(&format!("{run}/plan.json")))?)
    }

    /// A run that went well to its end.
    fn run(&self, run: &str) -> Result<(Plan, Progress)> {
        let plan = self.plan(run)?;
        let lines = journal::parse(self.bytes(&format!("{run}/journal.jsonl")))?;
        let progress = journal::replay(&plan, &lines)?;
        let Some(Entry::RunStarted { plan_sha256, .. }) = lines.first().map(|line| &line.entry) else {
            anyhow::bail!("the run never began");
        };
        ensure!(*plan_sha256 == plan.digest()?, "the run performed another plan");
        ensure!(progress.state == Some(RunState::Succeeded), "the run succeeded");
        ensure!(progress.in_doubt.is_empty(), "nothing is in doubt");
        ensure!(progress.outputs.len() == plan.steps.len(), "every step has its output");
        Ok((plan, progress))
    }

    /// A map is a result that nothing reads back; it says what the run's journal says.
    fn map(&self, plan: &Plan, progress: &Progress) -> Result<()> {
        let map: Value = serde_json::from_slice(self.bytes("map.json"))?;
        let mapping = progress.outputs.values().find_map(|output| match output {
            Output::Mapped { mapping, .. } => Some(mapping),
            _ => None,
        });
        let mapping = mapping.context("the run mapped a vault")?;
        let expected = json!({
            "schema": "keyferry.map", "version": 1,
            "run_id": progress.run_id, "backup_ids": plan.backup_ids, "into": plan.into, "mapping": mapping.entries,
            "management_endpoint": mapping.management_endpoint, "crypto_endpoint": mapping.crypto_endpoint,
        });
        ensure!(map == expected, "the map is not the run's");
        Ok(())
    }

    fn evidence(&self) -> Result<()> {
        let bytes = self.bytes("evidence/evidence.json");
        let allowed = AllowedSigners::parse(&self.text("evidence/allowed_signers")?)?;
        allowed.verify(evidence::NAMESPACE, bytes, &self.text("evidence/evidence.json.sig")?)?;
        let evidence: Evidence = canonical::from_bytes(bytes)?;
        ensure!(
            evidence.failure.is_none() && !evidence.proof.versions.is_empty(),
            "the drill proved something"
        );
        ensure!(canonical::to_bytes(&evidence)? == bytes, "nothing in it was passed over");
        Ok(())
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_name().and_then(|name| name.to_str()).expect("a plain name").to_owned()
}
