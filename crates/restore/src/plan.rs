//! Decides what a restore will do: pure, from a manifest and a snapshot of the target.

mod apart;

use jiff::Timestamp;
use keyferry_core::manifest::{Manifest, ManifestKey};
use keyferry_core::model::{ObjectPlace, OciStore};
use keyferry_core::plan::{Action, ExpectedBytes, ExpectedKey, Plan, PlanKind, SCHEMA, StepId, VERSION};
use keyferry_core::{Code, Environment, Finding, Severity};
use keyferry_ids::{CompartmentId, Region};

use crate::Target;

/// What to do if the target region already holds the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Existing {
    /// Refuse.
    #[default]
    Fail,
    /// Leave it as it is; map and prove only.
    Skip,
    /// Let the service merge the backup into it: it only ever adds.
    Adopt,
}

/// A restore of a bundle.
#[derive(Debug, Clone, Copy)]
pub struct RestoreRequest<'a> {
    /// The opened manifest.
    pub manifest: &'a Manifest,
    /// The store it was read from.
    pub store: &'a OciStore,
    /// The target region.
    pub into: Region,
    /// What was seen there.
    pub target: &'a Target,
    /// What to do with a vault that is already there.
    pub existing: Existing,
    /// When the target was looked at.
    pub now: Timestamp,
}

/// A restore of a service file without a manifest.
#[derive(Debug, Clone, Copy)]
pub struct BlobRequest<'a> {
    /// The file.
    pub blob: &'a ObjectPlace,
    /// Where the vault was at backup time; nobody else knows.
    pub compartment_id: &'a CompartmentId,
    /// The target region.
    pub into: Region,
    /// What was seen there.
    pub target: &'a Target,
    /// When the target was looked at.
    pub now: Timestamp,
}

fn empty(kind: PlanKind, environment: &Environment, into: Region, now: Timestamp) -> Plan {
    Plan {
        schema: SCHEMA.into(),
        version: VERSION,
        kind,
        made_at: now,
        environment: environment.clone(),
        backup_ids: Vec::new(),
        into,
        backup_made_at: None,
        steps: Vec::new(),
        findings: Vec::new(),
    }
}

/// Plans the restore of a bundle.
pub fn plan(request: &RestoreRequest<'_>) -> Plan {
    let manifest = request.manifest;
    let mut plan = empty(PlanKind::Restore, &request.target.environment, request.into, request.now);
    plan.backup_ids.push(manifest.backup_id.clone());
    plan.backup_made_at = Some(manifest.made_at);
    plan.findings = findings(request);
    // Without a file of the vault there is nothing to plan; a finding says so.
    let Some(file) = &manifest.blob else { return plan };
    let blob = request.store.object(&keyferry_catalogue::bundle::file(&manifest.backup_id, &file.name));
    let expect = ExpectedBytes { size: file.size, sha256: file.sha256 };
    let check = plan.push(Action::CheckObject { at: blob.clone(), expect: Some(expect) }, &[]);
    let before_map = if request.existing == Existing::Skip && request.target.existing.is_some() {
        check
    } else {
        let restore = Action::RestoreVault {
            region: request.into,
            compartment_id: manifest.vault.compartment.id.clone(),
            from: blob,
            vault_id: Some(manifest.vault.id.clone()),
        };
        plan.push(restore, &[&check])
    };
    // A vault that is there already may have got back its single keys as well.
    let is_there = request.target.existing.is_some();
    let comes = |key: &ManifestKey| is_there || key.blob.is_none();
    map_and_prove(&mut plan, manifest, request.into, Some(&before_map), comes);
    plan
}

/// Plans the proof of a vault that was restored earlier.
pub fn plan_proof(manifest: &Manifest, environment: &Environment, region: Region, now: Timestamp) -> Plan {
    let mut plan = empty(PlanKind::Prove, environment, region, now);
    plan.backup_ids.push(manifest.backup_id.clone());
    plan.backup_made_at = Some(manifest.made_at);
    plan.findings = identity_findings(manifest, environment, region);
    map_and_prove(&mut plan, manifest, region, None, |_| true);
    plan
}

/// Plans the restore of a file without a manifest: nothing in it can be checked or proven.
pub fn plan_blob(request: &BlobRequest<'_>) -> Plan {
    let mut plan = empty(PlanKind::Restore, &request.target.environment, request.into, request.now);
    subscription_finding(&mut plan.findings, request.target, request.into);
    if plan.findings.is_empty() {
        store_finding(&mut plan.findings, request.blob.region, request.into, &request.blob.to_string());
        compartment_finding(&mut plan.findings, request.target, request.compartment_id, "the vault");
    }
    let because =
        "the file has no signed manifest: its bytes are taken as they are and its versions are unprovable";
    plan.findings.push(Finding::new(Code::Unprovable, Severity::Warning, request.blob, because));
    let check = plan.push(Action::CheckObject { at: request.blob.clone(), expect: None }, &[]);
    let restore = Action::RestoreVault {
        region: request.into,
        compartment_id: request.compartment_id.clone(),
        from: request.blob.clone(),
        vault_id: None,
    };
    let restore = plan.push(restore, &[&check]);
    let map = Action::MapVault {
        region: request.into,
        vault_id: None,
        compartment_id: request.compartment_id.clone(),
        search: request.target.compartments.iter().filter(|c| c.is_active).map(|c| c.id.clone()).collect(),
        keys: Vec::new(),
    };
    plan.push(map, &[&restore]);
    plan
}

