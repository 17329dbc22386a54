//! The program is killed while it copies: what is there in part is never listed as a backup, and a second try
//! ends with a whole one.

use std::path::Path;
use std::process::Child;
use std::time::Duration;

use keyferry_tests::files_below;

use crate::Story;
use crate::program::Program;
use crate::proxy::Proxy;
use crate::stage::{Objects, Stage};

pub(crate) const ALL: [Story; 3] = [
    ("a copy that is killed on its way out is listed only when it is whole", out),
    ("a copy that is killed on its way into a folder is listed only when it is whole", into_folder),
    ("a backup that is killed while it copies out is resumed", resumed),
];

/// Points at which a copy is killed, evenly over all that it sends.
const POINTS: u64 = 12;

/// Kills a process once nothing gets through any more. False if it ended before.
fn kill_when_cut(program: &Program, proxy: &Proxy, mut child: Child) -> bool {
    while !proxy.is_cut_within(Duration::from_millis(10)) {
        if child.try_wait().expect("a child of ours").is_some() {
            let (code, ran) = program.end(child);
            assert_eq!(code, Some(0), "{}{}", ran.stdout, ran.stderr);
            return false;
        }
    }
    child.kill().expect("killed");
    assert_eq!(program.end(child).0, None, "killed, not ended");
    true
}

/// A backup whose keys lie in files of their own, so that there is something between its parts.
fn back_up(program: &Program) -> (String, Objects) {
    let vault = program.vaults()[0].id.as_str();
    let args = ["backup", vault, "--bucket", "backups", "--keys-one-by-one", "-o", "json"];
    let _ = program.run(&args).exits(0);
    (program.bucket("us-ashburn-1").to_string(), program.bundles("us-ashburn-1"))
}

/// Copies from one store to new ones over and over, and kills it at another point each time.
fn kill_everywhere(
    program: &Program,
    (from, original): (&str, &Objects),
    to: impl Fn(&str) -> String,
    objects_in: impl Fn(&str) -> Objects,
) {
    let server = &program.environment["AWS_ENDPOINT_URL"];
    let begin = |proxy: &Proxy, name: &str| {
        program.begin(Some(&proxy.endpoint()), &["--store", from, "copy", "latest", "--to", &to(name)])
    };
    let proxy = Proxy::before(server, u64::MAX);
    assert!(!kill_when_cut(program, &proxy, begin(&proxy, "undisturbed")));
    let all = proxy.sent();

    let (mut nothing, mut parts) = (0, 0);
    for point in 0..POINTS {
        let name = format!("point-{point:02}");
        let store = to(&name);
        let proxy = Proxy::before(server, all * point / POINTS);
        assert!(kill_when_cut(program, &proxy, begin(&proxy, &name)), "{point} of {POINTS}");
        let there = objects_in(&name);
        let is_whole = there == *original;
        assert_eq!(program.listed(&store).len(), usize::from(is_whole), "{name}: {:?}", there.keys());
        nothing += usize::from(there.is_empty());
        parts += usize::from(!there.is_empty() && !is_whole);

        let _ = program.run(&["--store", from, "copy", "latest", "--to", &store]).exits(0);
        assert_eq!(objects_in(&name), *original, "{name}: bit for bit");
        assert_eq!(program.listed(&store).len(), 1);
        let _ = program.run(&["--store", &store, "check", "--all"]).exits(0);
    }
    assert!(nothing >= 1 && parts >= 4, "{nothing} times nothing was there, {parts} times a part");
}

fn out(stage: &Stage) {
    let program = Program::start(stage, 1);
    let (from, original) = back_up(&program);
    let place = |name: &str| format!("cut/{name}");
    kill_everywhere(
        &program,
        (&from, &original),
        |name| stage.url(&place(name)),
        |name| stage.objects(&place(name)),
    );
}

fn into_folder(stage: &Stage) {
    let program = Program::start(stage, 1);
    let (from, original) = back_up(&program);
    let source = stage.url("folder");
    let _ = program.run(&["--store", &from, "copy", "latest", "--to", &source]).exits(0);
    let folder = |name: &str| {
        let path = program.fleet.folder.path().join(name);
        // The folder of a store has to be there.
        std::fs::create_dir_all(&path).expect("made");
        path
    };
    let objects_in = |name: &str| files_in(&folder(name));
    let to = |name: &str| format!("file:{}", folder(name).display());
    kill_everywhere(&program, (&source, &original), to, objects_in);
}

/// All files but those that were still being written.
fn files_in(folder: &Path) -> Objects {
    let name = |path: &Path| path.strip_prefix(folder).expect("below it").display().to_string();
    let files = files_below(folder).into_iter().map(|(path, bytes)| (name(&path), bytes));
    files.filter(|(name, _)| !name.contains("/.keyferry-")).collect()
}

fn resumed(stage: &Stage) {
    const KILLED: u64 = 6;
    let program = Program::start(stage, 1 + usize::try_from(KILLED).expect("a few"));
    let (store, server) = (stage.url("resumed"), &program.environment["AWS_ENDPOINT_URL"]);
    let state = |at: u64| program.fleet.folder.path().join(format!("state-{at}")).display().to_string();
    let key = program.fleet.folder.path().join("key").display().to_string();
    let begin = |proxy: &Proxy, at: u64| {
        let vault = &program.vaults()[usize::try_from(at).expect("a few")];
        let to = ["--bucket", "backups", "--copy-to", &store, "-o", "json"];
        let settings = ["--signing-key", &key, "--state", &state(at), "backup", vault.id.as_str()];
        program.begin(Some(&proxy.endpoint()), &[&settings[..], &to].concat())
    };
    let proxy = Proxy::before(server, u64::MAX);
    assert!(!kill_when_cut(&program, &proxy, begin(&proxy, 0)));
    let all = proxy.sent();
    for at in 1..=KILLED {
        let proxy = Proxy::before(server, all * at / (KILLED + 1));
        assert!(kill_when_cut(&program, &proxy, begin(&proxy, at)), "{at} of {KILLED}");
        let whole = program.run(&["--signing-key", &key, "--store", &store, "check", "--all"]);
        let _ = whole.exits(0);
        let _ = program.run(&["--signing-key", &key, "--state", &state(at), "resume", "latest"]).exits(0);
        assert_eq!(program.listed(&store).len() as u64, at + 1);
    }
    let _ = program.run(&["--signing-key", &key, "--store", &store, "check", "--all"]).exits(0);
    assert_eq!(stage.objects("resumed"), program.bundles("us-ashburn-1"), "bit for bit, and nothing else");
}
