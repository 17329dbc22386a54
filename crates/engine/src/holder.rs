//! Who works on a vault: a note in the lock's file, for the message of whoever finds it locked.

use std::fmt;
use std::path::Path;

use jiff::Timestamp;
use keyferry_seams::Disk;
use serde::{Deserialize, Serialize};

/// Longest note that is read.
const LONGEST: u64 = 1024;
/// Longest name of a machine that is shown.
const LONGEST_NAME: usize = 64;

/// The process that holds a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its number.
    pub pid: u32,
    /// Its machine, which need not be ours: the state folder may be shared.
    pub host: Option<String>,
    /// Since when it holds it.
    pub begun: Timestamp,
}

impl Holder {
    /// This process.
    pub(crate) fn own(disk: &dyn Disk, begun: Timestamp) -> Self {
        let name = disk.read(Path::new("/proc/sys/kernel/hostname"), LONGEST).ok();
        let host = name.and_then(|name| String::from_utf8(name).ok()).map(|name| name.trim().to_owned());
        Self { pid: std::process::id(), host, begun }
    }

    /// As noted in the lock's file; none if nothing can be read there.
    pub(crate) fn read(disk: &dyn Disk, path: &Path) -> Option<Self> {
        serde_json::from_slice(&disk.read(path, LONGEST).ok()?).ok()
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {}", self.pid)?;
        if let Some(host) = &self.host {
            let host: String = host.chars().take(LONGEST_NAME).collect();
            write!(f, " on {}", host.escape_debug())?;
        }
        write!(f, ", since {:.0}", self.begun)
    }
}

#[cfg(test)]
mod tests {
    use keyferry_seams::{Access, MemoryDisk};

    use super::*;

    #[test]
    fn a_holder_is_read_back_and_told_and_what_is_no_note_is_nobody() {
        let (disk, path) = (MemoryDisk::default(), Path::new("/lock"));
        assert_eq!(Holder::read(&disk, path), None);
        disk.write(Path::new("/proc/sys/kernel/hostname"), b"night-shift\n", Access::Owner).expect("written");
        let own = Holder::own(&disk, "2026-11-24T23:15:00.123Z".parse().expect("a time"));
        disk.write(path, &serde_json::to_vec(&own).expect("plain data"), Access::Owner).expect("written");
        assert_eq!(Holder::read(&disk, path), Some(own.clone()));
        let told = format!("process {} on night-shift, since 2026-11-24T23:15:00Z", std::process::id());
        assert_eq!(own.to_string(), told);
        disk.write(path, b"{", Access::Owner).expect("written");
        assert_eq!(Holder::read(&disk, path), None);
    }
}
