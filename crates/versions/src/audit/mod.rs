//! The audit log: who did what to the rules, in lines that chain their hashes.
//!
//! A line is a JSON object whose last member is `hash`, the SHA-256 of the line without that member; `previous`
//! is the `hash` of the line before. So a line that was changed, taken out, put in or moved is found, and its
//! number is said ([`Verifier`]). Two things a chain cannot show by itself: lines missing at the end, and a log
//! that was written anew from some line on. Both show against a head hash that was noted elsewhere; the
//! gateway's log, `lockgate rules list` and the admin API tell it.

mod entry;
mod log;
mod verify;

pub use entry::{Action, Entry, FIRST_PREVIOUS, Outcome};
pub(crate) use log::AuditLog;
pub use log::{AUDIT_BYTES_MAX, LINES_MAX, Lines};
pub use verify::{Fault, FaultKind, Head, LINE_BYTES_MAX, Verified, Verifier, verify};
