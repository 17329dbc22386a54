//! The program as a process, with a fleet to save and the server's variables in its environment.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use keyferry_core::model::{OciStore, Vault};
use keyferry_ids::Region;
use keyferry_tests::{Fleet, FleetShape, Ran, Secrets, block_on, files_below};

use crate::stage::{Objects, Stage};

/// A user of the program.
pub(crate) struct Program {
    keyferry: PathBuf,
    /// Endpoint, region and credentials.
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) fleet: Fleet,
}

impl Program {
    /// A fleet in Ashburn, with buckets in Frankfurt and Phoenix.
    pub(crate) fn start(stage: &Stage, vaults: usize) -> Self {
        let elsewhere = ["eu-frankfurt-1", "us-phoenix-1"].map(region).into();
        let shape = FleetShape { elsewhere, ..FleetShape::new(&["us-ashburn-1"], vaults, 3) };
        Self {
            keyferry: stage.keyferry.clone(),
            environment: stage.environment.clone(),
            fleet: Fleet::start(&shape),
        }
    }

    /// The bucket of a region.
    pub(crate) fn bucket(&self, name: &str) -> &OciStore {
        &self.fleet.stores[&region(name)]
    }

    pub(crate) fn vaults(&self) -> &[Vault] {
        &self.fleet.vaults[&region("us-ashburn-1")]
    }

    /// Begins a command and does not wait.
    pub(crate) fn begin(&self, endpoint: Option<&str>, args: &[&str]) -> Child {
        let mut command = Command::new(&self.keyferry);
        command.args(args).env_clear().envs(&self.environment);
        command.env("HOME", self.fleet.folder.path()).env("KEYFERRY_REALM", &self.fleet.realm.data);
        command.envs(endpoint.map(|endpoint| ("AWS_ENDPOINT_URL", endpoint)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the program starts")
    }

    /// What a process has said, in which there must be no secret; no exit code if it was killed.
    pub(crate) fn end(&self, child: Child) -> (Option<i32>, Ran) {
        let output = child.wait_with_output().expect("its output can be read");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        let code = output.status.code();
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        assert_eq!(self.secrets().found_in(format!("{stdout}{stderr}").as_bytes()), [].into());
        (
            code,
            Ran { code: code.map_or(255, |code| u8::try_from(code).expect("an exit code")), stdout, stderr },
        )
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.end(self.begin(None, args)).1
    }

    /// Insists that no secret lies anywhere in the user's files, which are the realm's too.
    pub(crate) fn assert_no_secret_is_kept(&self) {
        let secrets = self.secrets();
        secrets.prove_that_each_is_seen();
        let files = files_below(self.fleet.folder.path());
        assert!(files.iter().any(|(path, _)| path.ends_with("journal.jsonl")), "the state is among them");
        for (path, bytes) in files {
            assert_eq!(secrets.found_in(&bytes), [].into(), "{}", path.display());
        }
    }

    fn secrets(&self) -> Secrets {
        let mut secrets = Secrets::default();
        for name in ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
            if let Some(value) = self.environment.get(name) {
                secrets.add(name, value.as_bytes());
            }
        }
        secrets
    }

    /// The bundles in the bucket of a region, without the claims.
    pub(crate) fn bundles(&self, name: &str) -> Objects {
        let (store, client) = (self.bucket(name), &self.fleet.account.client);
        block_on(async {
            let mut objects = Objects::new();
            for listed in client.list_objects(store, "keyferry/").await.expect("listed") {
                if !listed.name.starts_with("keyferry/chain/") {
                    let bytes = self.fleet.account.read(&store.object(&listed.name)).await;
                    objects.insert(listed.name, bytes);
                }
            }
            objects
        })
    }

    /// Ids of the backups that are listed in a store.
    pub(crate) fn listed(&self, store: &str) -> Vec<String> {
        let listed = self.run(&["--store", store, "list", "-o", "json"]).exits(0).json();
        let backups = listed["backups"].as_array().expect("a list").iter();
        backups.map(|backup| backup["id"].as_str().expect("an id").to_owned()).collect()
    }
}

fn region(name: &str) -> Region {
    Region::parse(name).expect("a known region")
}
