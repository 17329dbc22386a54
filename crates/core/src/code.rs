//! Everything that can go wrong, with a number, the class that decides the exit code, and what to do.

use std::fmt;

/// What a failure means to a script. The numbers are in the command line's one place for exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "named as in the table of exit codes")]
pub enum Class {
    Failed,
    Usage,
    Partial,
    Verification,
    Refused,
    PlanStale,
    TimedOut,
    NotFound,
    Locked,
    Trust,
    Authentication,
    Limit,
    NotEligible,
    Interrupted,
}

macro_rules! codes {
    ($($name:ident = $number:literal, $class:ident, $summary:literal, $help:literal;)*) => {
        /// A failure or finding with a stable number (`KF-NNNN`).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "each has its text in `summary`")]
        pub enum Code { $($name,)* }

        impl Code {
            /// All codes, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable number.
            pub fn number(self) -> u16 { match self { $(Self::$name => $number,)* } }
            /// What a script is told.
            pub fn class(self) -> Class { match self { $(Self::$name => Class::$class,)* } }
            /// What it means, in a sentence.
            pub fn summary(self) -> &'static str { match self { $(Self::$name => $summary,)* } }
            /// What to do, in a sentence.
            pub fn help(self) -> &'static str { match self { $(Self::$name => $help,)* } }
        }
    };
}

