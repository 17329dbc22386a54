//! Backups through pre-authenticated requests: what is wrong with one is told apart before anything is done, nothing
//! is claimed of one that fails, and its URL is nowhere afterwards.

use jiff::{SignedDuration, Timestamp};
use keyferry_core::model::{ObjectPlace, OciStore};
use keyferry_realm::admin::{Advance, Command};
use keyferry_realm::{Effect, Fault, OperationName};
use keyferry_tests::{Ran, block_on, files_below};
use keyferry_wire::kms::ParUri;
use keyferry_wire::pars::{Par, ParAccess};

use crate::world::World;

const HOURS: i64 = 9000;

/// A world with a bucket in the vault's region that only its owner and whoever has a request can write to.
struct Stage {
    world: World,
    outbox: OciStore,
}

impl Stage {
    fn new(seed: u64) -> Self {
        let world = World::new(seed);
        let root = world.account.root();
        let outbox = block_on(world.account.bucket("us-ashburn-1", "outbox", &root));
        Self { world, outbox }
    }

    /// A request that ends so many seconds from now.
    fn par(&self, access: ParAccess, object: Option<&str>, seconds: i64) -> Par {
        let expires = Timestamp::now() + SignedDuration::from_secs(seconds);
        block_on(self.world.account.par(&self.outbox, access, object, expires))
    }

    fn command(&self, command: &Command) {
        block_on(self.world.account.command(command));
    }

    /// Lets the realm refuse an operation on the bucket.
    fn forbid(&self, operation: OperationName) {
        let effect = Effect::Status { status: 404, code: None, retry_after: None };
        let resource = Some(self.outbox.bucket.clone());
        self.command(&Command::AddFault(Fault {
            operation: Some(operation),
            resource,
            ..Fault::new(effect)
        }));
    }

    /// The file with a request's URL.
    fn file(&self, par: &Par) -> String {
        let path = self.world.path("par-url");
        std::fs::write(&path, format!("{}\n", url(par))).expect("written");
        path
    }

    /// Backs something up through it, with a copy of the bundle in Frankfurt.
    fn back_up(&self, target: &str, par: &Par, more: &[&str]) -> Ran {
        let (file, copies) = (self.file(par), self.world.copies.to_string());
        let args = ["backup", target, "--par-file", &file, "--copy-to", &copies];
        let accept = ["--accept-unsaved", "software,secrets"];
        let ran = self.world.keyferry.run(&[&args[..], &accept, more].concat());
        self.holds_no_token(par, &ran);
        ran
    }

    /// Neither what was printed nor what was kept gives the request away.
    fn holds_no_token(&self, par: &Par, ran: &Ran) {
        let token = token(par);
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(token), "{}{}", ran.stdout, ran.stderr);
        for (path, bytes) in files_below(&self.world.keyferry.state()) {
            assert!(!String::from_utf8_lossy(&bytes).contains(token), "{}", path.display());
        }
    }

    /// What lies in the bundle's store.
    fn copied(&self) -> Vec<String> {
        let listed = block_on(self.world.account.client.list_objects(&self.world.copies, ""));
        listed.expect("listed").into_iter().map(|object| object.name).collect()
    }

    /// How often something was asked for that changes something.
    fn changes(&self) -> usize {
        let sent = self.world.keyferry.recorder.sent();
        sent.iter().filter(|s| s.method != http::Method::GET && s.method != http::Method::HEAD).count()
    }
}

fn url(par: &Par) -> &str {
    par.full_path.as_ref().expect("told when it is made").reveal()
}

fn token(par: &Par) -> &str {
    url(par).split("/p/").nth(1).and_then(|rest| rest.split('/').next()).expect("a token")
}

fn manifests(names: &[String]) -> usize {
    names.iter().filter(|name| name.ends_with("manifest.json")).count()
}

