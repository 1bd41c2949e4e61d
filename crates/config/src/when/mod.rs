//! The expression form of statements: `path starts_with "/admin" and not ip in office`.
//!
//! ```text
//! expression  = all *( "or" all )
//! all         = one *( "and" one )
//! one         = "not" one / "(" expression ")" / test
//! test        = "ip" "in" SET
//!             / "user_agent" "in" LIST / "user_agent" "missing"
//!             / "country" "in" TEXTS / "asn" "in" NUMBERS
//!             / "label" TEXT
//!             / values "sqli_match" / values "xss_match"
//!             / values "matches" ( TEXT / SET )
//!             / values "size" ( "==" / "!=" / "<=" / "<" / ">=" / ">" ) NUMBER
//!             / values position TEXTS
//! position    = "==" / "!=" / "exactly" / "starts_with" / "ends_with" / "contains" / "contains_word"
//! values      = FIELD *( "|" TRANSFORMATION ) [ "oversize" ( "continue" / "match" / "no_match" ) ]
//! TEXTS       = TEXT / "[" TEXT *( "," TEXT ) "]"
//! ```
//! A text stands in `"`; in it `\"` is `"` and `\\` is `\`, and any other `\` is itself. In a regular
//! expression only `\"` is told apart: the rest is the expression's own.
//!
//! An expression means the statements that it is read as, and nothing else: `and` binds tighter than `or`,
//! `!=` is `not` of `exactly`.

mod lexer;
mod parser;
mod place;

pub(crate) use parser::{Mistake, Names, parse};
pub(crate) use place::place;

use crate::types::{RulesFile, Statement};

/// What an expression means in a rule file, with the names of its sets and lists.
///
/// # Errors
/// The first mistake.
pub fn expression(text: &str, file: &RulesFile) -> Result<Statement, String> {
    let names = Names {
        ip_sets: file.ip_sets.keys().map(String::as_str).collect(),
        user_agent_lists: file.user_agent_lists.keys().map(String::as_str).collect(),
        regex_sets: file.regex_sets.keys().map(String::as_str).collect(),
    };
    parse(text, &names).map_err(|mistake| mistake.reason)
}
