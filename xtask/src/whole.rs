//! `cargo xtask test`: everything that CI and a newcomer run, in the order in which it fails fastest.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::workspace::Workspace;
use crate::{clients, docs, layers, s3, tidy};

type Step = (&'static str, fn(&Workspace) -> Result<()>);

const STEPS: [Step; 9] = [
    ("fmt", |workspace| workspace.cargo(&["fmt", "--all", "--check"])),
    ("layers", |workspace| layers::run(workspace, false)),
    ("tidy", tidy::run),
    ("clippy", |workspace| {
        workspace.cargo(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "--deny", "warnings"])
    }),
    // With the drills, which are tests like all others.
    ("tests", |workspace| workspace.cargo(&["test", "--workspace", "--quiet"])),
    ("docs", |workspace| docs::run(workspace, true)),
    ("wire", clients::wire),
    ("clients", |workspace| clients::run(workspace, &clients::Args::default())),
    // Last: the first time its servers are built, which takes minutes.
    ("s3", s3::run),
];

pub(crate) fn test(workspace: &Workspace) -> Result<()> {
    let mut times: Vec<(&str, Duration)> = Vec::new();
    for (name, step) in STEPS {
        println!("== {name}");
        let started = Instant::now();
        let outcome = step(workspace);
        let took = started.elapsed();
        outcome.with_context(|| format!("{name} failed after {:.0} s", took.as_secs_f64()))?;
        times.push((name, took));
    }
    println!("== all well");
    for (name, took) in &times {
        println!("{name:<10}{:>6.0} s", took.as_secs_f64());
    }
    let whole: Duration = times.iter().map(|(_, took)| *took).sum();
    println!("{:<10}{:>6.0} s", "together", whole.as_secs_f64());
    Ok(())
}
