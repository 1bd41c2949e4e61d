//! Versions of a folder of rules: what was in force when, who put it there, and the way back.
//!
//! **The folder is the truth.** A [`Store`] keeps copies of it ([`Snapshot`]), numbered and named by what is in
//! them, puts one in the folder's place so that a crash leaves the old files or the new ones
//! ([`Store::swap`]), and writes down who did what in a log whose entries chain their hashes ([`audit`]).
//!
//! No network, no clock: times are handed in, in milliseconds since the Unix epoch. What changes files is in
//! `disk.rs`.

pub mod audit;
mod disk;
mod error;
mod hash;
mod path;
mod snapshot;
mod store;

pub use error::StoreError;
pub use hash::{is_digest, sha256_hex};
pub use path::{PathError, RulePath};
pub use snapshot::{BYTES_MAX, FILES_MAX, Snapshot, SnapshotError};
pub use store::{Attempt, MESSAGE_BYTES_MAX, Recovered, Store, Swap, VersionInfo, check_message};
