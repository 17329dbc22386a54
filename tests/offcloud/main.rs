//! Stories about stores outside of OCI, told to a real S3 server. `cargo xtask clients --s3` starts the servers,
//! and says by arguments and environment which one this is.

#![expect(clippy::print_stdout, reason = "a program that tells which stories went well")]

mod carried;
mod cut;
mod program;
mod proxy;
mod stage;
mod store;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;

use crate::stage::Stage;

/// A story with its name; each has a part of the bucket to itself.
type Story = (&'static str, fn(&Stage));

fn main() -> ExitCode {
    let stage = Stage::from_process();
    let mut failed = 0;
    for (name, story) in store::ALL.iter().chain(&carried::ALL).chain(&cut::ALL) {
        let started = Instant::now();
        let told = catch_unwind(AssertUnwindSafe(|| story(&stage)));
        let verdict = if told.is_ok() { "ok" } else { "FAILED" };
        failed += usize::from(told.is_err());
        println!("{verdict:<7}{:>6} ms  {name}", started.elapsed().as_millis());
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
