//! What both versions of HTTP share: heads, fields, bodies, responses.

pub mod body;
pub mod fields;
pub mod head;
pub mod intake;
pub mod response;

pub use body::{BodyError, HeldBody, RequestBody, ResponseBody};
pub use fields::Fields;
pub use head::RequestHead;
pub(crate) use intake::Intake;
pub use intake::Pace;
pub use response::Response;
