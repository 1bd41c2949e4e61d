//! Values and names below a JSON pointer (RFC 6901).

use super::{Error, Event, Reader};
use crate::Limits;

/// Why a text is no pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointerError {
    /// It is neither empty nor begins with a slash.
    #[error("a JSON pointer begins with `/`")]
    NoSlash,
    /// A `~` without `0` or `1` after it.
    #[error("in a JSON pointer `~` is written `~0`, and `/` in a name `~1`")]
    BadEscape,
}

/// A JSON pointer: `/a/0/b`. The empty one is the whole document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pointer(Vec<String>);

impl Pointer {
    /// Reads the string form of RFC 6901, section 3.
    ///
    /// # Errors
    ///
    /// [`PointerError`].
    pub fn parse(text: &str) -> Result<Self, PointerError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let tokens = text.strip_prefix('/').ok_or(PointerError::NoSlash)?;
        tokens
            .split('/')
            .map(unescape)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The names on the way, decoded.
    #[must_use]
    pub fn tokens(&self) -> &[String] {
        &self.0
    }

    /// Whether its token at `depth` names a member.
    fn names(&self, depth: usize, key: &[u8]) -> bool {
        self.0
            .get(depth)
            .is_some_and(|token| token.as_bytes() == key)
    }

    /// Whether its token at `depth` is the number of an element, in its only spelling.
    fn counts(&self, depth: usize, element: usize) -> bool {
        self.0.get(depth).is_some_and(|token| {
            token.parse() == Ok(element) && (token.len() == 1 || !token.starts_with(['0', '+']))
        })
    }
}

fn unescape(token: &str) -> Result<String, PointerError> {
    let mut out = String::with_capacity(token.len());
    let mut characters = token.chars();
    while let Some(character) = characters.next() {
        out.push(match character {
            '~' => match characters.next() {
                Some('0') => '~',
                Some('1') => '/',
                _ => return Err(PointerError::BadEscape),
            },
            other => other,
        });
    }
    Ok(out)
}

