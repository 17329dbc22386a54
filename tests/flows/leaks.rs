//! No secret is in plain sight, whatever happens: a whole story with a secret of every kind, told as loudly as it
//! goes, with refusals, a kill and crashes in it.

mod echo;
mod stage;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use keyferry_realm::admin::Command;
use keyferry_realm::{Effect, Fault, FaultRecord, OperationName};
use keyferry_seams::{Clock as _, SystemClock};
use keyferry_tests::block_on;
use keyferry_wire::pars::ParAccess;
use stage::Stage;

impl Stage {
    /// A new request for an object of that name, in a file.
    fn par(&mut self, object: &str) -> String {
        let expires = Timestamp::now() + SignedDuration::from_hours(9);
        let access = ParAccess::ObjectReadWrite;
        let par = block_on(self.world.account.par(&self.outbox, access, Some(object), expires));
        let url = par.full_path.expect("told when it is made").reveal().to_owned();
        let token = url.split("/p/").nth(1).and_then(|rest| rest.split('/').next()).expect("a token");
        self.secrets.add(&format!("request for {object}"), token.as_bytes());
        self.write("par", &url, 0o600);
        url
    }

    fn fault(&self, operation: OperationName, effect: Effect) {
        let fault = Fault { operation: Some(operation), times: Some(1), ..Fault::new(effect) };
        block_on(self.world.account.command(&Command::AddFault(fault)));
    }

    fn hits(&self) -> u64 {
        let faults = block_on(self.world.account.command(&Command::Faults));
        let faults: Vec<FaultRecord> = serde_json::from_slice(&faults).expect("a list");
        faults.iter().map(|fault| fault.hit).sum()
    }

    /// Backs up by policy, with copies, hooks and a heartbeat, and looks at it all.
    fn days(&mut self) {
        self.run(&["inventory"], 0);
        self.run(&["inventory", "-o", "html"], 0);
        self.run(&["inventory", "--profile", "SESSION", "-o", "json"], 0);
        self.run(&["config", "show"], 0);
        self.run(&["config", "show", "-o", "json"], 0);
        let said = self.run(&["backup", "--policy", "nightly"], 0);
        assert!(said.contains("heartbeat of policy nightly") && said.contains("403"), "{said}");
        assert!(said.contains("KEYFERRY_OUTCOME=ok"), "the hooks were heard: {said}");
        let store = self.world.copies.to_string();
        let cd = format!("file:{}", self.path("cd"));
        for store in [&store, "usb"] {
            self.run(&["--store", store, "list"], 0);
            self.run(&["--store", store, "show", "latest", "-o", "json"], 0);
            self.run(&["--store", store, "check", "--all"], 0);
        }
        self.run(&["--store", &store, "copy", "latest", "--to", &cd], 0);
    }

    /// Brings the vault back and proves it.
    fn restore(&mut self) {
        let store = self.world.copies.to_string();
        let plan = self.path("plan.json");
        let to = ["latest", "--into", "eu-frankfurt-1", "--out", &plan, "-o", "json"];
        self.run(&[&["--store", &store, "restore", "plan"][..], &to].concat(), 0);
        let planned = std::fs::read(&plan).expect("the plan");
        let digest = keyferry_core::Sha256::of(&planned).to_string();
        self.run(&["restore", "apply", &plan, "--yes", "--plan-digest", &digest, "-o", "jsonl"], 0);
        self.run(&["--store", &store, "prove", "latest"], 0);
        self.run(&["map", "latest"], 0);
        self.run(&["runs"], 0);
    }

    /// Backs up through requests: one that works, and all the ways in which one does not.
    fn requests(&mut self) {
        let (file, store) = (self.path("par"), self.world.copies.to_string());
        let accept = ["--force", "--accept-unsaved", "software,secrets"];
        let through = ["backup", "payments", "--par-file", &file, "--copy-to", &store];
        let through = [&through[..], &accept].concat();
        self.par("good");
        self.run(&[&through[..], &["-n"]].concat(), 0);
        self.run(&through, 0);
        self.run(&through, 6);
        self.par("revoked meanwhile");
        self.fault(OperationName::BackupVault, Effect::ParRevoked);
        self.run(&through, 1);
        let url = self.par("mistyped");
        self.write("par", &format!("{url}?x"), 0o600);
        self.run(&through, 2);
        // Nobody should, and somebody will.
        let url = self.par("on the command line");
        self.run(&["backup", "payments", "--par-file", &url, "--copy-to", &store], 2);
        let said = self.run(&["backup", &url, "--bucket", "backups"], 2);
        assert!(said.contains("/p/[redacted]/n/"), "it was about to be repeated: {said}");
        self.run(&["backup", "payments", "--bucket", "backups", "--copy-to", &url], 2);
        self.run(&["--store", &url, "list"], 2);
        self.run(&["list", &url], 2);
    }

