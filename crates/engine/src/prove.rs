//! Opens the canaries of one version against the restored vault, and judges.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyferry_core::canary::{Canary, Sealed};
use keyferry_core::journal::Output;
use keyferry_core::model::{Key, KeyState, KeyVersion, Vault};
use keyferry_core::plan::Action;
use keyferry_core::{Mapping, ProvenVersion, Sha256, Verdict};
use keyferry_ids::{KeyId, KeyVersionId};

use crate::public_key::{der_of, is_signature_by};
use crate::{Context, EngineError};

/// The restored counterpart of a version.
struct Counterpart<'a> {
    vault: &'a Vault,
    key: Key,
    version: KeyVersion,
}

pub(crate) async fn prove(
    context: &Context,
    vault: &Vault,
    mapping: &Mapping,
    action: &Action,
    challenge: [u8; 32],
) -> Result<Output, EngineError> {
    let Action::ProveVersion {
        key_name,
        key_id,
        version_id,
        is_current,
        public_key,
        canaries,
        unprovable,
        ..
    } = action
    else {
        return Err(EngineError::NoResult);
    };
    let to = mapping.of(version_id.as_str());
    let judged = |verdict, reason: String| Output::Proven {
        version: ProvenVersion {
            key_name: key_name.clone(),
            from: version_id.to_string(),
            to: to.map(str::to_owned),
            verdict,
            reason,
        },
    };
    let failed = |reason: &str| Ok(judged(Verdict::Failed, reason.to_owned()));
    let new_key = mapping.of(key_id.as_str()).and_then(|id| KeyId::parse(id).ok());
    let new_version = to.and_then(|id| KeyVersionId::parse(id).ok());
    let (Some(new_key), Some(new_version)) = (new_key, new_version) else {
        return failed("not found in the restored vault");
    };
    let key = context.client.key(vault, &new_key).await?;
    let Some(version) = key.versions.iter().find(|version| version.id == new_version).cloned() else {
        return failed("not found in the restored vault");
    };
    if !same_key(public_key.as_deref(), version.public_key.as_deref()) {
        return failed("the restored public key is another one");
    }
    if let Some(because) = unprovable {
        return Ok(judged(Verdict::Unprovable, because.clone()));
    }
    if key.lifecycle_state == KeyState::Disabled {
        return Ok(judged(Verdict::Unprovable, "the key is disabled, as it was at the backup".into()));
    }
    let counterpart = Counterpart { vault, key, version };
    let mut shown = Vec::new();
    for canary in canaries {
        match open(context, &counterpart, canary, public_key.as_deref()).await? {
            Ok(how) => shown.push(how),
            Err(reason) => return Ok(judged(Verdict::Failed, reason)),
        }
    }
    let signs = canaries.iter().find_map(|canary| match &canary.sealed {
        Sealed::Signature { algorithm, .. } => Some(algorithm),
        _ => None,
    });
    if let (true, Some(algorithm), Some(pem)) = (*is_current, signs, public_key) {
        match sign_anew(context, &counterpart, algorithm, pem, &challenge).await? {
            Ok(how) => shown.push(how),
            Err(reason) => return Ok(judged(Verdict::Failed, reason)),
        }
    }
    shown.sort_unstable();
    shown.dedup();
    Ok(judged(Verdict::Proven, shown.join("; ")))
}

fn same_key(recorded: Option<&str>, restored: Option<&str>) -> bool {
    match (recorded, restored) {
        (None, None) => true,
        (Some(a), Some(b)) => der_of(a).is_some() && der_of(a) == der_of(b),
        _ => false,
    }
}

/// `Ok(Err(reason))` is a judgement; `Err` means that we could not judge.
async fn open(
    context: &Context,
    to: &Counterpart<'_>,
    canary: &Canary,
    public_key: Option<&str>,
) -> Result<Result<&'static str, String>, EngineError> {
    let client = &context.client;
    let bytes = |text: &str| STANDARD.decode(text).unwrap_or_default();
    let opened = match &canary.sealed {
        Sealed::AesGcm { ciphertext, associated_data, plaintext_sha256 } => {
            let sealed = bytes(ciphertext);
            // An AES ciphertext names its version itself; with a version named that would not be tested.
            let opening = client.decrypt(to.vault, &to.key.id, None, &sealed, associated_data, "AES_256_GCM");
            opening.await.map(|plaintext| (Sha256::of(&plaintext) == *plaintext_sha256, "canary decrypted"))
        }
        Sealed::RsaOaep { ciphertext, plaintext_sha256 } => {
            let (sealed, none) = (bytes(ciphertext), std::collections::BTreeMap::new());
            let version = Some(&to.version.id);
            let opening = client.decrypt(to.vault, &to.key.id, version, &sealed, &none, "RSA_OAEP_SHA_256");
            opening.await.map(|plaintext| (Sha256::of(&plaintext) == *plaintext_sha256, "canary decrypted"))
        }
        Sealed::Signature { algorithm, message, signature } => {
            let (message, signature) = (bytes(message), bytes(signature));
            let offline = public_key.and_then(|pem| is_signature_by(pem, algorithm, &message, &signature));
            if offline == Some(false) {
                return Ok(Err("the recorded signature is not by the recorded public key".into()));
            }
            let checking =
                client.verify(to.vault, &to.key.id, &to.version.id, &message, &signature, algorithm);
            checking.await.map(|is_valid| (is_valid, "old signature verified"))
        }
    };
    match opened {
        Ok((true, how)) => Ok(Ok(how)),
        Ok((false, _)) => Ok(Err("the canary opened to something else".into())),
        Err(error) if error.is_refusal() => Ok(Err(format!("the canary did not open: {error}"))),
        Err(error) => Err(error.into()),
    }
}

/// Only the holder of the private key can sign a new challenge; this shows that it came along.
async fn sign_anew(
    context: &Context,
    to: &Counterpart<'_>,
    algorithm: &str,
    pem: &str,
    challenge: &[u8],
) -> Result<Result<&'static str, String>, EngineError> {
    let signing = context.client.sign(to.vault, &to.key.id, Some(&to.version.id), challenge, algorithm);
    match signing.await {
        Ok(signed) => match is_signature_by(pem, algorithm, challenge, &signed.signature) {
            Some(true) => Ok(Ok("new signature by the recorded key")),
            Some(false) => Ok(Err("a new signature is not by the recorded public key".into())),
            None => Ok(Ok("old signature verified")),
        },
        Err(error) if error.is_refusal() => Ok(Err(format!("the restored key does not sign: {error}"))),
        Err(error) => Err(error.into()),
    }
}
