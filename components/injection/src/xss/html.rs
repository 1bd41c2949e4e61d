//! Cuts a value into the tokens of HTML that matter (`libinjection_html5.c`).
//!
//! It follows the HTML standard's tokenizer, loosely: what browsers do with broken markup counts.

use crate::bytes;

/// Where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Html {
    /// In the text of a page.
    Text,
    /// Inside of a tag, behind its name.
    Tag,
    /// In the value of an attribute, inside of this quote.
    Value(u8),
}

/// A part of the markup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Text, or the end of a tag.
    Other,
    /// The name of a tag.
    Tag(&'a [u8]),
    /// The name of an attribute.
    Name(&'a [u8]),
    /// The value of an attribute.
    Value(&'a [u8]),
    /// The text of a remark.
    Comment(&'a [u8]),
    /// A document type.
    Doctype,
}

/// What is read next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    End,
    Text,
    TagOpen,
    TagClose,
    BeforeName,
    AfterName,
    BeforeValue,
    Quoted(u8),
    AfterQuoted,
    SelfClosing,
}

/// The tokens of a value.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    pub(super) input: &'a [u8],
    /// Where reading goes on, in bytes.
    pub(super) at: usize,
    state: State,
    /// Whether the tag is one that closes an element.
    closing: bool,
}

/// White space (`h5_is_white`). NUL is, for libinjection asks `strchr`.
fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r' | 0)
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        match self.state {
            State::End => None,
            State::Text => self.text(),
            State::TagOpen => self.tag_open(),
            State::TagClose => Some(self.tag_close()),
            State::BeforeName => self.before_name(),
            State::AfterName => self.after_name(),
            State::BeforeValue => self.before_value(),
            State::Quoted(quote) => Some(self.quoted(quote)),
            State::AfterQuoted => self.after_quoted(),
            State::SelfClosing => self.self_closing(),
        }
    }
}

impl<'a> Tokens<'a> {
    /// Begins to read `input`, which stands in `context`.
    pub(super) fn new(input: &'a [u8], context: Html) -> Self {
        let state = match context {
            Html::Text => State::Text,
            Html::Tag => State::BeforeName,
            Html::Value(quote) => State::Quoted(quote),
        };
        Self {
            input,
            at: 0,
            state,
            closing: false,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.input.get(self.at).copied()
    }

    /// Goes on at `at` in `state`; gives the bytes passed before `end`.
    pub(super) fn pass(&mut self, end: usize, at: usize, state: State) -> &'a [u8] {
        let passed = bytes::range(self.input, self.at, end);
        self.at = at;
        self.state = state;
        passed
    }

