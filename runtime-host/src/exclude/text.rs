//! What is proposed, as lines that a person reads from top to bottom.

use std::fmt::Write as _;

use super::{Proposal, Proposed};

/// Requests and cases that are listed, at most.
const SHOWN_MAX: usize = 20;

/// Writes lines into a text; that does not fail.
macro_rules! line {
    ($out:expr $(, $($arguments:tt)*)?) => {{
        let _ = writeln!($out $(, $($arguments)*)?);
    }};
}

/// All of it.
pub(crate) fn text(proposed: &Proposed) -> String {
    let mut out = String::new();
    line!(out, "request {}", proposed.id);
    line!(out, "refused by {}", proposed.refused_by);
    for note in &proposed.notes {
        line!(out, "note: {note}");
    }
    line!(out);
    line!(out, "tried, from narrow to wide");
    for tried in &proposed.tried {
        match &tried.why_not {
            None => line!(out, "  lets it through: {}", tried.what),
            Some(why) => line!(out, "  does not: {} ({why})", tried.what),
        }
    }
    match &proposed.proposal {
        Some(proposal) => write_proposal(proposal, &mut out),
        None => line!(out, "\nNothing that was tried lets the request through."),
    }
    out
}

fn write_proposal(proposal: &Proposal, out: &mut String) {
    line!(out);
    line!(out, "To exclude {}, write", proposal.what);
    for change in &proposal.changes {
        line!(out, "  {} ({})", change.file, change.place);
        for text in &change.lines {
            line!(out, "    {text}");
        }
    }
    let also = &proposal.also;
    line!(out);
    let passing = also
        .requests
        .iter()
        .filter(|request| request.passes)
        .count();
    line!(
        out,
        "Of {} other requests that are kept of this site, it lets {passing} through",
        also.requests_asked
    );
    for request in also
        .requests
        .iter()
        .filter(|request| request.passes)
        .take(SHOWN_MAX)
    {
        let rules = request.rules.join(", ");
        line!(
            out,
            "  {} {} {} {} ({rules})",
            request.time,
            request.id,
            request.method,
            request.path
        );
    }
    more(passing, out);
    let looser = also.requests.len().saturating_sub(passing);
    if looser > 0 {
        line!(
            out,
            "  {looser} more are matched by fewer rules, with the same end"
        );
    }
    let passing = also.cases.lost.iter().filter(|case| case.passes).count();
    line!(
        out,
        "Of {} cases, it lets {passing} through",
        also.cases.asked
    );
    for case in also
        .cases
        .lost
        .iter()
        .filter(|case| case.passes)
        .take(SHOWN_MAX)
    {
        let about = case.about.lines().next().unwrap_or_default();
        line!(out, "  {} ({}) {about}", case.name, case.rules.join(", "));
    }
    more(passing, out);
    let looser = also.cases.lost.len().saturating_sub(passing);
    if looser > 0 {
        line!(
            out,
            "  {looser} more are matched by fewer rules, or by others than they expect"
        );
    }
    line!(out);
    line!(out, "Nothing was changed.");
}

fn more(all: usize, out: &mut String) {
    let more = all.saturating_sub(SHOWN_MAX);
    if more > 0 {
        line!(out, "  and {more} more");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exclude::{Also, Change, RequestLost, Tried};
    use lockgate_rules::exclude::cases::{CaseLost, CasesLost};

    #[test]
    fn the_lines_to_write_and_what_else_passes() {
        let proposal = Proposal {
            what: "the rules, on this path: 942100".to_owned(),
            changes: vec![Change {
                file: "rules/before.conf".to_owned(),
                place: "at the end".to_owned(),
                lines: vec!["SecRule X".to_owned()],
            }],
            also: Also {
                requests_asked: 7,
                requests: vec![
                    RequestLost {
                        id: "two".to_owned(),
                        time: "T".to_owned(),
                        method: "GET".to_owned(),
                        path: "/a".to_owned(),
                        rules: vec!["942100".to_owned()],
                        passes: true,
                    },
                    RequestLost::default(),
                ],
                cases: CasesLost {
                    asked: 30,
                    lost: vec![CaseLost {
                        name: "942100-1".to_owned(),
                        about: "an injection\nmore".to_owned(),
                        rules: vec!["942100".to_owned()],
                        passes: true,
                    }],
                },
            },
        };
        let proposed = Proposed {
            id: "one".to_owned(),
            refused_by: "rule 949110 of the Core Rule Set".to_owned(),
            tried: vec![Tried::failed("a", "b"), Tried::passes("c")],
            proposal: Some(proposal),
            notes: Vec::new(),
        };
        let expected = "\
request one
refused by rule 949110 of the Core Rule Set

tried, from narrow to wide
  does not: a (b)
  lets it through: c

To exclude the rules, on this path: 942100, write
  rules/before.conf (at the end)
    SecRule X

Of 7 other requests that are kept of this site, it lets 1 through
  T two GET /a (942100)
  1 more are matched by fewer rules, with the same end
Of 30 cases, it lets 1 through
  942100-1 (942100) an injection

Nothing was changed.
";
        assert_eq!(text(&proposed), expected);
        let nothing = text(&Proposed::default());
        assert!(nothing.ends_with("Nothing that was tried lets the request through.\n"));
    }
}
