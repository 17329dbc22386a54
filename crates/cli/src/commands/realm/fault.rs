//! `realm fault`: lets the embedded realm do something wrong.

use std::time::Duration;

use clap::{Args, Subcommand};
use keyferry_ids::Region;
use keyferry_realm::admin::Command as Order;
use keyferry_realm::{Effect, Fault, FaultRecord, OperationName, Spoiled};
use keyferry_report::{Cell, Document, units};
use serde_json::json;

use crate::failure::CliError;
use crate::invocation::Invocation;

/// Clap does not ask for a flag that contradicts one that is there.
const NOT_STATUS: [&str; 15] = [
    "delay",
    "reset",
    "truncate",
    "omit_compartment",
    "hide_content",
    "restored_key_fails",
    "new_endpoint_silent",
    "bucket_key_disabled",
    "backup_object",
    "par_revoked",
    "other_material",
    "version_missing",
    "key_in_other_compartment",
    "work_fails",
    "work_stuck",
];

#[derive(Debug, Subcommand)]
pub(super) enum FaultCommand {
    /// Let something go wrong
    Add(Box<AddArgs>),
    /// Show the faults, and how often each has hit
    List,
    /// End one fault, or all; what they have spoiled stays spoiled
    Clear {
        /// Its number [default: all]
        id: Option<u64>,
    },
}

#[derive(Debug, Args)]
pub(super) struct AddArgs {
    /// Only in this region
    #[arg(long, value_name = "REGION")]
    region: Option<Region>,
    /// Only for this operation, such as BackupVault
    #[arg(long, value_name = "OPERATION", value_parser = operation)]
    operation: Option<OperationName>,
    /// Only for what has this OCID: a vault with its endpoints, or whatever path or query name
    #[arg(long, value_name = "OCID")]
    resource: Option<String>,
    /// Spare the first N requests
    #[arg(long, value_name = "N", default_value_t = 0)]
    after: u64,
    /// Hit at most N times
    #[arg(long, value_name = "N")]
    times: Option<u64>,
    /// The chance that a request is hit, from 0 to 1
    #[arg(long, value_name = "P")]
    probability: Option<f64>,
    /// With --status: seconds in a retry-after header
    #[arg(long, value_name = "SECONDS", requires = "status", conflicts_with_all = NOT_STATUS, help_heading = "On the way")]
    retry_after: Option<u64>,
    /// With --status: the code, such as InsufficientServicePermissions [default: the status' usual one]
    #[arg(long, value_name = "CODE", requires = "status", conflicts_with_all = NOT_STATUS, help_heading = "On the way")]
    code: Option<String>,
    #[command(flatten)]
    what: What,
}

/// What goes wrong: one of these.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct What {
    /// Answer with this status, from 400 to 599, and do nothing
    #[arg(long, value_name = "STATUS", help_heading = "On the way")]
    status: Option<u16>,
    /// Do it, and answer so much later
    #[arg(long, value_name = "DURATION", value_parser = wait, help_heading = "On the way")]
    delay: Option<Duration>,
    /// Do it, and break the connection in the middle of the answer, or before one without a body
    #[arg(long, help_heading = "On the way")]
    reset: bool,
    /// Do it, and leave out half of the answer
    #[arg(long, help_heading = "On the way")]
    truncate: bool,
    /// Leave a compartment (OCID or name) out of ListCompartments
    #[arg(long, value_name = "COMPARTMENT", help_heading = "In what the realm does")]
    omit_compartment: Option<String>,
    /// List no vaults, keys and secrets in a compartment (OCID or name)
    #[arg(long, value_name = "COMPARTMENT", help_heading = "In what the realm does")]
    hide_content: Option<String>,
    /// Answer 500 for restored keys, for so long after their restore
    #[arg(long, value_name = "DURATION", value_parser = wait, help_heading = "In what the realm does")]
    restored_key_fails: Option<Duration>,
    /// Answer nothing at a new vault's endpoints, for so long after it was asked for
    #[arg(long, value_name = "DURATION", value_parser = wait, help_heading = "In what the realm does")]
    new_endpoint_silent: Option<Duration>,
    /// Refuse to read and write in a bucket, as if its key were disabled
    #[arg(long, value_name = "BUCKET", help_heading = "In what the realm does")]
    bucket_key_disabled: Option<String>,
    /// Let backups succeed, and their object be absent, truncated or altered
    #[arg(long, value_name = "HOW", value_parser = spoiled, help_heading = "In what the realm does")]
    backup_object: Option<Spoiled>,
    /// Delete the pre-authenticated request that a backup goes through, once the backup is accepted
    #[arg(long, help_heading = "In what the realm does")]
    par_revoked: bool,
    /// Restore one version with other material
    #[arg(long, help_heading = "In what the realm does")]
    other_material: bool,
    /// Leave one version out of a restore
    #[arg(long, help_heading = "In what the realm does")]
    version_missing: bool,
    /// Restore one key into another compartment [default: the root]
    #[arg(long, value_name = "COMPARTMENT", num_args = 0..=1, help_heading = "In what the realm does")]
    key_in_other_compartment: Option<Option<String>>,
    /// Let the work that a request leaves fail
    #[arg(long, help_heading = "In what the realm does")]
    work_fails: bool,
    /// Never do the work that a request leaves
    #[arg(long, help_heading = "In what the realm does")]
    work_stuck: bool,
}

