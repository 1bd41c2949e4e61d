//! Header fields: what is kept, what is refused and with which code.

use lockgate_normalise::headers::lines;
use lockgate_normalise::{Field, Headers, Limits, NormaliseError};
use proptest::prelude::*;

type Pair = (&'static [u8], &'static [u8]);

fn scan(fields: &[Pair]) -> Result<Headers<'static>, NormaliseError> {
    Headers::scan(fields.iter().copied(), &Limits::default())
}

#[test]
fn known_fields_are_found_in_any_case() {
    let fields: &[Pair] = &[
        (b"HOST", b"shop"),
        (b"User-Agent", b"curl/8"),
        (b"x-Forwarded-FOR", b"1.2.3.4"),
        (b"X-Other", b"y"),
        (b"content-length", b"12"),
    ];
    let headers = scan(fields).expect("plain");
    assert_eq!(headers.get(Field::Host), Some(&b"shop"[..]));
    assert_eq!(headers.text(Field::UserAgent), Some("curl/8"));
    assert_eq!(headers.get(Field::XForwardedFor), Some(&b"1.2.3.4"[..]));
    assert_eq!(headers.get(Field::Cookie), None);
    assert_eq!(headers.content_length, Some(12));
    assert_eq!(headers.count, 5);
    assert!(!headers.chunked && headers.utf8);
}

#[test]
fn every_field_is_found_by_its_name() {
    for field in [
        Field::Accept,
        Field::AcceptEncoding,
        Field::Authorization,
        Field::CacheControl,
        Field::Connection,
        Field::ContentLength,
        Field::ContentType,
        Field::Cookie,
        Field::Expect,
        Field::Forwarded,
        Field::Host,
        Field::IfNoneMatch,
        Field::Range,
        Field::Traceparent,
        Field::TransferEncoding,
        Field::Upgrade,
        Field::UserAgent,
        Field::XForwardedFor,
        Field::XRequestId,
    ] {
        assert_eq!(Field::of(field.name().as_bytes()), Some(field));
        assert_eq!(
            Field::of(field.name().to_uppercase().as_bytes()),
            Some(field)
        );
    }
    assert_eq!(Field::of(b"hose"), None);
    assert_eq!(Field::of(b""), None);
}

#[test]
fn refusals_have_their_codes() {
    let cases: &[(&[Pair], &str)] = &[
        (&[(b"", b"x")], "header_name"),
        (&[(b"a b", b"x")], "header_name"),
        (&[(b"a:", b"x")], "header_name"),
        (&[(b"Host ", b"x")], "header_name"),
        (&[(b"caf\xc3\xa9", b"x")], "header_name"),
        (&[(b"a\0", b"x")], "header_name"),
        (&[(b"a", b"x\0")], "header_value"),
        (&[(b"a", b"x\ry")], "header_value"),
        (&[(b"a", b"x\nSet-Cookie: y")], "header_value"),
        (
            &[(b"a", b"0123456789abcdef\x1b0123456789abcdef")],
            "header_value",
        ),
        (&[(b"a", b"\x7f")], "header_value"),
        (&[(b"X_Forwarded_For", b"1.2.3.4")], "header_alias"),
        (&[(b"content_length", b"1")], "header_alias"),
        (
            &[(b"Content-Length", b"1"), (b"content_length", b"2")],
            "header_alias",
        ),
        (&[(b"Host", b"a"), (b"host", b"a")], "host_duplicate"),
        (
            &[(b"Authorization", b"a"), (b"authorization", b"b")],
            "header_duplicate",
        ),
        (
            &[(b"Content-Type", b"a"), (b"content-type", b"b")],
            "header_duplicate",
        ),
        (
            &[(b"Content-Length", b"1"), (b"Content-Length", b"2")],
            "content_length_conflict",
        ),
        (
            &[(b"Content-Length", b"1"), (b"Content-Length", b"1")],
            "content_length_conflict",
        ),
        (&[(b"Content-Length", b"1, 1")], "content_length_conflict"),
        (&[(b"Content-Length", b"")], "content_length_invalid"),
        (&[(b"Content-Length", b"-1")], "content_length_invalid"),
        (&[(b"Content-Length", b"+1")], "content_length_invalid"),
        (&[(b"Content-Length", b"0x10")], "content_length_invalid"),
        (&[(b"Content-Length", b"1 2")], "content_length_invalid"),
        (
            &[(b"Content-Length", b"18446744073709551616")],
            "content_length_invalid",
        ),
        (
            &[
                (b"Content-Length", b"1"),
                (b"Transfer-Encoding", b"chunked"),
            ],
            "framing_conflict",
        ),
        (
            &[(b"Transfer-Encoding", b"gzip, chunked")],
            "transfer_encoding",
        ),
        (&[(b"Transfer-Encoding", b"xchunked")], "transfer_encoding"),
        (
            &[(b"Transfer-Encoding", b"chunked, identity")],
            "transfer_encoding",
        ),
        (
            &[
                (b"Transfer-Encoding", b"chunked"),
                (b"Transfer-Encoding", b"x"),
            ],
            "transfer_encoding",
        ),
        (&[(b"Expect", b"200-maybe")], "expectation"),
    ];
    for (fields, code) in cases {
        let error = scan(fields).expect_err(code);
        assert_eq!(error.code(), *code, "{fields:?}");
        assert!(matches!(error.status(), 400..=501));
    }
}

