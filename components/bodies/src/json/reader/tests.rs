//! Documents, their tokens and their faults.

use super::*;
use proptest::prelude::*;

fn read(input: &[u8]) -> Result<Vec<String>, Error> {
    let limits = Limits::default();
    let mut reader = Reader::new(input, &limits);
    let mut out = Vec::new();
    let mut room = Vec::new();
    while let Some(event) = reader.next_event()? {
        out.push(match event {
            Event::Key(text) => {
                format!("{:?}:", String::from_utf8_lossy(text.decode(&mut room)))
            }
            Event::String(text) => {
                format!("{:?}", String::from_utf8_lossy(text.decode(&mut room)))
            }
            Event::Number(raw) => String::from_utf8_lossy(raw).into_owned(),
            Event::StartObject => "{".into(),
            Event::EndObject => "}".into(),
            Event::StartArray => "[".into(),
            Event::EndArray => "]".into(),
            Event::Bool(value) => value.to_string(),
            Event::Null => "null".into(),
        });
    }
    Ok(out)
}

#[test]
fn tokens_come_in_order_with_duplicates() {
    let tokens = read(br#" {"a": [1, -2.5e+3, true], "a": {"": null}, "b":"x"} "#);
    let expected = [
        "{", "\"a\":", "[", "1", "-2.5e+3", "true", "]", "\"a\":", "{", "\"\":", "null", "}",
        "\"b\":", "\"x\"", "}",
    ];
    assert_eq!(tokens.expect("valid"), expected);
    assert_eq!(read(b"\xef\xbb\xbf[]").expect("valid"), ["[", "]"]);
}

#[test]
fn escapes_are_decoded() {
    let tokens = read(br#""a\n\u0041\u00e9\ud83d\ude00\"\/\\""#).expect("valid");
    assert_eq!(tokens, ["\"a\\nA\u{e9}\u{1f600}\\\"/\\\\\""]);
    assert_eq!(read(br#""\ud83dx""#).expect("valid"), ["\"?x\""]);
}

#[test]
fn faults_in_strings_do_not_stop_the_reading() {
    assert_eq!(read(b"[\"\\q\", 1]"), Err(Error::BadString(2)));
    assert_eq!(read(b"[\"a\nb\"]"), Err(Error::BadString(2)));
    assert_eq!(read(b"[\"a\xff\"]"), Err(Error::NotUtf8(3)));
    let mut reader = Reader::new(b"[\"\\qa\",1]", &Limits::default());
    let mut count = 0;
    while let Ok(Some(_)) = reader.next_event() {
        count += 1;
    }
    assert_eq!(count, 4);
}

#[test]
fn what_is_no_document() {
    for (input, error) in [
        (&b""[..], Error::Unfinished),
        (b"[1", Error::Unfinished),
        (b"{\"a\"", Error::Unfinished),
        (b"\"abc", Error::Unfinished),
        (b"tru", Error::Unfinished),
        (
            b"[1,]",
            Error::Unexpected {
                byte: b']',
                offset: 3,
            },
        ),
        (
            b"{,}",
            Error::Unexpected {
                byte: b',',
                offset: 1,
            },
        ),
        (
            b"[}",
            Error::Unexpected {
                byte: b'}',
                offset: 1,
            },
        ),
        (
            b"{]",
            Error::Unexpected {
                byte: b']',
                offset: 1,
            },
        ),
        (
            b"-a",
            Error::Unexpected {
                byte: b'a',
                offset: 1,
            },
        ),
        (b"01", Error::Trailing(1)),
        (b"{} {}", Error::Trailing(3)),
        (
            b"// x\n1",
            Error::Unexpected {
                byte: b'/',
                offset: 0,
            },
        ),
    ] {
        assert_eq!(
            read(input),
            Err(error),
            "{}",
            String::from_utf8_lossy(input)
        );
    }
}

#[test]
fn depth_is_bounded() {
    let deep = b"[".repeat(1_000_000);
    assert_eq!(read(&deep), Err(Error::TooDeep));
}

proptest! {
    #[test]
    fn what_serde_json_reads_is_read_and_the_other_way_round(
        input in r#"[\[\]\{\}",:0-9a-u\\. -]{0,24}"#,
    ) {
        let known = serde_json::from_str::<serde_json::Value>(&input);
        let ours = read(input.as_bytes());
        // serde_json refuses numbers out of range and halves of surrogate pairs.
        if known.is_ok() {
            prop_assert!(ours.is_ok(), "{ours:?}");
        } else if ours.is_ok() {
            prop_assert!(input.contains('e') || input.contains('u'));
        }
    }
}
