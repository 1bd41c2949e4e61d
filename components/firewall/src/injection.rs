//! Injections, as libinjection finds them.

/// The fingerprint of an SQL injection, filled up with zeros.
pub(crate) fn sqli(value: &[u8]) -> Option<[u8; 8]> {
    let found = lockgate_injection::sqli(value)?;
    let mut print = [0; 8];
    for (to, from) in print.iter_mut().zip(found.as_bytes()) {
        *to = *from;
    }
    Some(print)
}

/// Whether a value reads as cross-site scripting.
pub(crate) fn xss(value: &[u8]) -> bool {
    lockgate_injection::xss(value)
}
