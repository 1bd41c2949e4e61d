//! Names of tags and attributes that run script.

use crate::table;

/// Why an attribute matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Danger {
    /// It does not.
    None,
    /// It runs script, or says where some is.
    Always,
    /// Its value is a URL.
    Url,
    /// Its value is a style sheet.
    Style,
    /// Its value is the name of another attribute.
    Indirect,
}

/// Names of events that an `on...` attribute starts with; sorted, none of them the start of another.
static EVENTS: [&[u8]; 362] = table::records(include_bytes!("../../data/events.txt"));

/// Names of attributes.
const ATTRIBUTES: [(&[u8], Danger); 20] = [
    (b"ACTION", Danger::Url),
    (b"ATTRIBUTENAME", Danger::Indirect),
    (b"BY", Danger::Url),
    (b"BACKGROUND", Danger::Url),
    (b"DATAFORMATAS", Danger::Always),
    (b"DATASRC", Danger::Always),
    (b"DYNSRC", Danger::Url),
    (b"FILTER", Danger::Style),
    (b"FORMACTION", Danger::Url),
    (b"FOLDER", Danger::Url),
    (b"FROM", Danger::Url),
    (b"HANDLER", Danger::Url),
    (b"HREF", Danger::Url),
    (b"LOWSRC", Danger::Url),
    (b"POSTER", Danger::Url),
    (b"SRC", Danger::Url),
    (b"STYLE", Danger::Style),
    (b"TO", Danger::Url),
    (b"VALUES", Danger::Url),
    (b"XLINK:HREF", Danger::Url),
];

/// Names of tags.
const TAGS: [&[u8]; 20] = [
    b"APPLET",
    b"BASE",
    b"COMMENT",
    b"EMBED",
    b"FRAME",
    b"FRAMESET",
    b"HANDLER",
    b"IFRAME",
    b"IMPORT",
    b"ISINDEX",
    b"LINK",
    b"LISTENER",
    b"META",
    b"NOSCRIPT",
    b"OBJECT",
    b"SCRIPT",
    b"STYLE",
    b"VMLFRAME",
    b"XML",
    b"XSS",
];

/// Whether a tag of this name runs script (`is_black_tag`): those listed, and all that start with
/// `svg` or `xsl`.
pub(super) fn is_tag(name: &[u8]) -> bool {
    name.len() >= 3
        && (TAGS.iter().any(|tag| is(name, tag))
            || starts_with(name, b"SVG")
            || starts_with(name, b"XSL"))
}

/// Why an attribute of this name matters (`is_black_attr`).
pub(super) fn attribute(name: &[u8]) -> Danger {
    if name.len() < 2 {
        return Danger::None;
    }
    if name.len() >= 5 {
        if let [b'o' | b'O', b'n' | b'N', event @ ..] = name
            && is_event(event)
        {
            return Danger::Always;
        }
        if starts_with(name, b"XMLNS") || starts_with(name, b"XLINK") {
            return Danger::Always;
        }
    }
    ATTRIBUTES
        .iter()
        .find(|(listed, _)| is(name, listed))
        .map_or(Danger::None, |(_, danger)| *danger)
}

/// Whether `name` starts with the name of an event. Of all listed names that sort up to `name` only
/// the last can be its start.
fn is_event(name: &[u8]) -> bool {
    let up_to = EVENTS.partition_point(|event| {
        event
            .iter()
            .copied()
            .le(name.iter().map(u8::to_ascii_uppercase))
    });
    up_to
        .checked_sub(1)
        .and_then(|last| EVENTS.get(last))
        .is_some_and(|event| starts_with(name, event))
}

/// Whether `text` starts with `word` (in upper case), whatever the case.
fn starts_with(text: &[u8], word: &[u8]) -> bool {
    text.get(..word.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(word))
}

/// Whether `text` without its NULs, which old browsers skip, is `word` (in upper case), whatever
/// the case (`cstrcasecmp_with_null`).
fn is(text: &[u8], word: &[u8]) -> bool {
    text.iter()
        .filter(|&&byte| byte != 0)
        .map(u8::to_ascii_uppercase)
        .eq(word.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags() {
        for name in [
            &b"script"[..],
            b"s\0cript\0",
            b"SvGx",
            b"xsl:a",
            b"XSS",
            b"base",
        ] {
            assert!(is_tag(name), "{}", name.escape_ascii());
        }
        for name in [&b"a"[..], b"scripts", b"sv", b"b\0", b"s\0vg", b"form"] {
            assert!(!is_tag(name), "{}", name.escape_ascii());
        }
    }

    #[test]
    fn attributes() {
        let check = |name: &[u8], danger| {
            assert_eq!(attribute(name), danger, "{}", name.escape_ascii());
        };
        check(b"href", Danger::Url);
        check(b"h\0ref", Danger::Url);
        check(b"hre", Danger::None);
        check(b"hrefs", Danger::None);
        check(b"to", Danger::Url);
        check(b"o", Danger::None);
        check(b"xmlns:a", Danger::Always);
        check(b"xlink:title", Danger::Always);
        check(b"onclick", Danger::Always);
        check(b"ONCLICKED", Danger::Always);
        check(b"on\0click", Danger::None);
        check(b"onclic", Danger::None);
        check(b"onzoom", Danger::Always);
        check(b"onzzzz", Danger::None);
        check(b"on\xff\xff\xff", Danger::None);
    }

    #[test]
    fn every_event_is_found() {
        assert!(EVENTS.is_sorted());
        for (at, event) in EVENTS.iter().enumerate() {
            assert!(event.iter().all(u8::is_ascii_uppercase));
            assert!(
                !EVENTS[at + 1..]
                    .iter()
                    .any(|longer| longer.starts_with(event))
            );
            let name = [b"on", &event.to_ascii_lowercase()[..], b"x"].concat();
            assert_eq!(attribute(&name), Danger::Always);
        }
    }
}
