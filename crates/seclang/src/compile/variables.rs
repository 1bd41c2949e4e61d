//! Targets, by what the engine calls them.
use super::tables::Tables;
use crate::ast::{self, Selector};
use crate::fault::{Fault, FaultKind, What, unknown};
use crate::place::Text;
use lockgate_waf::program::{Collection, Exclusion, Key, Target};

/// Variables that are always empty here. A rule that reads one would never match, and silently.
const EMPTY: &[(Collection, &str)] = &[
    (Collection::Env, "a decision does not read the environment"),
    (Collection::Ip, KEEPS_NOTHING),
    (Collection::Global, KEEPS_NOTHING),
    (Collection::Resource, KEEPS_NOTHING),
    (Collection::Session, KEEPS_NOTHING),
    (Collection::User, KEEPS_NOTHING),
    (
        Collection::FilesTmpNames,
        "uploads are not written to files",
    ),
];

/// Variables of ModSecurity that the engine does not have.
const REFUSED: &[(&str, &str)] = &[
    ("FILES_TMP_CONTENT", "uploads are not written to files"),
    ("HIGHEST_SEVERITY", "severities are in the decision record"),
    ("MODSEC_BUILD", "this is not ModSecurity"),
    ("PERF_ALL", PERF),
    ("PERF_COMBINED", PERF),
    ("PERF_GC", PERF),
    ("PERF_LOGGING", PERF),
    ("PERF_PHASE1", PERF),
    ("PERF_PHASE2", PERF),
    ("PERF_PHASE3", PERF),
    ("PERF_PHASE4", PERF),
    ("PERF_PHASE5", PERF),
    ("PERF_RULES", PERF),
    ("SCRIPT_BASENAME", SCRIPT),
    ("SCRIPT_FILENAME", SCRIPT),
    ("SCRIPT_GID", SCRIPT),
    ("SCRIPT_GROUPNAME", SCRIPT),
    ("SCRIPT_MODE", SCRIPT),
    ("SCRIPT_UID", SCRIPT),
    ("SCRIPT_USERNAME", SCRIPT),
    ("SDBM_DELETE_ERROR", KEEPS_NOTHING),
    ("STREAM_INPUT_BODY", "bodies are inspected whole"),
    ("STREAM_OUTPUT_BODY", "bodies are inspected whole"),
    ("USERAGENT_IP", "there is no such module in front"),
];

const KEEPS_NOTHING: &str = "there are no collections that outlive a transaction";
const PERF: &str = "a decision does not read the clock";
const SCRIPT: &str = "no script runs here";

/// What a rule reads and what it leaves out.
///
/// # Errors
/// Unknown and refused variables, and selectors that a variable does not have.
pub(crate) fn targets(
    list: &[ast::Target],
    tables: &mut Tables,
) -> Result<(Vec<Target>, Vec<Exclusion>), Fault> {
    let (mut targets, mut exclusions) = (Vec::new(), Vec::new());
    for part in list {
        let (collection, key) = selected(part, tables)?;
        if part.exclude {
            exclusions.push(Exclusion { collection, key });
        } else {
            let count = part.count;
            targets.push(Target {
                collection,
                key,
                count,
            });
        }
    }
    Ok((targets, exclusions))
}

