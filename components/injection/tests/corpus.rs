//! The detectors against the committed answers of libinjection.

mod common;

use lockgate_injection::{sqli, xss};

#[test]
fn every_answer_is_libinjections() {
    let mut wrong = Vec::new();
    let rows = common::corpus();
    for (shape, is_xss, value) in &rows {
        let found = sqli(value).map_or_else(|| "-".to_owned(), |found| found.to_string());
        if found != *shape || xss(value) != *is_xss {
            wrong.push(format!(
                "{}: {found} for {shape}, {} for {is_xss}",
                value.escape_ascii(),
                xss(value)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let injections = rows.iter().filter(|row| row.0 != "-").count();
    let scripts = rows.iter().filter(|row| row.1).count();
    assert!(injections > 400 && scripts > 100 && rows.len() > 800);
}

/// A value twice as long must not take four times as many tokens: the answer for repeated parts is
/// that of a few of them, however many there are.
#[test]
fn hostile_repetition_has_an_answer() {
    let parts: [&[u8]; 16] = [
        b"1,", b"1+", b"(", b"a.", b"'", b"\\", b"\\'", b"/*", b"$a$", b"{a", b"<", b"</", b"onx ",
        b"&#0", b"-\0", b"x'1",
    ];
    for part in parts {
        let value = part.repeat(1_000_000 / part.len());
        let (injection, script) = (sqli(&value), xss(&value));
        let few = part.repeat(64);
        assert_eq!(injection, sqli(&few), "{}", part.escape_ascii());
        assert_eq!(script, xss(&few), "{}", part.escape_ascii());
    }
}
