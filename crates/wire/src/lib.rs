//! What OCI says: each operation once, its JSON, its headers, and how requests are signed.
//!
//! The client calls and the embedded realm routes by the same operations. Identifiers stay strings
//! here: a service may send nonsense and a client has to survive it.

pub mod audit;
pub mod external;
pub mod headers;
pub mod identity;
pub mod kms;
pub mod limits;
pub mod objects;
mod operation;
pub mod pars;
mod path;
mod payload;
mod plane;
mod registry;
pub mod secrets;
mod service_error;
pub mod signature;
mod time;
pub mod work_requests;

pub use operation::{BodyKind, Operation, Spec};
pub use path::{PathError, decode_segment, encode_query, encode_segment, fill, matches};
pub use payload::{Json, Payload, Raw};
pub use plane::Plane;
pub use registry::{OperationName, SPECS, ops};
pub use service_error::{ServiceError, code};
pub use time::{Time, http_date, parse_http_date};