    /// Passes all that is left.
    pub(super) fn pass_rest(&mut self) -> &'a [u8] {
        self.pass(self.input.len(), self.input.len(), State::End)
    }

    /// Passes white space. What comes next; none at the end and before 0xFF, which as a `char`
    /// equals libinjection's mark of the end.
    fn skip_white(&mut self) -> Option<u8> {
        let rest = bytes::from(self.input, self.at);
        self.at += rest.iter().take_while(|&&byte| is_white(byte)).count();
        self.peek().filter(|&byte| byte != 0xff)
    }

    /// Text up to a `<`.
    fn text(&mut self) -> Option<Token<'a>> {
        let Some(end) = bytes::find(self.input, self.at, b'<') else {
            return (!self.pass_rest().is_empty()).then_some(Token::Other);
        };
        if self.pass(end, end + 1, State::TagOpen).is_empty() {
            return self.tag_open();
        }
        Some(Token::Other)
    }

    /// What stands behind a `<`.
    fn tag_open(&mut self) -> Option<Token<'a>> {
        match self.peek()? {
            b'!' => {
                self.at += 1;
                Some(self.declaration())
            }
            b'/' => {
                self.at += 1;
                self.closing = true;
                self.end_tag_open()
            }
            b'?' => {
                self.at += 1;
                Some(self.bogus_comment())
            }
            b'%' => {
                self.at += 1;
                Some(self.percent_comment())
            }
            b'a'..=b'z' | b'A'..=b'Z' | 0 => Some(self.tag_name()),
            _ => {
                self.state = State::Text;
                Some(Token::Other)
            }
        }
    }

    fn end_tag_open(&mut self) -> Option<Token<'a>> {
        match self.peek()? {
            b'>' => self.text(),
            b'a'..=b'z' | b'A'..=b'Z' => Some(self.tag_name()),
            _ => {
                self.closing = false;
                Some(self.bogus_comment())
            }
        }
    }

    /// The name of a tag; NULs belong to it.
    fn tag_name(&mut self) -> Token<'a> {
        let rest = bytes::from(self.input, self.at);
        let end = rest
            .iter()
            .position(|&byte| byte != 0 && (is_white(byte) || matches!(byte, b'/' | b'>')));
        let Some(len) = end else {
            return Token::Tag(self.pass_rest());
        };
        let end = self.at + len;
        match bytes::at(self.input, end) {
            b'>' if self.closing => {
                self.closing = false;
                self.pass(end, end + 1, State::Text);
                Token::Other
            }
            b'>' => Token::Tag(self.pass(end, end, State::TagClose)),
            b'/' => Token::Tag(self.pass(end, end + 1, State::SelfClosing)),
            _ => Token::Tag(self.pass(end, end + 1, State::BeforeName)),
        }
    }

    /// The `>` that ends a tag.
    fn tag_close(&mut self) -> Token<'a> {
        self.closing = false;
        self.at += 1;
        self.state = if self.at < self.input.len() {
            State::Text
        } else {
            State::End
        };
        Token::Other
    }

    /// What stands behind a `/` in a tag: its end, or the next attribute.
    fn self_closing(&mut self) -> Option<Token<'a>> {
        if self.peek()? == b'>' {
            self.at += 1;
            self.state = State::Text;
            Some(Token::Other)
        } else {
            self.before_name()
        }
    }

    /// What stands where an attribute may begin. Slashes are passed in a loop, however many.
    fn before_name(&mut self) -> Option<Token<'a>> {
        loop {
            match self.skip_white()? {
                b'/' => {
                    self.at += 1;
                    if self.peek()? == b'>' {
                        return self.self_closing();
                    }
                }
                b'>' => {
                    self.at += 1;
                    self.state = State::Text;
                    return Some(Token::Other);
                }
                _ => return Some(self.name()),
            }
        }
    }

    /// The name of an attribute. Its first byte may be any.
    fn name(&mut self) -> Token<'a> {
        let rest = bytes::from(self.input, self.at);
        let len = rest
            .iter()
            .skip(1)
            .position(|&byte| is_white(byte) || matches!(byte, b'/' | b'=' | b'>'));
        let Some(len) = len else {
            return Token::Name(self.pass_rest());
        };
        let end = self.at + 1 + len;
        Token::Name(match bytes::at(self.input, end) {
            b'/' => self.pass(end, end + 1, State::SelfClosing),
            b'=' => self.pass(end, end + 1, State::BeforeValue),
            b'>' => self.pass(end, end, State::TagClose),
            _ => self.pass(end, end + 1, State::AfterName),
        })
    }

    fn after_name(&mut self) -> Option<Token<'a>> {
        match self.skip_white()? {
            b'/' => {
                self.at += 1;
                self.self_closing()
            }
            b'=' => {
                self.at += 1;
                self.before_value()
            }
            b'>' => Some(self.tag_close()),
            _ => Some(self.name()),
        }
    }

    /// What stands behind the `=` of an attribute. A back quote quotes in Internet Explorer.
    fn before_value(&mut self) -> Option<Token<'a>> {
        Some(match self.skip_white()? {
            quote @ (b'"' | b'\'' | b'`') => self.quoted(quote),
            _ => self.unquoted(),
        })
    }

    /// A value inside of `quote`. The quote stands before it but for a value that begins so.
    fn quoted(&mut self, quote: u8) -> Token<'a> {
        if self.at > 0 {
            self.at += 1;
        }
        Token::Value(match bytes::find(self.input, self.at, quote) {
            Some(end) => self.pass(end, end + 1, State::AfterQuoted),
            None => self.pass_rest(),
        })
    }

    fn unquoted(&mut self) -> Token<'a> {
        let rest = bytes::from(self.input, self.at);
        let end = rest
            .iter()
            .position(|&byte| is_white(byte) || byte == b'>')
            .map(|len| self.at + len);
        Token::Value(match end {
            Some(end) if bytes::at(self.input, end) == b'>' => self.pass(end, end, State::TagClose),
            Some(end) => self.pass(end, end + 1, State::BeforeName),
            None => self.pass_rest(),
        })
    }

    fn after_quoted(&mut self) -> Option<Token<'a>> {
        match self.peek()? {
            b'/' => {
                self.at += 1;
                self.self_closing()
            }
            _ => self.before_name(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &[u8], context: Html, expected: &[Token<'_>]) {
        let tokens: Vec<_> = Tokens::new(input, context).collect();
        assert_eq!(tokens, expected, "{}", input.escape_ascii());
    }

    #[test]
    fn tags() {
        use Token::{Name, Other, Tag, Value};
        check(
            b"a<b c=d e='f' g>h",
            Html::Text,
            &[
                Other,
                Tag(b"b"),
                Name(b"c"),
                Value(b"d"),
                Name(b"e"),
                Value(b"f"),
                Name(b"g"),
                Other,
                Other,
            ],
        );
        check(b"<b/c/>", Html::Text, &[Tag(b"b"), Name(b"c"), Other]);
        check(b"<b/////c", Html::Text, &[Tag(b"b"), Name(b"c")]);
        check(b"<1", Html::Text, &[Other, Other]);
        check(b"<", Html::Text, &[]);
        check(b"<\0b\0 c", Html::Text, &[Tag(b"\0b\0"), Name(b"c")]);
        check(b"<b \xff=c", Html::Text, &[Tag(b"b")]);
        check(
            b"<b a = `c` =d=e",
            Html::Text,
            &[Tag(b"b"), Name(b"a"), Value(b"c"), Name(b"=d"), Value(b"e")],
        );
    }

    #[test]
    fn contexts() {
        use Token::{Name, Other, Value};
        check(b"a=b", Html::Tag, &[Name(b"a"), Value(b"b")]);
        check(b"a=b", Html::Text, &[Other]);
        check(
            b"a'b=c",
            Html::Value(b'\''),
            &[Value(b"a"), Name(b"b"), Value(b"c")],
        );
        check(b"'b", Html::Value(b'\''), &[Value(b""), Name(b"b")]);
        check(b"a\"/>b", Html::Value(b'"'), &[Value(b"a"), Other, Other]);
        check(b"a", Html::Value(b'`'), &[Value(b"a")]);
    }
}
