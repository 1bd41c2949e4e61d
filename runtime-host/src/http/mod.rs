//! What both versions of HTTP share: heads, fields, bodies, responses.

pub mod body;
pub mod fields;
pub mod head;
pub mod response;

pub use body::{BodyError, RequestBody, ResponseBody};
pub use fields::Fields;
pub use head::RequestHead;
pub use response::Response;
