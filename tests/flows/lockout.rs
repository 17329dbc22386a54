//! Buckets that are encrypted by keys of vaults: no backup is locked in behind what it saves.

use keyferry_core::model::{OciStore, Vault};
use keyferry_ids::Region;
use keyferry_realm::{Effect, Fault, ServeOptions, WorldFile, admin};
use keyferry_tests::{Account, Keyferry, Ran, Served, block_on};

const IAD: &str = "us-ashburn-1";
const FRA: &str = "eu-frankfurt-1";
const WORLD: &str = r#"
[[compartment]]
name = "hidden"
[[bucket]]
region = "us-ashburn-1"
name = "plain"
[[bucket]]
region = "eu-frankfurt-1"
name = "plain"
[[vault]]
region = "us-ashburn-1"
name = "payments"
[[vault.key]]
name = "cards"
[[vault]]
region = "us-ashburn-1"
name = "infra"
[[vault.key]]
name = "disks"
[[vault]]
region = "us-ashburn-1"
name = "backoffice"
[[vault.key]]
name = "letters"
[[vault]]
region = "us-ashburn-1"
name = "unseen"
compartment = "hidden"
[[vault.key]]
name = "unknown"
[[vault]]
region = "eu-frankfurt-1"
name = "abroad"
[[vault.key]]
name = "stores"
"#;

/// Five vaults of one key each, and a plain bucket in both regions.
struct Stage {
    account: Account,
    keyferry: Keyferry,
    // Dropped last: the realm goes when everybody is done with it.
    _realm: Served,
    folder: tempfile::TempDir,
}

impl Stage {
    fn new(seed: u64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let realm = Served::start_with(ServeOptions {
            regions: Some([IAD, FRA].map(region).into()),
            seed: Some(seed),
            world: Some(WorldFile::parse(WORLD).expect("a world file")),
            ..ServeOptions::new(folder.path().join("realm"))
        });
        let account = Account::of(&realm);
        let keyferry = Keyferry::new(&folder.path().join("home"), &realm.data);
        Self { account, keyferry, _realm: realm, folder }
    }

    fn vault(&self, place: &str, name: &str) -> Vault {
        let compartments = block_on(self.account.client.compartments(self.account.home)).expect("listed");
        let vaults = compartments.iter().flat_map(|compartment| {
            block_on(self.account.client.list_vaults(region(place), &compartment.id)).expect("listed")
        });
        vaults.into_iter().find(|vault| vault.name == name).expect("the vault")
    }

    /// A bucket that the only key of a vault in its region encrypts.
    fn bucket_behind(&self, place: &str, vault: &str, name: &str) -> OciStore {
        let (vault, client) = (self.vault(place, vault), &self.account.client);
        block_on(async {
            let keys = client.key_ids(&vault, &vault.compartment_id).await.expect("listed");
            let (namespace, root) = (&self.account.namespace, self.account.root());
            let made = client.create_bucket(region(place), namespace, name, &root, Some(keys[0].as_str()));
            assert_eq!(made.await.expect("made").kms_key_id.as_deref(), Some(keys[0].as_str()));
        });
        self.store(place, name)
    }

    fn store(&self, place: &str, name: &str) -> OciStore {
        format!("oci://{name}@{}/{place}", self.account.namespace).parse().expect("a store")
    }

    fn back_up(&self, vault: &str, bucket: &str, more: &[&str]) -> Ran {
        self.keyferry.run(&[&["backup", vault, "--bucket", bucket], more].concat())
    }

    /// Insists that a command is refused for a lock-out, which is drawn so, and changes nothing in the realm.
    #[track_caller]
    fn refuses(&self, args: &[&str], drawn: &[&str]) {
        let before = self.changes();
        let ran = self.keyferry.run(args).exits(6);
        let told = format!("{}{}", ran.stdout, ran.stderr);
        assert!(told.contains("KF-2202") && ran.stderr.contains("help:"), "{told}");
        for drawn in drawn {
            assert!(told.contains(drawn), "{drawn}: {told}");
        }
        assert_eq!(self.changes(), before, "nothing is written");
    }

    /// How often something was asked for that changes something.
    fn changes(&self) -> usize {
        let lines = block_on(self.account.log()).into_iter();
        lines.filter(|line| !matches!(line.method.as_str(), "GET" | "HEAD")).count()
    }
}

fn region(name: &str) -> Region {
    Region::parse(name).expect("a known region")
}

#[test]
fn a_bucket_behind_a_key_of_the_vault_that_it_saves_is_refused_before_anything_is_written() {
    let stage = Stage::new(51);
    let own = stage.bucket_behind(IAD, "payments", "behind-payments").to_string();
    let drawn = ["payments -> bucket behind-payments -> payments"];
    stage.refuses(&["backup", "payments", "--bucket", "behind-payments"], &drawn);
    let id = stage.vault(IAD, "payments").id.to_string();
    stage.refuses(&["backup", &id, "--bucket", "behind-payments"], &drawn);
    stage.refuses(&["backup", "cards", "--bucket", "behind-payments"], &drawn);
    // A free place beside it does not make that one good.
    stage.refuses(&["backup", "payments", "--bucket", "plain", "--copy-to", &own], &drawn);
    let plan = stage.back_up("payments", "behind-payments", &["--dry-run", "-o", "json"]).exits(6);
    assert!(plan.stdout.contains(drawn[0]), "{}", plan.stdout);
}

