//! The detectors of SQL injection and cross-site scripting, on any bytes.

use lockgate_injection::{sqli, xss};

/// Asks both, and about spellings that cannot change the answer.
pub fn run(data: &[u8]) {
    let found = sqli(data);
    if let Some(shape) = found {
        let letters = shape.as_bytes();
        assert!((1..=5).contains(&letters.len()) && letters.is_ascii());
        assert_eq!(shape.to_string().as_bytes(), letters);
    }
    let script = xss(data);
    if !data.contains(&b'<') && !data.contains(&b'=') {
        assert!(!script, "{}", data.escape_ascii());
    }
    // White space before the first token says nothing.
    if !data.contains(&b'\'') && !data.contains(&b'"') {
        let led = [b"\n", data].concat();
        let shape = |found: Option<_>| found.is_some();
        let counts_from_start = data.contains(&b'-');
        assert!(
            counts_from_start || shape(sqli(&led)) == shape(found),
            "{}",
            data.escape_ascii()
        );
    }
}
