//! The harness of the end-to-end tests: starts the demo shop and `lockgate run` on free ports,
//! speaks to them over real sockets, and reads records, logs and metrics.
//!
//! Each test starts a [`World`] of its own, so tests run side by side. When a world ends it checks
//! what must hold after any traffic, see [`World`]. The same tests run in three ways, see [`way`].

pub mod app;
pub mod artifacts;
pub mod backend;
pub mod certificates;
pub mod client;
pub mod crs;
pub mod h2c;
pub mod image_files;
pub mod mmdb;
pub mod origin;
mod packaged;
pub mod postgres;
pub mod process;
pub mod records;
pub mod redis;
pub mod request;
pub mod response;
pub mod seen;
pub mod setup;
pub mod shared;
pub mod shop;
pub mod tokens;
pub mod wait;
pub mod way;
pub mod world;

pub use app::AppSetup;
pub use backend::Backend;
pub use client::Client;
pub use origin::RawOrigin;
pub use request::Request;
pub use response::Response;
pub use setup::Setup;
pub use shared::Shared;
pub use wait::until;
pub use way::Way;
pub use world::World;
