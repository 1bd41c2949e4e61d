//! Folds tokens to five at most (`libinjection_sqli_fold`): what a database would read as one thing,
//! or that says nothing about an attack, becomes one token.
//!
//! The window of two or three tokens moves to the right; where something was folded it begins anew
//! at the left. Each step reads a token or moves within eight places, so time is linear.

use super::token::{Kind, Token};
use super::tokenizer::Tokenizer;
use super::{three, two};

/// How many letters a fingerprint has at most.
pub(super) const TOKENS_MAX: usize = 5;

/// What a look at the window came to.
pub(super) enum Step {
    /// Something was folded, or the window was moved: look again.
    Again,
    /// Nothing applies: look further.
    Further,
    /// The tokens up to the window's second are the result.
    Stop,
}

/// The tokens that are left, and the window on them.
#[derive(Debug)]
pub(super) struct Folder<'a> {
    tokens: [Token<'a>; 8],
    /// How many tokens there are: where the next one goes.
    pub(super) count: usize,
    /// Where the window begins.
    pub(super) left: usize,
    /// Whether the value may have more tokens.
    more: bool,
    /// The remark that was read last, if it was read after the last token.
    remark: Option<Token<'a>>,
}

impl<'a> Folder<'a> {
    /// The token `offset` places from the window's first.
    pub(super) fn window(&self, offset: usize) -> Token<'a> {
        self.place(self.left + offset)
    }

    /// The kinds of the window's first two tokens.
    pub(super) fn kinds(&self) -> (Kind, Kind) {
        (self.window(0).kind, self.window(1).kind)
    }

    /// Puts `token` `offset` places from the window's first.
    pub(super) fn put(&mut self, offset: usize, token: Token<'a>) {
        if let Some(place) = self.tokens.get_mut(self.left + offset) {
            *place = token;
        }
    }

    /// Makes the token `offset` places from the window's first one of `kind`.
    pub(super) fn turn(&mut self, offset: usize, kind: Kind) {
        let token = self.window(offset);
        self.put(offset, Token { kind, ..token });
    }

    /// Drops the last `dropped` tokens and begins anew at the left.
    pub(super) fn restart(&mut self, dropped: usize) -> Step {
        self.count = self.count.saturating_sub(dropped);
        self.left = 0;
        Step::Again
    }

    /// Drops the last token and looks at the one before the window as well.
    pub(super) fn step_back(&mut self) -> Step {
        self.count = self.count.saturating_sub(1);
        self.left = self.left.saturating_sub(1);
        Step::Again
    }

    fn place(&self, at: usize) -> Token<'a> {
        self.tokens.get(at).copied().unwrap_or(Token::EMPTY)
    }

    /// Reads until the window has `wanted` tokens, the value ends, or there is no room. Remarks
    /// are no tokens here.
    fn fill(&mut self, tokenizer: &mut Tokenizer<'a>, wanted: usize) -> bool {
        while self.more && self.count <= TOKENS_MAX && self.count - self.left < wanted {
            match tokenizer.next() {
                None => self.more = false,
                Some(token) if token.kind == Kind::Comment => self.remark = Some(token),
                Some(token) => {
                    self.remark = None;
                    if let Some(place) = self.tokens.get_mut(self.count) {
                        *place = token;
                    }
                    self.count += 1;
                }
            }
        }
        self.count - self.left >= wanted
    }

    /// Five tokens that say no more than their first: `1 + ( 2 )`, `a ) , ( b`.
    fn five(&mut self) {
        use Kind::{Bareword, Comma, LeftParenthesis, Number, Operator, RightParenthesis};
        if self.count < TOKENS_MAX {
            return;
        }
        let [a, b, c, d, e, ..] = self.tokens.map(|token| token.kind);
        let plain = matches!(
            (a, b, c, d, e),
            (
                Number,
                Operator | Comma,
                LeftParenthesis,
                Number,
                RightParenthesis
            ) | (
                Bareword,
                Operator,
                LeftParenthesis,
                Bareword | Number,
                RightParenthesis
            ) | (Number, RightParenthesis, Comma, LeftParenthesis, Number)
                | (
                    Bareword,
                    RightParenthesis,
                    Operator,
                    LeftParenthesis,
                    Bareword
                )
        );
        if !plain {
            return;
        }
        self.left = 0;
        if self.count > TOKENS_MAX {
            self.put(1, self.place(TOKENS_MAX));
            self.count = 2;
        } else {
            self.count = 1;
        }
    }
}

/// The first token that counts: remarks, parentheses, types and unary operators before it do not.
fn first<'a>(tokenizer: &mut Tokenizer<'a>) -> Option<Token<'a>> {
    std::iter::from_fn(|| tokenizer.next()).find(|token| {
        !matches!(
            token.kind,
            Kind::Comment | Kind::LeftParenthesis | Kind::SqlType
        ) && !token.is_unary()
    })
}

/// Folds the tokens of `tokenizer`. Gives them and how many there are, [`TOKENS_MAX`] at most.
pub(super) fn fold<'a>(tokenizer: &mut Tokenizer<'a>) -> ([Token<'a>; 8], usize) {
    let mut tokens = [Token::EMPTY; 8];
    let Some(token) = first(tokenizer) else {
        return (tokens, 0);
    };
    if let Some(place) = tokens.first_mut() {
        *place = token;
    }
    let mut folder = Folder {
        tokens,
        count: 1,
        left: 0,
        more: true,
        remark: None,
    };
    loop {
        folder.five();
        if !folder.more || folder.left >= TOKENS_MAX {
            break;
        }
        if !folder.fill(tokenizer, 2) {
            folder.left = folder.count;
            continue;
        }
        match two::fold(&mut folder) {
            Step::Again => continue,
            Step::Stop => return (folder.tokens, folder.left + 2),
            Step::Further => {}
        }
        if !folder.fill(tokenizer, 3) {
            folder.left = folder.count;
            continue;
        }
        if matches!(three::fold(&mut folder), Step::Further) {
            folder.left += 1;
        }
    }
    folder.left = folder.count;
    // A remark at the end tells where room is left.
    if folder.left < TOKENS_MAX
        && let Some(remark) = folder.remark
    {
        folder.put(0, remark);
        folder.left += 1;
    }
    (folder.tokens, folder.left.min(TOKENS_MAX))
}
