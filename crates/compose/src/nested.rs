//! The components that stand in a component.

use anyhow::Context as _;
use wasm_encoder::{Component, ComponentSectionId, RawSection};
use wasmparser::BinaryReader;

/// Magic, version and layer.
const HEADER_BYTES: usize = 8;

/// Gives every component that stands directly in this one to `change`, and puts what comes back in
/// its place; `None` leaves it.
///
/// # Errors
/// Bytes that are no component, and what `change` finds wrong.
pub(crate) fn replace(
    component: &[u8],
    mut change: impl FnMut(&[u8]) -> anyhow::Result<Option<Vec<u8>>>,
) -> anyhow::Result<Vec<u8>> {
    let sections = component
        .get(HEADER_BYTES..)
        .context("it is no component")?;
    let mut reader = BinaryReader::new(sections, 0);
    let mut whole = Component::new();
    while !reader.eof() {
        let id = reader.read_u8()?;
        let length = reader.read_var_u32()? as usize;
        let data = reader.read_bytes(length)?;
        let changed = if id == ComponentSectionId::Component as u8 {
            change(data)?
        } else {
            None
        };
        whole.section(&RawSection {
            id,
            data: changed.as_deref().unwrap_or(data),
        });
    }
    Ok(whole.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{data, surface};
    use wasm_encoder::NestedComponentSection;

    #[test]
    fn one_part_is_replaced_and_all_else_stays() {
        let parts: Vec<Vec<u8>> = [&b"one"[..], b"two"]
            .map(|bytes| data(bytes).unwrap())
            .into();
        let mut whole = Component::new();
        for part in &parts {
            let mut inner = Component::new();
            // Everything of the part behind its header, as one component.
            let copied = replace(part, |_| Ok(None)).unwrap();
            assert_eq!(&copied, part);
            inner.section(&wasm_encoder::CustomSection {
                name: "part".into(),
                data: part.into(),
            });
            whole.section(&NestedComponentSection(&inner));
        }
        let whole = whole.finish();
        assert_eq!(replace(&whole, |_| Ok(None)).unwrap(), whole);
        let mut seen = 0;
        let other = data(b"three").unwrap();
        let changed = replace(&whole, |_| {
            seen += 1;
            Ok((seen == 2).then(|| other.clone()))
        })
        .unwrap();
        assert_eq!(seen, 2);
        assert!(surface(&changed).is_ok());
        let holds = |text: &[u8]| changed.windows(text.len()).any(|window| window == text);
        assert!(holds(b"one") && holds(b"three") && !holds(b"two"));
        assert!(replace(b"short", |_| Ok(None)).is_err());
    }
}
