//! The narrowest change that lets a request through: what to try, in order. Whether it does, and what else it lets
//! through, is for the caller to find out by trying it.
//!
//! - [`cases`]: what else it lets through among the cases.
//! - [`native`]: a rule of the site's own that does not match where a condition holds.
//! - [`program`]: directives for the Core Rule Set.

pub mod cases;
pub mod native;
pub mod program;

/// Whether a path can stand in a rule as it is, whoever decodes it how often.
fn is_plain_path(path: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/_.-~".contains(&b);
    path.starts_with('/') && path.len() <= 512 && path.bytes().all(plain)
}
