//! Nothing is done that is not written down first.

use std::sync::Arc;

use keyferry_seams::{FaultyDisk, RealDisk};
use keyferry_tests::Keyferry;

use crate::world::World;

#[test]
fn a_full_disk_stops_a_restore_before_the_next_call_and_never_after_it() {
    let world = World::new(12);
    world.back_up();
    let mut stops = 0;
    for changes in 0..8 {
        let (plan, digest) = world.plan(&format!("plan-{changes}.json"));
        let home = world.folder.path().join("home");
        let mut user = Keyferry::new(&home, &world.realm.data);
        user.disk = Arc::new(FaultyDisk::new(Arc::new(RealDisk), changes));
        let ran = user.run(&["restore", "apply", &plan, "--yes", "--plan-digest", &digest]);
        if ran.code == 0 {
            break;
        }
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        assert!(ran.stderr.contains("KF-1002"), "{}", ran.stderr);
        let restores =
            user.recorder.sent().iter().filter(|sent| sent.target.contains("restoreFromObjectStore")).count();
        // plan.json, run started, check started, check succeeded, restore started: only then the call is made.
        assert_eq!(restores, usize::from(changes >= 5), "after {changes} changes");
        stops += 1;
        if restores > 0 {
            break;
        }
    }
    assert_eq!(stops, 6);
}
