//! Texts with macros: `Score %{tx.anomaly_score}`.
use super::tables::Tables;
use super::variables;
use crate::fault::{Fault, FaultKind};
use crate::place::Text;
use lockgate_waf::program::{Collection, Macro, Part};

/// Reads a text. `%{` without `}` stands for itself, as in libmodsecurity.
///
/// # Errors
/// A macro that names no variable.
pub(crate) fn read(text: &Text, tables: &mut Tables) -> Result<Macro, Fault> {
    let whole = text.as_str();
    let mut parts = Vec::new();
    let mut plain = 0;
    while let Some(open) = whole.get(plain..).and_then(|rest| rest.find("%{")) {
        let open = plain + open;
        let Some(close) = whole.get(open..).and_then(|rest| rest.find('}')) else {
            break;
        };
        let close = open + close;
        push_text(&mut parts, whole.get(plain..open).unwrap_or_default());
        parts.push(part(&text.slice(open + 2..close), tables)?);
        plain = close + 1;
    }
    push_text(&mut parts, whole.get(plain..).unwrap_or_default());
    Ok(Macro { parts })
}

/// Whether a text has a macro in it.
pub(crate) fn any(text: &str) -> bool {
    text.find("%{")
        .is_some_and(|open| text.get(open..).is_some_and(|rest| rest.contains('}')))
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    if !text.is_empty() {
        parts.push(Part::Text(text.as_bytes().to_vec()));
    }
}

fn part(name: &Text, tables: &mut Tables) -> Result<Part, Fault> {
    let whole = name.as_str();
    let (variable, key) = match whole.find(['.', ':']) {
        Some(at) => (name.slice(0..at), whole.get(at + 1..)),
        None => (name.clone(), None),
    };
    let collection = variables::named(&variable)?;
    match (collection, key) {
        (Collection::Tx, Some(key)) => {
            let slot = tables.tx.number16(key.to_ascii_lowercase());
            slot.map(Part::Tx).ok_or_else(|| {
                let kind = FaultKind::Program("too many TX variables".to_owned());
                Fault::new(name.start(), kind)
            })
        }
        (_, Some(_)) if !collection.is_collection() => Err(Fault::new(
            name.start(),
            FaultKind::Value {
                value: whole.to_owned(),
                expected: "a variable: this one has no parts".to_owned(),
            },
        )),
        (_, key) => Ok(Part::Variable(collection, key.map(str::to_ascii_lowercase))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::tests::text;

    #[test]
    fn text_tx_and_other_variables() {
        let mut tables = Tables::new();
        let read = read(
            &text("a %{TX.Foo}%{REQUEST_HEADERS.User-Agent}b%{"),
            &mut tables,
        )
        .unwrap();
        assert_eq!(
            read.parts,
            [
                Part::Text(b"a ".to_vec()),
                Part::Tx(10),
                Part::Variable(Collection::RequestHeaders, Some("user-agent".to_owned())),
                Part::Text(b"b%{".to_vec()),
            ]
        );
        assert!(any("a%{b}") && !any("a%{") && !any("}%{"));
    }

    #[test]
    fn an_unknown_variable_has_its_column() {
        let fault = read(&text("ab%{MATCHED_VR}"), &mut Tables::new()).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "t.conf:1:5: unknown variable `MATCHED_VR`, did you mean `MATCHED_VAR`?"
        );
    }
}
