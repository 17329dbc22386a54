//! Data as a small drill would leave it: before the loss.

mod after;

use jiff::Timestamp;
use keyferry_core::canary::{Canary, Sealed};
use keyferry_core::manifest::{self, *};
use keyferry_core::model::*;
use keyferry_core::plan::{Action, ExpectedBytes, ExpectedKey, Plan, PlanKind};
use keyferry_core::*;
use keyferry_ids::{CompartmentId, KeyId, KeyVersionId, RealmName, Region, SecretId, TenancyId, VaultId};
use keyferry_report::*;

pub(crate) use after::*;

pub(crate) fn at(text: &str) -> Timestamp {
    format!("2026-11-24T{text}Z").parse().expect("a time")
}

pub(crate) fn region(name: &str) -> Region {
    name.parse().expect("a region")
}

fn ocid(kind: &str, region: &str, unique: &str) -> String {
    format!("ocid1.{kind}.oc1.{region}.embedded.abuwcljt5zqkd7mxyhx3p2vo6nqcrgsltwahfejbu4{unique}")
}

pub(crate) fn vault_id(unique: &str) -> VaultId {
    VaultId::parse(&ocid("vault", "iad", unique)).expect("a vault")
}

fn key_id(unique: &str) -> KeyId {
    KeyId::parse(&ocid("key", "iad", unique)).expect("a key")
}

fn version_id(unique: &str) -> KeyVersionId {
    KeyVersionId::parse(&ocid("keyversion", "iad", unique)).expect("a key version")
}

fn compartment(unique: &str) -> CompartmentId {
    CompartmentId::parse(&ocid("compartment", "", unique)).expect("a compartment")
}

fn tenancy() -> TenancyId {
    TenancyId::parse(&ocid("tenancy", "", "tenant")).expect("a tenancy")
}

pub(crate) fn environment() -> Environment {
    Environment { kind: EnvironmentKind::Embedded, realm: RealmName::new("oc1"), tenancy_id: tenancy() }
}

fn store(bucket: &str, region: &str) -> StoreUrl {
    format!("oci://{bucket}@axkeyferry/{region}").parse().expect("a store")
}

fn vault(name: &str, unique: &str, vault_type: VaultType) -> Vault {
    Vault {
        id: vault_id(unique),
        name: name.into(),
        region: region("us-ashburn-1"),
        compartment_id: compartment("secure"),
        vault_type,
        lifecycle_state: VaultState::Active,
        management_endpoint: "https://abc-management.kms.us-ashburn-1.oraclecloud.com".into(),
        crypto_endpoint: "https://abc-crypto.kms.us-ashburn-1.oraclecloud.com".into(),
        time_created: at("08:00:00"),
        time_of_deletion: None,
        restored_from: None,
        is_primary: true,
        is_replicable: None,
        wrapping_key_id: None,
        tags: Tags::default(),
    }
}

fn key(name: &str, unique: &str, mode: ProtectionMode, shape: KeyShape, versions: &[&str]) -> Key {
    let versions: Vec<_> = versions
        .iter()
        .map(|unique| KeyVersion {
            id: version_id(unique),
            lifecycle_state: VersionState::Enabled,
            origin: Origin::Internal,
            time_created: at("08:05:00"),
            public_key: None,
            restored_from: None,
        })
        .collect();
    Key {
        id: key_id(unique),
        name: name.into(),
        vault_id: vault_id("paymts"),
        compartment_id: compartment("secure"),
        protection_mode: mode,
        shape,
        lifecycle_state: KeyState::Enabled,
        current_version: versions.last().expect("a version").id.clone(),
        restored_from: None,
        is_primary: true,
        time_created: at("08:05:00"),
        tags: Tags::default(),
        versions,
    }
}

fn aes() -> KeyShape {
    KeyShape { algorithm: Algorithm::Aes, length: 32, curve: None }
}

