//! Calling `policy.wasm`: ready instances, the inspection pool, what is remembered of tokens.

mod inspection;
mod instance;
mod pool;
mod tokens;

pub use inspection::{Inspection, Overloaded};
pub use instance::{CallError, Instance, PolicyComponent, Secrets};
pub use pool::Pool;
pub use tokens::{TokenKey, TokenMemory};
