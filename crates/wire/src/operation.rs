//! The shape of one operation of OCI's REST API.

use crate::{OperationName, Payload, Plane};

/// How a request's body takes part in its signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    /// No body and none signed (GET, HEAD, DELETE).
    None,
    /// Length, type and SHA-256 are signed, also when the body is empty (POST, PUT).
    Signed,
    /// The body is not hashed: PutObject and UploadPart only.
    Unsigned,
}

/// Everything about an operation that is not a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// The operation.
    pub name: OperationName,
    /// HTTP method.
    pub method: http::Method,
    /// Path template, beginning with `/`; placeholders in braces.
    pub path: &'static str,
    /// Where it is served.
    pub plane: Plane,
    /// What becomes of the body.
    pub body: BodyKind,
    /// Whether it takes `opc-retry-token`.
    pub retry_token: bool,
}

/// One operation with its body and reply.
pub trait Operation {
    /// Method, path, plane.
    const SPEC: Spec;
    /// The request's body.
    type Body: Payload;
    /// The answer's body.
    type Reply: Payload;
}
