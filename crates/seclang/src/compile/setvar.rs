//! `setvar:tx.name=value`.
use super::macros;
use super::tables::Tables;
use crate::fault::{Fault, FaultKind, What};
use crate::parse::bad_value;
use crate::place::Text;
use lockgate_waf::program::{Macro, SetVar, TxChange, TxName};

/// Reads the value of a `setvar`: `!tx.name` unsets, `tx.name` sets 1, `=+` and `=-` count.
///
/// # Errors
/// A collection other than TX, or no name.
pub(crate) fn read(value: &Text, tables: &mut Tables) -> Result<SetVar, Fault> {
    let whole = unquoted(value);
    let (unset, rest) = match whole.as_str().strip_prefix('!') {
        Some(_) => (true, whole.slice(1..whole.as_str().len()).trimmed()),
        None => (false, whole),
    };
    let (left, right) = match rest.as_str().find('=') {
        Some(at) => (
            rest.slice(0..at).trimmed(),
            Some(rest.slice(at + 1..rest.as_str().len()).trimmed()),
        ),
        None => (rest, None),
    };
    let name = name(&left, tables)?;
    let change = match right {
        _ if unset => TxChange::Unset,
        None => TxChange::Set(Macro::text(b"1")),
        Some(right) => change(&right, tables)?,
    };
    Ok(SetVar { name, change })
}

/// Without the quotes that may stand around the whole.
fn unquoted(value: &Text) -> Text {
    let text = value.as_str();
    if text.len() >= 2 && text.starts_with('\'') && text.ends_with('\'') {
        value.slice(1..text.len() - 1)
    } else {
        value.clone()
    }
}

fn name(left: &Text, tables: &mut Tables) -> Result<TxName, Fault> {
    let Some(dot) = left.as_str().find(['.', ':']) else {
        return Err(bad_value(left, "a variable such as `tx.name`"));
    };
    let collection = left.slice(0..dot);
    if !collection.as_str().eq_ignore_ascii_case("tx") {
        let kind = FaultKind::Refused {
            what: What::Variable,
            name: collection.as_str().to_owned(),
            why: "only TX can be set: there are no collections that outlive a transaction",
        };
        return Err(Fault::new(collection.start(), kind));
    }
    let name = left.slice(dot + 1..left.as_str().len());
    if name.as_str().is_empty() {
        return Err(bad_value(left, "a variable such as `tx.name`"));
    }
    if macros::any(name.as_str()) {
        return Ok(TxName::Dynamic(macros::read(&name, tables)?));
    }
    let slot = tables.tx.number16(name.as_str().to_ascii_lowercase());
    slot.map(TxName::Slot).ok_or_else(|| {
        let kind = FaultKind::Program("too many TX variables".to_owned());
        Fault::new(name.start(), kind)
    })
}

fn change(right: &Text, tables: &mut Tables) -> Result<TxChange, Fault> {
    let rest = unquoted(right);
    let tail = rest.slice(1..rest.as_str().len());
    match rest.as_str().as_bytes().first() {
        Some(b'+') => Ok(TxChange::Add(macros::read(&tail, tables)?)),
        Some(b'-') => Ok(TxChange::Subtract(macros::read(&tail, tables)?)),
        _ => Ok(TxChange::Set(macros::read(&rest, tables)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::tests::text;
    use lockgate_waf::program::Part;

    fn of(source: &str) -> Result<SetVar, String> {
        read(&text(source), &mut Tables::new()).map_err(|fault| fault.to_string())
    }

    #[test]
    fn each_form_is_read() {
        let slot = TxName::Slot(10);
        for (source, change) in [
            ("tx.a=b c", TxChange::Set(Macro::text(b"b c"))),
            ("TX.A='d'", TxChange::Set(Macro::text(b"d"))),
            ("tx.a=+5", TxChange::Add(Macro::text(b"5"))),
            (
                "tx.a=-%{tx.1}",
                TxChange::Subtract(Macro {
                    parts: vec![Part::Tx(1)],
                }),
            ),
            ("tx.a=", TxChange::Set(Macro::default())),
            ("tx.a", TxChange::Set(Macro::text(b"1"))),
            ("!tx.a", TxChange::Unset),
        ] {
            let want = SetVar {
                name: slot.clone(),
                change,
            };
            assert_eq!(of(source), Ok(want), "{source}");
        }
        let dynamic = of("tx.a_%{tx.0}=1").unwrap();
        assert!(matches!(dynamic.name, TxName::Dynamic(m) if m.parts.len() == 2));
    }

    #[test]
    fn only_tx_is_set() {
        assert!(
            of("ip.a=1")
                .unwrap_err()
                .starts_with("t.conf:1:1: variable `ip` is not supported")
        );
        assert!(of("a=1").is_err());
        assert!(of("tx.=1").is_err());
    }
}
