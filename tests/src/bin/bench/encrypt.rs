//! Encryption over HTTP: the realm beside moto's server, a bare server, and the machine's cryptography.

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use http::{HeaderValue, Method, Request};
use keyferry_core::model::{ProtectionMode, Vault, VaultType};
use keyferry_ids::KeyId;
use keyferry_realm::ReadyLine;
use keyferry_tests::{Account, block_on};
use serde_json::{Value, json};

use crate::ceiling::Ceiling;
use crate::figures::{milliseconds, number, table, verdict};
use crate::load::{self, CONNECTIONS, Load, Target};
use crate::process::Server;
use crate::sign::caught;

const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);
const PLAINTEXT: usize = 1024;
/// Sent over and over. No server remembers a signature, so each is verified every time.
const REQUESTS: usize = 1000;
const OF_BARE: f64 = 0.8;
const OF_MOTO: f64 = 30.0;

/// A vault and a key in it that encrypts.
pub(crate) fn key(account: &Account) -> (Vault, KeyId) {
    block_on(async {
        let root = account.root();
        let vault = account.vault("bench", VaultType::Default, &root).await;
        let key = account.key(&vault, "bench", "AES", ProtectionMode::Hsm, &root).await;
        (vault, key)
    })
}

fn plaintext(number: usize) -> Vec<u8> {
    let mut plaintext = vec![0; PLAINTEXT];
    plaintext[..8].copy_from_slice(&number.to_be_bytes());
    plaintext
}

/// Requests to encrypt, each another text, signed ahead.
pub(crate) fn requests(ready: &ReadyLine, vault: &Vault, key: &KeyId) -> Target {
    let (address, requests) = caught(ready, async |client| {
        for number in 0..REQUESTS {
            let sent = client.encrypt(vault, key, &plaintext(number), &BTreeMap::new(), "AES_256_GCM").await;
            sent.expect_err("caught on its way");
        }
    });
    assert_eq!(requests.len(), REQUESTS, "one request each");
    Target { address, requests: requests.into(), shortest_answer: PLAINTEXT }
}

/// As its clients ask, but for the signature, at which it does not look.
fn moto_request(target: &str, body: &Value) -> Request<Bytes> {
    let scope = "AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/kms/aws4_request, SignedHeaders=host, Signature=0";
    let mut request = Request::new(Bytes::from(body.to_string()));
    *request.method_mut() = Method::POST;
    let headers = request.headers_mut();
    for (name, value) in [
        ("host", "kms.us-east-1.amazonaws.com"),
        ("authorization", scope),
        ("x-amz-target", target),
        ("content-type", "application/x-amz-json-1.1"),
    ] {
        headers.insert(name, HeaderValue::from_str(value).expect("a header"));
    }
    request
}

fn moto_target(address: std::net::SocketAddr) -> Target {
    let create = moto_request("TrentService.CreateKey", &json!({}));
    let (status, body) = block_on(load::ask(address, &create));
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    let made: Value = serde_json::from_slice(&body).expect("JSON");
    let encrypt = |number| {
        let text = BASE64_STANDARD.encode(plaintext(number));
        let body = json!({ "KeyId": made["KeyMetadata"]["KeyId"], "Plaintext": text });
        moto_request("TrentService.Encrypt", &body)
    };
    let requests: Rc<[_]> = (0..REQUESTS).map(encrypt).collect();
    Target { address, requests, shortest_answer: PLAINTEXT }
}

/// A measurement of a server that does not verify would be worth nothing.
fn insist_on_verification(target: &Target) {
    let mut request = target.requests.first().expect("a request").clone();
    let other = target.requests.last().and_then(|other| other.headers().get("authorization")).cloned();
    request.headers_mut().insert("authorization", other.expect("signed"));
    assert_eq!(
        block_on(load::ask(target.address, &request)).0,
        401,
        "another request's signature is refused"
    );
}

struct Contender {
    name: String,
    server: Server,
    target: Target,
    rounds: Vec<Load>,
    /// CPU time per answer.
    cpu: Vec<Duration>,
}

