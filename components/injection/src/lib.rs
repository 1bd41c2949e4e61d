//! Finds SQL injection and cross-site scripting in a value, with exactly the answers of libinjection
//! as ModSecurity 3.0.15 carries it (`@detectSQLi`, `@detectXSS`).
//!
//! - [`sqli()`] reads the value as SQL: as it stands, then as if it began inside a single-quoted and
//!   inside a double-quoted string. Each reading is cut into tokens, folded to five at most and looked
//!   up as a fingerprint, a letter a token.
//! - [`xss()`] reads the value as HTML in five contexts (text, and an attribute value under each kind
//!   of quote) and looks for tags, attributes, URLs and comments that run script.
//!
//! Both are pure, take memory of constant size and time linear in the length of the value.
//!
//! Where libinjection is odd (a signed `char`, a NUL that counts as a member of every set, the byte
//! 0xFF as the end of the input), the answer here is as odd: a rule set is tuned against it.
//!
//! The algorithm and the tables in `data/` are libinjection's, Copyright (c) 2012-2016 Nick Galbreath,
//! BSD-3-Clause (`LICENSE-libinjection`).
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

mod bytes;
mod sqli;
mod table;
mod xss;

pub use sqli::{Fingerprint, sqli};
pub use xss::xss;
