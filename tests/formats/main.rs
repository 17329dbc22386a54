//! What earlier programs wrote stays readable, and damage to it is noticed: by Keyferry and by a script that knows
//! nothing of it.

mod script;
mod specimens;

use keyferry_core::journal::{self, Entry, RunState};
use keyferry_seams::Seed;

use specimens::Specimens;

/// Flips per file. Seeded, so that what fails once fails again.
const FLIPS: u64 = 16;

#[test]
fn every_specimen_is_still_read() {
    for specimens in Specimens::all() {
        specimens.verify().unwrap_or_else(|error| panic!("{}: {error:#}", specimens.version));
    }
}

#[test]
fn the_specimens_show_what_the_format_can_say() {
    for specimens in Specimens::all() {
        let manifest = String::from_utf8(specimens.bytes("bundle/manifest.json").to_vec()).expect("JSON");
        for said in
            ["aes_gcm", "rsa_oaep", "\"signature\"", "\"previous\": {", "KF-2103", "KF-2104", "version_id"]
        {
            assert!(manifest.contains(said), "{}: no {said} in it", specimens.version);
        }
        let before =
            String::from_utf8(specimens.bytes("bundle-before/manifest.json").to_vec()).expect("JSON");
        assert!(before.contains("\"previous\": null"), "{}: the first has none before it", specimens.version);
    }
}

#[test]
fn one_flipped_bit_in_any_file_is_noticed() {
    for specimens in Specimens::all() {
        for name in specimens.files.keys() {
            for (number, damaged) in damaged(specimens.bytes(name), name).enumerate() {
                let whole = specimens.with(name, damaged).verify();
                assert!(whole.is_err(), "{}/{name}: flip {number} was not noticed", specimens.version);
            }
        }
    }
}

#[test]
fn a_journal_that_lacks_a_line_is_refused() {
    for specimens in Specimens::all() {
        for run in ["backup", "restore"] {
            let name = format!("{run}/journal.jsonl");
            let text = std::str::from_utf8(specimens.bytes(&name)).expect("JSON");
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            for gone in 0..lines.len() {
                let rest = [&lines[..gone], &lines[gone + 1..]].concat().concat();
                let read = specimens.with(&name, rest.into_bytes()).verify();
                assert!(read.is_err(), "{}/{name}: line {} is not missed", specimens.version, gone + 1);
            }
        }
    }
}

#[test]
fn a_journal_torn_at_any_byte_is_a_run_with_at_most_one_step_in_doubt() {
    for specimens in Specimens::all() {
        for run in ["backup", "restore"] {
            let plan = specimens.plan(run).expect("readable");
            let bytes = specimens.bytes(&format!("{run}/journal.jsonl"));
            let mut seen = 0;
            for end in (0..bytes.len()).step_by(7) {
                let lines = journal::parse(&bytes[..end]).expect("only the last line is torn");
                let progress = journal::replay(&plan, &lines).expect("a possible history");
                assert!(progress.in_doubt.len() <= 1, "steps come one after the other");
                assert_eq!(progress.state, None, "nobody has said that the run is over");
                assert!(progress.outputs.len() >= seen, "nothing is forgotten");
                seen = progress.outputs.len();
            }
            let lines = journal::parse(bytes).expect("whole");
            let last = lines.last().map(|line| &line.entry);
            assert_eq!(last, Some(&Entry::RunFinished { state: RunState::Succeeded }));
        }
    }
}

/// Copies of a file with one bit flipped each, at seeded positions where every bit means something.
fn damaged<'a>(bytes: &'a [u8], name: &'a str) -> impl Iterator<Item = Vec<u8>> + 'a {
    let positions = meaningful(bytes, name);
    assert!(!positions.is_empty(), "nothing to damage in {name}");
    let seed = Seed::from_number(7).child(name);
    (0..FLIPS).map(move |number| {
        let [place @ .., bit] = seed.bytes::<5>(&number.to_string());
        let mut bytes = bytes.to_vec();
        bytes[positions[u32::from_be_bytes(place) as usize % positions.len()]] ^= 1 << (bit % 8);
        bytes
    })
}

fn meaningful(bytes: &[u8], name: &str) -> Vec<usize> {
    let all = 0..bytes.len();
    let kind = name.rsplit(['/', '.']).next().expect("a name");
    match kind {
        // Base64 may be broken into lines at will.
        "sig" => all.filter(|at| bytes[*at] != b'\n').collect(),
        // Names and comments of a list are what its owner likes; the key is what is trusted.
        "allowed_signers" => {
            let start = bytes.windows(4).position(|four| four == b"AAAA").expect("a public key");
            let length = bytes[start..].iter().position(u8::is_ascii_whitespace).expect("a line end");
            (start..start + length).collect()
        }
        // It is this machine's own and nobody signs it, so only its structure can tell.
        "jsonl" => {
            let (mut is_text, mut is_escaped) = (false, false);
            all.filter(|at| {
                let byte = bytes[*at];
                let is_quote = byte == b'"' && !is_escaped;
                is_escaped = byte == b'\\' && !is_escaped;
                is_text ^= is_quote;
                is_quote || (!is_text && b"{}[]:,".contains(&byte))
            })
            .collect()
        }
        _ => all.collect(),
    }
}
