//! For tests: a bucket in Ashburn, and short ways to say what is done with it.

use bytes::Bytes;
use http::{Method, Response};
use serde_json::{Value, json};

use crate::testing::{Client, good, header, iad};

#[derive(Debug)]
pub(crate) struct TestBucket<'c> {
    pub(crate) client: &'c Client,
    path: String,
}

impl<'c> TestBucket<'c> {
    /// A bucket called `b` in the root compartment.
    pub(crate) fn create(client: &'c Client) -> Self {
        Self::create_with(client, &json!({}))
    }

    /// The same, with more details.
    pub(crate) fn create_with(client: &'c Client, more: &Value) -> Self {
        let mut details = json!({"name": "b", "compartmentId": client.tenancy()});
        for (name, value) in more.as_object().expect("an object") {
            details[name] = value.clone();
        }
        let all = format!("/n/{}/b", client.realm.identity().namespace);
        client.post(iad(), &all, &details);
        Self { client, path: format!("{all}/b") }
    }

    /// A request to a path below the bucket; a body makes it signed JSON.
    pub(crate) fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Response<Bytes> {
        let body = body.map(ToString::to_string).unwrap_or_default();
        self.client.send(method, iad(), &format!("{}{path}", self.path), &[], body.as_bytes())
    }

    pub(crate) fn json(&self, path: &str) -> Value {
        good(&self.ask(Method::GET, path, None))
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Response<Bytes> {
        self.ask(Method::POST, path, Some(body))
    }

    pub(crate) fn put_with(&self, name: &str, headers: &[(&str, &str)], bytes: &[u8]) -> Response<Bytes> {
        self.client.send(Method::PUT, iad(), &format!("{}/o/{name}", self.path), headers, bytes)
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> Response<Bytes> {
        self.put_with(name, &[], bytes)
    }

    /// The version that is made of the bytes.
    pub(crate) fn put_version(&self, name: &str, bytes: &[u8]) -> String {
        header(&self.put(name, bytes), "version-id").to_owned()
    }

    pub(crate) fn get_with(&self, name: &str, headers: &[(&str, &str)]) -> Response<Bytes> {
        self.client.send(Method::GET, iad(), &format!("{}/o/{name}", self.path), headers, b"")
    }

    pub(crate) fn get(&self, name: &str) -> Response<Bytes> {
        self.get_with(name, &[])
    }

    pub(crate) fn head(&self, name: &str) -> Response<Bytes> {
        self.ask(Method::HEAD, &format!("/o/{name}"), None)
    }

    pub(crate) fn delete(&self, name: &str) -> Response<Bytes> {
        self.ask(Method::DELETE, &format!("/o/{name}"), None)
    }

    pub(crate) fn delete_itself(&self) -> Response<Bytes> {
        self.ask(Method::DELETE, "", None)
    }

    /// Names, version ids and whether it is a delete marker, as listed.
    pub(crate) fn versions(&self) -> Vec<(String, String, bool)> {
        let listed = self.json("/objectversions");
        let text = |item: &Value, name: &str| item[name].as_str().expect("text").to_owned();
        let items = listed["items"].as_array().expect("a list").iter();
        items.map(|i| (text(i, "name"), text(i, "versionId"), i["isDeleteMarker"] == json!(true))).collect()
    }

    /// Waits for a work request that the answer names: how it ended, and with which error.
    pub(crate) fn ended(&self, answer: &Response<Bytes>) -> (String, Value) {
        assert_eq!(answer.status(), 202, "{:?}", answer.body());
        let path = format!("/workRequests/{}", header(answer, "opc-work-request-id"));
        self.client.wait(std::time::Duration::from_secs(60));
        let state = self.client.get(iad(), &path);
        let errors = self.client.get(iad(), &format!("{path}/errors"));
        (state["status"].as_str().expect("a status").to_owned(), errors[0]["code"].clone())
    }
}
