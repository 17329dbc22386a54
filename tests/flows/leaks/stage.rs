//! A user of the program with a secret of every kind, and everything that the program leaves behind.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use keyferry_core::canary::Sealed;
use keyferry_core::manifest;
use keyferry_core::model::OciStore;
use keyferry_tests::{Secrets, block_on, files_below};
use pkcs8::PrivateKeyInfoRef;
use pkcs8::pkcs5::pbes2::Parameters;

use super::echo::Echo;
use crate::world::World;

const PASS_PHRASE: &str = "pass-phrase/Of the+API=key-7f3a91";
const HEARTBEAT: &str = "heartbeat-6c1d02f7a9b84e55";
const S3_SECRET: &str = "s3/Secret+Key=9d2c77e1b04f4a6b8c";
const S3_TOKEN: &str = "s3-session-token-5e8f10aa2b";
const UNUSED: &str = "pass phrase of another account-4b";

/// The world, the user's files, and what was printed so far.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) outbox: OciStore,
    pub(crate) echo: Echo,
    pub(crate) secrets: Secrets,
    pub(crate) printed: Vec<(String, Vec<u8>)>,
    home: PathBuf,
}

impl Stage {
    pub(crate) fn new(seed: u64) -> Self {
        let world = World::new(seed);
        let outbox = block_on(world.account.bucket("us-ashburn-1", "outbox", &world.account.root()));
        let home = world.folder.path().join("user");
        let echo = Echo::start();
        let mut stage = Self { world, outbox, echo, secrets: Secrets::default(), printed: Vec::new(), home };
        stage.keys();
        stage.settings();
        stage
    }

    /// The realm's API key under a pass phrase, and its session.
    fn keys(&mut self) {
        let realm = &self.world.realm.data;
        let read = |name: &str| std::fs::read_to_string(realm.join(name)).expect("the realm's file");
        let plain = read("api_key.pem");
        let parsed = pem::parse(&plain).expect("a PEM file");
        let key = PrivateKeyInfoRef::try_from(parsed.contents()).expect("PKCS#8");
        let how = Parameters::generate_pbkdf2_sha256_aes256cbc(2048, &[7; 16], [9; 16]).expect("parameters");
        let closed = key.encrypt_with_params(how, PASS_PHRASE).expect("encrypted");
        let closed = pem::encode(&pem::Pem::new("ENCRYPTED PRIVATE KEY", closed.as_bytes()));
        self.write("api_key.pem", &closed, 0o600);
        let (own, their) = (self.home.join("api_key.pem"), realm.join("api_key.pem"));
        let (own, their) = (own.display().to_string(), their.display().to_string());
        let config = read("config").replace(&their, &format!("{own}\npass_phrase={PASS_PHRASE}"));
        self.write("config", &config, 0o600);
        self.write("wrong", &config.replace(PASS_PHRASE, UNUSED), 0o600);
        self.secrets.add("pass phrase", PASS_PHRASE.as_bytes());
        self.secrets.add("wrong pass phrase", UNUSED.as_bytes());
        self.secrets.add_pem("API key", &plain);
        self.secrets.add_pem("encrypted API key", &closed);
        self.secrets.add("session token", read("session_token").trim().as_bytes());
    }

    fn settings(&mut self) {
        let (copies, echo) = (&self.world.copies, self.echo.address);
        for folder in ["usb", "cd"] {
            std::fs::create_dir_all(self.home.join(folder)).expect("a folder");
        }
        let usb = self.path("usb");
        let settings = format!(
            "log_file = 'log'\n[stores]\nusb = 'file:{usb}'\n[policies.nightly]\nbucket = 'backups'\n\
             copy_to = ['{copies}', 'usb']\naccept_unsaved = ['software', 'secrets']\n\
             hooks = {{ success = ['./hook', 'success'], failure = ['./hook', 'failure'], always = ['./hook'] }}\n\
             heartbeat = 'http://{echo}/ping/{HEARTBEAT}'\n",
        );
        self.write("keyferry.toml", &settings, 0o600);
        self.write("hook", "#!/bin/sh\n{ env; cat; } | tee -a \"$HOME/heard\"\n", 0o700);
        for (name, secret) in
            [("heartbeat", HEARTBEAT), ("S3 secret key", S3_SECRET), ("S3 session token", S3_TOKEN)]
        {
            self.secrets.add(name, secret.as_bytes());
        }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.home.join(name).display().to_string()
    }

    pub(crate) fn write(&self, name: &str, text: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::create_dir_all(&self.home).expect("a home");
        std::fs::write(self.home.join(name), text).expect("written");
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(self.home.join(name), mode).expect("changed");
    }

