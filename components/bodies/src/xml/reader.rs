//! The markup of a document.

use memchr::memmem;

use super::{Document, Error, content, encoding};
use crate::Limits;
use crate::text::{at, is_space, rest, trim_end, trim_start};

/// Reads a document.
#[must_use]
pub fn parse(input: &[u8], limits: &Limits) -> Document {
    let mut found = Document::default();
    let (input, known) = encoding::to_utf8(input);
    if !known {
        found.note(Error::UnknownEncoding);
    }
    let mut reader = Reader {
        input: &input,
        position: 0,
        open: Vec::new(),
        has_root: false,
        limits,
        found,
    };
    let answer = reader.run();
    let mut found = reader.found;
    if let Err(error) = answer {
        found.note(error);
    }
    found
}

struct Reader<'a> {
    input: &'a [u8],
    position: usize,
    /// The names of the elements that are open.
    open: Vec<&'a [u8]>,
    has_root: bool,
    limits: &'a Limits,
    found: Document,
}

impl<'a> Reader<'a> {
    fn run(&mut self) -> Result<(), Error> {
        loop {
            let tail = rest(self.input, self.position);
            let length = memchr::memchr(b'<', tail).unwrap_or(tail.len());
            self.text(tail.get(..length).unwrap_or(tail));
            self.position += length;
            let markup = rest(self.input, self.position);
            if markup.is_empty() {
                break;
            }
            if !self.markup(markup)? {
                self.found.note(Error::Unfinished(self.position));
                content::text(markup, &mut self.found);
                break;
            }
        }
        if !self.open.is_empty() {
            self.found.note(Error::OpenElement);
        } else if !self.has_root {
            self.found.note(Error::NoRoot);
        }
        Ok(())
    }

    fn text(&mut self, raw: &[u8]) {
        if self.open.is_empty() {
            if raw.iter().all(|&byte| is_space(byte)) {
                return;
            }
            self.found.note(Error::OutsideRoot(self.position));
        }
        content::text(raw, &mut self.found);
    }

    /// Whatever `markup` begins with, and moves behind it. `false` where it has no end.
    fn markup(&mut self, markup: &'a [u8]) -> Result<bool, Error> {
        let end = if markup.starts_with(b"<!--") {
            behind(markup, 4, b"-->")
        } else if markup.starts_with(b"<?") {
            behind(markup, 2, b"?>")
        } else if markup.starts_with(b"<![CDATA[") {
            let end = behind(markup, 9, b"]]>");
            if let Some(end) = end {
                if self.open.is_empty() {
                    self.found.note(Error::OutsideRoot(self.position));
                }
                let inner = markup.get(9..end - 3).unwrap_or_default();
                content::section(inner, &mut self.found);
            }
            end
        } else if markup.starts_with(b"<!") {
            let end = end_of_declaration(markup);
            let raw = end.and_then(|end| markup.get(..end));
            self.found
                .doctype
                .extend_from_slice(raw.unwrap_or_default());
            end
        } else if markup.starts_with(b"</") {
            let end = behind(markup, 2, b">");
            if let Some(end) = end {
                self.end_tag(markup.get(2..end - 1).unwrap_or_default());
            }
            end
        } else {
            self.start_tag(markup)?
        };
        self.position += end.unwrap_or(0);
        Ok(end.is_some())
    }

    /// Closes the innermost element. An end tag that does not fit closes the element of its name
    /// if that is the one around, and else nothing.
    fn end_tag(&mut self, name: &[u8]) {
        let name = trim_end(name, is_space);
        if self.open.last() == Some(&name) {
            self.open.pop();
            return;
        }
        self.found.note(Error::MismatchedTag(self.position));
        let around = self.open.len().checked_sub(2);
        if around.and_then(|index| self.open.get(index)) == Some(&name) {
            self.open.truncate(self.open.len().saturating_sub(2));
        }
    }

