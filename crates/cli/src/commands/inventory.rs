//! `inventory`: everything in every compartment of every region, and what could not be read.

use keyferry_core::{Code, Inventory};
use keyferry_ids::CompartmentId;
use keyferry_inventory::Scope;
use keyferry_report::{InventoryShown, inventory_csv, views};

use crate::app::Output;
use crate::exit::Outcome;
use crate::failure::Failure;
use crate::invocation::{Cloud, Invocation};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Vaults of this compartment only
    #[arg(long, value_name = "OCID")]
    compartment: Option<CompartmentId>,
}

pub(crate) async fn run(args: &Args, on: &Invocation) -> Result<Outcome, Failure> {
    let cloud = on.cloud()?;
    let scope = Scope { compartment: args.compartment.clone(), ..Scope::default() };
    let inventory = take(on, &cloud, &scope).await?;
    if args.compartment.is_none() {
        super::coverage::keep(on, &inventory)?;
    }
    if on.printer.output() == Output::Csv {
        on.printer.raw(&inventory_csv(&inventory))?;
    } else {
        on.printer.show("inventory", &InventoryShown(&inventory), || views::inventory(&inventory))?;
    }
    Ok(if inventory.is_complete() { Outcome::Done } else { Outcome::Flawed(Code::InventoryIncomplete) })
}

/// Reads what is in scope, with progress.
pub(super) async fn take(on: &Invocation, cloud: &Cloud, scope: &Scope) -> Result<Inventory, Failure> {
    let ask = match scope.ask {
        Some(region) => region,
        None => cloud.region()?,
    };
    let (client, clock, observer) = (&cloud.client, on.clock.as_ref(), on.observer());
    Ok(keyferry_inventory::take(client, clock, &observer, &cloud.environment, ask, scope).await?)
}
