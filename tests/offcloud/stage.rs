//! The server that a run of the stories is about.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use keyferry_oci::Reqwest;
use keyferry_offcloud::{OffCloud, OffCloudError};
use keyferry_tests::block_on;

/// The objects of a store with their bytes.
pub(crate) type Objects = BTreeMap<String, Vec<u8>>;

/// The server and a bucket on it.
#[derive(Debug)]
pub(crate) struct Stage {
    /// The program.
    pub(crate) keyferry: PathBuf,
    pub(crate) bucket: String,
    /// Endpoint, region and credentials.
    pub(crate) environment: BTreeMap<String, String>,
    /// False for a server that accepts conditions and ignores them.
    pub(crate) honours_create: bool,
}

impl Stage {
    pub(crate) fn from_process() -> Self {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let [keyferry, bucket, conditions] = arguments.as_slice() else {
            panic!("usage: offcloud KEYFERRY BUCKET honours|ignores, with the variables of AWS's tools")
        };
        Self {
            keyferry: keyferry.into(),
            bucket: bucket.clone(),
            environment: std::env::vars().filter(|(name, _)| name.starts_with("AWS_")).collect(),
            honours_create: match conditions.as_str() {
                "honours" => true,
                "ignores" => false,
                other => panic!("{other} is neither `honours` nor `ignores`"),
            },
        }
    }

    /// A part of the bucket that is the story's own.
    pub(crate) fn store(&self, story: &str) -> OffCloud {
        self.store_with(&self.bucket, story, &self.environment).expect("the server's own settings are good")
    }

    /// The same part as the program is told of it.
    pub(crate) fn url(&self, story: &str) -> String {
        format!("s3://{}/{story}", self.bucket)
    }

    /// Everything in it.
    pub(crate) fn objects(&self, story: &str) -> Objects {
        block_on(async {
            let store = self.store(story);
            let mut objects = Objects::new();
            for listed in store.list("").await.expect("listed") {
                let bytes = store.get(&listed.name, 1 << 20).await.expect("read").expect("there");
                objects.insert(listed.name, bytes.to_vec());
            }
            objects
        })
    }

    pub(crate) fn store_with(
        &self,
        bucket: &str,
        story: &str,
        environment: &BTreeMap<String, String>,
    ) -> Result<OffCloud, OffCloudError> {
        // Each story has a runtime of its own, and connections do not outlive theirs.
        OffCloud::s3(Arc::new(Reqwest::new()), bucket, story, environment)
    }
}
