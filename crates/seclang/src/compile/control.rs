//! `ctl:option=value`.
use super::draft::{Chain, note};
use super::select::Selected;
use super::tables::Tables;
use super::variables;
use crate::ast::{self, Choice, Note};
use crate::fault::{Fault, FaultKind, What, unknown};
use crate::parse::{bad_value, engine_mode, ids, targets};
use crate::place::Text;
use lockgate_waf::program::{AuditEngine, BodyProcessor, Control, EngineMode};

const NAMES: &[&str] = &[
    "auditEngine",
    "auditLogParts",
    "debugLogLevel",
    "forceRequestBodyVariable",
    "parseXmlIntoArgs",
    "requestBodyAccess",
    "requestBodyLimit",
    "requestBodyProcessor",
    "responseBodyAccess",
    "responseBodyLimit",
    "responseBodyProcessor",
    "ruleEngine",
    "ruleRemoveById",
    "ruleRemoveByMsg",
    "ruleRemoveByTag",
    "ruleRemoveTargetById",
    "ruleRemoveTargetByMsg",
    "ruleRemoveTargetByTag",
];

/// Reads the value of a `ctl`; none when it changes nothing.
///
/// # Errors
/// An unknown option, or a value that it does not take.
pub(crate) fn read(
    value: &Text,
    chains: &[&Chain],
    tables: &mut Tables,
    notes: &mut Vec<Note>,
) -> Result<Option<Control>, Fault> {
    let text = value.as_str();
    let Some(equals) = text.find('=') else {
        return Err(bad_value(value, "an option and its value, `option=value`"));
    };
    let option = value.slice(0..equals).trimmed();
    let value = value.slice(equals + 1..text.len()).trimmed();
    let name = option.as_str().to_ascii_lowercase();
    let control = match name.as_str() {
        "auditengine" => Control::AuditEngine(audit_engine(&value)?),
        "forcerequestbodyvariable" => Control::ForceRequestBodyVariable(on(&value)?),
        "requestbodyaccess" => Control::RequestBodyAccess(on(&value)?),
        "responsebodyaccess" => Control::ResponseBodyAccess(on(&value)?),
        "requestbodylimit" => Control::RequestBodyLimit(bytes(&value)?),
        "responsebodylimit" => Control::ResponseBodyLimit(bytes(&value)?),
        "requestbodyprocessor" => Control::RequestBodyProcessor(processor(&value)?),
        "responsebodyprocessor" => Control::ResponseBodyProcessor(processor(&value)?),
        "ruleengine" => Control::RuleEngine(match engine_mode(&value)? {
            ast::EngineMode::On => EngineMode::On,
            ast::EngineMode::Off => EngineMode::Off,
            ast::EngineMode::DetectionOnly => EngineMode::DetectionOnly,
        }),
        "auditlogparts" | "debugloglevel" => {
            notes.push(note(
                &option,
                "there is no such log; see the decision record",
            ));
            return Ok(None);
        }
        "parsexmlintoargs" if value.as_str().eq_ignore_ascii_case("off") => {
            notes.push(note(&option, "this is how it is here"));
            return Ok(None);
        }
        "parsexmlintoargs" => return Err(bad_value(&value, "`Off`, the only one supported")),
        _ => return rules(&name, &option, &value, chains, tables, notes),
    };
    Ok(Some(control))
}

/// The options that take rules out.
fn rules(
    name: &str,
    option: &Text,
    value: &Text,
    chains: &[&Chain],
    tables: &mut Tables,
    notes: &mut Vec<Note>,
) -> Result<Option<Control>, Fault> {
    let (which, target) = if name.starts_with("ruleremovetarget") {
        let Some(semicolon) = value.as_str().find(';') else {
            return Err(bad_value(value, "rules and a target, separated by `;`"));
        };
        let which = value.slice(0..semicolon).trimmed();
        let target = value.slice(semicolon + 1..value.as_str().len()).trimmed();
        (which, Some(target))
    } else {
        (value.clone(), None)
    };
    let choice = match name
        .trim_start_matches("ruleremove")
        .trim_start_matches("target")
    {
        "byid" => Choice::Id(ids(std::slice::from_ref(&which))?),
        "bytag" => Choice::Tag(which.clone()),
        "bymsg" => Choice::Msg(which.clone()),
        _ => {
            let kind = unknown(What::Ctl, option.as_str(), NAMES.iter().copied());
            return Err(Fault::new(option.start(), kind));
        }
    };
    let ranges = Selected::of(&choice)?.ranges(chains.iter().copied());
    if ranges.is_empty() {
        notes.push(note(&which, "no rule is selected"));
    }
    let Some(target) = target else {
        return Ok(Some(Control::RemoveRules(ranges)));
    };
    let mut listed = targets(&target)?;
    for target in &mut listed {
        if target.count || target.exclude {
            return Err(Fault::new(
                target.place.clone(),
                FaultKind::Value {
                    value: value.as_str().to_owned(),
                    expected: "a plain target".to_owned(),
                },
            ));
        }
        target.exclude = true;
    }
    let (_, mut exclusions) = variables::targets(&listed, tables)?;
    match (exclusions.pop(), exclusions.is_empty()) {
        (Some(target), true) => Ok(Some(Control::RemoveTarget {
            rules: ranges,
            target,
        })),
        _ => Err(bad_value(&target, "one target")),
    }
}

fn on(value: &Text) -> Result<bool, Fault> {
    match value.as_str().to_ascii_lowercase().as_str() {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(bad_value(value, "`On` or `Off`")),
    }
}

fn bytes(value: &Text) -> Result<u32, Fault> {
    value
        .as_str()
        .parse()
        .map_err(|_| bad_value(value, "a number of bytes"))
}

fn audit_engine(value: &Text) -> Result<AuditEngine, Fault> {
    match value.as_str().to_ascii_lowercase().as_str() {
        "on" => Ok(AuditEngine::On),
        "off" => Ok(AuditEngine::Off),
        "relevantonly" => Ok(AuditEngine::RelevantOnly),
        _ => Err(bad_value(value, "`On`, `Off` or `RelevantOnly`")),
    }
}

fn processor(value: &Text) -> Result<BodyProcessor, Fault> {
    match value.as_str().to_ascii_uppercase().as_str() {
        "URLENCODED" => Ok(BodyProcessor::UrlEncoded),
        "MULTIPART" => Ok(BodyProcessor::Multipart),
        "JSON" => Ok(BodyProcessor::Json),
        "XML" => Ok(BodyProcessor::Xml),
        "RAW" => Ok(BodyProcessor::Raw),
        _ => Err(bad_value(
            value,
            "`URLENCODED`, `MULTIPART`, `JSON`, `XML` or `RAW`",
        )),
    }
}
