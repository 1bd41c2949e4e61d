//! Operators, by what the engine calls them.
use super::tables::Tables;
use super::{addresses, macros, phrases};
use crate::ast;
use crate::fault::{Fault, FaultKind, What, unknown};
use crate::parse::bad_value;
use crate::place::Text;
use lockgate_patterns::PatternId;
use lockgate_waf::program::{Comparison, Operator, PatternKind, TextMatch};

const NAMES: &[&str] = &[
    "beginsWith",
    "contains",
    "containsWord",
    "detectSQLi",
    "detectXSS",
    "endsWith",
    "eq",
    "ge",
    "gt",
    "ipMatch",
    "ipMatchF",
    "ipMatchFromFile",
    "le",
    "lt",
    "noMatch",
    "pm",
    "pmf",
    "pmFromFile",
    "rx",
    "streq",
    "strmatch",
    "unconditionalMatch",
    "validateByteRange",
    "validateUrlEncoding",
    "validateUtf8Encoding",
    "verifyCC",
    "within",
];

/// Operators of ModSecurity that the engine does not have.
const REFUSED: &[(&str, &str)] = &[
    ("fuzzyHash", "there are no fuzzy hashes"),
    ("geoLookup", "countries are matched by native rules"),
    ("gsbLookup", "a decision never asks the network"),
    ("inspectFile", "rules cannot run programs"),
    ("rbl", "a decision never asks the network"),
    ("rsub", "a response is not changed by rules"),
    ("rxGlobal", "captures are those of the first match"),
    ("validateDTD", "XML is not validated"),
    ("validateHash", "links are not rewritten"),
    ("validateSchema", "XML is not validated"),
    ("verifyCPF", "only card numbers are verified"),
    ("verifySSN", "only card numbers are verified"),
    ("verifySVNR", "only card numbers are verified"),
];

/// The operator of a rule.
///
/// # Errors
/// Unknown and refused operators, and arguments that an operator does not take.
pub(crate) fn operator(written: &ast::Operator, tables: &mut Tables) -> Result<Operator, Fault> {
    let argument = &written.argument;
    let name = written.name.as_str().to_ascii_lowercase();
    let text = |how, tables: &mut Tables| Ok(Operator::Text(how, macros::read(argument, tables)?));
    let number = |how, tables: &mut Tables| {
        let value = macros::read(argument, tables)?;
        if let Some(constant) = value.constant() {
            whole_number(constant).ok_or_else(|| bad_value(argument, "a whole number"))?;
        }
        Ok(Operator::Number(how, value))
    };
    match name.as_str() {
        "rx" => regex(argument, tables).map(|id| pattern(id, PatternKind::Regex)),
        "pm" => {
            let id = tables.phrases(phrases::words(argument)?);
            Ok(pattern(id, PatternKind::Phrases))
        }
        "pmf" | "pmfromfile" => {
            let id = tables.phrases(phrases::files(argument)?);
            Ok(pattern(id, PatternKind::Phrases))
        }
        "beginswith" => text(TextMatch::BeginsWith, tables),
        "contains" | "strmatch" => text(TextMatch::Contains, tables),
        "containsword" => text(TextMatch::ContainsWord, tables),
        "endswith" => text(TextMatch::EndsWith, tables),
        "streq" => text(TextMatch::Equals, tables),
        "within" => text(TextMatch::Within, tables),
        "eq" => number(Comparison::Equal, tables),
        "ge" => number(Comparison::AtLeast, tables),
        "gt" => number(Comparison::Greater, tables),
        "le" => number(Comparison::AtMost, tables),
        "lt" => number(Comparison::Less, tables),
        "ipmatch" => ip_match(addresses::list(argument)?, argument, tables),
        "ipmatchf" | "ipmatchfromfile" => ip_match(addresses::files(argument)?, argument, tables),
        "validatebyterange" => byte_range(argument),
        "verifycc" => {
            regex(argument, tables).map(|id| Operator::VerifyCreditCard { pattern: id.0 })
        }
        _ => without_argument(&name, written),
    }
}