    /// A start tag or an empty element: its length, `None` where it has no end.
    fn start_tag(&mut self, markup: &'a [u8]) -> Result<Option<usize>, Error> {
        let begins = at(markup, 1).is_some_and(|byte| {
            byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':') || byte >= 0x80
        });
        if !begins {
            // No tag at all: a `<` that should have been written `&lt;`.
            self.found.note(Error::BadTag(self.position));
            content::section(b"<", &mut self.found);
            return Ok(Some(1));
        }
        let ends_name = |byte: u8| is_space(byte) || matches!(byte, b'/' | b'>' | b'=');
        let name = token(rest(markup, 1), ends_name);
        let mut i = 1 + name.len();
        let mut is_empty = false;
        loop {
            let tail = trim_start(rest(markup, i), is_space);
            i = markup.len() - tail.len();
            match at(tail, 0) {
                None => return Ok(None),
                Some(b'>') => break,
                Some(b'/') => {
                    is_empty = at(tail, 1) == Some(b'>');
                    if !is_empty {
                        self.found.note(Error::BadTag(self.position));
                    }
                    i += 1;
                }
                Some(_) => match self.attribute(tail)? {
                    Some(length) => i += length,
                    None => return Ok(None),
                },
            }
        }
        if self.open.is_empty() && self.has_root {
            self.found.note(Error::OutsideRoot(self.position));
        }
        self.has_root = true;
        if !is_empty {
            if self.open.len() >= self.limits.depth_max {
                return Err(Error::TooDeep);
            }
            self.open.push(name);
        }
        Ok(Some(i + 1))
    }

    /// An attribute at the beginning of `tail`: its length, `None` where it has no end.
    fn attribute(&mut self, tail: &[u8]) -> Result<Option<usize>, Error> {
        let ends_name = |byte: u8| is_space(byte) || matches!(byte, b'=' | b'>' | b'/');
        let name = token(tail, ends_name);
        let behind = trim_start(rest(tail, name.len()), is_space);
        let Some(value) = behind.strip_prefix(b"=") else {
            // A name without a value.
            self.found.note(Error::BadTag(self.position));
            return Ok(Some(name.len().max(1)));
        };
        let value = trim_start(value, is_space);
        let (raw, length) = match value.split_first() {
            None => return Ok(None),
            Some((quote @ (b'"' | b'\''), inner)) => match memchr::memchr(*quote, inner) {
                Some(end) => (inner.get(..end).unwrap_or_default(), end + 2),
                None => return Ok(None),
            },
            Some(_) => {
                self.found.note(Error::BadTag(self.position));
                let raw = token(value, |byte| is_space(byte) || byte == b'>');
                (raw, raw.len())
            }
        };
        if raw.contains(&b'<') || name.is_empty() {
            self.found.note(Error::BadTag(self.position));
        }
        if name != b"xmlns" && !name.starts_with(b"xmlns:") {
            if self.found.attributes.len() >= self.limits.items_max {
                return Err(Error::TooManyAttributes);
            }
            let value = content::attribute(raw, &mut self.found);
            self.found.attributes.push(value);
        }
        Ok(Some(tail.len() - value.len() + length))
    }
}

/// The bytes of `input` before the first that `ends` names.
fn token(input: &[u8], ends: impl Fn(u8) -> bool) -> &[u8] {
    let length = input.iter().position(|&byte| ends(byte));
    input.get(..length.unwrap_or(input.len())).unwrap_or(input)
}

/// The place behind the first `end` in `markup` that begins at or behind `from`.
fn behind(markup: &[u8], from: usize, end: &[u8]) -> Option<usize> {
    let found = memmem::find(rest(markup, from), end)?;
    Some(from + found + end.len())
}