#[test]
fn an_expired_a_reading_a_foreign_and_a_revoked_request_are_told_apart_before_anything_is_done() {
    let stage = Stage::new(31);
    let write = || ParAccess::ObjectReadWrite;
    let refused = |par: &Par, code: &str, word: &str| {
        let ran = stage.back_up("payments", par, &[]).exits(6);
        assert!(ran.stderr.contains(code) && ran.stderr.contains(word), "{word}: {}", ran.stderr);
        assert!(ran.stderr.contains("help:"), "{}", ran.stderr);
    };
    stage.command(&Command::Advance(Advance { seconds: -200 }));
    let expired = stage.par(write(), Some("late.kmsbak"), -100);
    stage.command(&Command::Advance(Advance { seconds: 200 }));
    refused(&expired, "KF-2211", "it ended at 2");
    refused(&stage.par(ParAccess::ObjectRead, Some("read.kmsbak"), HOURS), "KF-2212", "read.kmsbak");
    let mut other = stage.par(write(), Some("mine.kmsbak"), HOURS);
    let changed = url(&other).replace("mine.kmsbak", "yours.kmsbak");
    other.full_path = Some(ParUri::new(changed));
    refused(&other, "KF-2213", "leads to mine.kmsbak");
    refused(&stage.par(ParAccess::AnyObjectReadWrite, Some("team/"), HOURS), "KF-2213", "leads to team/");
    let revoked = stage.par(write(), Some("gone.kmsbak"), HOURS);
    block_on(stage.world.account.revoke(&stage.outbox, &revoked));
    refused(&revoked, "KF-2214", "gone.kmsbak");
    let taken = stage.par(write(), Some("taken.kmsbak"), HOURS);
    block_on(stage.world.account.write(&stage.outbox.object("taken.kmsbak"), b"there".to_vec()));
    refused(&taken, "KF-2215", "taken.kmsbak");
    let frankfurt = Timestamp::now() + SignedDuration::from_secs(HOURS);
    let elsewhere =
        block_on(stage.world.account.par(&stage.world.copies, write(), Some("far.kmsbak"), frankfurt));
    refused(&elsewhere, "KF-2201", "eu-frankfurt-1");
    assert_eq!((stage.changes(), stage.copied().len()), (0, 0));
}

