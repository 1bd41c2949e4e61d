//! What the rules say of a request, told in full for people, policy to host. This one is JSON: no request waits for
//! it, and it goes on to an admin API and a command line as it is.
//!
//! Bytes of a request are written with [`escaped`]: what is printable stands as it is, everything else as `\n`, `\x00`
//! or `\u{202e}`, so that no terminal and no log is steered by them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the rules in force say of a request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Explanation {
    /// The code of the refusal, where the request is refused before any rule is asked, or
    /// because its body cannot be looked at.
    pub refused: Option<String>,
    /// The site.
    pub site: String,
    /// The client's address.
    pub client: String,
    /// Its country, where it is known.
    pub country: Option<String>,
    /// Its autonomous system, where it is known.
    pub asn: Option<u32>,
    /// The method.
    pub method: String,
    /// The canonical host.
    pub host: String,
    /// The canonical path.
    pub path: String,
    /// The site's own rules, where it has some.
    pub native: Option<NativeRules>,
    /// The program of the site (the Core Rule Set), where it has one.
    pub program: Option<Program>,
}

/// What a site's own rules say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NativeRules {
    /// Labels of the request in the end.
    pub labels: Vec<String>,
    /// They stopped at a rule that asks for a body that is not there.
    pub waits: bool,
    /// All of them, in the order in which they are tried.
    pub rules: Vec<NativeRule>,
}

/// What one of a site's own rules says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NativeRule {
    /// The name.
    pub name: String,
    /// The place in the order.
    pub priority: u32,
    /// `block`, `allow`, `count` or `label`.
    pub action: String,
    /// What came of it.
    pub came: Came,
    /// The status of its block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why it matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What it matches, where the cause has a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Of a rule for a share of the clients: the share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<Canary>,
    /// Of a rate-based rule: what it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
}

/// What came of a rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Came {
    /// An earlier rule ended the evaluation, or waits for the body.
    #[default]
    NotReached,
    /// Its time is over.
    Expired,
    /// It does not match.
    NoMatch,
    /// It asks for a body that is not there.
    WaitsForBody,
    /// It matches, and the request is refused.
    Blocks,
    /// It matches, and no later rule is tried.
    Allows,
    /// It matches and counts: as its action says, or because the client is not in its share.
    Counts,
    /// It matches, and its labels are put on the request.
    Labels,
}

impl Came {
    /// The rule matches.
    #[must_use]
    pub fn matches(self) -> bool {
        matches!(
            self,
            Self::Blocks | Self::Allows | Self::Counts | Self::Labels
        )
    }
}

/// Where one of a site's own rules matches.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// The field as rules name it: `all_query_arguments`.
    pub field: String,
    /// What was done to the value, in order.
    pub transformations: Vec<String>,
    /// The name of the value among those of its field; empty where it has none.
    pub name: String,
    /// The value.
    pub value: Excerpt,
}

/// The share of a rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canary {
    /// The clients that its action is for, in ten-thousandths.
    pub share: u16,
    /// This client is one of them.
    pub within: bool,
}

/// The count of a rate-based rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// Requests in a window that are within the limit.
    pub limit: u32,
    /// The window, seconds.
    pub window_s: u32,
    /// The request was counted.
    pub counted: bool,
    /// The count was over the limit, as the host said when the request came.
    pub over: bool,
    /// What it is counted by, hexadecimal: the same for requests that count together.
    pub key: String,
}

/// What a program says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// The rule file that switches it on.
    pub name: String,
    /// `on`, `detection_only` or `off`.
    pub engine: String,
    /// It ran: no rule of the site's own had ended the evaluation with a block.
    pub ran: bool,
    /// How many rules it has, chains as one.
    pub rules: u32,
    /// How many of them were asked in the phases of the request. The others belong to phases of the response, to
    /// higher paranoia levels, or were excluded.
    pub asked: u32,
    /// What it decided; nothing: the request passes.
    pub decision: Option<Decision>,
    /// The scores that rules keep, by name.
    pub scores: BTreeMap<String, i64>,
    /// The rules that matched and say so, in order.
    pub findings: Vec<Finding>,
    /// How many more there were.
    pub more: u32,
}

/// What a program decided.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The status of the answer; 0: the connection is closed.
    pub status: u16,
    /// The rule; 0: a limit of memory or work.
    pub rule: u32,
}

/// A rule of a program that matched.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Its id.
    pub rule: u32,
    /// When: 1 head, 2 body, 3 head of the response, 4 its body, 5 in the end.
    pub phase: u8,
    /// 0 emergency to 7 debug, as syslog has it.
    pub severity: Option<u8>,
    /// It decided.
    pub decided: bool,
    /// What it says of itself.
    pub message: String,
    /// What it says of the request.
    pub data: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// What matched.
    pub values: Vec<FoundValue>,
}

/// A value that matched a rule of a program.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FoundValue {
    /// The link of the chain, 0 for its head.
    pub link: u16,
    /// Where it was: `ARGS:q`.
    pub variable: String,
    /// What was done to it, in order.
    pub transformations: Vec<String>,
    /// The value as the rule saw it.
    pub value: Excerpt,
}

