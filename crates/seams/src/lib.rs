//! The four places where the outside world comes in: network, disk, time and chance.
//!
//! Nothing else in the workspace opens a connection, touches a file of state, reads the time or draws
//! a random number. Replace all four and a whole run replays byte for byte.

mod clock;
mod disk;
mod faulty_disk;
mod http_send;
mod memory_disk;
mod recorder;
mod seed;

pub use clock::{Clock, SystemClock, VirtualClock};
pub use disk::{Access, Disk, DiskError, FileLock, Found, Pieces, RealDisk};
pub use faulty_disk::FaultyDisk;
pub use futures_util::future::BoxFuture;
pub use http_send::{HttpSend, NoAnswer};
pub use memory_disk::MemoryDisk;
pub use recorder::{Recorder, Sent};
pub use seed::Seed;
