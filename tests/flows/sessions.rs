//! A session token in place of an API key.

use keyferry_tests::{Keyferry, Ran, Served};

#[test]
fn a_session_reads_what_the_api_key_reads_until_its_token_expires() {
    let folder = tempfile::tempdir().expect("a folder");
    let realm = Served::start(&folder.path().join("realm"), 11);
    let user = Keyferry::new(folder.path(), &realm.data);
    let inventory = |more: &[&str]| user.run(&[more, &["inventory", "-o", "json"]].concat());

    let by_key = inventory(&[]).exits(0);
    let by_session = inventory(&["--profile", "SESSION"]).exits(0);
    let compartments = |ran: &Ran| ran.json()["compartments"].clone();
    assert!(!compartments(&by_key).is_null());
    assert_eq!(compartments(&by_session), compartments(&by_key));
    let _ = inventory(&["--profile", "SESSION", "--auth", "security_token"]).exits(0);

    // {"exp":1}, in the form of a JWT. Whether it is well signed is not for the client to say.
    std::fs::write(realm.data.join("session_token"), "e30.eyJleHAiOjF9.c2ln").expect("written");
    let sent = user.recorder.sent().len();
    let ran = inventory(&["--profile", "SESSION"]).exits(13);
    assert!(ran.stderr.contains("oci session refresh --profile SESSION --config-file "), "{}", ran.stderr);
    assert_eq!(user.recorder.sent().len(), sent, "nothing was called");
}
