//! The calls that a backup of a fleet needs at least, as docs/performance.md has it, beside those that were made.

use std::collections::BTreeMap;
use std::time::Duration;

use keyferry_ids::Region;
use keyferry_realm::{OperationName, RateClass};
use keyferry_tests::Calls;

/// What Oracle states for each class in each region, in calls a second.
pub(crate) const PER_SECOND: f64 = 10.0;
/// Items on a page, unless a client asks for more.
const PAGE: usize = 100;
const CLASSES: [(RateClass, &str); 4] = [
    (RateClass::ProvisioningRead, "provisioning reads"),
    (RateClass::ProvisioningWrite, "provisioning writes"),
    (RateClass::ManagementRead, "management reads"),
    (RateClass::ManagementWrite, "management writes"),
];

/// Vaults of one region and compartment that are saved whole; their AES keys lie there too and have one version each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Formula {
    /// Vaults in the compartment: all are listed and read before it is known which are meant.
    pub(crate) listed: usize,
    /// Vaults that are saved.
    pub(crate) saved: usize,
    /// Keys in each.
    pub(crate) keys: usize,
}

/// A class of calls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted {
    pub(crate) class: &'static str,
    /// By the formula.
    pub(crate) needed: usize,
    /// In all, refusals included.
    pub(crate) made: usize,
    /// Of those: how the work that was waited for stands.
    pub(crate) waiting: usize,
}

impl Formula {
    /// By operation.
    fn needed(self) -> BTreeMap<OperationName, usize> {
        use OperationName as Name;
        let pages = |items: usize| items.div_ceil(PAGE).max(1);
        BTreeMap::from([
            (Name::ListVaults, pages(self.listed)),
            (Name::GetVault, self.listed),
            // Before a backup and after it.
            (Name::GetVaultUsage, 2 * self.saved),
            (Name::BackupVault, self.saved),
            (Name::ListKeys, self.saved * pages(self.keys)),
            (Name::GetKey, self.saved * self.keys),
            (Name::ListKeyVersions, self.saved * self.keys),
        ])
    }

    /// The least time: that of the class with most calls.
    pub(crate) fn ideal(self) -> Duration {
        let most = CLASSES.iter().map(|(class, _)| sum(&self.needed(), *class)).max().unwrap_or(0);
        Duration::from_secs_f64(most as f64 / PER_SECOND)
    }

    /// Needed and made calls of each class.
    pub(crate) fn beside(self, calls: &Calls, region: Region) -> Vec<Counted> {
        let needed = self.needed();
        let mut made: BTreeMap<OperationName, usize> = BTreeMap::new();
        for line in calls.lines().iter().filter(|line| line.region == region) {
            *made.entry(line.operation.expect("Keyferry asks for what there is")).or_default() += 1;
        }
        let more = |name| {
            let of = |counts: &BTreeMap<_, usize>| counts.get(&name).copied().unwrap_or(0);
            of(&made).saturating_sub(of(&needed))
        };
        let counted = |(class, text)| Counted {
            class: text,
            needed: sum(&needed, class),
            made: sum(&made, class),
            // One list tells all who wait; the last vault is asked for alone.
            waiting: match class {
                RateClass::ProvisioningRead => {
                    more(OperationName::ListVaults) + more(OperationName::GetVault)
                }
                _ => 0,
            },
        };
        CLASSES.map(counted).to_vec()
    }
}

impl Counted {
    /// Calls that are neither needed nor waiting.
    pub(crate) fn excess(self) -> isize {
        self.made as isize - self.needed as isize - self.waiting as isize
    }
}

fn sum(counts: &BTreeMap<OperationName, usize>, class: RateClass) -> usize {
    counts.iter().filter(|(name, _)| RateClass::of(**name) == Some(class)).map(|(_, count)| count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_keys_is_what_takes_a_fleet_its_time() {
        let formula = Formula { listed: 50, saved: 50, keys: 30 };
        assert_eq!(formula.ideal(), Duration::from_secs(305));
        let many = Formula { listed: 1, saved: 1, keys: 101 };
        assert_eq!(many.ideal(), Duration::from_millis(20_400), "two pages of keys, two calls for each");
        let empty = Formula { listed: 50, saved: 50, keys: 0 };
        assert_eq!(empty.ideal(), Duration::from_millis(15_100), "then it is the reading of vaults");
    }
}
