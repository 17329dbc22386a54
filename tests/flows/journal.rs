//! Nothing is done that is not written down first.

use std::sync::Arc;

use keyferry_realm::{Effect, Fault, OperationName};
use keyferry_seams::{FaultyDisk, RealDisk};
use keyferry_tests::{Fleet, FleetShape, Keyferry};

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

#[test]
fn one_key_that_fails_costs_the_others_beside_it_nothing() {
    let fleet = Fleet::start(&FleetShape::new(&["us-ashburn-1"], 1, 20));
    let (vault, region) = (fleet.all().next().expect("a vault").id.to_string(), fleet.account.home);
    let refused = Effect::Status { status: 400, code: None, retry_after: None };
    let fault =
        Fault { operation: Some(OperationName::Encrypt), after: 17, times: Some(1), ..Fault::new(refused) };
    let fault = fleet.add_fault(fault);
    let ran = fleet.keyferry.run(&["backup", &vault, "--bucket", "backups", "--yes"]);
    assert_ne!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(fleet.calls().count(OperationName::Encrypt, region), 20, "those beside it were asked as well");
    fleet.clear_fault(&fault);
    fleet.count_anew();
    assert_eq!(fleet.keyferry.run(&["resume", "latest", "--yes"]).code, 0);
    assert_eq!(
        fleet.calls().count(OperationName::Encrypt, region),
        1,
        "what is known is not asked for again"
    );
    assert_eq!(fleet.calls().count(OperationName::BackupVault, region), 1);
}