codes! {
    Internal = 1000, Failed, "something failed that has no code of its own", "read the causes; if they make no sense, report them";
    Usage = 1001, Usage, "the command line is incomplete or contradictory", "see `keyferry COMMAND --help`";
    Disk = 1002, Failed, "a file could not be read or written", "check the path, its permissions and the free space";
    Settings = 1003, Failed, "a configuration file can't be used", "correct the file at the place named";
    OwnSettings = 1004, Usage, "keyferry.toml can't be used", "correct it at the place named; `keyferry config show` prints what is in force";
    PlanStale = 1101, PlanStale, "the target is no longer as the plan expects", "make a new plan";
    PlanUsed = 1102, PlanStale, "this plan was already applied", "make a new plan, or look at the run with `keyferry map RUN`";
    Locked = 1103, Locked, "another run holds the lock", "wait for it to end";
    Interrupted = 1104, Interrupted, "interrupted", "what was done is in the journal of the run";
    NotFound = 1201, NotFound, "there is no such thing, or you may not see it", "check the name or OCID, the region, and your policies";
    Ambiguous = 1202, Usage, "the name fits more than one", "use the OCID";
    WrongKind = 1203, Usage, "an identifier of another kind was given", "give an identifier of the kind named";
    InventoryIncomplete = 2001, Partial, "not everything could be read", "grant the missing permissions or repeat when the region answers";
    VaultNotPrivate = 2101, NotEligible, "only virtual private vaults can be backed up", "for a DEFAULT vault consider vault replication";
    Replica = 2102, NotEligible, "a replica can't be backed up", "back up the primary vault";
    SoftwareKey = 2103, NotEligible, "software keys can't be backed up", "export the key, or move to an HSM-protected one";
    SecretNotSaved = 2104, NotEligible, "secrets are never part of a backup", "replicate the secret or keep its source";
    WrongState = 2105, NotEligible, "the state does not allow a backup", "wait, or cancel the deletion first";
    ExternalKey = 2106, NotEligible, "external keys have no material in OCI", "protect the external key manager";
    UnsavedParts = 2107, Partial, "the vault also holds what no backup can save", "accept it with --accept-unsaved software,secrets";
    HookFailed = 2108, Partial, "the backup is done, but whoever was to be told of it was not", "read what the hook said, and try it by hand";
    BackupNotProven = 2110, Failed, "the service said the backup is done, but the object does not bear that out", "look at the bucket; repeat the backup";
    WorkRequestFailed = 2111, Failed, "the service reports that its work request failed", "read the causes; repeat the command";
    TimedOut = 2112, TimedOut, "still not finished when the waiting ended", "the work goes on; look again later";
    ChangedMeanwhile = 2113, Partial, "keys were made or rotated while the backup was being written", "back up again; the next run does so by itself";
    CopyLeftOut = 2114, Partial, "a store that was to get a copy could not be used", "once it can be, back up again: what is missing there is copied then";
    BucketElsewhere = 2201, Refused, "a backup can only be written to a bucket in the vault's own region", "choose a bucket of that region and add --copy-to for another one";
    Lockout = 2202, Refused, "the bucket is encrypted by a key of the vault that is being saved", "use a bucket with another key or with Oracle's own";
    StoreWeak = 2203, Partial, "the store does not refuse to overwrite what must be new", "it may hold copies, and never the only one: keep another copy in OCI or in a store that honours conditions";
    StoreUnfit = 2204, Failed, "the store does not give back what was written", "do not use it";
    ParExpired = 2211, Refused, "the pre-authenticated request has expired or soon will", "make a new one that lasts longer";
    ParReadOnly = 2212, Refused, "the pre-authenticated request only reads", "make one with ObjectWrite, ObjectReadWrite, AnyObjectWrite or AnyObjectReadWrite";
    ParOtherObject = 2213, Refused, "the pre-authenticated request is for another object", "make one for this object, or give its URL as it was told when it was made";
    ParRevoked = 2214, Refused, "the pre-authenticated request is not accepted", "make a new one; it may have been deleted, or whoever made it lost the right to the bucket";
    ParUsed = 2215, Refused, "there is an object already where the pre-authenticated request leads", "make one for another name; nothing is ever overwritten";
    ParUnchecked = 2216, Refused, "whether the pre-authenticated request is good could not be looked up", "allow reading the bucket's pre-authenticated requests";
    ObjectDiffers = 2301, Verification, "bytes differ from the signed manifest", "do not restore from this copy; use another one";
    ObjectMissing = 2302, Verification, "an object of the backup is missing", "use another copy";
    Unverified = 2303, Verification, "the service says it stored the backup, but nobody could read it back", "get the right to read the bucket; until then do not count on this backup";
    ProofFailed = 2401, Verification, "a restored key version did not open its canary", "do not rely on this restore; keep the source and its backups";
    Unprovable = 2402, Partial, "some key versions have no canary that can be opened", "accept it with --accept-unprovable, or back up after each rotation while the key is enabled";
    CoverageLow = 2501, Verification, "less is protected than was asked for", "follow the next action of each line";
    Overdue = 2502, Verification, "a key has no recent enough backup outside its region", "follow the next action of each line";
    NotProvenInTime = 2503, Verification, "a key was not proven recently enough", "restore into another region as a drill, or prove the vault that was restored there";
    OtherRealm = 3001, Refused, "a backup never crosses realms", "choose a region of the backup's realm";
    NotSubscribed = 3002, Refused, "the tenancy is not subscribed to the region", "subscribe to it first; that takes minutes and the home region";
    ForeignTenancy = 3003, Refused, "the backup belongs to another tenancy", "use a profile of the tenancy that made it";
    CompartmentGone = 3004, Refused, "a recorded compartment no longer exists", "recover the compartment; a restore goes nowhere else";
    OtherCompartment = 3005, Refused, "a restore goes to the recorded compartment only", "leave --compartment out";
    AlreadyRestored = 3006, Refused, "the target region already holds this vault", "use --existing adopt to merge into it or --existing skip";
    MetadataOnly = 3007, Refused, "the backup holds no keys", "restore from a backup made with keys";
    LastBackup = 3008, Refused, "a vault would be left without a backup that can be relied on", "make or prove a newer backup first";
    Retained = 3009, Refused, "the store does not let go of it yet", "wait until the time named, or lift the bucket's retention rule if it is not locked";
    KeyFileReadable = 3101, Refused, "the API key file can be read by others", "run `chmod 600` on it";
    ForeignHost = 3102, Refused, "a host outside the realm was named", "check the endpoint; nothing was sent there";
    Signature = 3201, Trust, "a signature does not match", "do not use the file; fetch another copy";
    Untrusted = 3202, Trust, "signed by a key that is not among the allowed signers", "add the signer with --allowed-signers";
    RolledBack = 3203, Trust, "the store was set back to an earlier state", "find out who did it; use another copy, or keep what is left by backing up again";
    NotAuthenticated = 3301, Authentication, "the service does not accept the API key", "check user, tenancy, fingerprint and key file of the profile";
    ClockSkew = 3302, Authentication, "this machine's clock is wrong", "set the clock; OCI refuses requests that are more than five minutes off";
    NotAuthorised = 3303, Authentication, "the service refused for want of permission", "ask for the policy named";
    SessionExpired = 3304, Authentication, "the session token has expired", "run `oci session refresh` for the profile";
    NoCredentials = 3305, Authentication, "there are no credentials for a store outside of OCI", "set the variables named, as for the store's own tools";
    Limit = 3401, Limit, "a service limit or quota is reached", "ask for a higher limit in that region";
    Unreachable = 3501, Failed, "a region does not answer", "check the network and the region's health";
    ServiceRefused = 3502, Failed, "the service refused the request", "read the service's message";
    UnexpectedAnswer = 3503, Failed, "the service answered with something unexpected", "repeat; if it stays, report the opc-request-id";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KF-{}", self.number())
    }
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Code {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let known = Self::ALL.iter().find(|code| code.to_string() == text);
        known.copied().ok_or_else(|| serde::de::Error::custom("not a known code"))
    }
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn numbers_are_unique_and_rising() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].number() < pair[1].number()));
    }
}
