//! The index made anew from its record: the same as before, whatever happened to either file.

use std::collections::BTreeSet;
use std::path::PathBuf;

use keyferry_core::coverage::Keeping;
use keyferry_seams::{FaultyDisk, Seed};
use redb::{ReadableDatabase as _, ReadableTable as _};

use super::super::tables::{BUNDLES, KEEPING, KNOWN, LATEST, NAMES, NUMBERS, STORES};
use super::*;

/// A state folder.
struct State {
    _folder: tempfile::TempDir,
    index: PathBuf,
    record: PathBuf,
}

impl State {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let index = folder.path().join("index.redb");
        Self { record: index.with_extension("jsonl"), index, _folder: folder }
    }

    fn open(&self) -> Index {
        Index::open(&disk(), &self.index).expect("opened")
    }

    fn anew(&self) -> Index {
        RealDisk.remove(&self.index).expect("removed");
        self.open()
    }

    fn read(path: &Path) -> Vec<u8> {
        RealDisk.read(path, 1 << 30).expect("read")
    }

    fn write(path: &Path, bytes: &[u8]) {
        RealDisk.write(path, bytes, Access::Owner).expect("written");
    }
}

/// Every row of every table that comes from the record.
fn rows(index: &Index) -> Vec<String> {
    let read = index.database.begin_read().expect("read");
    let mut rows = Vec::new();
    macro_rules! dump {
        ($($table:ident)*) => {$(
            for row in read.open_table($table).expect("there").iter().expect("read") {
                let (key, value) = row.expect("read");
                rows.push(format!("{} {:?} {:?}", stringify!($table), key.value(), value.value()));
            }
        )*};
    }
    dump!(META NUMBERS NAMES STORES KNOWN BUNDLES LATEST KEEPING);
    rows
}

/// What a history draws from.
struct Chance(Seed, u32);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.1 += 1;
        u32::from_be_bytes(self.0.bytes(&self.1.to_string())) as usize % end
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}

/// A backup of one of three vaults; the same number gives the same one, apart from its manifest.
fn backup(number: usize, manifest: usize) -> Entry {
    let names = ["a", "b", "c"];
    let of_vault = |key: &str| format!("{key}{}", number % 3);
    let (first, second) = (of_vault(names[number % 2]), of_vault(names[number % 3]));
    let keys: [(&str, &[&str]); 2] = [(&first, &["1", "2"]), (&second, &["3"])];
    let keys = if first == second { &keys[..1] } else { &keys[..] };
    let places = [vec![home()], vec![home(), away()], vec![]];
    let day = u32::try_from(number % 25).expect("small") + 1;
    let vault = format!("ocid1.vault.oc1.iad.aaaaaaaaaaaaa.v{}", number % 3);
    Entry {
        backup_id: format!("202611{day:02}T000000Z-{number:08}"),
        vault_id: VaultId::parse(&vault).expect("an OCID"),
        manifest_sha256: Sha256::of(format!("{number} {manifest}").as_bytes()),
        ..entry(day, keys, &places[number % 4 % 3])
    }
}

