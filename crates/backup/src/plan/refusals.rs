//! What forbids a backup, and what somebody should know before it.

use keyferry_core::{Code, Finding, Severity, completeness, eligibility};

use super::BackupRequest;

pub(super) fn refusals(request: &BackupRequest<'_>) -> Vec<Finding> {
    let vault = &request.stock.vault;
    let error = |code, because: String| Finding::new(code, Severity::Error, vault.id.as_str(), because);
    let mut findings: Vec<_> =
        eligibility::vault(vault).into_iter().map(|reason| error(reason.code, reason.text)).collect();
    findings.extend(request.through.iter().flat_map(|through| through.findings.iter().cloned()));
    if request.through.is_none() && request.destination.store.region != vault.region {
        let because =
            format!("the vault is in {}, the bucket in {}", vault.region, request.destination.store.region);
        findings.push(error(Code::BucketElsewhere, because));
    }
    match &request.destination.bucket {
        None => findings
            .push(error(Code::NotFound, format!("there is no bucket {} to see", request.destination.store))),
        Some(bucket) => {
            if bucket.is_read_only {
                findings.push(error(Code::BucketElsewhere, format!("bucket {} is read-only", bucket.name)));
            }
        }
    }
    for copy in request.copies.iter().filter(|copy| copy.region() == Some(vault.region)) {
        let because =
            format!("{copy} is in the region of the backup itself; it does not survive that region's loss");
        findings.push(Finding::new(Code::BucketElsewhere, Severity::Warning, vault.id.as_str(), because));
    }
    let counted = completeness(request.stock);
    if !counted.complete {
        let because = match counted.expected {
            Some(expected) => format!("the service counts {expected} keys, {} could be listed", counted.seen),
            None => "the service's own count of keys could not be read".into(),
        };
        findings.push(Finding::new(Code::InventoryIncomplete, Severity::Warning, vault.id.as_str(), because));
    }
    findings.extend(request.destination.findings.iter().cloned());
    findings
}
