//! Expressions of rules: that they can be read, and where they cannot.

use crate::fault::{Fault, Provenance};
use crate::tree::Node;
use crate::when::{Names, parse, place};

/// Reads every expression of a rule file. `text` is the file's.
pub(crate) fn expressions(file: &Node, text: &str, faults: &mut Vec<Fault>) {
    let names = names(file);
    for (i, rule) in file.items_of("rules").iter().enumerate() {
        let Some((node, expression)) = rule
            .get("when")
            .and_then(|node| Some((node, node.as_text()?)))
        else {
            continue;
        };
        let Err(mistake) = parse(expression, &names) else {
            continue;
        };
        let at = within(&node.at, text, mistake.at);
        let path = format!("rules[{i}].when");
        faults.push(Fault::new(&at, &path, mistake.reason).suggest(mistake.meant));
    }
}

/// The names that expressions of a rule file may use.
pub(crate) fn names(file: &Node) -> Names<'_> {
    let of = |table: &str| file.entries_of(table).map(|(name, _)| name).collect();
    Names {
        ip_sets: of("ip_sets"),
        user_agent_lists: of("user_agent_lists"),
        regex_sets: of("regex_sets"),
    }
}

/// The place of a byte of a string value; that of the value where it cannot be told.
fn within(at: &Provenance, text: &str, offset: usize) -> Provenance {
    let Provenance::File { file, line, column } = at else {
        return at.clone();
    };
    match place(text, *line, *column, offset) {
        Some((line, column)) => Provenance::File {
            file: file.clone(),
            line,
            column,
        },
        None => at.clone(),
    }
}