#[test]
fn an_index_made_anew_is_the_one_that_was_filled_by_and_by() {
    let outside: StoreUrl = "file:/mnt/usb".parse().expect("a store");
    let beside = "oci://beside@ns/us-ashburn-1".parse().expect("a store");
    let stores = [home(), away(), beside, outside];
    for seed in 0..8 {
        let (state, mut chance) = (State::new(), Chance(Seed::from_number(seed), 0));
        let mut index = state.open();
        let mut in_store = vec![BTreeSet::new(); stores.len()];
        for step in 0..40 {
            let at = chance.below(stores.len());
            match chance.below(10) {
                0..5 => {
                    let entries: Vec<_> = (0..=chance.below(6))
                        .map(|_| backup(chance.below(60), usize::from(chance.below(8) == 0)))
                        .collect();
                    index.add(&stores[at], &entries).expect("added");
                    in_store[at].extend(ids(&entries));
                }
                5..8 => {
                    let left = in_store[at].iter().filter(|_| chance.below(3) > 0).cloned().collect();
                    in_store[at] = left;
                    let listed: Vec<_> = in_store[at].iter().cloned().collect();
                    let gone = index.difference(&stores[at], &listed).expect("compared").vanished;
                    index.listed(&stores[at], &gone, at_step(step)).expect("written");
                }
                8 => {
                    let keeping = chance.pick(&[Keeping::Deletable, Keeping::Versioned, Keeping::Locked]);
                    index.keeps(&stores[at], keeping).expect("written");
                }
                _ => {
                    drop(index);
                    index = state.open();
                }
            }
            if chance.below(20) == 0 {
                let edition = index.meta("edition").expect("read");
                index.write_record(edition + 1).expect("written anew");
            }
        }
        let by_and_by = (rows(&index), index.ledger().expect("read"));
        drop(index);
        let index = state.anew();
        assert_eq!(rows(&index), by_and_by.0, "seed {seed}");
        assert_eq!(index.ledger().expect("read"), by_and_by.1, "seed {seed}");
        assert!(by_and_by.0.len() > 50, "it was a history");
    }
}

fn at_step(step: i64) -> Timestamp {
    at(NOW) + jiff::SignedDuration::from_secs(step)
}

/// An index with something in it; then both files before and after more came.
fn before_and_after(state: &State) -> [(Vec<u8>, Vec<u8>); 2] {
    let files = || (State::read(&state.index), State::read(&state.record));
    let index = state.open();
    index.add(&home(), &[backup(1, 0), backup(2, 0)]).expect("added");
    drop(index);
    let before = files();
    let index = state.open();
    index.add(&home(), &more()).expect("added");
    drop(index);
    [before, files()]
}

fn more() -> Vec<Entry> {
    (3..8).map(|number| backup(number, 0)).collect()
}

#[test]
fn killed_between_the_record_and_the_index_nothing_is_lost_or_doubled() {
    let state = State::new();
    let [before, after] = before_and_after(&state);
    let expected = rows(&state.open());
    State::write(&state.index, &before.0);
    let index = state.open();
    assert_eq!(rows(&index), expected);
    assert_eq!(index.add(&home(), &more()).expect("added").added, 0);
    drop(index);
    assert_eq!(State::read(&state.record), after.1, "told once");
}

#[test]
fn killed_in_the_middle_of_a_line_what_was_not_told_is_fetched_again() {
    let state = State::new();
    let [before, after] = before_and_after(&state);
    let expected = state.open().ledger().expect("read");
    let last_lines = before.1.len()..after.1.len();
    for length in last_lines.clone().step_by(61).chain([last_lines.end - 1]) {
        State::write(&state.index, &before.0);
        State::write(&state.record, &after.1[..length]);
        let index = state.open();
        let mut listed = ids(&more());
        listed.extend(ids(&[backup(1, 0), backup(2, 0)]));
        listed.sort_unstable();
        let new = index.difference(&home(), &listed).expect("compared").new;
        let missing: Vec<_> = more().into_iter().filter(|entry| new.contains(&entry.backup_id)).collect();
        assert_eq!((missing.len(), length < last_lines.end), (new.len(), !new.is_empty()));
        assert_eq!(index.add(&home(), &missing).expect("added").added, missing.len());
        assert_eq!(index.ledger().expect("read"), expected, "cut at {length}");
        let filled = rows(&index);
        drop(index);
        assert_eq!(rows(&state.anew()), filled, "cut at {length}");
    }
}

