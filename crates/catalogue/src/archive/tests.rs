//! Archives come back bit for bit, and a hostile one is refused before anybody could write anything.

use keyferry_core::manifest::seal;
use keyferry_core::sshsig::SigningKey;
use keyferry_core::{Code, Explain as _};
use serde_json::json;

use super::*;

const ID: &str = "20261124T231500Z-1a2b3c4d";
const LONG: &str = "a-name-that-does-not-fit-into-the-field-of-a-hundred-bytes-which-the-header-of-an-entry-\
                    has-for-it-and-still-is-good.bak";

fn key() -> SigningKey {
    SigningKey::from_seed([1; 32]).expect("a key")
}

fn us() -> AllowedSigners {
    AllowedSigners::default().with("us", key().public())
}

fn manifest(id: &str) -> Manifest {
    let blob = |name: &str, bytes: &[u8]| {
        let sha256 = Sha256::of(bytes);
        json!({"name": name, "size": bytes.len(), "sha256": sha256})
    };
    let compartment = json!({"id": "ocid1.compartment.oc1..c1", "path": "c1"});
    serde_json::from_value(json!({
        "schema": "keyferry.manifest", "version": 2, "backup_id": id, "made_at": "2026-11-24T23:15:00.5Z",
        "made_by": "test",
        "environment": {"kind": "embedded", "realm": "oc1", "tenancy_id": "ocid1.tenancy.oc1..t"},
        "region": "us-ashburn-1", "contents": "metadata_only",
        "vault": {"id": "ocid1.vault.oc1.iad.aaaaaaaaaaaaa.v1", "name": "payments", "vault_type": "VIRTUAL_PRIVATE",
            "compartment": compartment, "time_created": "2026-01-01T00:00:00Z", "restored_from": null, "tags": {}},
        "keys": [{"id": "ocid1.key.oc1.iad.aaaaaaaaaaaaa.k1", "name": "card", "compartment": compartment,
            "shape": {"algorithm": "AES", "length": 32, "curve": null}, "protection_mode": "HSM",
            "lifecycle_state": "ENABLED", "current_version": "ocid1.keyversion.oc1.iad.aaaaaaaaaaaaa.kv1",
            "tags": {}, "versions": [], "blob": blob("keys/001.kmsbak", b"the key")}],
        "blob": blob(LONG, b"the vault"),
        "places": [], "work_request_id": null, "completeness": {"complete": true, "expected": 0, "seen": 0},
        "not_saved": [], "canaries": [], "unprovable": [], "previous": null, "generation": 1
    }))
    .expect("a manifest")
}

fn sealed() -> SealedManifest {
    seal(&manifest(ID), &key()).expect("json")
}

/// An entry as its header describes it.
#[derive(Clone)]
struct Part {
    name: Vec<u8>,
    kind: u8,
    /// The field as written.
    size: Vec<u8>,
    body: Vec<u8>,
}

fn part(name: &str, body: &[u8]) -> Part {
    let size = format!("{:011o}\0", body.len()).into_bytes();
    Part { name: name.into(), kind: b'0', size, body: body.to_vec() }
}

fn kind(kind: u8, part: Part) -> Part {
    Part { kind, ..part }
}

/// A pax record: its length counts its own digits.
fn record(key: &str, value: &str) -> Vec<u8> {
    let rest = format!(" {key}={value}\n");
    let length = (1..).find(|n| n.to_string().len() + rest.len() == *n).expect("a length");
    format!("{length}{rest}").into_bytes()
}

/// All that belongs into the archive. The first file has a short name here, so that headers are as simple as can be.
fn good() -> Vec<Part> {
    let mut manifest = manifest(ID);
    manifest.blob.as_mut().expect("a blob").name = "vault.kmsbak".to_owned();
    let sealed = seal(&manifest, &key()).expect("json");
    vec![
        part(&bundle::manifest(ID), &sealed.bytes),
        part(&bundle::signature(ID), sealed.signature.as_bytes()),
        part(&bundle::file(ID, bundle::BLOB), b"the vault"),
        part(&bundle::file(ID, "keys/001.kmsbak"), b"the key"),
    ]
}

fn packed(parts: &[Part]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        let mut header = [0_u8; BLOCK];
        header[..part.name.len()].copy_from_slice(&part.name);
        header[100..108].copy_from_slice(b"0000600\0");
        header[124..124 + part.size.len()].copy_from_slice(&part.size);
        header[148..156].fill(b' ');
        header[156] = part.kind;
        header[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        bytes.extend(header);
        bytes.extend(&part.body);
        bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    }
    bytes.resize(bytes.len() + END, 0);
    bytes
}

fn open(bytes: Vec<u8>) -> Result<Archive, CatalogueError> {
    Archive::open(&Bytes::from(bytes), &us())
}