fn map_and_prove(
    plan: &mut Plan,
    manifest: &Manifest,
    region: Region,
    after: Option<&StepId>,
    comes: impl Fn(&ManifestKey) -> bool,
) {
    let mut search = vec![manifest.vault.compartment.id.clone()];
    search.extend(manifest.keys.iter().map(|key| key.compartment.id.clone()));
    search.sort();
    search.dedup();
    let expected = manifest.keys.iter().filter(|key| comes(key)).map(|key| ExpectedKey {
        id: key.id.clone(),
        name: key.name.clone(),
        compartment_id: key.compartment.id.clone(),
        versions: key.versions.iter().map(|version| version.id.clone()).collect(),
    });
    let map = Action::MapVault {
        region,
        vault_id: Some(manifest.vault.id.clone()),
        compartment_id: manifest.vault.compartment.id.clone(),
        search,
        keys: expected.collect(),
    };
    let map = plan.push(map, &after.into_iter().collect::<Vec<_>>());
    for (key, version) in manifest.versions() {
        let canaries: Vec<_> = manifest.canaries_of(&version.id).cloned().collect();
        let because = manifest.unprovable_because(&version.id).unwrap_or("the bundle holds no canary of it");
        let stays_away = apart::because(key).filter(|_| !comes(key));
        let prove = Action::ProveVersion {
            region,
            key_name: key.name.clone(),
            key_id: key.id.clone(),
            version_id: version.id.clone(),
            is_current: key.current_version == version.id,
            public_key: version.public_key.clone(),
            unprovable: stays_away.or_else(|| canaries.is_empty().then(|| because.to_owned())),
            canaries,
        };
        plan.push(prove, &[&map]);
    }
}

fn findings(request: &RestoreRequest<'_>) -> Vec<Finding> {
    let manifest = request.manifest;
    let target = request.target;
    let mut findings = identity_findings(manifest, &target.environment, request.into);
    // Nothing else can be judged about a region of another realm or an account that is not ours.
    if !findings.is_empty() {
        return findings;
    }
    subscription_finding(&mut findings, target, request.into);
    // An unsubscribed region was not looked at, so nothing more is known of it.
    if !findings.is_empty() {
        return findings;
    }
    findings.extend(apart::finding(manifest, request.store));
    store_finding(&mut findings, request.store.region, request.into, &request.store.to_string());
    compartment_finding(&mut findings, target, &manifest.vault.compartment.id, &manifest.vault.name);
    for key in &manifest.keys {
        compartment_finding(&mut findings, target, &key.compartment.id, &key.name);
    }
    if let Some(existing) = &target.existing {
        let (severity, because) = match request.existing {
            Existing::Fail => (Severity::Error, format!("{existing} was restored from it or is it")),
            Existing::Skip => (Severity::Info, format!("{existing} stays as it is; it is mapped and proven")),
            Existing::Adopt => {
                (Severity::Warning, format!("the service will merge the backup into {existing}"))
            }
        };
        findings.push(Finding::new(Code::AlreadyRestored, severity, manifest.vault.id.as_str(), because));
    }
    let unprovable = manifest.versions().filter(|(_, v)| manifest.canaries_of(&v.id).next().is_none());
    for (key, version) in unprovable {
        let because = manifest.unprovable_because(&version.id).unwrap_or("no canary");
        let because = format!("a version of key {}: {because}", key.name);
        findings.push(Finding::new(Code::Unprovable, Severity::Warning, version.id.as_str(), because));
    }
    findings
}

fn identity_findings(manifest: &Manifest, environment: &Environment, into: Region) -> Vec<Finding> {
    let error = |code, because| Finding::new(code, Severity::Error, &manifest.backup_id, because);
    let mut findings = Vec::new();
    if into.realm() != manifest.environment.realm {
        let because =
            format!("{into} is in realm {}, the backup in {}", into.realm(), manifest.environment.realm);
        findings.push(error(Code::OtherRealm, because));
    }
    if environment.tenancy_id != manifest.environment.tenancy_id
        || environment.kind != manifest.environment.kind
    {
        let because = format!("it was made in tenancy {}", manifest.environment.tenancy_id);
        findings.push(error(Code::ForeignTenancy, because));
    }
    findings
}

fn subscription_finding(findings: &mut Vec<Finding>, target: &Target, into: Region) {
    if into.realm() != target.environment.realm {
        let because =
            format!("{into} is in realm {}, this tenancy in {}", into.realm(), target.environment.realm);
        findings.push(Finding::new(Code::OtherRealm, Severity::Error, into, because));
    } else if !target.subscribed.contains(&into) {
        let because = format!("the tenancy may use {}", names(&target.subscribed));
        findings.push(Finding::new(Code::NotSubscribed, Severity::Error, into, because));
    }
}

fn names(regions: &[Region]) -> String {
    regions.iter().map(Region::name).collect::<Vec<_>>().join(", ")
}

fn store_finding(findings: &mut Vec<Finding>, region: Region, into: Region, subject: &str) {
    if region != into {
        let because = format!("the service restores from a bucket of {into} only, this one is in {region}");
        let mut finding = Finding::new(Code::BucketElsewhere, Severity::Error, subject, because);
        finding.remedy =
            format!("copy the backup first: keyferry copy ID --to oci://BUCKET@NAMESPACE/{into}");
        findings.push(finding);
    }
}

fn compartment_finding(findings: &mut Vec<Finding>, target: &Target, id: &CompartmentId, whose: &str) {
    if !target.compartments.iter().any(|compartment| compartment.id == *id && compartment.is_active) {
        let because = format!("compartment {id}, recorded for {whose}, is not there or not active");
        findings.push(Finding::new(Code::CompartmentGone, Severity::Error, id.as_str(), because));
    }
}

#[cfg(test)]
mod tests;
