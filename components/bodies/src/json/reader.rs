//! A reader of JSON that hands over one token at a time. It keeps duplicate keys and the order,
//! converts no numbers, and holds one bit for each object or array that it is in.

use super::Error;
use super::text::{Text, four_digits};
use crate::Limits;
use crate::text::{at, rest};

/// One token of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// `{`.
    StartObject,
    /// `}`.
    EndObject,
    /// `[`.
    StartArray,
    /// `]`.
    EndArray,
    /// The name of an object's member; its value comes next.
    Key(Text<'a>),
    /// A string.
    String(Text<'a>),
    /// A number, as it is written.
    Number(&'a [u8]),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    CommaOrEnd,
    Nothing,
}

/// Reads a document token by token.
#[derive(Debug)]
pub struct Reader<'a> {
    input: &'a [u8],
    position: usize,
    /// Whether each container is an object, from the outside in.
    inside: Vec<bool>,
    depth_max: usize,
    expect: Expect,
    fault: Option<Error>,
}

impl std::fmt::Debug for Expect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Value => "a value",
            Self::ValueOrEnd => "a value or `]`",
            Self::Key => "a name",
            Self::KeyOrEnd => "a name or `}`",
            Self::CommaOrEnd => "a comma or the end",
            Self::Nothing => "the end",
        })
    }
}

impl<'a> Reader<'a> {
    /// A reader of `input`. A byte order mark in front is passed over.
    #[must_use]
    pub fn new(input: &'a [u8], limits: &Limits) -> Self {
        let position = if input.starts_with(b"\xef\xbb\xbf") {
            3
        } else {
            0
        };
        Self {
            input,
            position,
            inside: Vec::new(),
            depth_max: limits.depth_max,
            expect: Expect::Value,
            fault: None,
        }
    }