#[test]
fn a_bundle_comes_back_from_its_archive_bit_for_bit_and_gives_the_same_archive() {
    let (manifest, sealed) = (manifest(ID), sealed());
    let files = [Bytes::from("the vault"), Bytes::from("the key")];
    let written = write(&manifest, &sealed, &files).expect("written");
    let archive = open(written.clone()).expect("our own");
    assert_eq!((archive.opened.sealed.clone(), &archive.files[..]), (sealed, &files[..]));
    assert_eq!(archive.opened.signer.principal, "us");
    let again = write(&archive.opened.manifest, &archive.opened.sealed, &archive.files).expect("written");
    assert!(written == again, "nothing in it depends on when or where it was written");
}

#[test]
fn entries_have_the_time_of_the_backup_and_belong_to_nobody() {
    let files = [Bytes::from("the vault"), Bytes::from("the key")];
    let written = write(&manifest(ID), &sealed(), &files).expect("written");
    let mut archive = tar::Archive::new(&written[..]);
    for entry in archive.entries().expect("a tar") {
        let entry = entry.expect("an entry");
        let header = entry.header();
        let facts = (header.mode().ok(), header.uid().ok(), header.mtime().ok());
        assert_eq!(facts, (Some(0o600), Some(0), Some(1_795_562_100)));
    }
}

#[test]
fn an_archive_of_another_program_is_accepted_if_all_is_in_its_place() {
    assert!(open(packed(&good())).is_ok());
    let mut padded = packed(&good());
    padded.resize(padded.len().next_multiple_of(10_240), 0);
    assert!(open(padded).is_ok(), "tar pads to whole records");
    let mut long = packed(&[kind(b'x', part("pax", &record("mtime", "1795562100.5")))]);
    long.truncate(long.len() - END);
    long.extend(packed(&good()));
    assert!(open(long).is_ok(), "times are nobody's business");
}

/// Exchanges, adds or removes parts.
fn with(change: impl FnOnce(&mut Vec<Part>)) -> Vec<u8> {
    let mut parts = good();
    change(&mut parts);
    packed(&parts)
}

fn cut(most: usize) -> Vec<u8> {
    let mut bytes = packed(&good());
    bytes.truncate(most);
    bytes
}

fn named(at: usize, name: &str) -> Vec<u8> {
    with(|parts| parts[at].name = name.into())
}

fn typed(at: usize, kind: u8) -> Vec<u8> {
    with(|parts| parts[at].kind = kind)
}

fn sized(at: usize, field: &[u8]) -> Vec<u8> {
    with(|parts| parts[at].size = field.into())
}

fn before(at: usize, extra: Part) -> Vec<u8> {
    with(|parts| parts.insert(at, extra))
}

