//! Mints canaries: has a key version seal something that only it can open.

use std::collections::BTreeMap;

use keyferry_core::Sha256;
use keyferry_core::canary::{Canary, CanaryKind, Sealed, binding, signing_algorithm};
use keyferry_core::journal::Output;
use keyferry_core::model::{KeyShape, Vault};
use keyferry_ids::{KeyId, KeyVersionId};

use crate::{Context, EngineError};

pub(crate) async fn mint(
    context: &Context,
    vault: &Vault,
    (key, version, shape): (&KeyId, &KeyVersionId, &KeyShape),
    kind: CanaryKind,
    backup_id: &str,
    secret: [u8; 32],
) -> Result<Output, EngineError> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let client = &context.client;
    let plaintext_sha256 = Sha256::of(&secret);
    let not_minted = |because: String| Ok(Output::NotMinted { because });
    let sealed = match kind {
        CanaryKind::AesGcm => {
            let associated_data = binding(&vault.id, key, version, backup_id);
            client.encrypt(vault, key, &secret, &associated_data, "AES_256_GCM").await.map(|sealed| {
                let ciphertext = STANDARD.encode(&sealed.ciphertext);
                (sealed.key_version_id, Sealed::AesGcm { ciphertext, associated_data, plaintext_sha256 })
            })
        }
        CanaryKind::RsaOaep => {
            client.encrypt(vault, key, &secret, &BTreeMap::new(), "RSA_OAEP_SHA_256").await.map(|sealed| {
                let ciphertext = STANDARD.encode(&sealed.ciphertext);
                (sealed.key_version_id, Sealed::RsaOaep { ciphertext, plaintext_sha256 })
            })
        }
        CanaryKind::Signature => {
            let Some(algorithm) = signing_algorithm(&shape.algorithm, shape.length) else {
                return not_minted(format!("no signing algorithm is known for {shape}"));
            };
            client.sign(vault, key, Some(version), &secret, algorithm).await.map(|signed| {
                let (message, signature) = (STANDARD.encode(secret), STANDARD.encode(signed.signature));
                (
                    Some(signed.key_version_id),
                    Sealed::Signature { algorithm: algorithm.into(), message, signature },
                )
            })
        }
    };
    match sealed {
        // Rotated between taking stock and minting: the canary would be another version's.
        Ok((Some(used), _)) if used != *version => not_minted("the key was rotated during the backup".into()),
        Ok((_, sealed)) => Ok(Output::Minted {
            canary: Canary {
                key_id: key.clone(),
                version_id: version.clone(),
                minted_for: backup_id.to_owned(),
                minted_at: context.clock.now(),
                sealed,
            },
        }),
        Err(error) if error.is_conflict() || error.is_absent_or_forbidden() => {
            not_minted(format!("the service refused to use the key: {error}"))
        }
        Err(error) => Err(error.into()),
    }
}
