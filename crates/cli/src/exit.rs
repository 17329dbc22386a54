//! The one place where what happened becomes a number for scripts.

use keyferry_core::{Class, Code};

/// How a command ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All is well.
    Done,
    /// A plan would change something, and the caller wants to be told.
    Pending,
    /// An item of several failed; each was reported where it failed.
    Partly,
    /// Everything was done and shown, but it is not as it should be.
    Flawed(Code),
}

impl Outcome {
    pub(crate) fn exit(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Pending => 4,
            Self::Partly => of(Class::Partial),
            Self::Flawed(code) => of(code.class()),
        }
    }

    /// One word for the last event.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Pending => "changes pending",
            Self::Partly => "partly done",
            Self::Flawed(code) => code.summary(),
        }
    }
}

/// The exit code of a class of failures.
pub(crate) fn of(class: Class) -> u8 {
    match class {
        Class::Failed => 1,
        Class::Usage => 2,
        Class::Partial => 3,
        Class::Verification => 5,
        Class::Refused => 6,
        Class::PlanStale => 7,
        Class::TimedOut => 8,
        Class::NotFound => 10,
        Class::Locked => 11,
        Class::Trust => 12,
        Class::Authentication => 13,
        Class::Limit => 14,
        Class::NotEligible => 15,
        Class::Interrupted => 130,
    }
}

/// The table below `--help`.
pub(crate) fn table() -> String {
    const ALL: [Class; 14] = [
        Class::Failed,
        Class::Usage,
        Class::Partial,
        Class::Verification,
        Class::Refused,
        Class::PlanStale,
        Class::TimedOut,
        Class::NotFound,
        Class::Locked,
        Class::Trust,
        Class::Authentication,
        Class::Limit,
        Class::NotEligible,
        Class::Interrupted,
    ];
    let mut rows =
        vec![(0, "all is well"), (Outcome::Pending.exit(), "changes pending (--detailed-exitcode only)")];
    rows.extend(ALL.map(|class| (of(class), meaning(class))));
    rows.sort_unstable();
    let rows: Vec<_> = rows.iter().map(|(code, meaning)| format!("\n  {code:>3}  {meaning}")).collect();
    format!("Exit codes:{}", rows.concat())
}

/// What an exit code means, for `--help` and `explain`.
pub(crate) fn meaning(class: Class) -> &'static str {
    match class {
        Class::Failed => "failed",
        Class::Usage => "usage",
        Class::Partial => "partial or incomplete",
        Class::Verification => "verification or proof failed",
        Class::Refused => "refused by a guard or a plan's error finding",
        Class::PlanStale => "plan stale or already used",
        Class::TimedOut => "timed out while waiting",
        Class::NotFound => "not found",
        Class::Locked => "locked",
        Class::Trust => "signature or trust failure",
        Class::Authentication => "not authenticated or not authorised",
        Class::Limit => "limit or quota",
        Class::NotEligible => "not eligible",
        Class::Interrupted => "interrupted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_the_exit_code_that_scripts_rely_on() {
        let table: Vec<_> = [
            Code::Internal,
            Code::Usage,
            Code::PlanUsed,
            Code::Locked,
            Code::Interrupted,
            Code::NotFound,
            Code::UnsavedParts,
            Code::SoftwareKey,
            Code::TimedOut,
            Code::ProofFailed,
            Code::OtherRealm,
            Code::Untrusted,
            Code::ClockSkew,
            Code::Limit,
        ]
        .map(|code| of(code.class()))
        .into();
        assert_eq!(table, [1, 2, 7, 11, 130, 10, 3, 15, 8, 5, 6, 12, 13, 14]);
        assert!(Code::ALL.iter().all(|code| of(code.class()) != 0), "nothing unknown counts as success");
    }

    #[test]
    fn a_flaw_is_never_a_success() {
        assert_eq!(Outcome::Done.exit(), 0);
        assert_eq!(Outcome::Pending.exit(), 4);
        assert_eq!(Outcome::Partly.exit(), 3);
        assert_eq!(Outcome::Flawed(Code::ProofFailed).exit(), 5);
    }
}