    /// One of the two programs, with all secrets that the environment can hold.
    pub(crate) fn program(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.home)
            .env("KEYFERRY_REALM", &self.world.realm.data)
            .env("KEYFERRY_SETTINGS", self.home.join("keyferry.toml"))
            .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", S3_SECRET)
            .env("AWS_SESSION_TOKEN", S3_TOKEN)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ENDPOINT_URL_S3", format!("http://{}", self.echo.address))
            .env("OCI_CLI_PASSPHRASE", UNUSED)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program as talkative as it gets, and keeps what it says.
    pub(crate) fn run(&mut self, args: &[&str], code: i32) -> String {
        let config = self.path("config");
        let keyferry = env!("CARGO_BIN_EXE_keyferry-under-test");
        // The first one counts.
        let with_config =
            if args.contains(&"--config-file") { vec![] } else { vec!["--config-file", &config] };
        let all = [args, &with_config, &["-vv"]].concat();
        let output = self.program(keyferry, &all).output().expect("the program runs");
        self.keep(&args.join(" "), &output, Some(code))
    }

    /// Keeps what a program said, which is returned.
    pub(crate) fn keep(&mut self, name: &str, output: &Output, code: Option<i32>) -> String {
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), code, "{name}\n{out}\n{err}");
        let said = format!("{out}{err}");
        self.printed.push((format!("output of {name}"), said.clone().into_bytes()));
        said
    }

    /// What was sealed into canaries, which only whoever has the keys can know.
    pub(crate) fn add_canaries(&mut self) -> usize {
        let (account, vault) = (&self.world.account, &self.world.vault);
        let mut added = 0;
        let names = block_on(account.client.list_objects(&self.world.copies, "")).expect("listed");
        for object in names.iter().filter(|object| object.name.ends_with("/manifest.json")) {
            let bytes = block_on(account.read(&self.world.copies.object(&object.name)));
            for canary in manifest::open_unverified(&bytes).expect("a manifest").canaries {
                let none = std::collections::BTreeMap::new();
                let (ciphertext, data, version, algorithm) = match &canary.sealed {
                    Sealed::AesGcm { ciphertext, associated_data, .. } => {
                        (ciphertext, associated_data, None, "AES_256_GCM")
                    }
                    Sealed::RsaOaep { ciphertext, .. } => {
                        (ciphertext, &none, Some(&canary.version_id), "RSA_OAEP_SHA_256")
                    }
                    Sealed::Signature { .. } => continue,
                };
                let ciphertext = BASE64_STANDARD.decode(ciphertext).expect("base64");
                let key = &canary.key_id;
                let opened = account.client.decrypt(vault, key, version, &ciphertext, data, algorithm);
                let opened = block_on(opened).expect("its own key opens it");
                self.secrets.add(&format!("canary of {key}"), &opened);
                added += 1;
            }
        }
        added
    }

    /// The key that signs manifests is in a file of its own, and nowhere else.
    pub(crate) fn add_signing_key(&mut self) {
        let file = std::fs::read_to_string(self.state().join("signing_key")).expect("made");
        let lines: Vec<_> = file.lines().filter(|line| !line.starts_with('-')).collect();
        let bytes = BASE64_STANDARD.decode(lines.concat()).expect("base64");
        // The length of an Ed25519 key; its first half is the private one.
        let length = bytes.windows(4).rposition(|window| window == [0, 0, 0, 64]).expect("an Ed25519 key");
        self.secrets.add("signing key", &bytes[length + 4..length + 36]);
    }

    fn state(&self) -> PathBuf {
        self.home.join(".local/state/keyferry")
    }

    /// All that was said, written and stored, but for what is secret by its nature: the files that hold the secrets,
    /// and the service's own.
    pub(crate) fn everything(&self) -> Vec<(String, Vec<u8>)> {
        let own = ["api_key.pem", "config", "wrong", "keyferry.toml", "signing_key", "par"];
        let is_own = |path: &Path| path.file_name().is_some_and(|name| own.iter().any(|own| name == *own));
        let is_opaque = |name: &str| name.ends_with(".kmsbak");
        let files = files_below(&self.home).into_iter();
        let files = files.filter(|(path, _)| !is_own(path) && !is_opaque(&path.to_string_lossy()));
        let mut all = self.printed.clone();
        all.extend(files.map(|(path, bytes)| (path.display().to_string(), bytes)));
        for store in [&self.world.backups, &self.world.copies] {
            let names = block_on(self.world.account.client.list_objects(store, "")).expect("listed");
            for object in names.iter().filter(|object| !is_opaque(&object.name)) {
                let place = store.object(&object.name);
                all.push((place.to_string(), block_on(self.world.account.read(&place))));
            }
        }
        all
    }

    /// Where any of the secrets is in plain sight.
    pub(crate) fn leaks(&self) -> Vec<String> {
        let everything = self.everything();
        let found = everything.iter().map(|(place, bytes)| (place, self.secrets.found_in(bytes)));
        found
            .filter(|(_, names)| !names.is_empty())
            .map(|(place, names)| format!("{place}: {names:?}"))
            .collect()
    }
}