fn pattern(id: PatternId, kind: PatternKind) -> Operator {
    Operator::Pattern {
        pattern: id.0,
        set: None,
        kind,
    }
}

/// The operators that take no argument; what stands there is passed over by ModSecurity too.
fn without_argument(name: &str, written: &ast::Operator) -> Result<Operator, Fault> {
    let kind = match name {
        "detectsqli" => return Ok(Operator::DetectSqli),
        "detectxss" => return Ok(Operator::DetectXss),
        "unconditionalmatch" => return Ok(Operator::Always),
        "nomatch" => return Ok(Operator::Never),
        "validateurlencoding" => return Ok(Operator::ValidateUrlEncoding),
        "validateutf8encoding" => return Ok(Operator::ValidateUtf8Encoding),
        _ => match REFUSED.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)) {
            Some((name, why)) => FaultKind::Refused {
                what: What::Operator,
                name: (*name).to_owned(),
                why,
            },
            None => unknown(What::Operator, written.name.as_str(), NAMES.iter().copied()),
        },
    };
    Err(Fault::new(written.name.start(), kind))
}

fn regex(argument: &Text, tables: &mut Tables) -> Result<PatternId, Fault> {
    if macros::any(argument.as_str()) {
        return Err(bad_value(
            argument,
            "a regular expression that can be compiled ahead of time: macros are not",
        ));
    }
    tables
        .regex(argument.as_str(), false)
        .map_err(|error| Fault::new(argument.start(), FaultKind::Regex(error.to_string())))
}

fn ip_match(
    nets: Vec<lockgate_waf::program::IpNet>,
    argument: &Text,
    tables: &mut Tables,
) -> Result<Operator, Fault> {
    let number = tables.ip_sets.number16(nets);
    number.map(Operator::IpMatch).ok_or_else(|| {
        let kind = FaultKind::Program("too many address sets".to_owned());
        Fault::new(argument.start(), kind)
    })
}

fn whole_number(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

/// Bytes and ranges of bytes that are allowed, separated by commas.
fn byte_range(argument: &Text) -> Result<Operator, Fault> {
    let mut allowed = [0u64; 4];
    for part in argument.as_str().split(',') {
        let part = part.trim();
        let (low, high) = part.split_once('-').unwrap_or((part, part));
        let bounds: Option<(u8, u8)> = low.trim().parse().ok().zip(high.trim().parse().ok());
        let Some((low, high)) = bounds.filter(|(low, high)| low <= high) else {
            return Err(bad_value(argument, "a list of bytes and ranges, 0 to 255"));
        };
        for byte in low..=high {
            if let Some(word) = allowed.get_mut(usize::from(byte / 64)) {
                *word |= 1 << (byte % 64);
            }
        }
    }
    Ok(Operator::ValidateByteRange(allowed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::FaultKind;
    use crate::parse::tests::text;

    fn of(source: &str) -> Result<Operator, FaultKind> {
        let written = crate::parse::tests::operator(&text(source));
        operator(&written, &mut Tables::new()).map_err(|fault| fault.kind)
    }

    #[test]
    fn ranges_of_bytes() {
        let Ok(Operator::ValidateByteRange(allowed)) = of("@validateByteRange 1-3,64, 255") else {
            panic!("no range");
        };
        assert_eq!(allowed, [0b1110, 1, 0, 1 << 63]);
        assert!(matches!(
            of("@validateByteRange 3-1"),
            Err(FaultKind::Value { .. })
        ));
        assert!(matches!(
            of("@validateByteRange 256"),
            Err(FaultKind::Value { .. })
        ));
    }

    #[test]
    fn what_is_not_there_is_told() {
        assert!(matches!(of("@rbl x"), Err(FaultKind::Refused { .. })));
        assert!(matches!(
            of("@beginWith x"),
            Err(FaultKind::Unknown { nearest: Some(n), .. }) if n == "beginsWith"
        ));
        assert!(matches!(of("@rx ("), Err(FaultKind::Regex(_))));
        assert!(matches!(of("@eq x"), Err(FaultKind::Value { .. })));
        assert!(of("@eq %{tx.a}").is_ok());
    }
}