    /// Servers that repeat what they were asked, and keys that do not open.
    fn refusals(&mut self) {
        let wrong = self.path("wrong");
        self.run(&["inventory", "--config-file", &wrong], 1);
        self.run(&["--store", "s3://far-away", "check", "--all"], 13);
        let echo = format!("us-ashburn-1=http://{}", self.echo.address);
        let said = self.run(&["inventory", "--profile", "SESSION", "--endpoint", &echo], 1);
        assert!(
            said.contains("can't serve") && said.contains("ST$[redacted]"),
            "the token was heard: {said}"
        );
    }

    /// `kill -9` while the service works, and what is found afterwards.
    fn kill(&mut self) {
        block_on(self.world.account.rotate(&self.world.vault, &self.world.card_data));
        self.fault(OperationName::BackupVault, Effect::Delay { milliseconds: 60_000 });
        let before = self.hits();
        let config = self.path("config");
        let args = ["backup", "--policy", "nightly", "--config-file", &config, "-vv"];
        let mut child = self.program(env!("CARGO_BIN_EXE_keyferry-under-test"), &args).spawn().expect("runs");
        while self.hits() == before {
            block_on(async { SystemClock.sleep(Duration::from_millis(20)).await });
        }
        child.kill().expect("it was running");
        let output = child.wait_with_output().expect("its output");
        self.keep("a killed backup", &output, None);
        self.run(&["resume", "latest"], 0);
    }

    /// Crashes and answers that quote the request that was under way.
    fn crashes(&mut self) {
        let (file, store, config) = (self.path("par"), self.world.copies.to_string(), self.path("config"));
        let through = ["backup", "payments", "--par-file", &file, "--copy-to", &store, "--force", "-vv"];
        let through = [&through[..], &["--config-file", &config]].concat();
        let crash = |stage: &Self, manner: &str, at: &str| {
            let args = [&[manner, at][..], &through].concat();
            stage.program(env!("CARGO_BIN_EXE_crash"), &args).output().expect("runs")
        };
        for (object, at) in [("crashed", "/actions/backup"), ("crashed early", "/encrypt")] {
            self.par(object);
            let output = crash(self, "panic", at);
            let said = self.keep(&format!("a crash at {at}"), &output, Some(101));
            assert!(said.contains("internal error at tests/src/bin/crash.rs"), "{said}");
            assert!(!said.contains("could not send"), "{said}");
        }
        self.par("quoted");
        let output = crash(self, "quote", "/actions/backup");
        let said = self.keep("a quoting service", &output, Some(1));
        assert!(said.contains("can't read") && said.contains("/p/[redacted]/n/"), "{said}");
        // Without the program's manners the same crash tells all: this test would notice.
        self.par("told");
        let loud = crash(self, "loud-panic", "/actions/backup");
        let found = self.secrets.found_in(&loud.stderr);
        assert!(found.iter().any(|name| name.starts_with("request for told")), "{found:?}");
    }
}

#[test]
fn nothing_that_is_printed_written_or_stored_holds_a_secret() {
    let mut stage = Stage::new(41);
    stage.days();
    stage.requests();
    stage.refusals();
    stage.kill();
    stage.crashes();
    stage.restore();
    assert!(stage.add_canaries() >= 4, "an AES and an RSA key in two backups");
    stage.add_signing_key();
    stage.secrets.prove_that_each_is_seen();

    let places: Vec<_> = stage.everything().into_iter().map(|(place, _)| place).collect();
    for part in ["journal.jsonl", "plan.json", "fleet.json", "/log", "heard", "manifest.json", "output of"] {
        assert!(places.iter().any(|place| place.contains(part)), "{part} is looked at: {places:#?}");
    }
    let leaks = stage.leaks();
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));

    // A secret in any of these places would have been seen.
    let url = stage.par("planted");
    stage.write(".local/state/keyferry/runs/planted", &url, 0o600);
    let bucket = stage.world.copies.object("planted");
    block_on(stage.world.account.write(&bucket, url.clone().into_bytes()));
    stage.printed.push(("planted output".to_owned(), url.into_bytes()));
    assert_eq!(stage.leaks().len(), 3);
    assert!(stage.echo.end() >= 3, "heartbeat, S3 and OCI were asked for at the wrong address");
}
