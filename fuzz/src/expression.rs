//! Expressions of native rules, `when = '...'`: read in a rule file, compiled, and asked about requests.

use crate::parts::noise;
use lockgate_config::{RulesFile, load_rules};
use lockgate_firewall::{Body, Firewall, View};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));

/// What expressions may name.
const SETS: &str = "[ip_sets.office]\naddresses = [\"192.0.2.0/24\"]\n\
    [user_agent_lists.bots]\ncontains = [\"bot\"]\n\
    [regex_sets.bad]\npatterns = ['\\.bak$', '(?i)union\\s+select']\n";

const BODIES: [Body<'static>; 4] = [
    Body::Absent,
    Body::Here {
        bytes: b"q=1%27%20OR%20%271%27=%271&note=a+b",
        truncated: false,
    },
    Body::Here {
        bytes: br#"{"a": ["<script>alert(1)</script>", {"b": "x"}]}"#,
        truncated: false,
    },
    Body::Here {
        bytes: b"union  select",
        truncated: true,
    },
];

/// An expression and its `not` are both refused, each fault on one line of the file, or exactly one of them matches.
pub fn run(data: &[u8]) {
    let Ok(expression) = str::from_utf8(data) else {
        return;
    };
    let (Some(plain), Some(not)) = (loaded(expression), loaded(&format!("not ({expression}\n)")))
    else {
        return;
    };
    let bodies = BODIES.get(noise(data) as usize % BODIES.len());
    let view = View {
        host: b"shop.example",
        path: b"/admin/old.bak",
        target: b"/admin/./old.bak?q=%3Cscript%3E&debug=on",
        query: Some(b"q=%3Cscript%3E&debug=on"),
        headers: &[
            (b"Host", b"shop.example"),
            (b"User-Agent", b"somebot/1.0"),
            (b"Cookie", b"theme=dark; s=1' or '1'='1"),
            (b"Content-Type", b"application/x-www-form-urlencoded"),
        ],
        country: Some(*b"DE"),
        asn: Some(64_500),
        body: bodies.copied().unwrap_or(Body::Absent),
        ..View::empty()
    };
    let matches = |firewall: &Firewall| firewall.decide(&view).terminal.is_some();
    assert_ne!(matches(&plain), matches(&not), "{expression:?}");
}

/// The firewall of one rule with this expression; nothing where it is refused.
fn loaded(expression: &str) -> Option<Firewall> {
    let file = FOLDER.path().join("r.toml");
    let text = format!(
        "{SETS}[[rules]]\nname = \"r\"\npriority = 1\naction = \"block\"\nwhen = {}\n",
        quoted(expression)
    );
    fs::write(&file, &text).expect("a file");
    let rules = match load_rules(&[file]) {
        Ok(rules) => rules,
        Err(refused) => {
            assert!(!refused.faults.is_empty());
            for fault in &refused.faults {
                let said = fault.to_string();
                assert!(!said.contains('\n') && !fault.reason.is_empty(), "{said:?}");
                let (line, column) = fault.line_and_column().unwrap_or((1, 1));
                let of = text.split('\n').nth(line as usize - 1);
                let of = of.expect("a line of the file");
                assert!((1..=of.len() + 1).contains(&(column as usize)), "{said}");
            }
            return None;
        }
    };
    let rules: Vec<(&Path, &RulesFile)> = rules
        .iter()
        .map(|(file, rules): (&PathBuf, &RulesFile)| (file.as_path(), rules))
        .collect();
    // Expressions together may be too large for tables; that has to be said.
    let compiled = match lockgate_compile::compile_rules(&rules) {
        Ok(compiled) => compiled,
        Err(reason) => {
            assert!(!reason.is_empty());
            return None;
        }
    };
    Some(Firewall::load(compiled).expect("what compiles loads"))
}

/// A text as a TOML string on one line.
fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}
