//! Reads remembered claims in place: one walk to check their structure, no allocation. A text is
//! looked at when it is asked for; one that is not UTF-8 ends its list.

use super::cursor::Cursor;
use super::{
    CLAIMS_BYTES_MAX, ClaimsBytesError, FLAGS_KNOWN, HAS_EXP, HAS_IAT, HAS_ISS, HAS_NBF, HAS_SUB,
    TAG_FALSE, TAG_INTEGER, TAG_NULL, TAG_NUMBER, TAG_OTHER, TAG_TEXT, TAG_TEXT_LIST, TAG_TRUE,
    VERSION,
};

/// The claims of a verified token, borrowed from the remembered bytes.
#[derive(Clone, Copy)]
pub struct ClaimsRef<'a> {
    exp: Option<i64>,
    nbf: Option<i64>,
    iat: Option<i64>,
    sub: Option<&'a str>,
    iss: Option<&'a str>,
    aud: TextList<'a>,
    scopes: TextList<'a>,
    others: Others<'a>,
}

/// One claim's value (RFC 7519 §4).
#[derive(Clone, Copy, Debug)]
pub enum Claim<'a> {
    /// JSON `null`.
    Null,
    /// A JSON boolean.
    Boolean(bool),
    /// A JSON number that is an integer of 64 bits.
    Integer(i64),
    /// Any other JSON number.
    Number(f64),
    /// A JSON string.
    Text(&'a str),
    /// An array of strings.
    TextList(TextList<'a>),
    /// An object or a mixed array: there, but its content was not kept.
    Other,
}

impl<'a> ClaimsRef<'a> {
    /// Reads the bytes of [`super::VerifiedClaims::to_bytes`].
    ///
    /// # Errors
    ///
    /// [`ClaimsBytesError`] when they are garbage, too long or of another version.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, ClaimsBytesError> {
        if bytes.len() > CLAIMS_BYTES_MAX {
            return Err(ClaimsBytesError);
        }
        Self::read(&mut Cursor::new(bytes)).ok_or(ClaimsBytesError)
    }

    fn read(cursor: &mut Cursor<'a>) -> Option<Self> {
        if cursor.u8()? != VERSION {
            return None;
        }
        let flags = cursor.u8()?;
        if flags & !FLAGS_KNOWN != 0 {
            return None;
        }
        let [exp, nbf, iat] = [cursor.i64()?, cursor.i64()?, cursor.i64()?];
        let [sub, iss] = [cursor.text()?, cursor.text()?];
        let claims = Self {
            exp: (flags & HAS_EXP != 0).then_some(exp),
            nbf: (flags & HAS_NBF != 0).then_some(nbf),
            iat: (flags & HAS_IAT != 0).then_some(iat),
            sub: (flags & HAS_SUB != 0).then_some(sub),
            iss: (flags & HAS_ISS != 0).then_some(iss),
            aud: TextList::read(cursor)?,
            scopes: TextList::read(cursor)?,
            others: Others::read(cursor)?,
        };
        cursor.is_empty().then_some(claims)
    }

    /// `exp` in seconds since 1970, rounded down (RFC 7519 §4.1.4).
    #[must_use]
    pub const fn expires_at(&self) -> Option<i64> {
        self.exp
    }

    /// `nbf` in seconds since 1970, rounded up (RFC 7519 §4.1.5).
    #[must_use]
    pub const fn not_before(&self) -> Option<i64> {
        self.nbf
    }

    /// `iat` in seconds since 1970, rounded up (RFC 7519 §4.1.6).
    #[must_use]
    pub const fn issued_at(&self) -> Option<i64> {
        self.iat
    }

    /// `sub` (RFC 7519 §4.1.2).
    #[must_use]
    pub const fn subject(&self) -> Option<&'a str> {
        self.sub
    }

    /// `iss` (RFC 7519 §4.1.1).
    #[must_use]
    pub const fn issuer(&self) -> Option<&'a str> {
        self.iss
    }

    /// `aud`, one string or many (RFC 7519 §4.1.3); empty when the claim is missing.
    #[must_use]
    pub const fn audiences(&self) -> TextList<'a> {
        self.aud
    }

    /// The granted scopes: `scope` (RFC 8693 §4.2) and the common `scp` and `scopes`, together.
    #[must_use]
    pub const fn scopes(&self) -> TextList<'a> {
        self.scopes
    }

    /// The claim `name` at the top level, registered ones included. The three spellings of
    /// scopes all give the whole list.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<Claim<'a>> {
        match name {
            "exp" => self.exp.map(Claim::Integer),
            "nbf" => self.nbf.map(Claim::Integer),
            "iat" => self.iat.map(Claim::Integer),
            "sub" => self.sub.map(Claim::Text),
            "iss" => self.iss.map(Claim::Text),
            "aud" => self.aud.some().map(Claim::TextList),
            "scope" | "scp" | "scopes" => self.scopes.some().map(Claim::TextList),
            _ => self
                .others
                .into_iter()
                .find_map(|(key, claim)| (key == name).then_some(claim)),
        }
    }
}