fn tricks() -> Vec<(&'static str, Vec<u8>)> {
    let (manifest, signature, file, key_file) =
        (bundle::manifest(ID), bundle::signature(ID), bundle::file(ID, bundle::BLOB), bundle::key_file(1));
    let whole = packed(&good());
    let without_end = whole.len() - END;
    let mut trailing = whole.clone();
    trailing.extend(b"more");
    let mut hidden = whole.clone();
    hidden.extend(&whole);
    let mut sum = whole.clone();
    sum[148] ^= 1;
    let mut base_256 = vec![0x80, 0, 0, 0, 0x7f];
    base_256.extend([0xff; 7]);
    let link = |kind_of: u8| {
        // A link's target is in its header; what matters is that it is one.
        before(2, kind(kind_of, part(&file, b"")))
    };
    vec![
        ("nothing at all", Vec::new()),
        ("a text", b"this is no archive".repeat(100)),
        ("only zeros", vec![0; 10_240]),
        ("compressed", [&[0x1f, 0x8b, 8, 0][..], &[7; 2_000]].concat()),
        ("cut off in the first header", cut(300)),
        ("cut off in the manifest", cut(700)),
        ("cut off in the last file", cut(without_end - 508)),
        ("cut off before its end", cut(without_end)),
        ("cut off in its end", cut(without_end + 512)),
        ("something after its end", trailing),
        ("another archive after its end", hidden),
        ("a wrong sum over a header", sum),
        ("a manifest that leads out", named(0, "../keyferry/x/manifest.json")),
        ("a manifest at the root", named(0, &format!("/{manifest}"))),
        ("a manifest in the folder above", named(0, "keyferry/../manifest.json")),
        ("a manifest below a dot", named(0, &format!("./{manifest}"))),
        ("a manifest of a backup without a name", named(0, "keyferry//manifest.json")),
        ("a manifest in another backup's folder", named(0, &bundle::manifest("20261124T231500Z-0"))),
        ("a signature of another backup", named(1, &bundle::signature("20261124T231500Z-0"))),
        ("a file that leads out", named(2, &format!("keyferry/{ID}/../../etc/passwd"))),
        ("a file at the root", named(2, "/etc/passwd")),
        ("a file in another backup's folder", named(2, &bundle::file("x", bundle::BLOB))),
        ("a file with backslashes", named(2, &file.replace('/', "\\"))),
        ("a file in capitals", named(2, &file.to_uppercase())),
        ("a name that is no text", with(|parts| parts[2].name[9] = 0xff)),
        ("a claim", before(2, part("keyferry/chain/0123/000000000001", b"{}"))),
        ("the signature first", with(|parts| parts.swap(0, 1))),
        ("a file before the signature", with(|parts| parts.swap(1, 2))),
        ("files in another order", with(|parts| parts.swap(2, 3))),
        ("no signature", with(|parts| drop(parts.remove(1)))),
        ("no manifest", with(|parts| drop(parts.remove(0)))),
        ("only a manifest", with(|parts| parts.truncate(1))),
        ("a file too few", with(|parts| parts.truncate(3))),
        ("a second manifest", before(1, part(&manifest, b"{}"))),
        ("a second manifest at the end", before(4, part(&manifest, b"{}"))),
        ("a second signature", before(2, part(&signature, b"x"))),
        ("a file twice", before(3, part(&file, b"the vault"))),
        ("a file that nobody named", before(4, part(&bundle::file(ID, "more.kmsbak"), b"x"))),
        ("a second backup", before(4, part(&bundle::manifest("20261124T231500Z-0"), b"{}"))),
        ("a hard link", typed(2, b'1')),
        ("a symbolic link", typed(2, b'2')),
        ("a symbolic link before the file", link(b'2')),
        ("a character device", typed(2, b'3')),
        ("a block device", typed(2, b'4')),
        ("a folder", before(0, kind(b'5', part("keyferry/", b"")))),
        ("a pipe", typed(2, b'6')),
        ("a contiguous file", typed(2, b'7')),
        ("a volume's label", before(0, kind(b'V', part("label", b"")))),
        ("a sparse file", typed(2, b'S')),
        ("a kind that nobody knows", typed(2, b'~')),
        (
            "a pax name that leads out",
            before(2, kind(b'x', part("pax", &record("path", "../../etc/passwd")))),
        ),
        ("a pax size that is too long", before(2, kind(b'x', part("pax", &record("size", "999999999999"))))),
        ("a pax size that hides what follows", before(2, kind(b'x', part("pax", &record("size", "2000"))))),
        ("a long name that leads out", before(2, kind(b'L', part("././@LongLink", b"../../etc/passwd\0")))),
        ("a long name for nothing", before(4, kind(b'L', part("././@LongLink", b"x\0")))),
        ("a size of 8 GiB", sized(2, b"77777777777\0")),
        ("a size of 2^63", sized(2, &base_256)),
        ("a size that is no number", sized(2, b"12x45678901\0")),
        ("a size below zero", sized(2, b"-0000000001\0")),
        ("a size of nothing", sized(2, b"00000000000\0")),
        ("a file with another byte", with(|parts| parts[2].body[0] ^= 1)),
        ("a file with a byte more", with(|parts| parts[2] = part(&file, b"the vault."))),
        ("a file with a byte less", with(|parts| parts[2] = part(&file, b"the vaul"))),
        ("another file's bytes", with(|parts| parts[3].body = b"the kex".to_vec())),
        ("an empty manifest", with(|parts| parts[0] = part(&manifest, b""))),
        ("a manifest with another byte", with(|parts| parts[0].body[40] ^= 1)),
        (
            "a manifest that is too long",
            with(|parts| parts[0] = part(&manifest, &vec![b' '; canonical::LONGEST + 1])),
        ),
        (
            "a signature that is too long",
            with(|parts| parts[1] = part(&signature, &vec![b'x'; LONGEST_SIGNATURE + 1])),
        ),
        ("an empty signature", with(|parts| parts[1] = part(&signature, b""))),
        (
            "the key's file in the vault's place",
            with(|parts| parts[2] = part(&bundle::file(ID, &key_file), b"the key")),
        ),
    ]
}

#[test]
fn an_archive_with_a_trick_in_it_is_refused() {
    for (trick, bytes) in tricks() {
        let error = open(bytes).map(drop).expect_err(trick);
        assert!(matches!(error.code(), Code::ObjectDiffers | Code::Signature), "{trick}: {error:?}");
    }
}

#[test]
fn an_archive_signed_by_a_stranger_is_refused_as_that() {
    let stranger = SigningKey::from_seed([2; 32]).expect("a key");
    let sealed = seal(&manifest(ID), &stranger).expect("json");
    let files = [Bytes::from("the vault"), Bytes::from("the key")];
    let written = write(&manifest(ID), &sealed, &files).expect("written");
    assert_eq!(open(written).map(drop).expect_err("nobody knows it").code(), Code::Untrusted);
}
