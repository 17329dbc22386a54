//! A backup leaves the cloud and comes back.

use keyferry_tests::block_on;
use serde_json::Value;

use crate::Story;
use crate::program::Program;
use crate::stage::Stage;

pub(crate) const ALL: [Story; 3] = [
    ("a backup comes back off the cloud into a third region, bit for bit, and is proven there", and_back),
    ("what the store does is told, and it never holds a claim", weakness),
    ("credentials that are wrong or missing are told, and none is ever shown", credentials),
];

/// Saves the first vault to Frankfurt and off the cloud.
fn back_up(program: &Program, store: &str) -> keyferry_tests::Ran {
    let away = program.bucket("eu-frankfurt-1").to_string();
    let to = ["--bucket", "backups", "--copy-to", &away, "--copy-to", store, "-o", "json"];
    program.run(&[&["backup", program.vaults()[0].id.as_str()], &to[..]].concat())
}

fn and_back(stage: &Stage) {
    let program = Program::start(stage, 1);
    let (first, second) = (stage.url("carried/1"), stage.url("carried/2"));
    let backup = back_up(&program, &first).exits(0).json()["backups"][0].clone();
    let id = backup["id"].as_str().expect("an id").to_owned();
    assert_eq!(backup["copies"].as_array().expect("a list").len(), 2);
    let [frankfurt, phoenix] =
        ["eu-frankfurt-1", "us-phoenix-1"].map(|name| program.bucket(name).to_string());
    let copy = |from: &str, to: &str| {
        program.run(&["--store", from, "-vv", "copy", "latest", "--to", to, "-o", "json"]).exits(0).json()
    };
    assert_eq!(copy(&frankfurt, &second)["copied"], true);
    let original = program.bundles("us-ashburn-1");
    assert_eq!(original.len(), 3, "the service's file, manifest and signature: {:?}", original.keys());
    assert_eq!(program.bundles("eu-frankfurt-1"), original);

    // From here on there is nothing but the store outside, and an empty bucket far away.
    for lost in ["us-ashburn-1", "eu-frankfurt-1"] {
        let _ = program.run(&["realm", "region", "down", lost, "--how", "destroyed"]).exits(0);
    }
    copy(&second, &phoenix);
    for (store, objects) in [
        (&first, stage.objects("carried/1")),
        (&second, stage.objects("carried/2")),
        (&phoenix, program.bundles("us-phoenix-1")),
    ] {
        assert_eq!(objects, original, "{store}");
        assert_eq!(program.listed(store), [id.as_str()]);
        let checked = program.run(&["--store", store, "check", "--all", "-o", "json"]).exits(0).json();
        assert_eq!(checked["backups"][0]["id"], id.as_str());
    }

    let plan = program.fleet.folder.path().join("plan.json").display().to_string();
    let plan_from = |store: &str| {
        let into = ["--into", "us-phoenix-1", "--out", &plan, "-o", "json"];
        program.run(&[&["--store", store, "restore", "plan", "latest"], &into[..]].concat())
    };
    let refused = plan_from(&second).exits(6);
    assert!(
        refused.stderr.contains("KF-2201") && refused.stderr.contains("copy it first"),
        "{}",
        refused.stderr
    );
    let planned = plan_from(&phoenix).exits(0).json();
    let digest = planned["digest"].as_str().expect("a digest");
    let apply = ["restore", "apply", &plan, "--yes", "--plan-digest", digest, "-o", "json"];
    let proof = program.run(&apply).exits(0).json()["proof"].clone();
    let counts = ["proven", "checked", "failed", "unprovable"].map(|name| proof[name].as_u64().unwrap_or(0));
    assert_eq!(counts, [3, 0, 0, 0], "{proof}");
    program.assert_no_secret_is_kept();
}

/// What `doctor` says of a store.
fn look(shown: &Value, store: &str) -> (String, Value) {
    let looks = shown["looks"].as_array().expect("a list");
    let what = format!("store {store}");
    let look = looks.iter().find(|look| look["what"] == what.as_str()).expect("looked at");
    (look["state"].as_str().expect("a word").to_owned(), look["code"].clone())
}

fn weakness(stage: &Stage) {
    let program = Program::start(stage, 1);
    let store = stage.url("weak");
    let saved = back_up(&program, &store).exits(0);
    let is_warned = saved.stderr.contains("KF-2203") && saved.stderr.contains(&store);
    assert_eq!(saved.json()["backups"][0]["copies"].as_array().expect("a list").len(), 2, "a copy is a copy");
    let seen = program.run(&["doctor", &store, "-o", "json"]);
    let (state, code) = look(&seen.json(), &store);
    match (state.as_str(), code.as_str()) {
        ("warning", Some("KF-2203")) => assert_eq!(seen.code, 3),
        ("well", None) => assert_eq!(seen.code, 0, "{}", seen.stdout),
        other => panic!("{other:?}: {}", seen.stdout),
    }
    if !stage.honours_create {
        assert_eq!((state.as_str(), is_warned), ("warning", true), "{}", saved.stderr);
    }

    let has_claim = |names: &[String]| names.iter().any(|name| name.starts_with("keyferry/chain/"));
    let (own, client) = (program.bucket("us-ashburn-1"), &program.fleet.account.client);
    let own = block_on(client.list_objects(own, "")).expect("listed");
    assert!(
        has_claim(&own.into_iter().map(|object| object.name).collect::<Vec<_>>()),
        "where the chain lies"
    );
    let outside: Vec<_> = stage.objects("weak").into_keys().collect();
    assert!(!has_claim(&outside), "{outside:?}");
    assert_eq!(outside.len(), 3, "the backup, and nothing that the probes have left: {outside:?}");
}

fn credentials(stage: &Stage) {
    let mut program = Program::start(stage, 1);
    let store = stage.url("credentials");
    let list = ["--store", &store, "-vv", "list"];
    program.environment.insert("AWS_SECRET_ACCESS_KEY".to_owned(), "of-somebody-else-altogether".to_owned());
    let refused = program.run(&list).exits(13);
    // One server says that the signature is wrong, the other just says no.
    assert!(refused.stderr.contains(&store) && refused.stderr.contains("help: "), "{}", refused.stderr);
    // A copy that can't be written takes nothing away from the backup.
    let saved = back_up(&program, &store).exits(3);
    assert!(saved.stderr.contains(&store), "{}", saved.stderr);
    assert_eq!(program.listed(&program.bucket("eu-frankfurt-1").to_string()).len(), 1);
    program.assert_no_secret_is_kept();
    program.environment.remove("AWS_SECRET_ACCESS_KEY");
    let missing = program.run(&list).exits(13);
    assert!(missing.stderr.contains("AWS_SECRET_ACCESS_KEY is not set"), "{}", missing.stderr);
}
