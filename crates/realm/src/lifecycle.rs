//! Time passing: everything that has come due is done, in order, before anybody looks.

use jiff::Timestamp;
use keyferry_seams::Seed;

use crate::account::Account;
use crate::call::Moment;
use crate::world::{Change, World};

/// Does all due tasks. Each is done at the time it was due, not at the time somebody asked.
pub(crate) fn settle(world: &mut World, account: &Account, seed: &Seed, now: Timestamp) {
    while let Some((key, task)) = world.due(now) {
        let seed = seed.child("task").child(&key.1.to_string());
        let moment = Moment { world, account, region: task.region(), now: key.0, seed };
        let changes = task.perform(&moment);
        world.apply(Change::Done(key));
        for change in changes {
            world.apply(change);
        }
    }
}
