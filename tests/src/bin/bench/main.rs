//! Measurements of the whole product, each beside what it is compared with. `cargo xtask bench` runs it.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for developers at a terminal")]

mod bare;
mod ceiling;
mod encrypt;
mod figures;
mod fleet;
mod ledger;
mod ledger_fleet;
mod load;
mod process;
mod sign;
mod start;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *words.as_slice() {
        // The folder is emptied; it belongs to this program alone.
        ["realm", keyferry, moto, folder] => realm(keyferry.as_ref(), moto.as_ref(), folder.as_ref()),
        ["ledger", keyferry, folder] => ledger(keyferry.as_ref(), folder.as_ref()),
        ["fleet", keyferry, keys, ref others @ ..] => paced(keyferry.as_ref(), keys, others.first().copied()),
        ["fleet-memory", keyferry] => println!("{}", fleet::memory::measure(keyferry.as_ref())),
        ["bare", api_key] => bare::serve(api_key.as_ref()),
        _ => {
            eprintln!(
                "usage: bench realm KEYFERRY MOTO_SERVER FOLDER | ledger KEYFERRY FOLDER | \
                 fleet KEYFERRY KEYS [PYTHON] | fleet-memory KEYFERRY"
            );
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn empty(folder: &Path) {
    if folder.exists() {
        std::fs::remove_dir_all(folder).expect("the folder of an earlier run can be removed");
    }
    std::fs::create_dir_all(folder).expect("a folder for the measurements");
}

/// The shorter part first.
fn paced(keyferry: &Path, keys: &str, python: Option<&str>) {
    println!("{}", fleet::signing::measure(keyferry));
    let others = python.map(|python| fleet::paced::Others { python: python.as_ref() });
    let keys = keys.parse().expect("a number of keys");
    println!("{}", fleet::paced::measure(keyferry, others, keys));
}

fn ledger(keyferry: &Path, folder: &Path) {
    empty(folder);
    println!("{}", ledger::measure(keyferry, folder));
    std::fs::remove_dir_all(folder).expect("the folder can be removed");
}

fn realm(keyferry: &Path, moto: &Path, folder: &Path) {
    empty(folder);
    println!("{}", encrypt::measure(keyferry, moto, folder));
    println!("{}", start::measure(keyferry, folder));
    std::fs::remove_dir_all(folder).expect("the folder can be removed");
}
