//! What is folded of two neighbouring tokens.

use super::fold::{Folder, Step};
use super::token::{Kind, Token};
use super::words;

/// Names that are functions before a parenthesis, though they are columns and variables elsewhere.
const SOMETIMES_FUNCTIONS: [&[u8]; 11] = [
    b"USER_ID",
    b"USER_NAME",
    b"DATABASE",
    b"PASSWORD",
    b"USER",
    b"CURRENT_USER",
    b"CURRENT_DATE",
    b"CURRENT_TIME",
    b"CURRENT_TIMESTAMP",
    b"LOCALTIME",
    b"LOCALTIMESTAMP",
];

/// Looks at the window's first two tokens. The order of the rules decides.
pub(super) fn fold(folder: &mut Folder<'_>) -> Step {
    let (first, second) = (folder.window(0), folder.window(1));
    match (first.kind, second.kind) {
        // Databases join neighbouring strings; empty statements say nothing.
        (Kind::String, Kind::String) | (Kind::Semicolon, Kind::Semicolon) => {
            folder.count -= 1;
            return Step::Again;
        }
        (Kind::Operator | Kind::LogicOperator, kind)
            if kind == Kind::SqlType || second.is_unary() =>
        {
            return folder.restart(1);
        }
        (Kind::LeftParenthesis, _) if second.is_unary() => return folder.step_back(),
        _ => {}
    }
    if merge(folder, &first, &second) {
        return folder.step_back();
    }
    named(folder, &first, &second)
}

/// Makes one word of two that are a phrase: `UNION ALL`, `GROUP BY`.
fn merge(folder: &mut Folder<'_>, first: &Token<'_>, second: &Token<'_>) -> bool {
    let word = |kind| {
        matches!(
            kind,
            Kind::Keyword
                | Kind::Bareword
                | Kind::Operator
                | Kind::Union
                | Kind::Function
                | Kind::Expression
                | Kind::Tsql
                | Kind::SqlType
        )
    };
    if !word(first.kind) || !(word(second.kind) || second.kind == Kind::LogicOperator) {
        return false;
    }
    let Some((kind, text)) = words::lookup_pair(first.text, second.text) else {
        return false;
    };
    let quotes = (first.open, first.close);
    folder.put(0, Token::new(kind, text).quoted(quotes.0, quotes.1));
    true
}

/// Rules that ask for a name or for what follows one.
fn named(folder: &mut Folder<'_>, first: &Token<'_>, second: &Token<'_>) -> Step {
    match (first.kind, second.kind) {
        // IF begins a statement of Transact-SQL there.
        (Kind::Semicolon, Kind::Function)
            if second
                .text
                .get(..2)
                .is_some_and(|start| start.eq_ignore_ascii_case(b"IF")) =>
        {
            folder.turn(1, Kind::Tsql);
            Step::Again
        }
        (Kind::Bareword | Kind::Variable, Kind::LeftParenthesis)
            if SOMETIMES_FUNCTIONS.iter().any(|name| first.is(name)) =>
        {
            folder.turn(0, Kind::Function);
            Step::Again
        }
        (Kind::Keyword, _) if first.is(b"IN") || first.is(b"NOT IN") => {
            let list = second.kind == Kind::LeftParenthesis;
            folder.turn(0, if list { Kind::Operator } else { Kind::Bareword });
            Step::Again
        }
        (Kind::Operator, _) if first.is(b"LIKE") || first.is(b"NOT LIKE") => {
            if second.kind == Kind::LeftParenthesis {
                folder.turn(0, Kind::Function);
            }
            Step::Further
        }
        (
            Kind::SqlType,
            Kind::Bareword
            | Kind::Number
            | Kind::SqlType
            | Kind::LeftParenthesis
            | Kind::Function
            | Kind::Variable
            | Kind::String,
        ) => {
            let second = folder.window(1);
            folder.put(0, second);
            folder.restart(1)
        }
        _ => rest(folder, second),
    }
}

/// The rules that ask for kinds alone.
fn rest(folder: &mut Folder<'_>, second: &Token<'_>) -> Step {
    match folder.kinds() {
        // There are too many collations for a table: an underscore makes one.
        (Kind::Collate, Kind::Bareword) => {
            let text = second.text.split(|&byte| byte == 0).next();
            if text.is_some_and(|text| text.contains(&b'_')) {
                folder.turn(1, Kind::SqlType);
                folder.left = 0;
            }
            Step::Further
        }
        // Transact-SQL reads `\%1` as `0 % 1` and `\1` as `1`.
        (Kind::Backslash, _) => {
            if second.is_arithmetic() {
                folder.turn(0, Kind::Number);
                return folder.restart(0);
            }
            let second = folder.window(1);
            folder.put(0, second);
            folder.restart(1)
        }
        (Kind::LeftParenthesis, Kind::LeftParenthesis)
        | (Kind::RightParenthesis, Kind::RightParenthesis)
        | (_, Kind::RightBrace) => folder.restart(1),
        // MySQL reads ``{``.``.id}``, which nobody else writes; `{d '2000-01-01'}` is ODBC's.
        (Kind::LeftBrace, Kind::Bareword) => {
            if second.text.is_empty() {
                folder.turn(1, Kind::Evil);
                return Step::Stop;
            }
            folder.restart(2)
        }
        _ => Step::Further,
    }
}
