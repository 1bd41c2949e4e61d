//! What people do with native rules besides serving by them.
//!
//! - [`cases`]: requests that rules must and must not match, beside the rules (`NAME.test.toml`).
//! - [`check`]: what is most likely wrong with rules that compile: shadowed, expired, empty, costly.
//! - [`exclude`]: the narrowest changes that may let a request through.
//! - [`import`]: rules out of what others write: Web ACLs of AWS WAF, lists of crawlers.
//!
//! Pure but for [`cases::run_file`] and [`check::check_file`], which read the files that they are given;
//! the clock is handed in.

pub mod cases;
pub mod check;
pub mod exclude;
pub mod import;