#[test]
fn a_disk_that_is_full_leaves_nothing_claimed() {
    let state = State::new();
    drop(state.open());
    let full: Arc<dyn Disk> = Arc::new(FaultyDisk::new(disk(), 0));
    let index = Index::open(&full, &state.index).expect("opened");
    assert!(matches!(index.add(&home(), &more()), Err(IndexError::Disk(_))));
    assert_eq!(index.backups().expect("counted"), 0);
    drop(index);
    assert_eq!(state.open().add(&home(), &more()).expect("added").added, more().len());
}

#[test]
fn a_line_that_cannot_be_read_costs_what_was_in_it_and_no_more() {
    let state = State::new();
    let index = state.open();
    index.add(&home(), &more()).expect("added");
    index.add(&away(), &more()).expect("added");
    drop(index);
    let text = String::from_utf8(State::read(&state.record)).expect("text");
    let of_one = more()[2].backup_id.clone();
    for damage in ["\u{0}\u{0}", "{\"saved\":{}}", "{\"later\":1}"] {
        let lines = text.lines().map(|line| if line.contains(&of_one) { damage } else { line });
        State::write(&state.record, (lines.collect::<Vec<_>>().join("\n") + "\n").as_bytes());
        let index = state.anew();
        let mut listed = ids(&more());
        listed.sort_unstable();
        for store in [home(), away()] {
            assert_eq!(index.difference(&store, &listed).expect("compared").new, [of_one.as_str()]);
        }
    }
}

#[test]
fn a_name_of_another_kind_stands_for_nothing() {
    let state = State::new();
    let index = state.open();
    index.add(&home(), &more()).expect("added");
    drop(index);
    let text = String::from_utf8(State::read(&state.record)).expect("text");
    State::write(&state.record, text.replace("ocid1.key.oc1", "ocid1.bucket.oc1").as_bytes());
    let index = state.anew();
    assert_eq!(index.backups().expect("counted"), 0);
    assert_eq!(index.ledger().expect("can be read"), Default::default());
}

#[test]
fn a_record_that_is_gone_cut_or_of_another_version_is_written_anew_from_the_index() {
    let state = State::new();
    let [before, after] = before_and_after(&state);
    let ledger = state.open().ledger().expect("read");
    let text = String::from_utf8(after.1).expect("text");
    let other = text.replacen("\"version\":1", "\"version\":2", 1);
    assert_ne!(other, text);
    for record in [&[][..], &before.1, b"{}\n", other.as_bytes()] {
        State::write(&state.record, record);
        assert_eq!(state.open().ledger().expect("read"), ledger);
        assert_eq!(state.anew().ledger().expect("read"), ledger);
        assert_eq!(RealDisk.mode(&state.record).expect("there"), 0o600);
    }
    State::write(&state.record, other.as_bytes());
    assert_eq!(state.anew().backups().expect("counted"), 0, "what it held is fetched again");
}

#[test]
fn an_index_from_before_its_record_was_written_anew_is_made_anew() {
    let state = State::new();
    let [(before, _), _] = before_and_after(&state);
    let index = state.open();
    index.write_record(index.meta("edition").expect("read") + 1).expect("written anew");
    let expected = rows(&index);
    drop(index);
    State::write(&state.index, &before);
    assert_eq!(rows(&state.open()), expected);
}

#[test]
fn a_record_of_which_most_has_vanished_is_written_anew() {
    let state = State::new();
    let index = state.open();
    let many: Vec<_> = (0..1_100)
        .map(|number| Entry { backup_id: format!("20261101T000000Z-{number:08}"), ..backup(0, number) })
        .collect();
    index.add(&home(), &many).expect("added");
    let length = State::read(&state.record).len();
    index.listed(&home(), &ids(&many[..500]), at(NOW)).expect("written");
    assert!(State::read(&state.record).len() > length, "not yet");
    index.listed(&home(), &ids(&many[500..1_050]), at(NOW)).expect("written");
    assert!(State::read(&state.record).len() < length / 10);
    let expected = rows(&index);
    drop(index);
    assert_eq!(rows(&state.anew()), expected);
}
