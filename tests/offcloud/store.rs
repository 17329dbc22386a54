//! What the connector makes of the server.

use bytes::Bytes;
use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use keyferry_core::{Code, Explain as _};
use keyferry_offcloud::{OffCloud, Probed, Put};
use keyferry_tests::block_on;

use crate::Story;
use crate::stage::Stage;

pub(crate) const ALL: [Story; 6] = [
    ("an object is written, read, listed and deleted", |stage| block_on(objects(stage))),
    ("a large and an empty object come back bit for bit", |stage| block_on(sizes(stage))),
    ("the probe says what the store does", |stage| block_on(probe(stage))),
    ("of 32 writers at once, what is kept is a winner's", |stage| block_on(race(stage))),
    ("more objects are listed than go into one page", |stage| block_on(pages(stage))),
    ("wrong credentials and a missing bucket are told apart", |stage| block_on(refusals(stage))),
];

async fn put(store: &OffCloud, name: &str, bytes: impl Into<Bytes>) -> Put {
    store.put_new(name, bytes.into()).await.expect("written or refused")
}

async fn objects(stage: &Stage) {
    let store = stage.store("objects");
    assert_eq!(put(&store, "keyferry/a/manifest.json", "{}").await, Put::Written);
    assert_eq!(put(&store, "keyferry/a/manifest.json.sig", "signed").await, Put::Written);
    assert_eq!(put(&store, "keyferry-2/other", "x").await, Put::Written);
    let read = store.get("keyferry/a/manifest.json", 2).await.expect("read");
    assert_eq!(read, Some(Bytes::from("{}")));
    let long = store.get("keyferry/a/manifest.json.sig", 5).await.expect_err("longer than allowed");
    assert_eq!(long.code(), Code::UnexpectedAnswer);
    assert_eq!(store.get("keyferry/a/none", 10).await.expect("read"), None);
    let both = store.list("keyferry").await.expect("listed");
    let sizes: Vec<_> = both.iter().map(|object| (object.name.as_str(), object.size)).collect();
    let written = [("keyferry/a/manifest.json", 2), ("keyferry/a/manifest.json.sig", 6)];
    assert_eq!(sizes, written, "and nothing of keyferry-2");
    assert!(both.iter().all(|object| object.modified.is_some()));
    assert_eq!(store.list("none").await.expect("listed"), []);
    store.delete("keyferry/a/manifest.json").await.expect("deleted");
    store.delete("keyferry/a/manifest.json").await.expect("deleted twice is deleted");
    assert_eq!(store.get("keyferry/a/manifest.json", 2).await.expect("read"), None);
    assert_eq!(store.list("keyferry").await.expect("listed"), both[1..]);
}

async fn sizes(stage: &Stage) {
    let store = stage.store("sizes");
    let large: Bytes = (0..5_000_011_u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
    for (name, bytes) in [("large", large), ("empty", Bytes::new())] {
        assert_eq!(put(&store, name, bytes.clone()).await, Put::Written);
        let read = store.get(name, bytes.len()).await.expect("read").expect("there");
        assert!(read == bytes, "{name} came back with {} bytes", read.len());
    }
}

async fn probe(stage: &Stage) {
    let store = stage.store("probe");
    let probed = store.probe([7; 16]).await.expect("probed");
    // Who wins a race at s3s-fs, which looks first and writes then, is chance.
    let one_wins = stage.honours_create && probed.one_wins;
    let honours_create = stage.honours_create;
    assert_eq!(probed, Probed { honours_create, one_wins, reads_back: true, lists: true });
    assert_eq!(store.list("").await.expect("listed"), [], "the probe leaves nothing behind");
}

async fn race(stage: &Stage) {
    let store = stage.store("race");
    let write = |writer: u8| {
        let store = store.clone();
        tokio::spawn(async move { (writer, put(&store, "claim", vec![writer]).await) })
    };
    let results =
        join_all((0..32).map(write)).await.into_iter().map(|result| result.expect("no writer fails"));
    let winners: Vec<u8> =
        results.filter(|(_, put)| *put == Put::Written).map(|(writer, _)| writer).collect();
    // No server here is as S3 itself: Garage lets all win, s3s-fs looks first and writes then.
    let expected = if stage.honours_create { 1..=32 } else { 32..=32 };
    assert!(expected.contains(&winners.len()), "{} won", winners.len());
    let kept = store.get("claim", 1).await.expect("read").expect("there");
    assert!(winners.contains(&kept[0]), "writer {} is kept, of {winners:?}", kept[0]);
}

async fn pages(stage: &Stage) {
    const MANY: usize = 1_003;
    let store = stage.store("pages");
    let write = |n: usize| {
        let store = &store;
        async move { put(store, &format!("chain/{n:012}"), "x").await }
    };
    let written: Vec<Put> = stream::iter(0..MANY).map(write).buffer_unordered(8).collect().await;
    assert!(written.iter().all(|put| *put == Put::Written));
    let listed = store.list("chain").await.expect("listed");
    assert_eq!(listed.len(), MANY);
    let expected = (0..MANY).map(|n| format!("chain/{n:012}"));
    assert!(listed.iter().map(|object| object.name.clone()).eq(expected), "each once, sorted");
}

async fn refusals(stage: &Stage) {
    let mut wrong = stage.environment.clone();
    wrong.insert("AWS_SECRET_ACCESS_KEY".to_owned(), "another-secret".to_owned());
    let store =
        stage.store_with(&stage.bucket, "refusals", &wrong).expect("settings are not asked of the server");
    let error = store.get("a", 10).await.expect_err("the secret is wrong");
    assert!(matches!(error.code(), Code::NotAuthenticated | Code::NotAuthorised), "{error:?}");
    assert!(!format!("{error:?}").contains("another-secret"));
    let store = stage
        .store_with("no-such-bucket", "", &stage.environment)
        .expect("settings are not asked of the server");
    // Only listing: s3s-fs makes a missing bucket when it is written to, and reads it as an empty one.
    let error = store.list("").await.expect_err("no bucket");
    assert_eq!(error.code(), Code::NotFound, "{error:?}");
}
