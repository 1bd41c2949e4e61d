//! The patterns of the Core Rule Set find what the `regex` crate finds, alone and in a set, in what
//! the regression cases send.
mod support;

use lockgate_patterns::{
    GroupId, Options, PatternId, PatternSetBuilder, Patterns, Prescan, Scratch,
};
use lockgate_seclang::ast::Item;
use lockgate_seclang::{ftw, parse};
use regex::bytes::{Regex, RegexBuilder};
use std::collections::BTreeSet;
use std::path::Path;

/// The expressions of all rules, each once.
fn expressions(folder: &Path) -> BTreeSet<String> {
    let ast = parse(&support::sources(folder, support::SETUP)).unwrap();
    let operators = ast.items.iter().filter_map(|item| match item {
        Item::Rule(rule) => rule.operator.as_ref(),
        _ => None,
    });
    operators
        .filter(|operator| operator.name.as_str().eq_ignore_ascii_case("rx"))
        .map(|operator| operator.argument.as_str().to_owned())
        .collect()
}

/// As the `regex` crate reads it: `\x{hh}` is a code point there, which ASCII alone can be.
fn peer(expression: &str) -> Regex {
    let braces = Regex::new(r"\\x\{([0-9a-fA-F]{2})\}").unwrap();
    let text = braces
        .replace_all(expression.as_bytes(), &br"\x$1"[..])
        .into_owned();
    RegexBuilder::new(&String::from_utf8(text).unwrap())
        .unicode(false)
        .dot_matches_new_line(true)
        .size_limit(1 << 26)
        .build()
        .unwrap()
}

/// What cases send: targets, header values, bodies, in two forms.
fn values(folder: &Path) -> Vec<Vec<u8>> {
    let mut values = BTreeSet::new();
    let mut put = |value: &[u8]| {
        values.insert(value.to_vec());
        values.insert(value.to_ascii_lowercase());
    };
    for case in support::cases(folder) {
        for stage in &case.stages {
            let message = ftw::read_message(&ftw::bytes(stage));
            put(&message.uri);
            put(&message.body);
            for (_, value) in &message.headers {
                put(value);
            }
        }
    }
    values
        .into_iter()
        .filter(|value| value.len() < 1_000)
        .collect()
}

#[test]
fn patterns_find_what_the_regex_crate_finds() {
    let Some(folder) = support::folder() else {
        return;
    };
    let expressions: Vec<String> = expressions(&folder).into_iter().collect();
    assert!(expressions.len() > 250, "{}", expressions.len());
    let mut builder = PatternSetBuilder::new();
    let options = Options {
        dot_matches_new_line: true,
        ..Options::default()
    };
    let ids: Vec<PatternId> = expressions
        .iter()
        .map(|expression| builder.add_regex(expression, options).unwrap())
        .collect();
    let set = builder.add_set_in(GroupId(0), &ids);
    let patterns = Patterns::load(&builder.build().unwrap()).unwrap();
    let peers: Vec<Regex> = expressions
        .iter()
        .map(|expression| peer(expression))
        .collect();
    let values = values(&folder);
    let (mut scratch, mut prescan, mut found) =
        (Scratch::default(), Prescan::default(), Vec::new());
    let (mut wrong, mut matches) = (Vec::new(), 0);
    for value in values.iter().step_by(3) {
        found.clear();
        patterns.prescan(GroupId(0), value, &mut scratch, &mut prescan);
        patterns.scan_with(set, value, &prescan, &mut scratch, &mut found);
        for ((expression, peer), id) in expressions.iter().zip(&peers).zip(&ids) {
            let want = peer.is_match(value);
            matches += usize::from(want);
            if found.contains(id) != want {
                wrong.push(format!(
                    "{expression} {:?}: {want}",
                    String::from_utf8_lossy(value)
                ));
            }
        }
    }
    println!("{} values, {matches} matches", values.len() / 3);
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(matches > 1_000, "{matches}");
}