#[test]
fn a_bucket_behind_a_vault_that_can_be_had_back_by_itself_is_allowed() {
    let stage = Stage::new(52);
    stage.bucket_behind(IAD, "infra", "behind-infra");
    // It was never saved, so nothing of it can be locked in.
    let first = stage.back_up("payments", "behind-infra", &[]).exits(0);
    assert!(!first.stderr.contains("KF-2202"), "{}", first.stderr);
    let _ = stage.back_up("infra", "plain", &[]).exits(0);
    let second = stage.back_up("payments", "behind-infra", &["--force"]).exits(0);
    assert!(!second.stderr.contains("KF-2202"), "{}", second.stderr);
}

#[test]
fn a_bucket_behind_a_vault_that_nobody_shows_is_a_warning() {
    let stage = Stage::new(53);
    stage.bucket_behind(IAD, "unseen", "behind-unseen");
    let hide = Effect::HideContent { compartment: "hidden".to_owned() };
    block_on(stage.account.command(&admin::Command::AddFault(Fault::new(hide))));
    let ran = stage.back_up("payments", "behind-unseen", &[]).exits(0);
    let said = "warning[KF-2202]";
    assert!(ran.stderr.contains(said) && ran.stderr.contains("could not be seen"), "{}", ran.stderr);
    block_on(stage.account.command(&admin::Command::ClearFaults));
    let ran = stage.back_up("payments", "behind-unseen", &["--force"]).exits(0);
    assert!(!ran.stderr.contains(said), "{}", ran.stderr);
}

/// Each of them alone is harmless; the last one closes the circle.
#[test]
fn vaults_that_were_saved_one_by_one_are_not_locked_in_behind_each_other() {
    let stage = Stage::new(54);
    stage.bucket_behind(IAD, "payments", "behind-payments");
    stage.bucket_behind(IAD, "infra", "behind-infra");
    stage.bucket_behind(IAD, "backoffice", "behind-backoffice");
    let _ = stage.back_up("infra", "behind-payments", &[]).exits(0);
    let of_two =
        "payments -> bucket behind-infra -> key disks of infra -> bucket behind-payments -> payments";
    stage.refuses(&["backup", "payments", "--bucket", "behind-infra"], &[of_two]);

    let _ = stage.back_up("backoffice", "behind-infra", &[]).exits(0);
    let of_three = "payments -> bucket behind-backoffice -> key letters of backoffice -> bucket behind-infra \
                    -> key disks of infra -> bucket behind-payments -> payments";
    stage.refuses(&["backup", "payments", "--bucket", "behind-backoffice"], &[of_three]);

    // One way out for one of them is a way out for all.
    let away = stage.store(FRA, "plain").to_string();
    let _ = stage.back_up("infra", "behind-payments", &["--copy-to", &away]).exits(0);
    let ran = stage.back_up("payments", "behind-backoffice", &[]).exits(0);
    assert!(!ran.stderr.contains("KF-2202"), "{}", ran.stderr);
}

/// Neither region shows it alone: keys encrypt buckets of their own region only, but copies cross.
#[test]
fn a_circle_over_two_regions_of_one_fleet_is_seen_before_the_first_vault_is_saved() {
    let stage = Stage::new(55);
    let from_abroad = stage.bucket_behind(IAD, "payments", "from-abroad");
    stage.bucket_behind(FRA, "abroad", "of-abroad");
    let to_abroad = stage.bucket_behind(FRA, "abroad", "to-abroad");
    let settings = stage.folder.path().join("keyferry.toml");
    let policy = format!(
        "[policies.nightly]\nselect.names = ['payments', 'abroad']\n\
         bucket = {{ {IAD} = 'plain', {FRA} = 'of-abroad' }}\ncopy_to = ['{to_abroad}', '{from_abroad}']\n"
    );
    std::fs::write(&settings, policy).expect("written");
    let settings = settings.display().to_string();
    let drawn = [
        "payments -> bucket to-abroad -> key stores of abroad -> bucket from-abroad -> payments",
        "abroad -> bucket of-abroad -> abroad",
    ];
    stage.refuses(&["--settings", &settings, "backup", "--policy", "nightly"], &drawn);

    // With a bucket of its own that is free, the one abroad can be had back, and so can all.
    let text = std::fs::read_to_string(&settings).expect("read").replace("'of-abroad'", "'plain'");
    std::fs::write(&settings, text).expect("written");
    let ran = stage.keyferry.run(&["--settings", &settings, "backup", "--policy", "nightly"]).exits(0);
    assert!(!ran.stderr.contains("KF-2202"), "{}", ran.stderr);
}
