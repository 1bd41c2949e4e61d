//! Remarks, CDATA sections and document types.

use super::html::{State, Token, Tokens};
use crate::bytes;

impl<'a> Tokens<'a> {
    /// What stands behind `<!`.
    pub(super) fn declaration(&mut self) -> Token<'a> {
        let rest = bytes::from(self.input, self.at);
        if rest
            .get(..7)
            .is_some_and(|start| start.eq_ignore_ascii_case(b"DOCTYPE"))
        {
            // Nothing behind it matters any more.
            self.pass_rest();
            Token::Doctype
        } else if rest.starts_with(b"[CDATA[") {
            self.at += 7;
            self.cdata()
        } else if rest.starts_with(b"--") {
            self.at += 2;
            self.comment()
        } else {
            self.bogus_comment()
        }
    }

    /// A remark that ends with `>`.
    pub(super) fn bogus_comment(&mut self) -> Token<'a> {
        Token::Comment(match bytes::find(self.input, self.at, b'>') {
            Some(end) => self.pass(end, end + 1, State::Text),
            None => self.pass_rest(),
        })
    }

    /// A remark that ends with `%>`: `<% %>` of old browsers.
    pub(super) fn percent_comment(&mut self) -> Token<'a> {
        Token::Comment(match bytes::find_pair(self.input, self.at, b'%', b'>') {
            Some(end) => self.pass(end, end + 2, State::Text),
            None => self.pass_rest(),
        })
    }

    /// A remark that ends with `-->` or `-!>`, NULs behind the first dash not counted.
    fn comment(&mut self) -> Token<'a> {
        let mut from = self.at;
        while let Some(end) = bytes::find(self.input, from, b'-') {
            let rest = bytes::from(self.input, end + 1);
            let nulls = rest.iter().take_while(|&&byte| byte == 0).count();
            match bytes::from(rest, nulls) {
                _ if end + 3 > self.input.len() => break,
                // Past the end nothing ends it.
                [] | [b'-' | b'!'] => break,
                [b'-' | b'!', b'>', ..] => {
                    return Token::Comment(self.pass(end, end + 1 + nulls + 2, State::Text));
                }
                _ => from = end + 1,
            }
        }
        Token::Comment(self.pass_rest())
    }

    /// Text up to `]]>`.
    fn cdata(&mut self) -> Token<'a> {
        match memchr::memmem::find(bytes::from(self.input, self.at), b"]]>") {
            Some(len) => self.pass(self.at + len, self.at + len + 3, State::Text),
            None => self.pass_rest(),
        };
        Token::Other
    }
}

#[cfg(test)]
mod tests {
    use super::super::html::Html;
    use super::*;

    fn check(input: &[u8], expected: &[Token<'_>]) {
        let tokens: Vec<_> = Tokens::new(input, Html::Text).collect();
        assert_eq!(tokens, expected, "{}", input.escape_ascii());
    }

    #[test]
    fn ends() {
        use Token::{Comment, Other, Tag};
        check(b"<!--a-->b", &[Comment(b"a"), Other]);
        check(b"<!--a-!>b", &[Comment(b"a"), Other]);
        check(b"<!--a-\0->b", &[Comment(b"a"), Other]);
        check(b"<!--a->b", &[Comment(b"a->b")]);
        check(b"<!--a--x-->b", &[Comment(b"a--x"), Other]);
        check(b"<!-->b", &[Comment(b">b")]);
        check(b"<!--a--", &[Comment(b"a--")]);
        check(b"<!a>b", &[Comment(b"a"), Other]);
        check(b"<?a", &[Comment(b"a")]);
        check(b"<%a%b%>c", &[Comment(b"a%b"), Other]);
        check(b"<![CDATA[<a>]]><b", &[Other, Tag(b"b")]);
        check(b"<![cdata[a>", &[Comment(b"[cdata[a")]);
        check(b"</ a>b", &[Comment(b" a"), Other]);
        check(b"</a>b", &[Other, Other]);
        check(b"</>b", &[Other]);
    }
}