#[test]
fn a_request_revoked_while_the_service_works_saves_nothing_and_a_new_one_goes_on() {
    let stage = Stage::new(32);
    let par = stage.par(ParAccess::ObjectReadWrite, Some("night.kmsbak"), HOURS);
    stage.command(&Command::AddFault(Fault { times: Some(1), ..Fault::new(Effect::ParRevoked) }));
    let ran = stage.back_up("payments", &par, &[]).exits(1);
    assert!(ran.stderr.contains("KF-2111") && ran.stderr.contains("nothing was saved"), "{}", ran.stderr);
    assert!(ran.stderr.contains("been deleted"), "the likely causes: {}", ran.stderr);
    assert!(!ran.stdout.contains("Saved"), "{}", ran.stdout);
    assert_eq!(manifests(&stage.copied()), 0);
    let state = stage.world.keyferry.state();
    let is_journal = |path: &std::path::Path| path.ends_with("journal.jsonl");
    let journals: Vec<_> = files_below(&state).into_iter().filter(|(path, _)| is_journal(path)).collect();
    let journal = String::from_utf8_lossy(&journals[0].1).into_owned();
    assert!(journal.contains("step_failed") && !journal.contains(r#""kind":"sealed""#), "{journal}");

    let without = stage.world.keyferry.run(&["resume", "latest"]).exits(2);
    assert!(without.stderr.contains("--par-file"), "{}", without.stderr);
    let again = stage.par(ParAccess::ObjectReadWrite, Some("night.kmsbak"), HOURS);
    let ran = stage.world.keyferry.run(&["resume", "latest", "--par-file", &stage.file(&again)]).exits(0);
    stage.holds_no_token(&again, &ran);
    assert_eq!(manifests(&stage.copied()), 1);
    let store = stage.world.copies.to_string();
    let _ = stage.world.keyferry.run(&["--store", &store, "check", "latest"]).exits(0);
}

#[test]
fn a_backup_through_a_request_is_copied_checked_and_gives_nothing_away() {
    let stage = Stage::new(33);
    let keyferry = &stage.world.keyferry;
    let par = stage.par(ParAccess::ObjectReadWrite, Some("a folder/vault of the night.bin"), HOURS);
    std::fs::create_dir(stage.world.path("usb")).expect("plugged in");
    let usb = format!("file:{}", stage.world.path("usb"));
    let made = stage.back_up("payments", &par, &["--copy-to", &usb, "-o", "json", "-vv"]).exits(0).json();
    let backup = &made["backups"][0];
    assert_eq!(backup["par"]["name"], "a folder/vault of the night.bin");
    assert_eq!(backup["object"]["bucket"], "copies");
    let outside = stage.outbox.object("a folder/vault of the night.bin");
    let sha256 = |place: &ObjectPlace| {
        keyferry_core::Sha256::of(&block_on(stage.world.account.read(place))).to_string()
    };
    assert_eq!(backup["object"]["sha256"], sha256(&outside));
    for store in [stage.world.copies.to_string(), usb] {
        let _ = keyferry.run(&["--store", &store, "check", "--all"]).exits(0);
    }
    for name in stage.copied() {
        let object = block_on(stage.world.account.read(&stage.world.copies.object(&name)));
        assert!(!String::from_utf8_lossy(&object).contains(token(&par)), "{name}");
    }

    // Only the copy is needed to get the vault back.
    let (plan, digest) = stage.world.plan("plan.json");
    let args = ["restore", "apply", &plan, "--yes", "--plan-digest", &digest, "-o", "json"];
    assert_eq!(keyferry.run(&args).exits(0).json()["proof"]["failed"], 0);
}

#[test]
fn a_request_for_a_whole_bucket_takes_a_key_and_can_come_by_standard_input() {
    let stage = Stage::new(34);
    let par = stage.par(ParAccess::AnyObjectReadWrite, None, HOURS);
    let copies = stage.world.copies.to_string();
    let args = ["backup", "card-data", "--par-file", "-", "--copy-to", &copies, "-o", "json"];
    let ran = stage.world.keyferry.run_told(&args, url(&par)).exits(0);
    stage.holds_no_token(&par, &ran);
    let backup = &ran.json()["backups"][0];
    let (id, name) = (backup["id"].as_str().expect("an id"), backup["par"]["name"].as_str());
    assert_eq!(name.expect("a name"), format!("keyferry/{id}/keys/001.kmsbak"));
    assert_eq!(backup["contents"], "key");
    let _ = stage.world.keyferry.run(&["--store", &copies, "check", id]).exits(0);
}

#[test]
fn what_cannot_be_looked_up_is_said_and_what_cannot_be_read_back_is_not_claimed() {
    let stage = Stage::new(35);
    stage.forbid(OperationName::ListPreauthenticatedRequests);
    let par = stage.par(ParAccess::ObjectWrite, Some("unlisted.kmsbak"), 60);
    let ran = stage.back_up("payments", &par, &[]).exits(0);
    assert!(ran.stderr.contains("warning[KF-2216]"), "{}", ran.stderr);
    stage.command(&Command::ClearFaults);

    let soon = stage.par(ParAccess::ObjectWrite, Some("soon.kmsbak"), 60);
    let ran = stage.back_up("payments", &soon, &["--force"]).exits(0);
    assert!(ran.stderr.contains("warning[KF-2211]"), "{}", ran.stderr);

    for operation in [OperationName::HeadObject, OperationName::GetObject, OperationName::ListObjects] {
        stage.forbid(operation);
    }
    let saved = manifests(&stage.copied());
    let unread = stage.par(ParAccess::ObjectWrite, Some("unread.kmsbak"), HOURS);
    let ran = stage.back_up("payments", &unread, &["--force"]).exits(5);
    assert!(ran.stderr.contains("KF-2303"), "{}", ran.stderr);
    assert_eq!(manifests(&stage.copied()), saved, "nothing is claimed");
}

#[test]
fn a_request_takes_one_thing_and_needs_a_bucket_for_the_manifest() {
    let stage = Stage::new(36);
    let par = stage.par(ParAccess::ObjectWrite, Some("x"), HOURS);
    let file = stage.file(&par);
    let copies = stage.world.copies.to_string();
    let usb = format!("file:{}", stage.world.path("usb"));
    for args in [
        vec!["backup", "payments", "--par-file", &file],
        vec!["backup", "payments", "--par-file", &file, "--copy-to", &usb],
        vec!["backup", "card-data", "wrapping", "--par-file", &file, "--copy-to", &copies],
        vec!["backup", "payments", "--par-file", &file, "--copy-to", &copies, "--bucket", "backups"],
        vec!["backup", "payments", "--par-file", "-", "--copy-to", &copies],
    ] {
        let ran = stage.world.keyferry.run(&args).exits(2);
        stage.holds_no_token(&par, &ran);
    }
    let strange = url(&par).replace("127.0.0.1", "localhost");
    let args = ["backup", "payments", "--par-file", "-", "--copy-to", &copies];
    let ran = stage.world.keyferry.run_told(&args, &strange).exits(6);
    stage.holds_no_token(&par, &ran);
    assert_eq!(stage.changes(), 0);
}
