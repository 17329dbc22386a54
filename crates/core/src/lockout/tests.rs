//! Who encrypts whom, as tables.

use super::*;

fn id(vault: &str) -> VaultId {
    format!("ocid1.vault.oc1.iad.ext.{vault}").parse().expect("an OCID")
}

fn store(bucket: &str) -> String {
    format!("oci://{bucket}@ns/us-ashburn-1")
}

/// Buckets as `bucket<vault` if a key of the vault encrypts them; backups as `vault@bucket`.
fn world(buckets: &str, backups: &str) -> Lockouts {
    let mut world = Lockouts::new();
    for bucket in buckets.split_whitespace() {
        let (bucket, vault) = bucket.split_once('<').unwrap_or((bucket, ""));
        let key = format!("key-of-{vault}");
        world.bucket(&store(bucket), (!vault.is_empty()).then_some(&key));
        if !vault.is_empty() && vault != "unseen" {
            world.key(&key, "k", &id(vault), vault);
        }
    }
    for backup in backups.split_whitespace() {
        let (vault, bucket) = backup.split_once('@').expect("a vault and a bucket");
        world.vault(&id(vault), vault);
        world.backup_lies_in(&id(vault), &store(bucket));
    }
    world
}

fn drawn(world: &Lockouts, vault: &str, bucket: &str) -> Option<String> {
    world.cycle_of(&id(vault), &[store(bucket)]).map(|cycle| cycle.to_string())
}

#[test]
fn a_way_back_to_the_vault_is_a_cycle_however_long() {
    for (buckets, backups, expected) in [
        ("b", "v@b", None),
        ("b<v", "v@b", Some("v -> bucket b -> v")),
        // w is there, and nothing of it lies behind v.
        ("b<w", "v@b", None),
        ("b<w c", "v@b w@c", None),
        ("b<w c<v", "v@b w@c", Some("v -> bucket b -> key k of w -> bucket c -> v")),
        // One way out is enough.
        ("b<w c<v d", "v@b w@c w@d", None),
        ("b<w c<v d<x", "v@b w@c w@d", None),
        ("b<w c<v d<x e", "v@b w@c w@d x@e", None),
        // Both ways of w lead back.
        ("b<w c<v d<x", "v@b w@c w@d x@c", Some("v -> bucket b -> key k of w -> bucket c -> v")),
        // A circle of three.
        (
            "b<w c<x d<v",
            "v@b w@c x@d",
            Some("v -> bucket b -> key k of w -> bucket c -> key k of x -> bucket d -> v"),
        ),
        // The way through x ends in w itself, so it is none.
        ("b<w c<v d<x e<w", "v@b w@c w@d x@e", Some("v -> bucket b -> key k of w -> bucket c -> v")),
        // w and x have locked each other out, whatever becomes of v.
        ("b<w c<x d<w", "v@b w@c x@d", None),
        // A bucket that nobody looked at.
        ("", "v@b", None),
        ("b<unseen", "v@b", None),
    ] {
        let world = world(buckets, backups);
        assert_eq!(drawn(&world, "v", "b").as_deref(), expected, "{buckets} | {backups}");
    }
}

#[test]
fn every_vault_of_a_circle_is_refused() {
    let world = world("b<w c<x d<v", "v@b w@c x@d");
    for (vault, bucket) in [("v", "b"), ("w", "c"), ("x", "d")] {
        let drawn = drawn(&world, vault, bucket).expect("a cycle");
        assert!(drawn.starts_with(vault) && drawn.ends_with(vault), "{drawn}");
    }
}

#[test]
fn one_place_in_a_cycle_is_an_error_although_another_is_free() {
    let world = world("free b<v", "v@free v@b");
    let places = [store("free"), format!("{}/team/a", store("b"))];
    let cycle = world.cycle_of(&id("v"), &places).expect("a cycle");
    assert_eq!(
        (cycle.place.as_str(), cycle.to_string().as_str()),
        (places[1].as_str(), "v -> bucket b -> v")
    );
    let findings = world.findings(&id("v"), &places);
    let seen: Vec<_> = findings.iter().map(|f| (f.code, f.severity, f.subject.as_str())).collect();
    assert_eq!(seen, [(Code::Lockout, Severity::Error, places[1].as_str())]);
    assert!(findings[0].because.ends_with("v -> bucket b -> v"), "{}", findings[0].because);
}

#[test]
fn what_nobody_can_say_and_what_is_locked_without_the_vault_are_warnings() {
    let unseen = world("b<unseen", "v@b").findings(&id("v"), &[store("b")]);
    assert_eq!((unseen.len(), unseen[0].severity), (1, Severity::Warning));
    assert!(unseen[0].because.contains("key-of-unseen"), "{}", unseen[0].because);
    let others = world("b<w c<x d<w", "v@b w@c x@d").findings(&id("v"), &[store("b")]);
    assert_eq!((others.len(), others[0].severity), (1, Severity::Warning));
    assert!(others[0].because.contains("key k of w"), "{}", others[0].because);
    assert_eq!(world("b<w c", "v@b w@c").findings(&id("v"), &[store("b"), "file:/mnt/x".to_owned()]), []);
}

#[test]
fn a_vault_in_another_region_is_locked_in_by_its_own_replica_there() {
    let mut world = Lockouts::new();
    // A replica has the OCIDs of its primary.
    let copies = "oci://copies@ns/eu-frankfurt-1";
    world.bucket(copies, Some("key"));
    world.key("key", "k", &id("v"), "payments");
    let cycle = world.cycle_of(&id("v"), &[copies]).expect("a cycle");
    assert_eq!(cycle.to_string(), "payments -> bucket copies -> payments");
}
