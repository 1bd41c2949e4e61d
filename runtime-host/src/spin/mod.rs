//! Spin apps on this host's own listener: [`lockgate_spin_apps`] runs them.
//!
//! ```text
//! native.rs    the gateway among the components, which the gate stands for
//! serve.rs     one request of a client
//! start.rs     a gate around an app
//! body.rs      bodies between connections and components
//! ```

mod body;
pub mod native;
pub(crate) mod serve;
pub mod start;

pub(crate) use body::{from_component, to_component};
pub use lockgate_spin_apps::{App, CHAINING_SUFFIX, NoAnswer, Places, Runner, RuntimeConfig};
pub use native::Native;
