//! The demo shop: a small origin service, HTTP and SQLite, that stands behind Lockgate.
//!
//! It is what the demo, the end-to-end tests and the benchmarks call the *origin*. It trusts the
//! gate: who the customer is comes from the `X-Customer` header. `routes` is the place to start
//! reading; `store` has the SQL; `pictures` draws the products; `testing` misbehaves on request.

mod catalogue;
mod conditional;
mod counts;
mod extract;
mod listener;
mod options;
mod pictures;
mod problem;
mod random;
mod routes;
mod server;
mod store;
mod testing;

pub use catalogue::theme::Range;
pub use options::Options;
pub use pictures::files::write_all as write_pictures;
pub use server::{Shop, StartError};