    /// How many objects and arrays the reader is in.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.inside.len()
    }

    /// The next token; `None` behind the document.
    ///
    /// # Errors
    ///
    /// What stops the reading; and at the end the first fault that did not ([`Error::BadString`],
    /// [`Error::NotUtf8`]).
    pub fn next_event(&mut self) -> Result<Option<Event<'a>>, Error> {
        loop {
            while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
                self.position += 1;
            }
            let Some(byte) = self.peek() else {
                return match (self.expect, self.fault) {
                    (Expect::Nothing, None) => Ok(None),
                    (Expect::Nothing, Some(fault)) => Err(fault),
                    _ => Err(Error::Unfinished),
                };
            };
            match (self.expect, byte) {
                (Expect::Nothing, _) => return Err(Error::Trailing(self.position)),
                (Expect::CommaOrEnd, b',') => {
                    self.position += 1;
                    self.expect = match self.inside.last() {
                        Some(true) => Expect::Key,
                        _ => Expect::Value,
                    };
                }
                (Expect::CommaOrEnd | Expect::KeyOrEnd, b'}') if self.in_object() => {
                    self.close();
                    return Ok(Some(Event::EndObject));
                }
                (Expect::CommaOrEnd | Expect::ValueOrEnd, b']') if !self.in_object() => {
                    self.close();
                    return Ok(Some(Event::EndArray));
                }
                (Expect::Key | Expect::KeyOrEnd, b'"') => return self.key().map(Some),
                (Expect::Value | Expect::ValueOrEnd, _) => return self.value(byte).map(Some),
                _ => return Err(self.unexpected(byte)),
            }
        }
    }

    /// The string that the reader stands at, without its end: what a document breaks off with.
    #[must_use]
    pub fn begun(&self) -> Option<Text<'a>> {
        let raw = rest(self.input, self.position).strip_prefix(b"\"")?;
        Some(Text::new(raw, true))
    }

    fn peek(&self) -> Option<u8> {
        at(self.input, self.position)
    }

    fn in_object(&self) -> bool {
        self.inside.last() == Some(&true)
    }

    fn unexpected(&self, byte: u8) -> Error {
        Error::Unexpected {
            byte,
            offset: self.position,
        }
    }

    fn open(&mut self, object: bool) -> Result<(), Error> {
        if self.inside.len() >= self.depth_max {
            return Err(Error::TooDeep);
        }
        self.inside.push(object);
        self.position += 1;
        self.expect = if object {
            Expect::KeyOrEnd
        } else {
            Expect::ValueOrEnd
        };
        Ok(())
    }

    fn close(&mut self) {
        self.inside.pop();
        self.position += 1;
        self.after_value();
    }

    fn after_value(&mut self) {
        self.expect = if self.inside.is_empty() {
            Expect::Nothing
        } else {
            Expect::CommaOrEnd
        };
    }

    fn key(&mut self) -> Result<Event<'a>, Error> {
        let text = self.string()?;
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.position += 1;
        }
        match self.peek() {
            Some(b':') => {
                self.position += 1;
                self.expect = Expect::Value;
                Ok(Event::Key(text))
            }
            Some(byte) => Err(self.unexpected(byte)),
            None => Err(Error::Unfinished),
        }
    }

    fn value(&mut self, first: u8) -> Result<Event<'a>, Error> {
        let event = match first {
            b'{' => {
                self.open(true)?;
                return Ok(Event::StartObject);
            }
            b'[' => {
                self.open(false)?;
                return Ok(Event::StartArray);
            }
            b'"' => Event::String(self.string()?),
            b'-' | b'0'..=b'9' => Event::Number(self.number()?),
            _ => self.word()?,
        };
        self.after_value();
        Ok(event)
    }

    fn word(&mut self) -> Result<Event<'a>, Error> {
        const WORDS: [(&[u8], Event<'static>); 3] = [
            (b"true", Event::Bool(true)),
            (b"false", Event::Bool(false)),
            (b"null", Event::Null),
        ];
        let tail = rest(self.input, self.position);
        for (word, event) in WORDS {
            if tail.starts_with(word) {
                self.position += word.len();
                return Ok(event);
            }
            if word.starts_with(tail) {
                return Err(Error::Unfinished);
            }
        }
        Err(self.unexpected(at(tail, 0).unwrap_or(0)))
    }

    /// A number in the grammar of RFC 8259, section 6.
    fn number(&mut self) -> Result<&'a [u8], Error> {
        let start = self.position;
        if self.peek() == Some(b'-') {
            self.position += 1;
        }
        if self.peek() == Some(b'0') {
            self.position += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.position += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.position += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.position += 1;
            }
            self.digits()?;
        }
        Ok(self.input.get(start..self.position).unwrap_or_default())
    }

    /// At least one digit.
    fn digits(&mut self) -> Result<(), Error> {
        let start = self.position;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.position += 1;
        }
        match (self.position > start, self.peek()) {
            (true, _) => Ok(()),
            (false, Some(byte)) => Err(self.unexpected(byte)),
            (false, None) => Err(Error::Unfinished),
        }
    }

    /// The string whose opening quote the reader stands at.
    fn string(&mut self) -> Result<Text<'a>, Error> {
        let start = self.position + 1;
        let mut escaped = false;
        let mut i = start;
        loop {
            let tail = rest(self.input, i);
            let plain = memchr::memchr2(b'"', b'\\', tail).ok_or(Error::Unfinished)?;
            i += plain;
            if at(self.input, i) == Some(b'"') {
                break;
            }
            escaped = true;
            let valid = match at(self.input, i + 1) {
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => true,
                Some(b'u') => four_digits(self.input, i + 2).is_some(),
                Some(_) => false,
                None => return Err(Error::Unfinished),
            };
            if !valid {
                self.note(Error::BadString(i));
            }
            i += 2;
        }
        let raw = self.input.get(start..i).unwrap_or_default();
        if raw.iter().any(|&byte| byte < 0x20) {
            self.note(Error::BadString(start));
        }
        if let Err(fault) = std::str::from_utf8(raw) {
            self.note(Error::NotUtf8(start + fault.valid_up_to()));
        }
        self.position = i + 1;
        Ok(Text::new(raw, escaped))
    }

    /// Keeps the first fault that does not stop the reading.
    fn note(&mut self, fault: Error) {
        self.fault.get_or_insert(fault);
    }
}

#[cfg(test)]
mod tests;