/// The length of a declaration that begins with `<!`, with its internal subset.
fn end_of_declaration(markup: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut i = 0;
    loop {
        let tail = rest(markup, i);
        i += match at(tail, 0)? {
            quote @ (b'"' | b'\'') => memchr::memchr(quote, rest(tail, 1))? + 2,
            b'<' if tail.starts_with(b"<!--") => behind(tail, 4, b"-->")?,
            b'<' if tail.starts_with(b"<?") => behind(tail, 2, b"?>")?,
            b'<' => {
                depth += 1;
                1
            }
            b'>' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(i + 1);
                }
                1
            }
            _ => 1,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &str) -> (String, Vec<String>, Option<Error>) {
        let found = parse(input.as_bytes(), &Limits::default());
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        let attributes = found.attributes.into_iter().map(text).collect();
        (text(found.text), attributes, found.error)
    }

    fn good(input: &str, text: &str, attributes: &[&str]) {
        let attributes = attributes.iter().map(ToString::to_string).collect();
        assert_eq!(read(input), (text.to_owned(), attributes, None), "{input}");
    }

    #[test]
    fn text_and_attributes() {
        good("<?xml version=\"1.0\"?>\n<a/>\n", "", &[]);
        good("<a>x<b>y</b >z</a>", "xyz", &[]);
        good(
            "<a b='1' c = \"2&lt;\n3\" xmlns='u:x' xmlns:p='y' p:d=''>t</a>",
            "t",
            &["1", "2< 3", ""],
        );
        good(
            "<a>&amp;&#65;&#x42;&quot;&apos;\r\n\r</a>",
            "&AB\"'\n\n",
            &[],
        );
        good(
            "<a><!-- no <b> --><![CDATA[<&amp;]]><?p q?>y</a>",
            "<&amp;y",
            &[],
        );
        good("<a><b/><c d='e'/></a>", "", &["e"]);
    }

    #[test]
    fn a_declaration_is_kept_and_not_expanded() {
        let input = "<!DOCTYPE a [<!ENTITY x \"1>2\"><!-- ' --> ]><a>&x;</a>";
        let found = parse(input.as_bytes(), &Limits::default());
        assert_eq!(found.text, b"&x;");
        assert!(found.doctype.ends_with(b"]>"));
        assert_eq!(found.error, Some(Error::UnknownEntity));
    }

    #[test]
    fn faults_do_not_hide_what_comes_behind_them() {
        for (input, text, error) in [
            ("", "", Error::NoRoot),
            ("plain", "plain", Error::OutsideRoot(0)),
            ("<a>x", "x", Error::OpenElement),
            ("<a>x</b>y</a>", "xy", Error::MismatchedTag(4)),
            ("<a><b>x</a>", "x", Error::MismatchedTag(7)),
            ("<a>1 < 2</a>", "1 < 2", Error::BadTag(5)),
            ("<a/>x<b>y</b>", "xy", Error::OutsideRoot(4)),
            ("<a>x<!-- y", "x<!-- y", Error::Unfinished(4)),
            ("<a>x<b c='d", "x<b c='d", Error::Unfinished(4)),
            ("<a>&nbsp;&#0;&;</a>", "&nbsp;&#0;&;", Error::UnknownEntity),
            ("<a b c=d>x</a>", "x", Error::BadTag(0)),
        ] {
            let (found, _, fault) = read(input);
            assert_eq!((found.as_str(), fault), (text, Some(error)), "{input}");
        }
        assert_eq!(read("<a b c=d e='f'/>").1, ["d", "f"]);
    }

    #[test]
    fn bombs_end_in_time() {
        let deep = "<a>".repeat(300_000);
        assert_eq!(read(&deep).2, Some(Error::TooDeep));
        let wide = format!("<a {}/>", "b='' ".repeat(200_000));
        assert_eq!(read(&wide).2, Some(Error::TooManyAttributes));
        for unit in [
            "<1", "<a b", "&", "</a", "<a/>", "&#x", "<!", "='", "<a b=c",
        ] {
            let long = unit.repeat(300_000);
            assert!(read(&long).2.is_some(), "{unit}");
        }
    }
}
