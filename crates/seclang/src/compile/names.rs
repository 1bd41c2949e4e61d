//! The names of ModSecurity's actions, and what becomes of those that the engine does not have.
use crate::ast::Action;
use crate::fault::{Fault, FaultKind, What, unknown};

/// The actions that the engine has.
const NAMES: &[&str] = &[
    "accuracy",
    "allow",
    "auditlog",
    "block",
    "capture",
    "chain",
    "ctl",
    "deny",
    "drop",
    "id",
    "initcol",
    "log",
    "logdata",
    "maturity",
    "msg",
    "multiMatch",
    "noauditlog",
    "nolog",
    "pass",
    "phase",
    "redirect",
    "rev",
    "severity",
    "setvar",
    "skip",
    "skipAfter",
    "status",
    "t",
    "tag",
    "ver",
];

/// Why collections other than TX are not there.
pub(crate) const KEEPS_NOTHING: &str = "there are no collections that outlive a transaction";
const CHANGES_NOTHING: &str = "a response is not changed by rules";

/// Actions of ModSecurity that the engine does not have.
const REFUSED: &[(&str, &str)] = &[
    ("append", CHANGES_NOTHING),
    ("deprecatevar", KEEPS_NOTHING),
    ("exec", "rules cannot run programs"),
    ("expirevar", KEEPS_NOTHING),
    ("pause", "a decision does not wait"),
    ("prepend", CHANGES_NOTHING),
    ("proxy", "where a request goes is decided by routes"),
    ("sanitiseArg", "arguments are not recorded"),
    ("sanitiseMatched", "use native redaction of the record"),
    ("sanitiseMatchedBytes", "use native redaction of the record"),
    ("sanitiseRequestHeader", "headers are not recorded"),
    ("sanitiseResponseHeader", "headers are not recorded"),
    ("setenv", "rules have no environment"),
    ("setrsc", KEEPS_NOTHING),
    ("setsid", KEEPS_NOTHING),
    ("setuid", KEEPS_NOTHING),
    ("xmlns", "XML is selected as a whole, without namespaces"),
];

/// Actions that libmodsecurity allows in the first rule of a chain only, or that mean nothing in
/// the others.
pub(crate) const HEAD_ONLY: &[&str] = &[
    "allow",
    "block",
    "deny",
    "drop",
    "id",
    "logdata",
    "msg",
    "pass",
    "phase",
    "redirect",
    "rev",
    "severity",
    "skip",
    "skipAfter",
    "status",
    "tag",
    "ver",
];

/// The fault of an action that is unknown or refused, or whose value is missing or too many.
pub(crate) fn misused(action: &Action) -> Fault {
    let name = action.name.as_str();
    let same = |known: &str| known.eq_ignore_ascii_case(name);
    let kind = if let Some((known, why)) = REFUSED.iter().find(|(known, _)| same(known)) {
        FaultKind::Refused {
            what: What::Action,
            name: (*known).to_owned(),
            why,
        }
    } else if NAMES.iter().any(|known| same(known)) {
        FaultKind::ActionValue {
            name: name.to_owned(),
            wanted: action.value.is_none(),
        }
    } else {
        unknown(What::Action, name, NAMES.iter().copied())
    };
    Fault::new(action.name.start(), kind)
}