pub(crate) fn inventory() -> Inventory {
    let rsa = KeyShape { algorithm: Algorithm::Rsa, length: 256, curve: None };
    let keys = vec![
        key("orders", "orders", ProtectionMode::Hsm, aes(), &["ordv01", "ordv02", "ordv03"]),
        key("signing", "signin", ProtectionMode::Hsm, rsa, &["sigv01"]),
        key("cache", "cached", ProtectionMode::Software, aes(), &["cacv01"]),
    ];
    let secret = Secret {
        id: SecretId::parse(&ocid("vaultsecret", "iad", "dbpass")).expect("a secret"),
        name: "db-password".into(),
        compartment_id: compartment("secure"),
        vault_id: vault_id("paymts"),
        key_id: Some(key_id("orders")),
        lifecycle_state: "ACTIVE".into(),
    };
    let shared = vec![key("misc", "miscky", ProtectionMode::Hsm, aes(), &["misv01"])];
    let usage =
        |keys, software_keys| Some(Usage { keys, software_keys, key_versions: 4, software_key_versions: 1 });
    Inventory {
        taken_at: at("22:40:00"),
        environment: environment(),
        regions: vec![region("us-ashburn-1"), region("eu-frankfurt-1")],
        compartments: vec![Compartment {
            id: compartment("secure"),
            parent_id: Some(tenancy().into()),
            name: "security".into(),
            path: "/platform/security".into(),
            is_active: true,
        }],
        vaults: vec![
            VaultStock {
                vault: vault("payments", "paymts", VaultType::VirtualPrivate),
                keys,
                secrets: vec![secret],
                usage: usage(3, 1),
            },
            VaultStock {
                vault: vault("shared", "shared", VaultType::Default),
                keys: shared,
                secrets: vec![],
                usage: usage(1, 0),
            },
        ],
        limits: vec![
            LimitUse {
                region: region("us-ashburn-1"),
                name: "virtual-private-vault-count".into(),
                used: Some(1),
                available: Some(0),
                unknown: None,
            },
            LimitUse {
                region: region("eu-frankfurt-1"),
                name: "virtual-private-vault-count".into(),
                used: None,
                available: None,
                unknown: Some("the service refused GetResourceAvailability".into()),
            },
        ],
        gaps: vec![Gap {
            region: region("eu-frankfurt-1"),
            reading: "ListVaults".into(),
            subject: Some(compartment("audits").to_string()),
            because: "404 NotAuthorizedOrNotFound".into(),
        }],
    }
}

pub(crate) fn plan() -> Plan {
    let from = store("dr", "eu-frankfurt-1")
        .oci()
        .expect("a bucket")
        .object("20261124T225000Z-1a2b3c4d/vault.backup");
    let mut plan = Plan {
        schema: keyferry_core::plan::SCHEMA.into(),
        version: 1,
        kind: PlanKind::Restore,
        made_at: at("23:12:00"),
        environment: environment(),
        backup_ids: vec![BACKUP.into()],
        into: region("eu-frankfurt-1"),
        backup_made_at: Some(at("22:50:00")),
        steps: Vec::new(),
        findings: vec![Finding::new(
            Code::Unprovable,
            Severity::Warning,
            version_id("disv01"),
            "the version was DISABLED at every backup, so no canary was minted",
        )],
    };
    let expect = Some(ExpectedBytes { size: 48_211, sha256: Sha256::of(b"blob") });
    let checked = plan.push(Action::CheckObject { at: from.clone(), expect }, &[]);
    let (into, vault_id, compartment_id) = (plan.into, vault_id("paymts"), compartment("secure"));
    let restore = Action::RestoreVault {
        region: into,
        compartment_id: compartment_id.clone(),
        from,
        vault_id: Some(vault_id.clone()),
    };
    let restored = plan.push(restore, &[&checked]);
    let expected = ExpectedKey {
        id: key_id("orders"),
        name: "orders".into(),
        compartment_id: compartment_id.clone(),
        versions: vec![version_id("ordv01"), version_id("ordv02"), version_id("ordv03")],
    };
    let mapped = plan.push(
        Action::MapVault {
            region: into,
            vault_id: Some(vault_id),
            compartment_id,
            search: Vec::new(),
            keys: vec![expected],
        },
        &[&restored],
    );
    let prove = Action::ProveVersion {
        region: into,
        key_name: "orders".into(),
        key_id: key_id("orders"),
        version_id: version_id("ordv03"),
        is_current: true,
        public_key: None,
        canaries: vec![canary("ordv03", BACKUP)],
        unprovable: None,
    };
    plan.push(prove, &[&mapped]);
    plan
}

pub(crate) const BACKUP: &str = "20261124T225000Z-1a2b3c4d";

fn canary(version: &str, minted_for: &str) -> Canary {
    Canary {
        key_id: key_id("orders"),
        version_id: version_id(version),
        minted_for: minted_for.into(),
        minted_at: at("22:50:00"),
        sealed: Sealed::AesGcm {
            ciphertext: "QQ==".into(),
            associated_data: [].into(),
            plaintext_sha256: Sha256::of(b"x"),
        },
    }
}

fn not_saved() -> Vec<NotSaved> {
    let item = |kind: &str, id: String, name: &str, code: Code, because: &str| NotSaved {
        kind: kind.into(),
        id,
        name: Some(name.into()),
        code,
        because: because.into(),
    };
    vec![
        item(
            "key",
            key_id("cached").to_string(),
            "cache",
            Code::SoftwareKey,
            "a software key is never part of a backup",
        ),
        item(
            "secret",
            ocid("vaultsecret", "iad", "dbpass"),
            "db-password",
            Code::SecretNotSaved,
            "secrets are never part of a backup",
        ),
    ]
}

