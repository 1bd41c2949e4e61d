//! Request targets: the table of hostile ones, and what holds for all of them.

mod support;

use std::borrow::Cow;

use lockgate_normalise::{Limits, NormaliseError, Target, percent};
use proptest::prelude::*;

fn upstream(method: &[u8], raw: &[u8]) -> Result<String, NormaliseError> {
    Target::parse(method, raw, &Limits::default()).map(|target| target.upstream().into_owned())
}

#[test]
fn the_table_holds() {
    let mut wrong = Vec::new();
    for (line, given, expected) in support::cases(include_str!("data/targets.txt")) {
        let (method, raw) = given.split_once(' ').expect("method and target");
        let found = match upstream(method.as_bytes(), &support::unescape(raw)) {
            Ok(target) => target,
            Err(error) => format!("!{}", error.code()),
        };
        if found != expected {
            wrong.push(format!(
                "line {line}: {given}: {found:?}, expected {expected:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_canonical_target_is_borrowed() {
    let raw = b"/products/42?page=2&q=a%20b";
    let target = Target::parse(b"GET", raw, &Limits::default()).expect("plain");
    assert!(matches!(target.path, Cow::Borrowed("/products/42")));
    assert!(matches!(
        target.query,
        Some(Cow::Borrowed("page=2&q=a%20b"))
    ));
    assert!(matches!(target.upstream(), Cow::Borrowed(_)));
}

#[test]
fn a_canonical_absolute_target_sends_its_origin_form() {
    let raw = b"http://shop.example/products?x=1";
    let target = Target::parse(b"GET", raw, &Limits::default()).expect("absolute");
    assert_eq!(target.upstream(), "/products?x=1");
    assert_eq!(target.authority, Some(&b"shop.example"[..]));
}

#[test]
fn the_limit_counts_before_and_after() {
    let limits = Limits {
        target_bytes_max: 10,
        ..Limits::default()
    };
    let parse = |raw: &'static [u8]| Target::parse(b"GET", raw, &limits).map(|_| ());
    assert_eq!(parse(b"/123456789"), Ok(()));
    assert_eq!(parse(b"/1234567890"), Err(NormaliseError::TargetTooLong));
    // Ten bytes raw, sixteen canonical.
    assert_eq!(parse(b"/123456<>\""), Err(NormaliseError::TargetTooLong));
    assert_eq!(NormaliseError::TargetTooLong.status(), 414);
}

#[test]
fn arguments_come_decoded_in_their_order() {
    let raw = b"/?b=1&a=x+y%2B&&b=%c3%a9&flag&=v&c=d=e&p=100%";
    let target = Target::parse(b"GET", raw, &Limits::default()).expect("a query");
    let arguments: Vec<_> = target
        .arguments()
        .map(|argument| (argument.name.into_owned(), argument.value.into_owned()))
        .collect();
    let expected = [
        ("b", "1"),
        ("a", "x y+"),
        ("b", "é"),
        ("flag", ""),
        ("", "v"),
        ("c", "d=e"),
        ("p", "100%"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(arguments, expected);
    let none = Target::parse(b"GET", b"/", &Limits::default()).expect("no query");
    assert_eq!(none.arguments().count(), 0);
}

#[test]
fn decoding_is_total() {
    assert_eq!(percent::decode("a%20b+c"), "a b+c");
    assert_eq!(percent::decode("%zz%"), "%zz%");
    assert_eq!(percent::decode("%ff"), "\u{fffd}");
    assert!(matches!(percent::decode("plain"), Cow::Borrowed("plain")));
}

/// Bytes that make paths interesting.
fn nasty() -> impl Strategy<Value = Vec<u8>> {
    let tame = prop_oneof![
        3 => Just(b"/".to_vec()),
        3 => Just(b".".to_vec()),
        1 => Just(b"..".to_vec()),
        3 => Just(b"%2e".to_vec()),
        3 => Just(b"%2E".to_vec()),
        1 => Just(b"%".to_vec()),
        3 => Just(b"%25".to_vec()),
        3 => Just(b"%41".to_vec()),
        3 => Just(b"%c3%a9".to_vec()),
        3 => Just(b";".to_vec()),
        3 => Just(b"%3b".to_vec()),
        3 => Just(b"?".to_vec()),
        3 => Just(b"&".to_vec()),
        3 => Just(b"=".to_vec()),
        3 => Just(b"<".to_vec()),
        12 => Just(b"a".to_vec()),
    ];
    let wild = prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        any::<u8>().prop_map(|byte| format!("%{byte:02x}").into_bytes()),
        any::<char>().prop_map(|character| character.to_string().into_bytes()),
    ];
    // Mostly tame, so that a good part is accepted and its canonical form looked at.
    let piece = prop_oneof![20 => tame, 1 => wild];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| {
        let mut raw = b"/".to_vec();
        raw.extend(pieces.concat());
        raw
    })
}

fn upper_triplets_only(text: &str) -> bool {
    text.match_indices('%').all(|(at, _)| {
        text.as_bytes().get(at + 1..at + 3).is_some_and(|digits| {
            digits
                .iter()
                .all(|digit| matches!(digit, b'0'..=b'9' | b'A'..=b'F'))
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn what_is_accepted_is_canonical(raw in nasty()) {
        let Ok(target) = Target::parse(b"GET", &raw, &Limits::default()) else {
            return Ok(());
        };
        let path = &*target.path;
        prop_assert!(path.starts_with('/'));
        prop_assert!(!path.contains("//"), "{path}");
        prop_assert!(
            !path.split('/').any(|segment| matches!(segment, "." | "..")),
            "{path}"
        );
        prop_assert!(path.bytes().all(|byte| byte.is_ascii_graphic()), "{path}");
        prop_assert!(!path.contains(['?', '#', '\\', '<', '>', '"']), "{path}");
        prop_assert!(!path.contains("%2F") && !path.contains("%5C") && !path.contains("%00"));
        prop_assert!(upper_triplets_only(path), "{path}");
        let sent = target.upstream();
        prop_assert!(upper_triplets_only(&sent), "{sent}");
        prop_assert!(sent.bytes().all(|byte| byte.is_ascii_graphic()), "{sent}");
    }

    #[test]
    fn normalising_twice_is_normalising_once(raw in nasty()) {
        if let Ok(once) = upstream(b"GET", &raw) {
            prop_assert_eq!(upstream(b"GET", once.as_bytes()), Ok(once));
        }
    }

    #[test]
    fn the_query_keeps_its_meaning(raw in nasty()) {
        let Ok(target) = Target::parse(b"GET", &raw, &Limits::default()) else {
            return Ok(());
        };
        let Some(at) = raw.iter().position(|byte| *byte == b'?') else {
            return Ok(());
        };
        let before = percent::decode(str::from_utf8(&raw[at + 1..]).unwrap_or_default()).into_owned();
        if !before.is_empty() {
            let query = target.query.unwrap_or_default();
            prop_assert_eq!(before, percent::decode(&query).into_owned());
        }
    }

    #[test]
    fn hostile_bytes_never_panic(method: Vec<u8>, raw: Vec<u8>) {
        let _ = upstream(&method, &raw);
        let _ = upstream(b"CONNECT", &raw);
        let _ = upstream(b"OPTIONS", &raw);
        let mut absolute = b"http://".to_vec();
        absolute.extend(&raw);
        let _ = upstream(b"GET", &absolute);
    }
}