impl FaultCommand {
    pub(super) fn order(&self) -> Order {
        match self {
            Self::Add(args) => Order::AddFault(args.fault()),
            Self::List => Order::Faults,
            Self::Clear { id: Some(id) } => Order::RemoveFault(*id),
            Self::Clear { id: None } => Order::ClearFaults,
        }
    }
}

impl AddArgs {
    fn fault(&self) -> Fault {
        let Self { region, operation, after, times, probability, .. } = *self;
        let resource = self.resource.clone();
        Fault { region, operation, resource, after, times, probability, effect: self.effect() }
    }

    fn effect(&self) -> Effect {
        let What {
            status,
            delay,
            reset,
            truncate,
            omit_compartment,
            hide_content,
            restored_key_fails,
            new_endpoint_silent,
            bucket_key_disabled,
            backup_object,
            par_revoked,
            other_material,
            version_missing,
            key_in_other_compartment,
            work_fails,
            work_stuck: _,
        } = &self.what;
        let flag = |is_given: &bool, effect: Effect| is_given.then_some(effect);
        let effects = [
            status.map(|status| Effect::Status {
                status,
                code: self.code.clone(),
                retry_after: self.retry_after,
            }),
            delay.map(|delay| Effect::Delay {
                milliseconds: u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
            }),
            flag(reset, Effect::Reset),
            flag(truncate, Effect::Truncate),
            omit_compartment.clone().map(|compartment| Effect::OmitCompartment { compartment }),
            hide_content.clone().map(|compartment| Effect::HideContent { compartment }),
            restored_key_fails.map(|time| Effect::RestoredKeyFails { seconds: time.as_secs() }),
            new_endpoint_silent.map(|time| Effect::NewEndpointSilent { seconds: time.as_secs() }),
            bucket_key_disabled.clone().map(|bucket| Effect::BucketKeyDisabled { bucket }),
            backup_object.map(|how| Effect::BackupObject { how }),
            flag(par_revoked, Effect::ParRevoked),
            flag(other_material, Effect::OtherMaterial),
            flag(version_missing, Effect::VersionMissing),
            key_in_other_compartment
                .clone()
                .map(|compartment_id| Effect::KeyInOtherCompartment { compartment_id }),
            flag(work_fails, Effect::WorkFails),
        ];
        // One of them is given, or the last one.
        effects.into_iter().flatten().next().unwrap_or(Effect::WorkStuck)
    }
}

fn operation(text: &str) -> Result<OperationName, String> {
    serde_json::from_value(text.into()).map_err(|_| "there is no such operation in the realm".to_owned())
}

fn spoiled(text: &str) -> Result<Spoiled, String> {
    serde_json::from_value(text.into()).map_err(|_| "write absent, truncated or altered".to_owned())
}

fn wait(text: &str) -> Result<Duration, String> {
    let duration: jiff::SignedDuration =
        text.parse().map_err(|_| "write a duration such as 30s or 500ms".to_owned())?;
    Duration::try_from(duration).map_err(|_| "a duration is not negative".to_owned())
}

/// The faults there are.
pub(super) fn show(on: &Invocation, faults: &[FaultRecord]) -> Result<(), CliError> {
    on.printer.show("realm-faults", &json!({"items": faults}), || {
        let mut document = Document::new("Faults of the embedded realm");
        let rows = faults.iter().map(|record| {
            let FaultRecord { id, fault, seen, hit } = record;
            let any = |text: Option<&str>| Cell::words(text.unwrap_or("any"));
            vec![
                Cell::words(id.to_string()),
                any(fault.region.as_ref().map(Region::name)),
                any(fault.operation.map(OperationName::as_str)),
                any(fault.resource.as_deref()),
                Cell::words(effect(&fault.effect)),
                Cell::words(format!("{hit} of {seen}")),
            ]
        });
        document.table(&["No.", "Region", "Operation", "About", "Fault", "Hit"], rows);
        document
    })
}