pub(crate) fn backups() -> BackupsShown {
    BackupsShown {
        run_id: Some("20261124T225000Z-backup-7d20".into()),
        accepted: Vec::new(),
        is_incomplete: false,
        backups: vec![BackupShown {
            id: BACKUP.into(),
            vault_id: vault_id("paymts").to_string(),
            vault_name: "payments".into(),
            contents: Contents::WithKeys,
            keys: 2,
            versions: 4,
            generation: 2,
            object: ObjectShown {
                namespace: "axkeyferry".into(),
                bucket: "dr-home".into(),
                name: format!("{BACKUP}/vault.backup"),
                region: region("us-ashburn-1"),
                size: 48_211,
                sha256: Sha256::of(b"blob"),
            },
            par: None,
            key_files: 0,
            copies: vec![store("dr", "eu-frankfurt-1")],
            manifest_sha256: Sha256::of(b"manifest"),
            work_request_id: Some("a7c3b1e2-work".into()),
            canaries: CanaryCounts { minted: 2, carried: 2, unprovable: 0 },
            not_saved: not_saved(),
            changed: None,
            left_out: vec![],
        }],
        skipped: vec![Skipped {
            id: vault_id("shared").to_string(),
            name: "shared".into(),
            code: Some(Code::VaultNotPrivate),
            because: "a DEFAULT (shared) vault can't be backed up".into(),
            ..Skipped::default()
        }],
        failed: vec![],
    }
}

pub(crate) fn listed() -> Vec<ListedBackup> {
    let listed = |id: &str, signer: Option<&str>, places| ListedBackup {
        id: id.into(),
        made_at: at("22:50:00"),
        vault_id: vault_id("paymts").to_string(),
        vault_name: "payments".into(),
        region: region("us-ashburn-1"),
        contents: Contents::WithKeys,
        keys: 2,
        versions: 4,
        unprovable: 1,
        size: 48_211,
        places,
        signer: signer.map(str::to_owned),
    };
    vec![
        listed(
            BACKUP,
            Some("ops@example.com"),
            vec![store("dr-home", "us-ashburn-1"), store("dr", "eu-frankfurt-1")],
        ),
        listed("20261123T225000Z-99aa00bb", None, vec![store("dr", "eu-frankfurt-1")]),
    ]
}

pub(crate) fn manifest() -> Manifest {
    let recorded = || RecordedCompartment { id: compartment("secure"), path: "/platform/security".into() };
    let version = |unique: &str, lifecycle_state| ManifestVersion {
        id: version_id(unique),
        lifecycle_state,
        origin: Origin::Internal,
        time_created: at("08:05:00"),
        public_key: None,
    };
    Manifest {
        schema: manifest::SCHEMA.into(),
        version: 1,
        backup_id: BACKUP.into(),
        made_at: at("22:50:00"),
        made_by: "keyferry 0.1.0".into(),
        environment: environment(),
        region: region("us-ashburn-1"),
        contents: Contents::WithKeys,
        vault: ManifestVault {
            id: vault_id("paymts"),
            name: "payments".into(),
            vault_type: VaultType::VirtualPrivate,
            compartment: recorded(),
            time_created: at("08:00:00"),
            restored_from: None,
            tags: Tags::default(),
        },
        keys: vec![ManifestKey {
            id: key_id("orders"),
            name: "orders".into(),
            compartment: recorded(),
            shape: aes(),
            protection_mode: ProtectionMode::Hsm,
            lifecycle_state: KeyState::Enabled,
            current_version: version_id("ordv03"),
            tags: Tags::default(),
            versions: vec![
                version("ordv01", VersionState::Enabled),
                version("ordv02", VersionState::Enabled),
                version("ordv03", VersionState::Enabled),
            ],
            blob: None,
        }],
        blob: Some(Blob { name: "vault.backup".into(), size: 48_211, sha256: Sha256::of(b"blob") }),
        places: vec![store("dr-home", "us-ashburn-1"), store("dr", "eu-frankfurt-1")],
        work_request_id: None,
        completeness: Completeness { complete: true, expected: Some(2), seen: 2 },
        not_saved: not_saved(),
        canaries: vec![canary("ordv02", "20261123T225000Z-99aa00bb"), canary("ordv03", BACKUP)],
        unprovable: vec![UnprovableVersion {
            version_id: version_id("ordv01"),
            because: "rotated away before the first backup".into(),
        }],
        previous: Some(Previous {
            backup_id: "20261123T225000Z-99aa00bb".into(),
            manifest_sha256: Sha256::of(b"before"),
        }),
        generation: 2,
        fingerprint: Some(Sha256::of(b"what matters")),
        changed: None,
    }
}

pub(crate) fn checked() -> Vec<CheckedBackup> {
    let good = ExpectedBytes { size: 48_211, sha256: Sha256::of(b"blob") };
    let object = |name: &str, found| CheckedObject { name: name.into(), expected: good, found };
    vec![
        CheckedBackup {
            id: BACKUP.into(),
            place: store("dr-home", "us-ashburn-1"),
            objects: vec![object("vault.backup", Some(good))],
        },
        CheckedBackup {
            id: BACKUP.into(),
            place: store("dr", "eu-frankfurt-1"),
            objects: vec![
                object("vault.backup", Some(ExpectedBytes { size: 48_000, ..good })),
                object("runbook.md", None),
                object("manifest.json.sig", Some(ExpectedBytes { sha256: Sha256::of(b"other"), ..good })),
            ],
        },
    ]
}
