//! Calling `policy.wasm`: ready instances, the inspection pool, what is remembered of tokens.

mod inspection;
mod instance;
mod pool;
mod signatures;
mod tokens;

pub use inspection::{Inspection, NotRun};
pub use instance::{AnsweredResponse, CallError, HeldBody, Instance, PolicyComponent, Secrets};
pub use pool::Pool;
pub use signatures::{Signatures, Spent};
pub use tokens::{TokenKey, TokenMemory};