/// What goes wrong, in words.
fn effect(effect: &Effect) -> String {
    let seconds = |seconds: &u64| units::duration(*seconds as f64);
    match effect {
        Effect::Status { status, code, retry_after } => {
            let code = code.as_ref().map(|code| format!(" {code}")).unwrap_or_default();
            let wait = retry_after.map(|wait| format!(", retry after {wait} s")).unwrap_or_default();
            format!("status {status}{code}{wait}")
        }
        Effect::Delay { milliseconds } => format!("delay {milliseconds} ms"),
        Effect::Reset => "reset".to_owned(),
        Effect::Truncate => "truncate".to_owned(),
        Effect::OmitCompartment { compartment } => format!("omit compartment {compartment}"),
        Effect::HideContent { compartment } => format!("hide content of {compartment}"),
        Effect::RestoredKeyFails { seconds: time } => format!("restored key fails for {}", seconds(time)),
        Effect::NewEndpointSilent { seconds: time } => format!("new endpoint silent for {}", seconds(time)),
        Effect::BucketKeyDisabled { bucket } => format!("bucket key disabled: {bucket}"),
        Effect::BackupObject { how: Spoiled::Absent } => "backup object absent".to_owned(),
        Effect::BackupObject { how: Spoiled::Truncated } => "backup object truncated".to_owned(),
        Effect::BackupObject { how: Spoiled::Altered } => "backup object altered".to_owned(),
        Effect::ParRevoked => "pre-authenticated request revoked".to_owned(),
        Effect::OtherMaterial => "other material".to_owned(),
        Effect::VersionMissing => "version missing".to_owned(),
        Effect::KeyInOtherCompartment { compartment_id } => {
            format!("key in other compartment: {}", compartment_id.as_deref().unwrap_or("the root"))
        }
        Effect::WorkFails => "work fails".to_owned(),
        Effect::WorkStuck => "work stuck".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: AddArgs,
    }

    fn typed(line: &str) -> Result<Fault, clap::Error> {
        let words = std::iter::once("add").chain(line.split_whitespace());
        Line::try_parse_from(words).map(|line| line.args.fault())
    }

    fn good(line: &str) -> Fault {
        typed(line).expect(line)
    }

    #[test]
    fn every_fault_can_be_typed() {
        let seconds = 90;
        for (line, effect) in [
            (
                "--status 429 --retry-after 3",
                Effect::Status { status: 429, code: None, retry_after: Some(3) },
            ),
            (
                "--status 400 --code InsufficientServicePermissions",
                Effect::Status {
                    status: 400,
                    code: Some("InsufficientServicePermissions".to_owned()),
                    retry_after: None,
                },
            ),
            ("--delay 1.5s", Effect::Delay { milliseconds: 1500 }),
            ("--reset", Effect::Reset),
            ("--truncate", Effect::Truncate),
            ("--omit-compartment c", Effect::OmitCompartment { compartment: "c".to_owned() }),
            ("--hide-content c", Effect::HideContent { compartment: "c".to_owned() }),
            ("--restored-key-fails 90s", Effect::RestoredKeyFails { seconds }),
            ("--new-endpoint-silent 1m30s", Effect::NewEndpointSilent { seconds }),
            ("--bucket-key-disabled b", Effect::BucketKeyDisabled { bucket: "b".to_owned() }),
            ("--backup-object altered", Effect::BackupObject { how: Spoiled::Altered }),
            ("--par-revoked", Effect::ParRevoked),
            ("--other-material", Effect::OtherMaterial),
            ("--version-missing", Effect::VersionMissing),
            ("--key-in-other-compartment", Effect::KeyInOtherCompartment { compartment_id: None }),
            (
                "--key-in-other-compartment c",
                Effect::KeyInOtherCompartment { compartment_id: Some("c".to_owned()) },
            ),
            ("--work-fails", Effect::WorkFails),
            ("--work-stuck", Effect::WorkStuck),
        ] {
            assert_eq!(good(line).effect, effect, "{line}");
        }
        let fault = good(
            "--reset --region fra --operation BackupVault --resource v --after 1 --times 2 --probability 0.5",
        );
        assert_eq!(fault.resource.as_deref(), Some("v"));
        assert_eq!(fault.operation.map(OperationName::as_str), Some("BackupVault"));
        assert_eq!((fault.after, fault.times, fault.probability), (1, Some(2), Some(0.5)));
    }

    #[test]
    fn a_fault_is_one_thing_and_a_known_one() {
        for line in [
            "",
            "--reset --truncate",
            "--delay 1s --retry-after 3",
            "--hide-content c --code Conflict",
            "--backup-object eaten",
            "--reset --operation MakeCoffee",
            "--delay soon",
        ] {
            assert!(typed(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_fault_is_shown_in_words() {
        let status = Effect::Status { status: 429, code: Some("Slow".to_owned()), retry_after: Some(3) };
        assert_eq!(effect(&status), "status 429 Slow, retry after 3 s");
        assert_eq!(effect(&Effect::BackupObject { how: Spoiled::Absent }), "backup object absent");
    }
}