#[test]
fn what_is_odd_but_legal_passes() {
    let fields: &[Pair] = &[
        (b"x_custom", b"tab\tinside"),
        (b"!#$%&'*+-.^_`|~09az", b""),
        (b"x-latin", b"caf\xe9"),
        (b"Expect", b"100-Continue"),
        (b"Transfer-Encoding", b"Chunked"),
        (b"Cookie", b"a=1"),
        (b"cookie", b"b=2"),
    ];
    let headers = scan(fields).expect("legal");
    assert!(headers.chunked);
    assert!(!headers.utf8, "a Latin-1 value is flagged");
    assert!(headers.is_repeated(Field::Cookie));
    assert!(!headers.is_repeated(Field::Expect));
    assert_eq!(headers.get(Field::Cookie), Some(&b"a=1"[..]));
    let cookies: Vec<_> = lines(fields.iter().copied(), Field::Cookie).collect();
    assert_eq!(cookies, [b"a=1", b"b=2"]);
}

#[test]
fn limits_are_exact() {
    let limits = Limits {
        header_count_max: 2,
        header_bytes_max: 10,
        ..Limits::default()
    };
    let run = |fields: &[Pair]| Headers::scan(fields.iter().copied(), &limits).map(|_| ());
    assert_eq!(run(&[(b"ab", b"cde"), (b"fg", b"hij")]), Ok(()));
    assert_eq!(
        run(&[(b"ab", b"cde"), (b"fg", b"hijk")]),
        Err(NormaliseError::HeadersTooLarge)
    );
    assert_eq!(
        run(&[(b"a", b""), (b"b", b""), (b"c", b"")]),
        Err(NormaliseError::HeadersTooMany)
    );
    assert_eq!(NormaliseError::HeadersTooMany.status(), 431);
}

proptest! {
    #[test]
    fn accepted_fields_hold_no_control_byte(
        fields in proptest::collection::vec((any::<Vec<u8>>(), any::<Vec<u8>>()), 0..6),
        name in "[a-zA-Z_-]{1,17}",
        value: Vec<u8>,
    ) {
        let all = |fields: &[(Vec<u8>, Vec<u8>)]| {
            Headers::scan(
                fields.iter().map(|(name, value)| (name.as_slice(), value.as_slice())),
                &Limits::default(),
            )
            .is_ok()
        };
        let _ = all(&fields);
        let one = [(name.into_bytes(), value)];
        let control = one[0].1.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t');
        prop_assert!(!(all(&one) && control));
    }
}
