//! Developer tasks: `cargo xtask COMMAND`. Depends on no Keyferry crate, so it starts even when they do not compile.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for developers at a terminal")]

mod bench;
mod clients;
mod docs;
mod drill;
mod layers;
mod node;
mod python;
mod s3;
mod tidy;
mod tools;
mod whole;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// Developer tasks of Keyferry.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Xtask {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Everything that CI and a newcomer run
    Test,
    /// Print the graph of our crates, check its rules and compare it with its snapshot
    Layers {
        /// Make the printed graph the snapshot
        #[arg(long)]
        bless: bool,
    },
    /// House rules that no lint knows
    Tidy,
    /// Rehearse disasters and compare the reports with their snapshots
    Drill(drill::Args),
    /// Run Oracle's own clients against the embedded realm
    Clients(clients::Args),
    /// Measure with the release profile, each figure beside what it is compared with
    Bench(bench::Args),
    /// Write docs/reference from the program's own texts
    Docs {
        /// Change nothing; fail if something would change
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    let Xtask { task } = Xtask::parse();
    let outcome = Workspace::find().and_then(|workspace| match task {
        Task::Test => whole::test(&workspace),
        Task::Layers { bless } => layers::run(&workspace, bless),
        Task::Tidy => tidy::run(&workspace),
        Task::Drill(args) => drill::run(&workspace, &args),
        Task::Clients(args) => clients::run(&workspace, &args),
        Task::Bench(args) => bench::run(&workspace, &args),
        Task::Docs { check } => docs::run(&workspace, check),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
