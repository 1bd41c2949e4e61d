//! The decision record: one line of JSON for every request, whatever its exit.
//!
//! - [`Record`] is what is told of a request; it borrows everything, and
//!   [`Record::write_line`] writes it without allocation beyond the buffer's own.
//! - [`RecordSink`] takes the lines and writes them from a thread of its own. It never blocks a
//!   request: what does not fit is dropped and counted. A component has no threads and no sink.
//!
//! Authorization, cookies and bodies have no field here, so they cannot enter. Query parameters
//! that carry secrets are redacted as the record is made ([`redact`] has the list), addresses can
//! be masked, every text is bounded, and `omitted` names what was left out.

mod json;
mod mask;
mod number;
mod record;
pub mod redact;
#[cfg(not(target_family = "wasm"))]
mod sink;
mod states;
mod time;
#[cfg(not(target_family = "wasm"))]
mod writer;

pub use mask::AddressMask;
pub use record::{Inspection, Record};
#[cfg(not(target_family = "wasm"))]
pub use sink::{RecordSink, SinkOptions, Target};
pub use states::{CacheState, LimitsState, Stage};
pub use time::rfc3339_ms;
