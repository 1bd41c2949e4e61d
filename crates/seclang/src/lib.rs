//! SecLang, the language of ModSecurity and of the OWASP Core Rule Set: read, checked, compiled.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]
