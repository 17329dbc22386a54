//! The world that the stories share: one private vault with all that can be in it, and what lies around it.

use std::path::Path;

use keyferry_core::model::{OciStore, ProtectionMode, Vault, VaultType};
use keyferry_ids::KeyId;
use keyferry_tests::{Account, Keyferry, Served, block_on};

/// A realm, its account and a user.
pub(crate) struct World {
    pub(crate) account: Account,
    pub(crate) keyferry: Keyferry,
    pub(crate) vault: Vault,
    pub(crate) card_data: KeyId,
    pub(crate) backups: OciStore,
    pub(crate) copies: OciStore,
    // Dropped last: the realm goes when everybody is done with it.
    pub(crate) realm: Served,
    pub(crate) folder: tempfile::TempDir,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let realm = Served::start(&folder.path().join("realm"), seed);
        let account = Account::of(&realm);
        let keyferry = Keyferry::new(&folder.path().join("home"), &realm.data);
        let (vault, card_data, backups, copies) = block_on(async {
            let payments = account.compartment("payments").await;
            let shared = account.compartment("shared").await;
            let storage = account.compartment("storage").await;
            let backups = account.bucket("us-ashburn-1", "backups", &storage).await;
            let copies = account.bucket("eu-frankfurt-1", "copies", &storage).await;
            let vault = account.vault("payments", VaultType::VirtualPrivate, &payments).await;
            let card_data = account.key(&vault, "card-data", "AES", ProtectionMode::Hsm, &payments).await;
            account.key(&vault, "wrapping", "RSA", ProtectionMode::Hsm, &payments).await;
            account.key(&vault, "signing", "ECDSA", ProtectionMode::Hsm, &shared).await;
            account.key(&vault, "test-data", "AES", ProtectionMode::Software, &payments).await;
            account.secret(&vault, "database-password", &shared).await;
            account.vault("shared-vault", VaultType::Default, &shared).await;
            (vault, card_data, backups, copies)
        });
        Self { account, keyferry, vault, card_data, backups, copies, realm, folder }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Backs the vault up and copies the backup to Frankfurt.
    pub(crate) fn back_up(&self) -> serde_json::Value {
        let copies = self.copies.to_string();
        let args = [
            "backup",
            "payments",
            "--bucket",
            "backups",
            "--copy-to",
            &copies,
            "--accept-unsaved",
            "software,secrets",
            "-o",
            "json",
        ];
        self.keyferry.run(&args).exits(0).json()["backups"][0].clone()
    }

    /// Plans a restore into Frankfurt; returns the plan's file and digest.
    pub(crate) fn plan(&self, name: &str) -> (String, String) {
        let (store, path) = (self.copies.to_string(), self.path(name));
        let args = [
            "--store",
            &store,
            "restore",
            "plan",
            "latest",
            "--into",
            "eu-frankfurt-1",
            "--out",
            &path,
            "-o",
            "json",
        ];
        let plan = self.keyferry.run(&args).exits(0).json();
        (path, plan["digest"].as_str().expect("a digest").to_owned())
    }
}

pub(crate) fn exists(path: &str) -> bool {
    Path::new(path).exists()
}
