//! The command line: what can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use keyferry_ids::Region;

use crate::commands;

/// Carries encryption keys across disasters: takes stock of OCI vaults, backs them up, copies the backups
/// off-region, restores them in another region, and proves each key version by opening a canary.
#[derive(Debug, Parser)]
#[command(name = "keyferry", version, max_term_width = 110, after_long_help = crate::exit::table())]
pub(crate) struct App {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The whole story in a minute: no account, no network
    Demo(commands::demo::Args),
    /// Run and steer the embedded realm
    Realm(commands::realm::Args),
    /// Take stock of every vault, key, version and secret
    Inventory(commands::inventory::Args),
    /// Say of each key what would be left of it if its region were lost, and what to do next
    Coverage(commands::coverage::Args),
    /// Back up vaults, with a canary for each key
    Backup(commands::backup::Args),
    /// List the backups in a store
    List,
    /// Show one backup
    Show(commands::show::Args),
    /// Compare the bytes of backups with their signed manifests
    Check(commands::check::Args),
    /// Copy a backup to another store
    Copy(commands::copy::Args),
    /// Write a backup into one file, to be kept offline
    Export(commands::export::Args),
    /// Bring a backup from such a file into a store
    Import(commands::import::Args),
    /// Delete backups that no rule keeps
    Forget(commands::forget::Args),
    /// Plan and perform a restore
    Restore(commands::restore::Args),
    /// Open the canaries of a backup against the vault restored from it
    Prove(commands::prove::Args),
    /// Go on with a run that stopped
    Resume(commands::resume::Args),
    /// List runs, or show one
    Runs(commands::runs::Args),
    /// Show which new OCIDs replaced the old ones
    Map(commands::map::Args),
    /// Rehearse a disaster
    Drill(commands::drill::Args),
    /// See whether all that a backup or a restore needs is there
    Doctor(commands::doctor::Args),
    /// Show the settings in force and where each is from
    Config(commands::config::Args),
    /// Explain an error code
    Explain(commands::explain::Args),
}

impl Command {
    /// The word that was typed.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Demo(_) => "demo",
            Self::Realm(_) => "realm",
            Self::Inventory(_) => "inventory",
            Self::Coverage(_) => "coverage",
            Self::Backup(_) => "backup",
            Self::List => "list",
            Self::Show(_) => "show",
            Self::Check(_) => "check",
            Self::Copy(_) => "copy",
            Self::Export(_) => "export",
            Self::Import(_) => "import",
            Self::Forget(_) => "forget",
            Self::Restore(_) => "restore",
            Self::Prove(_) => "prove",
            Self::Resume(_) => "resume",
            Self::Runs(_) => "runs",
            Self::Map(_) => "map",
            Self::Drill(_) => "drill",
            Self::Doctor(_) => "doctor",
            Self::Config(_) => "config",
            Self::Explain(_) => "explain",
        }
    }
}

/// Flags that every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// Profile of the OCI configuration file
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// OCI configuration file [default: ~/.oci/config]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config_file: Option<PathBuf>,
    /// Region to ask [default: the profile's]
    #[arg(long, global = true, value_name = "REGION")]
    pub(crate) region: Option<Region>,
    /// Kind of credentials: api_key or security_token [default: the profile's]
    #[arg(long, global = true, value_name = "KIND")]
    pub(crate) auth: Option<String>,
    /// Another endpoint for a region; can be repeated
    #[arg(long = "endpoint", global = true, value_name = "REGION=URL")]
    pub(crate) endpoints: Vec<String>,
    /// Our own settings [default: keyferry.toml here or in ~/.config/keyferry]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
    /// Where backups lie: oci://BUCKET@NAMESPACE/REGION[/PREFIX], or a name in keyferry.toml
    #[arg(long, global = true, value_name = "STORE")]
    pub(crate) store: Option<String>,
    /// Folder of journals, runs and locks [default: ~/.local/state/keyferry]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// Ed25519 SSH key that signs manifests; made if absent [default: STATE/signing_key]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) signing_key: Option<PathBuf>,
    /// Whose signatures count, besides our own [default: STATE/allowed_signers]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) allowed_signers: Option<PathBuf>,
    /// Form of the result
    #[arg(short, long, global = true, value_name = "FORM", default_value = "text")]
    pub(crate) output: Output,
    /// Do not ask; go on
    #[arg(long, global = true)]
    pub(crate) yes: bool,
    /// Never ask; fail instead
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// No progress and no notes
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Also show each call to OCI; twice, with its path and how long it took
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: When,
}

/// Form of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people
    Text,
    /// One document
    Json,
    /// Events, one per line
    Jsonl,
    /// Markdown
    Md,
    /// A self-contained page
    Html,
    /// For spreadsheets; `map` only
    Csv,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        App::command().debug_assert();
    }

    #[test]
    fn global_flags_stand_before_or_after_the_command() {
        for line in
            ["keyferry -o json --store oci://b@ns/fra list", "keyferry list --store oci://b@ns/fra -o json"]
        {
            let app = App::try_parse_from(line.split(' ')).expect("a good line");
            assert_eq!(app.globals.output, Output::Json);
            assert_eq!(app.globals.store.as_deref(), Some("oci://b@ns/fra"));
        }
    }

    #[test]
    fn every_command_is_called_what_is_typed() {
        for command in App::command().get_subcommands() {
            let known = [
                "realm", "backup", "show", "check", "copy", "export", "import", "restore", "prove", "resume",
                "map", "drill", "config", "explain",
            ];
            if !known.contains(&command.get_name()) {
                let app = App::try_parse_from(["keyferry", command.get_name()]).expect("takes no arguments");
                assert_eq!(app.command.name(), command.get_name());
            }
        }
    }
}
