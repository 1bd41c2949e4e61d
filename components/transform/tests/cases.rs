//! The cases of `cases.txt`, and what holds for every transformation and every value.

use lockgate_transform::{Buffers, Chain, Summary, Transformation};
use proptest::prelude::*;

/// The bytes that a column of the table stands for.
fn bytes(column: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut left = column;
    while let Some(character) = left.chars().next() {
        if let Some(behind) = left.strip_prefix("\\x") {
            out.push(u8::from_str_radix(&behind[..2], 16).expect("two digits"));
            left = &behind[2..];
        } else if let Some(behind) = left.strip_prefix("\\e") {
            left = behind;
        } else {
            out.push(u8::try_from(character).expect("a visible character"));
            left = &left[1..];
        }
    }
    out
}

#[test]
fn outputs_are_those_of_libmodsecurity() {
    let mut count = 0;
    let lines = include_str!("cases.txt").lines();
    for line in lines.filter(|line| !line.starts_with('#')) {
        let columns: Vec<_> = line.split(' ').collect();
        let [name, input, expected] = columns[..] else {
            panic!("three columns: {line}");
        };
        let transformation = Transformation::from_seclang(name).expect("a known name");
        let (input, expected) = (bytes(input), bytes(expected));
        let mut out = b"left over".to_vec();
        let changed = transformation.apply(&input, &mut out);
        assert_eq!(changed, input != expected, "{line}");
        assert!(!changed || out == expected, "{line}: {out:?}");
        assert!(
            !changed || transformation.may_change(Summary::of(&input)),
            "{line}"
        );
        count += 1;
    }
    assert!(count > 180, "only {count} cases were read");
}

#[test]
fn every_name_has_cases() {
    for name in Transformation::seclang_names().filter(|name| !name.starts_with("normalise")) {
        let row = format!("\n{name} ");
        assert!(include_str!("cases.txt").contains(&row), "{name}");
    }
}

#[test]
fn a_no_break_space_is_white_space_for_aws() {
    let aws = Transformation::from_aws("COMPRESS_WHITE_SPACE").expect("a known name");
    let mut out = Vec::new();
    assert!(aws.apply(b"a\xa0 b", &mut out));
    assert_eq!(out, b"a b");
}

fn transformations() -> impl Iterator<Item = Transformation> {
    let aws = Transformation::aws_names().filter_map(Transformation::from_aws);
    Transformation::seclang_names()
        .filter_map(Transformation::from_seclang)
        .chain(aws)
}

#[test]
fn a_megabyte_of_what_each_looks_for_takes_little_time() {
    let mut out = Vec::new();
    for unit in [
        "%25", "%u", "+", "\\", "\\x", "&", "&#", "&lt", "/*", "/", "./", "../", "--", "<!-", "0x",
        "0x0", " ", "\0", "A", "\u{e9}", "Q=", "=", "\\f",
    ] {
        let value = unit.repeat((1 << 20) / unit.len());
        for transformation in transformations() {
            transformation.apply(value.as_bytes(), &mut out);
            assert!(out.len() <= value.len() * 7 / 2 + 40, "{transformation:?}");
        }
    }
}

/// Values made of what transformations look for.
fn values() -> impl Strategy<Value = Vec<u8>> {
    let unit = prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        r"[%+\\&#x/.*<!>0-9a-fA-F;u '-]".prop_map(String::into_bytes),
    ];
    prop::collection::vec(unit, 0..24).prop_map(|units| units.concat())
}

proptest! {
    #[test]
    fn changed_says_whether_the_bytes_differ(value in values()) {
        let summary = Summary::of(&value);
        let mut out = Vec::new();
        for transformation in transformations() {
            let changed = transformation.apply(&value, &mut out);
            prop_assert!(!changed || out != value, "{:?}", transformation);
            prop_assert!(!changed || transformation.may_change(summary), "{:?}", transformation);
        }
    }

    #[test]
    fn a_chain_is_its_steps(value in values(), picks in prop::collection::vec(0usize..50, 0..5)) {
        let all: Vec<_> = transformations().collect();
        let chain = Chain::new(picks.iter().map(|pick| all[pick % all.len()]));
        let mut expected = value.clone();
        let mut made = Vec::new();
        for step in chain.steps() {
            let mut out = Vec::new();
            if step.apply(&expected, &mut out) {
                expected.clone_from(&out);
                made.push(out);
            }
        }
        let mut buffers = Buffers::default();
        let result = chain.apply(&value, &mut buffers).map(<[u8]>::to_vec);
        prop_assert_eq!(result, (!made.is_empty()).then_some(expected));
        let mut seen = Vec::new();
        chain.apply_each(&value, &mut buffers, |value| seen.push(value.to_vec()));
        prop_assert_eq!(seen, made);
    }
}