impl Contender {
    fn new(name: &str, server: Server, target: Target) -> Self {
        Self { name: name.to_owned(), server, target, rounds: Vec::new(), cpu: Vec::new() }
    }

    fn round(&mut self, length: Duration) {
        let (cpu, started) = (self.server.cpu(), Instant::now());
        let load = block_on(load::round(&self.target, length));
        let answers = load.rate * started.elapsed().as_secs_f64();
        self.cpu.push((self.server.cpu() - cpu).div_f64(answers));
        self.rounds.push(load);
    }

    fn row(&self) -> Vec<String> {
        let Load { rate, p50, p99 } = self.load();
        let cpu = crate::figures::median(self.cpu.iter().copied());
        vec![
            self.name.clone(),
            number(rate),
            milliseconds(p50),
            milliseconds(p99),
            format!("{} µs", number(cpu.as_secs_f64() * 1e6)),
            format!("{} MB", self.server.resident() / 1_000_000),
        ]
    }

    fn load(&self) -> Load {
        Load::median(&self.rounds)
    }
}

/// Runs everything and says what came of it.
pub(crate) fn measure(keyferry: &Path, moto: &Path, folder: &Path) -> String {
    let data = folder.join("encrypt");
    let (server, ready) = Server::realm(keyferry, &data);
    let (vault, key) = key(&Account::at(&ready));
    let target = requests(&ready, &vault, &key);
    let (bare, address) = Server::bare(&data.join("api_key.pem"));
    let bare_target = Target { address, ..target.clone() };
    let (moto, moto_address) = Server::moto(moto);
    let moto_target = moto_target(moto_address);
    insist_on_verification(&target);
    insist_on_verification(&bare_target);
    let mut contenders = [
        Contender::new("keyferry realm serve", server, target),
        Contender::new("bare server (verify, encrypt, nothing else)", bare, bare_target),
        Contender::new("moto's server (verifies nothing)", moto, moto_target),
    ];
    let mut ceilings = Vec::new();
    for contender in &mut contenders {
        contender.round(ROUND / 4);
        (contender.rounds, contender.cpu) = (Vec::new(), Vec::new());
    }
    for _ in 0..ROUNDS {
        ceilings.push(Ceiling::measure());
        for contender in &mut contenders {
            contender.round(ROUND);
        }
    }
    let [realm, bare, moto] = &contenders;
    let median = |of: fn(&Ceiling) -> f64| crate::figures::median(ceilings.iter().map(of));
    let (verifications, encryptions, both) =
        (median(|c| c.verifications), median(|c| c.encryptions), median(|c| c.both()));
    let rows: Vec<_> = contenders.iter().map(Contender::row).collect();
    let heading = ["", "answers/s", "p50", "p99", "CPU each", "memory"];
    let rate = realm.load().rate;
    let (of_bare, of_moto) = (rate / bare.load().rate, rate / moto.load().rate);
    let ratios = [
        vec!["realm / bare server".into(), number(of_bare), ">= 0.80".into(), verdict(of_bare >= OF_BARE)],
        vec!["realm / moto".into(), number(of_moto), ">= 30".into(), verdict(of_moto >= OF_MOTO)],
        vec!["realm / cryptography of one core".into(), number(rate / both)],
    ];
    format!(
        "Encrypt {PLAINTEXT} bytes over HTTP: {CONNECTIONS} connections, one request under way on each;\n\
         medians of {ROUNDS} rounds of {} s, the servers in turn. Requests to the first two are signed before\n\
         the rounds ({REQUESTS} different ones, over and over): this measures servers, not signing.\n\n{}\n\
         Cryptography alone, in process, one core: {} RSA-2048 verifications/s,\n\
         {} AES-256-GCM encryptions/s; both for each request: {}/s.\n\n{}",
        ROUND.as_secs(),
        table(&heading, &rows),
        number(verifications),
        number(encryptions),
        number(both),
        table(&["", "ratio", "goal", ""], &ratios),
    )
}
