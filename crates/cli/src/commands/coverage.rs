//! `coverage`: the protection ledger, key by key, with gates for schedulers.

mod places;
mod refresh;
mod stock;

use std::path::PathBuf;

use keyferry_core::coverage::{Expected, judge};
use keyferry_core::policy::{Policy, Unsavable};
use keyferry_core::{Inventory, Period, VaultStock};
use keyferry_coverage::Index;
use keyferry_inventory::Scope;
use keyferry_report::{CoverageShown, coverage_csv, coverage_junit, views};
use keyferry_seams::Access;

use super::inventory;
use crate::app::Output;
use crate::exit::Outcome;
use crate::failure::{CliError, Failure};
use crate::invocation::Invocation;

pub(super) use stock::keep;

/// A key is protected if no more is lost with its region than the objective allows: a backup with all its versions
/// lies in another region or outside the cloud and is recent enough, or still shows the vault as it is. Of keys that no
/// backup can hold, those with a replica are protected; the others count as not protected, except external keys, keys
/// on their way to deletion, and software keys that were accepted. Secrets are listed and not counted.
///
/// Looks at --store, or at all stores of keyferry.toml and those that its policies save into, and at what runs on this
/// machine have proven. Exits with 5 if
/// less is protected than --fail-under asks for, if a key is overdue, or if one was not proven in time; with 3 if not
/// everything could be read.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Exit with 5 if less than this part of the keys is protected, in percent
    #[arg(long, value_name = "PCT", value_parser = percent)]
    fail_under: Option<f64>,
    /// Exit with 5 if a key that a backup can hold was not proven within this time, such as 90d [default: the
    /// objective in keyferry.toml]
    #[arg(long, value_name = "DUR")]
    proven_within: Option<Period>,
    /// Exit with 5 if a key has no backup outside its region younger than this, unless its vault has not changed since
    /// [default: the objective in keyferry.toml]
    #[arg(long, visible_alias = "rpo", value_name = "DUR")]
    older_than: Option<Period>,
    /// Do not count software keys, which no backup can hold; secrets are never counted
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = ["software", "secrets"])]
    accept_unsaved: Vec<String>,
    /// Call nobody: judge what the last `inventory` and the last `coverage` saw
    #[arg(long)]
    offline: bool,
    /// Also write a test report, a case for each key
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim_end_matches('%').parse().ok().filter(|number| (0.0..=100.0).contains(number));
    number.ok_or_else(|| "write a number from 0 to 100".to_owned())
}

pub(crate) async fn run(args: &Args, on: &Invocation) -> Result<Outcome, Failure> {
    let index = Index::open(&on.disk, &on.state()?.join("index.redb"))?;
    let (inventory, stores) = if args.offline {
        (stock::last(on)?, refresh::as_before(&index)?)
    } else {
        let cloud = on.cloud()?;
        let inventory = inventory::take(on, &cloud, &Scope::default()).await?;
        keep(on, &inventory)?;
        let places = places::all(on, &cloud, &inventory).await?;
        (inventory, refresh::stores(on, &cloud, &index, places).await?)
    };
    refresh::proofs(on, &index, &inventory.environment)?;
    let ledger = index.ledger()?;
    let coverage = judge(&inventory, &ledger, |stock| args.expected(on, &inventory, stock), on.clock.now());
    let shown = CoverageShown { coverage: &coverage, fail_under: args.fail_under, stores: &stores };
    if on.printer.output() == Output::Csv {
        on.printer.raw(&coverage_csv(&coverage))?;
    } else {
        on.printer.show("coverage", &shown, || views::coverage(&shown))?;
    }
    if let Some(path) = &args.junit {
        let xml = coverage_junit(&coverage);
        on.disk.write(path, xml.as_bytes(), Access::Everyone).map_err(CliError::from)?;
    }
    Ok(shown.flaws().first().map_or(Outcome::Done, |code| Outcome::Flawed(*code)))
}

impl Args {
    /// What is asked of a vault's keys: by flag, or by the strictest of the policies that select it, or by the
    /// objectives for all.
    fn expected(&self, on: &Invocation, inventory: &Inventory, stock: &VaultStock) -> Expected {
        let path = inventory.compartment_path(&stock.vault.compartment_id);
        let policies: Vec<_> =
            on.own.policies().filter(|policy| policy.selects(&stock.vault, &path)).collect();
        let strictest =
            |of: fn(&Policy) -> Option<Period>| policies.iter().filter_map(|policy| of(policy)).min();
        let objectives = &on.own.objectives;
        let accepts = |policy: &&Policy| policy.accept_unsaved.contains(&Unsavable::Software);
        Expected {
            rpo: self.older_than.or(strictest(|policy| policy.rpo)).or(objectives.rpo),
            proven_within: self
                .proven_within
                .or(strictest(|policy| policy.proven_within))
                .or(objectives.proven_within),
            accepts_software: self.accept_unsaved.iter().any(|kind| kind == "software")
                || policies.iter().any(accepts),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_a_number_up_to_a_hundred() {
        assert_eq!(percent("99.5"), Ok(99.5));
        assert_eq!(percent("80%"), Ok(80.0));
        for bad in ["", "101", "-1", "NaN", "all"] {
            assert!(percent(bad).is_err(), "{bad}");
        }
    }
}
