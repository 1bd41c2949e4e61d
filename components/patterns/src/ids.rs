//! Numbers of patterns, sets and groups.

use serde::{Deserialize, Serialize};

/// A pattern: one regular expression or one list of phrases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PatternId(pub u32);

/// Patterns that are scanned together because they read the same form of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SetId(pub u32);

/// Sets that share one [`crate::Prescan`] of a value: those of requests, say, and those of responses.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct GroupId(pub u8);