fn selected(target: &ast::Target, tables: &mut Tables) -> Result<(Collection, Key), Fault> {
    if target.variable.as_str().eq_ignore_ascii_case("XML") {
        return Ok((xml(target)?, Key::All));
    }
    let collection = named(&target.variable)?;
    let key = match &target.selector {
        None => Key::All,
        Some(Selector::Name(text) | Selector::Regex(text)) if !collection.is_collection() => {
            return Err(Fault::new(
                text.start(),
                FaultKind::Value {
                    value: text.as_str().to_owned(),
                    expected: format!("part of {}: it has none", collection.name()),
                },
            ));
        }
        Some(Selector::Name(name)) => {
            let name = name.as_str().to_ascii_lowercase();
            if collection == Collection::Tx {
                let slot = tables.tx.number16(name);
                Key::Slot(slot.ok_or_else(|| {
                    let kind = FaultKind::Program("too many TX variables".to_owned());
                    Fault::new(target.place.clone(), kind)
                })?)
            } else {
                Key::Name(name)
            }
        }
        Some(Selector::Regex(regex)) => {
            let pattern = tables.regex(regex.as_str(), true);
            let pattern = pattern
                .map_err(|error| Fault::new(regex.start(), FaultKind::Regex(error.to_string())))?;
            Key::Pattern(pattern.0)
        }
    };
    Ok((collection, key))
}

/// The two selections of XML that the engine has.
fn xml(target: &ast::Target) -> Result<Collection, Fault> {
    let path = match &target.selector {
        Some(Selector::Name(path) | Selector::Regex(path)) => path.as_str(),
        None => "",
    };
    match path {
        "/*" | "//*" => Ok(Collection::XmlText),
        "//@*" => Ok(Collection::XmlAttributes),
        _ => Err(Fault::new(
            target.place.clone(),
            FaultKind::Value {
                value: format!("XML:{path}"),
                expected: "`XML:/*` (all text) or `XML://@*` (all attributes)".to_owned(),
            },
        )),
    }
}

/// The variable of that name.
///
/// # Errors
/// There is none, or it is refused, or it is always empty.
pub(crate) fn named(name: &Text) -> Result<Collection, Fault> {
    let written = name.as_str();
    let refused = |why| {
        let what = What::Variable;
        let name = written.to_owned();
        FaultKind::Refused { what, name, why }
    };
    let empty = |collection| {
        EMPTY
            .iter()
            .find(|(of, _)| *of == collection)
            .map(|(_, why)| *why)
    };
    let kind = match Collection::from_name(written) {
        Some(collection) => match empty(collection) {
            None => return Ok(collection),
            Some(why) => refused(why),
        },
        None => match REFUSED
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(written))
        {
            Some((_, why)) => refused(*why),
            None => {
                let known = Collection::ALL.iter().map(|collection| collection.name());
                unknown(What::Variable, written, known)
            }
        },
    };
    Err(Fault::new(name.start(), kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::targets as parsed;
    use crate::parse::tests::text;

    fn of(source: &str) -> Result<(Vec<Target>, Vec<Exclusion>), String> {
        targets(&parsed(&text(source)).unwrap(), &mut Tables::new()).map_err(|f| f.to_string())
    }

    #[test]
    fn keys_are_names_slots_and_patterns() {
        let (targets, exclusions) =
            of("TX:1|TX:Foo|&REQUEST_HEADERS:Host|!ARGS:/^a/|xml://@*").unwrap();
        let keys: Vec<_> = targets.iter().map(|t| (t.key.clone(), t.count)).collect();
        assert_eq!(
            keys,
            [
                (Key::Slot(1), false),
                (Key::Slot(10), false),
                (Key::Name("host".to_owned()), true),
                (Key::All, false)
            ]
        );
        assert!(matches!(exclusions[0].key, Key::Pattern(_)));
    }

    #[test]
    fn what_would_never_match_is_refused() {
        for (source, message) in [
            (
                "ARG",
                "t.conf:1:1: unknown variable `ARG`, did you mean `ARGS`?",
            ),
            (
                "ARGS|IP:x",
                "t.conf:1:6: variable `IP` is not supported: there are no collections that \
                 outlive a transaction",
            ),
            (
                "REQUEST_URI:x",
                "t.conf:1:13: `x` is not part of REQUEST_URI: it has none",
            ),
            (
                "XML:/a/b",
                "t.conf:1:1: `XML:/a/b` is not `XML:/*` (all text) or `XML://@*` (all attributes)",
            ),
        ] {
            assert_eq!(of(source).unwrap_err(), message);
        }
    }
}