/// A part of a value around what matched, escaped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    /// What stands before.
    pub before: String,
    /// What matched.
    #[serde(rename = "match")]
    pub matched: String,
    /// What stands behind.
    pub after: String,
    /// Where in the value it matched, in bytes.
    pub start: u64,
    /// Where that ends.
    pub end: u64,
    /// How long the value is, in bytes.
    pub length: u64,
    /// There is more of the value before.
    pub cut_before: bool,
    /// There is more of it behind.
    pub cut_after: bool,
}

impl Excerpt {
    /// An excerpt that begins `offset` bytes into a value of `length` bytes. `range` is what matched within the
    /// excerpt; one that lies outside of it is cut.
    #[must_use]
    pub fn new(excerpt: &[u8], range: (usize, usize), offset: usize, length: usize) -> Self {
        let end = range.1.min(excerpt.len());
        let start = range.0.min(end);
        let part = |from: usize, to: usize| escaped(excerpt.get(from..to).unwrap_or_default());
        let at = |place: usize| offset.saturating_add(place) as u64;
        Self {
            before: part(0, start),
            matched: part(start, end),
            after: part(end, excerpt.len()),
            start: at(start),
            end: at(end),
            length: length as u64,
            cut_before: offset > 0,
            cut_after: at(excerpt.len()) < length as u64,
        }
    }

    /// A whole value that matched.
    #[must_use]
    pub fn whole(value: &[u8]) -> Self {
        Self::new(value, (0, value.len()), 0, value.len())
    }
}

/// What ends a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Block<'e> {
    /// A rule of the site's own.
    Native(&'e NativeRule),
    /// The program of the site.
    Program(&'e Program, Decision),
}

impl Explanation {
    /// What refuses the request; nothing: the rules let it pass.
    #[must_use]
    pub fn block(&self) -> Option<Block<'_>> {
        let native = self.native.iter().flat_map(|native| &native.rules);
        if let Some(rule) = native.into_iter().find(|rule| rule.came == Came::Blocks) {
            return Some(Block::Native(rule));
        }
        let program = self.program.as_ref()?;
        Some(Block::Program(program, program.decision?))
    }

    /// The names of the site's own rules that match.
    pub fn native_matches(&self) -> impl Iterator<Item = &NativeRule> {
        let rules = self.native.iter().flat_map(|native| &native.rules);
        rules.filter(|rule| rule.came.matches())
    }

    /// What the rules of the program found.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        self.program
            .as_ref()
            .map_or(&[], |program| program.findings.as_slice())
    }
}

/// Bytes for people: printable characters as they are, everything else escaped, `\` too.
#[must_use]
pub fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                // No text delimits these here.
                '"' | '\'' => text.push(character),
                _ if character.is_ascii_control() => {
                    escape_byte(u8::try_from(character).unwrap_or_default(), &mut text);
                }
                _ => text.extend(character.escape_debug()),
            }
        }
        for byte in chunk.invalid() {
            escape_byte(*byte, &mut text);
        }
    }
    text
}

fn escape_byte(byte: u8, text: &mut String) {
    text.extend(byte.escape_ascii().map(char::from));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_steer_a_terminal_is_escaped() {
        for (bytes, text) in [
            (&b"a 'b' \"c\""[..], "a 'b' \"c\""),
            ("Müller 日".as_bytes(), "Müller 日"),
            (b"\x1b[31m\r\n\t\0\x7f", "\\x1b[31m\\r\\n\\t\\x00\\x7f"),
            (b"a\xffb\\", "a\\xffb\\\\"),
            ("\u{202e}x".as_bytes(), "\\u{202e}x"),
        ] {
            assert_eq!(escaped(bytes), text);
        }
    }

    #[test]
    fn an_excerpt_says_where_it_is_cut() {
        let whole = Excerpt::whole(b"evil");
        assert_eq!((&whole.matched[..], whole.end), ("evil", 4));
        assert!(!whole.cut_before && !whole.cut_after);
        let part = Excerpt::new(b"a evil b", (2, 6), 100, 500);
        assert_eq!(
            (&part.before[..], &part.matched[..], &part.after[..]),
            ("a ", "evil", " b")
        );
        assert_eq!((part.start, part.end, part.length), (102, 106, 500));
        assert!(part.cut_before && part.cut_after);
        // Of what lies outside nothing is told, and nothing panics.
        assert_eq!(Excerpt::new(b"ab", (7, 3), 0, 2).matched, "");
    }

    #[test]
    fn a_rule_of_the_site_s_own_blocks_before_its_program() {
        let decision = Decision {
            status: 403,
            rule: 949_110,
        };
        let program = Program {
            decision: Some(decision),
            ..Program::default()
        };
        let mut explanation = Explanation {
            program: Some(program),
            ..Explanation::default()
        };
        assert!(matches!(explanation.block(), Some(Block::Program(_, found)) if found == decision));
        let rule = |name: &str, came| NativeRule {
            name: name.to_owned(),
            came,
            ..NativeRule::default()
        };
        explanation.native = Some(NativeRules {
            rules: vec![rule("a", Came::Counts), rule("b", Came::Blocks)],
            ..NativeRules::default()
        });
        assert!(matches!(explanation.block(), Some(Block::Native(rule)) if rule.name == "b"));
        assert_eq!(explanation.native_matches().count(), 2);
        let text = serde_json::to_string(&explanation).unwrap();
        assert!(text.contains("\"came\":\"blocks\""), "{text}");
        assert_eq!(
            serde_json::from_str::<Explanation>(&text).unwrap(),
            explanation
        );
    }
}
