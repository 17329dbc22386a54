//! One file per command: its arguments and what it does.

pub(crate) mod backup;
pub(crate) mod check;
pub(crate) mod config;
pub(crate) mod copy;
pub(crate) mod coverage;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod drill;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod forget;
pub(crate) mod import;
pub(crate) mod inventory;
mod list;
pub(crate) mod map;
pub(crate) mod prove;
pub(crate) mod realm;
pub(crate) mod restore;
pub(crate) mod resume;
pub(crate) mod runs;
pub(crate) mod show;

use crate::app::{Command, Output};
use crate::exit::Outcome;
use crate::failure::{CliError, Failure};
use crate::invocation::Invocation;

impl Command {
    /// True for servers, which take an interrupt as their normal end.
    pub(crate) fn ends_by_itself(&self) -> bool {
        matches!(self, Self::Realm(args) if args.is_server())
    }

    /// False for what works without an account: a broken settings file must not keep anybody from them.
    pub(crate) fn needs_settings(&self) -> bool {
        !matches!(self, Self::Demo(_) | Self::Realm(_) | Self::Explain(_))
    }
}

/// Does what was asked for.
pub(crate) async fn run(command: &Command, on: &Invocation) -> Result<Outcome, Failure> {
    let has_csv = matches!(command, Command::Inventory(_) | Command::Map(_) | Command::Coverage(_));
    if on.globals.output == Output::Csv && !has_csv {
        return Err(CliError::Usage(format!("`{}` has no csv output", command.name())).into());
    }
    match command {
        Command::Demo(args) => demo::run(args, on).await,
        Command::Realm(args) => realm::run(args, on).await,
        Command::Inventory(args) => inventory::run(args, on).await,
        Command::Coverage(args) => coverage::run(args, on).await,
        Command::Backup(args) => backup::run(args, on).await,
        Command::List => list::run(on).await,
        Command::Show(args) => show::run(args, on).await,
        Command::Check(args) => check::run(args, on).await,
        Command::Copy(args) => copy::run(args, on).await,
        Command::Export(args) => export::run(args, on).await,
        Command::Import(args) => import::run(args, on).await,
        Command::Forget(args) => forget::run(args, on).await,
        Command::Restore(args) => restore::run(args, on).await,
        Command::Prove(args) => prove::run(args, on).await,
        Command::Resume(args) => resume::run(args, on).await,
        Command::Runs(args) => runs::run(args, on),
        Command::Map(args) => map::run(args, on),
        Command::Drill(args) => drill::run(args, on).await,
        Command::Doctor(args) => doctor::run(args, on).await,
        Command::Config(args) => config::run(args, on),
        Command::Explain(args) => explain::run(args, on),
    }
}
