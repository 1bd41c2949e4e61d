//! From files to an [`Ast`](crate::ast::Ast): lines, words, directives.
mod action;
mod directive;
mod known;
mod lines;
mod load;
mod operator;
pub(crate) mod read;
mod settings;
mod target;
mod words;

pub(crate) use directive::{ids, value as bad_value};
pub(crate) use load::unreadable;
pub use load::{Source, parse, parse_noting};
pub(crate) use settings::engine_mode;
pub(crate) use target::list as targets;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::ast::{Ast, Item};
    use crate::fault::Fault;
    use crate::place::{Place, Text};
    use std::path::{Path, PathBuf};
    use std::sync::Arc;

    /// Text at the first column of `t.conf`.
    pub(crate) fn text(source: &str) -> Text {
        let place = Place {
            file: Arc::from(Path::new("t.conf")),
            line: 1,
            column: 1,
        };
        Text::new(source, place)
    }

    pub(crate) use super::action::list as actions;
    pub(crate) use super::operator::operator;

    pub(crate) fn of(source: &str) -> Result<Ast, Vec<Fault>> {
        parse(&[Source::Text {
            name: PathBuf::from("t.conf"),
            text: source.to_owned(),
        }])
    }

    fn faults(source: &str) -> Vec<String> {
        of(source)
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_rule_and_its_parts() {
        let ast = of("SecRule ARGS|!ARGS:a \"!@rx ^a\" \\\n  \"id:1,\\\n  phase:2\"\n").unwrap();
        let Some(Item::Rule(rule)) = ast.items.first() else {
            panic!("no rule");
        };
        assert_eq!(rule.targets.len(), 2);
        assert_eq!(rule.actions.len(), 2);
        assert_eq!(rule.actions[1].name.start().to_string(), "t.conf:3:3");
        assert!(rule.operator.as_ref().unwrap().negated);
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        let source = "SecRul ARGS x\n\
                      SecRule ARGS\n  SecGuardianLog |x\nSecRuleEngine maybe\n\
                      SecRuleRemoveById 1-x\nSecUnicodeMapFile unicode.mapping 1252\n";
        assert_eq!(
            faults(source),
            [
                "t.conf:1:1: unknown directive `SecRul`, did you mean `SecRule`?",
                "t.conf:2:1: SecRule takes targets, an operator and actions",
                "t.conf:3:3: directive `SecGuardianLog` is not supported: rules cannot run programs",
                "t.conf:4:15: `maybe` is not `On`, `Off` or `DetectionOnly`",
                "t.conf:5:19: `1-x` is not an id or a range of ids",
                "t.conf:6:35: `1252` is not 20127, the code page that is built in",
            ]
        );
    }

    #[test]
    fn what_changes_nothing_is_noted() {
        let ast = of("SecAuditEngine On\nSecArgumentSeparator &\n").unwrap();
        assert_eq!(ast.notes.len(), 2);
        assert_eq!(ast.notes[1].what, "SecArgumentSeparator");
        assert!(ast.items.is_empty());
    }
}
