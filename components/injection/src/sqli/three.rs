//! What is folded of three neighbouring tokens.

use super::fold::{Folder, Step};
use super::token::{Kind, Token};

/// Looks at the window's three tokens. The order of the rules decides.
pub(super) fn fold(folder: &mut Folder<'_>) -> Step {
    let (first, second, third) = (folder.window(0), folder.window(1), folder.window(2));
    if says_no_more(&first, &second, &third) {
        return folder.restart(2);
    }
    if second.is_unary()
        && let Some(step) = unary(folder, first.kind, &third)
    {
        return step;
    }
    match (first.kind, second.kind, third.kind) {
        // database.table
        (Kind::Bareword, Kind::Dot, Kind::Bareword) => folder.restart(2),
        (Kind::Expression, Kind::Dot, Kind::Bareword) => {
            folder.put(1, third);
            folder.restart(1)
        }
        // USER takes no arguments: with some it is no function.
        (Kind::Function, Kind::LeftParenthesis, kind)
            if kind != Kind::RightParenthesis && first.is(b"USER") =>
        {
            folder.turn(0, Kind::Bareword);
            Step::Further
        }
        _ => Step::Further,
    }
}

/// Whether the three say no more than the first: `1 + 1`, `a, b`, `1::int`.
fn says_no_more(first: &Token<'_>, second: &Token<'_>, third: &Token<'_>) -> bool {
    use Kind::{Bareword, Number, String, Variable};
    match (first.kind, second.kind) {
        (Number | Bareword, Kind::Operator) if matches!(third.kind, Number | Bareword) => true,
        (Variable, Kind::Operator) if matches!(third.kind, Variable | Number | Bareword) => true,
        (Number | Bareword | Variable | String, Kind::Operator) => {
            second.text == b"::" && third.kind == Kind::SqlType
        }
        (Number | Bareword | Variable | String, Kind::Comma) => {
            matches!(third.kind, Number | Bareword | Variable | String)
        }
        (Kind::Operator, kind) => kind != Kind::LeftParenthesis && third.kind == Kind::Operator,
        (Kind::LogicOperator, _) => third.kind == Kind::LogicOperator,
        _ => false,
    }
}

/// Drops the unary operator in the window's middle where it changes nothing: `SELECT - 1`.
fn unary(folder: &mut Folder<'_>, first: Kind, third: &Token<'_>) -> Option<Step> {
    let operand = matches!(
        third.kind,
        Kind::Number | Kind::Bareword | Kind::Variable | Kind::String
    );
    let dropped = match (first, third.kind) {
        (Kind::Expression | Kind::Group | Kind::Comma, Kind::LeftParenthesis)
        | (Kind::Keyword | Kind::Expression | Kind::Group | Kind::Comma, Kind::Function) => 1,
        (Kind::Keyword | Kind::Expression | Kind::Group, _) if operand => 1,
        // `1, -1` says no more than `1`.
        (Kind::Comma, _) if operand => 3,
        _ => return None,
    };
    let third = folder.window(2);
    folder.put(1, third);
    Some(folder.restart(dropped))
}
