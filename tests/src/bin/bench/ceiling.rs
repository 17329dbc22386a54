//! What this machine's cryptography alone can do on one core.

use std::time::{Duration, Instant};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256};

const LENGTH: Duration = Duration::from_millis(500);
/// As long as what is signed of a request.
const SIGNED: usize = 400;

/// Per second and core.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ceiling {
    pub(crate) verifications: f64,
    pub(crate) encryptions: f64,
}

impl Ceiling {
    /// Both for each request and nothing else.
    pub(crate) fn both(self) -> f64 {
        1.0 / (1.0 / self.verifications + 1.0 / self.encryptions)
    }

    pub(crate) fn measure() -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("an RSA key");
        let message = [7; SIGNED];
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &message, &mut signature).expect("signed");
        let public =
            ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key()).expect("a public key");
        let verifications = rate(|_| public.verify_sig(&message, &signature).expect("a good signature"));

        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).expect("an AES key"));
        let mut text = [7; 1024];
        let encryptions = rate(|count| {
            let mut nonce = [0; NONCE_LEN];
            nonce[..8].copy_from_slice(&count.to_be_bytes());
            let nonce = Nonce::assume_unique_for_key(nonce);
            let _tag = key.seal_in_place_separate_tag(nonce, Aad::empty(), &mut text).expect("encrypted");
        });
        Self { verifications, encryptions }
    }
}

/// Signatures of requests alone, by one thread.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signing {
    /// By the clock.
    pub(crate) per_second: f64,
    /// CPU time of each.
    pub(crate) cpu: Duration,
}

impl Signing {
    pub(crate) fn measure() -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("an RSA key");
        let (message, mut signature) = ([7; SIGNED], vec![0; pair.public_modulus_len()]);
        let (cpu, mut count) = (thread_cpu(), 0_u32);
        let per_second = rate(|_| {
            pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &message, &mut signature).expect("signed");
            count += 1;
        });
        Self { per_second, cpu: (thread_cpu() - cpu) / count }
    }
}

/// CPU time of this thread so far.
fn thread_cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanoseconds = text.split_whitespace().next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.expect("a number"))
}

/// How often a second it can be done.
fn rate(mut work: impl FnMut(u64)) -> f64 {
    let started = Instant::now();
    let mut count = 0_u64;
    while started.elapsed() < LENGTH {
        for _ in 0..64 {
            work(count);
            count += 1;
        }
    }
    count as f64 / started.elapsed().as_secs_f64()
}
