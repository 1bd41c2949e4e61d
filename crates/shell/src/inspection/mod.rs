//! Rules that read more than the head: what a shell reads for them, and what it does with what
//! they found. The reading and the calls are the shell's own.

mod pace;
mod plan;
mod told;

pub use pace::{Late, Pace};
pub use plan::{InspectionPlan, Oversize, Reading, TooLong, is_text};
pub use told::{Blocked, Inspected};
