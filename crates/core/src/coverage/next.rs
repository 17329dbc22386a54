//! What to do about a line: a command to type, or the next best protection.

use super::{Line, Place, ProofStanding, Saved, Standing, Subject};
use crate::{Code, eligibility};

impl Line<'_> {
    /// What to do next; nothing if all is well.
    pub fn next(&self) -> Option<String> {
        match self.standing {
            Standing::Unsaved | Standing::Outdated | Standing::Stale => Some(self.backup()),
            Standing::NotCopied => self.record.map(|record| copy(&record.newest)),
            Standing::Protected => self.proving(),
            Standing::Exportable => Some(self.export()),
            Standing::Unsavable => {
                let reasons = eligibility::vault(self.vault);
                Some(reasons.into_iter().next().map_or_else(String::new, |reason| reason.next_best))
            }
            Standing::External => Some(eligibility::next_best(Code::ExternalKey).to_owned()),
            Standing::Secret => Some(eligibility::next_best(Code::SecretNotSaved).to_owned()),
            Standing::Replicated | Standing::Accepted | Standing::Leaving => None,
        }
    }

    /// Why it stands as it does, in a few words.
    pub fn because(&self) -> String {
        match self.standing {
            Standing::Protected => "saved, copied outside its region, recent enough".to_owned(),
            Standing::Stale => {
                "its vault has changed, and the newest backup outside its region is too old".to_owned()
            }
            Standing::Outdated => format!("{} of its versions came after the newest backup", self.missing),
            Standing::NotCopied if self.record.is_some_and(|record| record.older_away.is_some()) => {
                "the newest backup lies in its own region only; the copy elsewhere is an older one".to_owned()
            }
            Standing::NotCopied => "its backup lies in its own region only".to_owned(),
            Standing::Unsaved => "no backup holds it".to_owned(),
            Standing::Replicated => "no backup can hold it; it has a replica in another region".to_owned(),
            Standing::Exportable => "a software key, which no backup can hold".to_owned(),
            Standing::Accepted => "a software key that need not be saved".to_owned(),
            Standing::Unsavable => "an HSM key that no backup can hold".to_owned(),
            Standing::External => "its material is not in OCI".to_owned(),
            Standing::Leaving => "on its way to deletion".to_owned(),
            Standing::Secret => "secrets are never part of a backup".to_owned(),
        }
    }

    fn backup(&self) -> String {
        let record = self.record;
        let home = record.and_then(|record| {
            record.newest.backup.places.iter().find(|place| place.region == Some(self.vault.region))
        });
        // `oci://BUCKET@NAMESPACE/REGION`: the same bucket as the last time.
        let bucket = home.and_then(|place| place.store.strip_prefix("oci://")?.split(['@', '/']).next());
        let away = self.judged().and_then(|saved| saved.backup.places_away().next());
        let copies = away.map_or("STORE", |place| &place.store);
        format!(
            "keyferry backup {} --bucket {} --copy-to {copies}",
            self.vault.id,
            bucket.unwrap_or("BUCKET")
        )
    }

    fn proving(&self) -> Option<String> {
        let saved = self.judged()?;
        let away = saved.backup.places_away().next()?;
        match self.proof {
            ProofStanding::Proven(_) if !self.is_unproven_in_time => None,
            ProofStanding::Unprovable | ProofStanding::Nothing => Some("keyferry explain KF-2402".to_owned()),
            ProofStanding::Failed(_) => {
                Some(format!("keyferry check {} --store {}", saved.backup.id, away.store))
            }
            ProofStanding::Never | ProofStanding::Proven(_) => {
                let region = away.region.map_or("REGION", |region| region.name());
                let (id, store) = (&saved.backup.id, &away.store);
                Some(format!("keyferry restore plan {id} --store {store} --into {region} --out plan.json"))
            }
        }
    }

    fn export(&self) -> String {
        let Subject::Key(key) = self.subject else { return String::new() };
        format!(
            "oci kms crypto key export --endpoint {} --key-id {} --key-version-id {} --algorithm RSA_OAEP_AES_SHA256 \
             --public-key PEM",
            self.vault.crypto_endpoint, key.id, key.current_version
        )
    }
}

fn copy(saved: &Saved) -> String {
    let from = saved.backup.places.first().map_or("STORE", |place: &Place| &place.store);
    format!("keyferry copy {} --store {from} --to STORE", saved.backup.id)
}
