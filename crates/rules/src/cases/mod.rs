//! Cases of rules: `rules/NAME.test.toml` beside `rules/NAME.toml`.
//!
//! A case is a request and what the rules must say of it. Every rule needs a case that it must match and one
//! that it must not: a case that names it under `not`, or one that nothing must match.

mod coverage;
mod file;
mod report;
mod request;
mod run;

pub use file::{Case, CaseFile};
pub use report::{Failure, Report};
pub use request::CaseError;
pub use run::{RunError, case_file, run, run_file, run_loaded};