/// What [`select`] hands over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// The name of a member inside the value that the pointer names.
    Key(&'a [u8]),
    /// A string, number or boolean that the pointer names or that is inside the value that it
    /// names. Strings are decoded, numbers are as written, null is empty.
    Value(&'a [u8]),
    /// The beginning of a string, a name or a value, with which a document breaks off at or below
    /// the pointer. Decoded.
    Begun(&'a [u8]),
}

/// Hands every name and every value at or below `pointer` to `each`, in order; of duplicate names
/// each one. Says how many there were.
///
/// # Errors
///
/// Any [`Error`] of the document, also behind what the pointer names.
pub fn select(
    input: &[u8],
    pointer: &Pointer,
    limits: &Limits,
    mut each: impl FnMut(Part<'_>),
) -> Result<usize, Error> {
    let mut reader = Reader::new(input, limits);
    // The next element's number in each array around; `None` for an object.
    let mut elements: Vec<Option<usize>> = Vec::new();
    let mut room = Vec::new();
    let wanted = pointer.0.len();
    // How many tokens lead to where the reader is; `wanted` at and below the value.
    let mut matched = 0;
    let mut count = 0;
    loop {
        let event = match reader.next_event() {
            Ok(Some(event)) => event,
            Ok(None) => break,
            Err(error) => {
                if error == Error::Unfinished
                    && within(matched, wanted, elements.len(), &elements, pointer)
                    && let Some(text) = reader.begun()
                {
                    each(Part::Begun(text.decode(&mut room)));
                }
                return Err(error);
            }
        };
        let depth = elements.len();
        match event {
            Event::EndObject | Event::EndArray => {
                elements.pop();
                end_value(&mut elements, &mut matched);
                continue;
            }
            Event::Key(text) => {
                let key = text.decode(&mut room);
                if matched == wanted {
                    hand_over(Part::Key(key), &mut count, limits, &mut each)?;
                } else if matched + 1 == depth && pointer.names(depth - 1, key) {
                    matched += 1;
                }
                continue;
            }
            _ => {}
        }
        if let Some(Some(element)) = elements.last() {
            let here = matched + 1 == depth && matched < wanted;
            if here && pointer.counts(depth - 1, *element) {
                matched += 1;
            }
        }
        let value: &[u8] = match event {
            Event::StartObject | Event::StartArray => {
                elements.push((event == Event::StartArray).then_some(0));
                continue;
            }
            Event::String(text) => text.decode(&mut room),
            Event::Number(raw) => raw,
            Event::Bool(true) => b"true",
            Event::Bool(false) => b"false",
            _ => b"",
        };
        if matched == wanted {
            hand_over(Part::Value(value), &mut count, limits, &mut each)?;
        }
        end_value(&mut elements, &mut matched);
    }
    Ok(count)
}

/// Whether a value that begins here is at or below what the pointer names.
fn within(
    matched: usize,
    wanted: usize,
    depth: usize,
    elements: &[Option<usize>],
    pointer: &Pointer,
) -> bool {
    let next = elements.last().copied().flatten();
    let is_next = |element| {
        matched + 1 == depth && matched + 1 == wanted && pointer.counts(depth - 1, element)
    };
    matched == wanted || next.is_some_and(is_next)
}

fn hand_over<'p>(
    part: Part<'p>,
    count: &mut usize,
    limits: &Limits,
    each: &mut impl FnMut(Part<'_>),
) -> Result<(), Error> {
    if *count >= limits.items_max {
        return Err(Error::TooManyValues);
    }
    *count += 1;
    each(part);
    Ok(())
}

/// A value has ended: its own token, if it was one, leads nowhere any more.
fn end_value(elements: &mut [Option<usize>], matched: &mut usize) {
    let depth = elements.len();
    if let Some(Some(element)) = elements.last_mut() {
        *element += 1;
    }
    *matched = (*matched).min(depth.saturating_sub(1));
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r#"{"a":{"b":[10,{"c":"x","d":[true,null]},"z"],"a/b":"s","~":1},
        "a":{"b":[11]},"0":"zero","b":[12]}"#;

    fn found(pointer: &str) -> Vec<String> {
        let pointer = Pointer::parse(pointer).expect("a pointer");
        let mut found = Vec::new();
        select(DOCUMENT.as_bytes(), &pointer, &Limits::default(), |part| {
            let (mark, text) = match part {
                Part::Key(key) => ("k:", key),
                Part::Value(value) => ("", value),
                Part::Begun(text) => ("b:", text),
            };
            found.push(format!("{mark}{}", String::from_utf8_lossy(text)));
        })
        .expect("a document");
        found
    }

    #[test]
    fn values_by_pointer() {
        assert_eq!(found("/a/b/0"), ["10", "11"]);
        assert_eq!(found("/a/b/1/c"), ["x"]);
        assert_eq!(found("/a/b/1"), ["k:c", "x", "k:d", "true", ""]);
        assert_eq!(found("/a/a~1b"), ["s"]);
        assert_eq!(found("/a/~0"), ["1"]);
        assert_eq!(found("/0"), ["zero"]);
        assert_eq!(found("/b"), ["12"]);
        assert!(found("/a/b/01").is_empty() && found("/a/c").is_empty());
        assert!(found("/a/b/0/0").is_empty() && found("/c").is_empty());
        assert_eq!(found("").len(), 20);
    }

    #[test]
    fn the_whole_document_may_be_one_value() {
        let mut parts = 0;
        let pointer = Pointer::default();
        let count = select(b"5", &pointer, &Limits::default(), |part| {
            assert_eq!(part, Part::Value(b"5"));
            parts += 1;
        });
        assert_eq!((count, parts), (Ok(1), 1));
    }

    #[test]
    fn a_text_that_breaks_off_is_handed_over_where_the_pointer_leads() {
        let found = |document: &str, pointer: &str| {
            let pointer = Pointer::parse(pointer).expect("a pointer");
            let mut found = Vec::new();
            let read = select(document.as_bytes(), &pointer, &Limits::default(), |part| {
                if let Part::Begun(text) = part {
                    found.push(String::from_utf8_lossy(text).into_owned());
                }
            });
            (read, found)
        };
        let begun = |text: &str| (Err(Error::Unfinished), vec![text.to_owned()]);
        let nothing = (Err(Error::Unfinished), Vec::new());
        let document = r#"{"a":["x","be\u0067un \"#;
        assert_eq!(found(document, ""), begun("begun "));
        assert_eq!(found(document, "/a"), begun("begun "));
        assert_eq!(found(document, "/a/1"), begun("begun "));
        assert_eq!(found(document, "/a/0"), nothing);
        assert_eq!(found(document, "/b"), nothing);
        assert_eq!(found(r#"{"a":{"na"#, "/a"), begun("na"));
        assert_eq!(found(r#"{"a":"x","b"#, "/a"), nothing);
        assert_eq!(found(r#"{"a":12"#, ""), nothing);
    }

    #[test]
    fn what_is_no_pointer() {
        assert_eq!(Pointer::parse("a"), Err(PointerError::NoSlash));
        assert_eq!(Pointer::parse("/a~2"), Err(PointerError::BadEscape));
        assert_eq!(Pointer::parse("/a~"), Err(PointerError::BadEscape));
        assert_eq!(Pointer::parse("/").expect("a pointer").tokens(), [""]);
    }
}