/// Shows no value: claims are personal data.
impl core::fmt::Debug for ClaimsRef<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ClaimsRef(..)")
    }
}

/// A list of strings within the remembered bytes.
#[derive(Clone, Copy)]
pub struct TextList<'a> {
    left: u16,
    cursor: Cursor<'a>,
}

impl<'a> TextList<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Option<Self> {
        let left = cursor.u16()?;
        let list = Self {
            left,
            cursor: *cursor,
        };
        for _ in 0..left {
            cursor.skip_text()?;
        }
        Some(list)
    }

    fn some(self) -> Option<Self> {
        (self.left > 0).then_some(self)
    }
}

impl<'a> Iterator for TextList<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        self.left = self.left.checked_sub(1)?;
        self.cursor.text()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::from(self.left), Some(usize::from(self.left)))
    }
}

/// Shows no value: claims are personal data.
impl core::fmt::Debug for TextList<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "TextList({} texts)", self.left)
    }
}

/// The claims that have no field of their own.
#[derive(Clone, Copy)]
struct Others<'a> {
    left: u16,
    cursor: Cursor<'a>,
}

impl<'a> Others<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Option<Self> {
        let left = cursor.u16()?;
        let others = Self {
            left,
            cursor: *cursor,
        };
        for _ in 0..left {
            skip_claim(cursor)?;
        }
        Some(others)
    }
}

impl<'a> Iterator for Others<'a> {
    type Item = (&'a str, Claim<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        read_claim(&mut self.cursor)
    }
}

fn skip_claim(cursor: &mut Cursor<'_>) -> Option<()> {
    cursor.skip_text()?;
    match cursor.u8()? {
        TAG_NULL | TAG_FALSE | TAG_TRUE | TAG_OTHER => Some(()),
        TAG_INTEGER | TAG_NUMBER => cursor.i64().map(drop),
        TAG_TEXT => cursor.skip_text(),
        TAG_TEXT_LIST => TextList::read(cursor).map(drop),
        _ => None,
    }
}

fn read_claim<'a>(cursor: &mut Cursor<'a>) -> Option<(&'a str, Claim<'a>)> {
    let name = cursor.text()?;
    let claim = match cursor.u8()? {
        TAG_NULL => Claim::Null,
        TAG_FALSE => Claim::Boolean(false),
        TAG_TRUE => Claim::Boolean(true),
        TAG_INTEGER => Claim::Integer(cursor.i64()?),
        TAG_NUMBER => Claim::Number(cursor.f64()?),
        TAG_TEXT => Claim::Text(cursor.text()?),
        TAG_TEXT_LIST => Claim::TextList(TextList::read(cursor)?),
        TAG_OTHER => Claim::Other,
        _ => return None,
    };
    Some((name, claim))
}
