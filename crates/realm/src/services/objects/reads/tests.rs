//! Reading objects as a client sees it.

use serde_json::json;

use crate::services::bucket_testing::TestBucket;
use crate::testing::{Client, header, refused};

#[test]
fn a_range_is_part_of_the_object() {
    let client = Client::new();
    let bucket = TestBucket::create(&client);
    bucket.put("o", b"0123456789");
    let part = bucket.get_with("o", &[("range", "bytes=2-4")]);
    assert_eq!((part.status().as_u16(), part.body().as_ref()), (206, b"234".as_slice()));
    assert_eq!(header(&part, "content-range"), "bytes 2-4/10");
    assert_eq!(header(&part, "content-length"), "3");
    assert!(!part.headers().contains_key("content-md5"), "it is not that of the part");
    assert_eq!(bucket.get_with("o", &[("range", "bytes=-2")]).body().as_ref(), b"89");
    assert_eq!(refused(&bucket.get_with("o", &[("range", "bytes=10-")])).0, 416);
    assert_eq!(refused(&bucket.get_with("o", &[("range", "bytes=1-2,3-4")])).0, 400);
}

#[test]
fn a_reader_who_has_the_object_is_told_so_and_nothing_more() {
    let client = Client::new();
    let bucket = TestBucket::create(&client);
    let etag = header(&bucket.put("o", b"x"), "etag").to_owned();
    let known = bucket.get_with("o", &[("if-none-match", &etag)]);
    assert_eq!((known.status().as_u16(), known.body().len()), (304, 0));
    assert!(!known.headers().contains_key("content-length"));
    assert_eq!(bucket.get_with("o", &[("if-none-match", "other")]).status(), 200);
    assert_eq!(refused(&bucket.get_with("o", &[("if-none-match", "*")])).0, 400);
    assert_eq!(bucket.get_with("o", &[("if-match", &etag)]).status(), 200);
    assert_eq!(refused(&bucket.get_with("o", &[("if-match", "other")])), (412, "IfMatchFailed".to_owned()));
}

#[test]
fn what_the_writer_says_of_an_object_is_told_unless_the_reader_says_otherwise() {
    let client = Client::new();
    let bucket = TestBucket::create(&client);
    let said = [
        ("content-type", "text/plain"),
        ("content-language", "en"),
        ("content-encoding", "gzip"),
        ("content-disposition", "inline"),
        ("cache-control", "no-store"),
        ("storage-tier", "InfrequentAccess"),
    ];
    bucket.put_with("o", &said, b"x");
    for answer in [bucket.get("o"), bucket.head("o")] {
        for (name, value) in said {
            assert_eq!(header(&answer, name), value);
        }
    }
    let query =
        "httpResponseContentType=image%2Fpng&httpResponseExpires=never&httpResponseCacheControl=public";
    let answer = bucket.get(&format!("o?{query}"));
    assert_eq!((header(&answer, "content-type"), header(&answer, "expires")), ("image/png", "never"));
    assert_eq!((header(&answer, "cache-control"), header(&answer, "content-language")), ("public", "en"));
    let listed = bucket.json("/o?fields=storageTier");
    assert_eq!(listed["objects"], json!([{"name": "o", "storageTier": "InfrequentAccess"}]));
}

#[test]
fn a_checksum_is_made_checked_and_shown() {
    let client = Client::new();
    let bucket = TestBucket::create(&client);
    let crc = bucket.put_with("o", &[("opc-checksum-algorithm", "CRC32C")], b"123456789");
    assert_eq!(header(&crc, "opc-content-crc32c"), "4waSgw==");
    assert_eq!(header(&bucket.head("o"), "opc-content-crc32c"), "4waSgw==");
    let good = [("opc-checksum-algorithm", "CRC32C"), ("opc-content-crc32c", "4waSgw==")];
    assert_eq!(bucket.put_with("o", &good, b"123456789").status(), 200);
    assert_eq!(refused(&bucket.put_with("o", &good, b"12345678")).1, "UnmatchedContentCRC32C");
    let wrong = [("opc-content-sha256", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")];
    assert_eq!(refused(&bucket.put_with("o", &wrong, b"x")).1, "UnmatchedContentSHA256");
    assert_eq!(refused(&bucket.put_with("o", &[("opc-checksum-algorithm", "MD4")], b"")).0, 400);
    assert_eq!(bucket.get("o").body().as_ref(), b"123456789", "what was refused was not stored");
}
