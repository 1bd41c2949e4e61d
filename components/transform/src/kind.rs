//! The transformations, their names, and what each does.

use serde::{Deserialize, Serialize};

use crate::parity::Parity;
use crate::summary::{self as kind, Summary};
use crate::{
    backslash, base64, command_line, comments, css, digest, hex, html, letters, parity, path,
    space, unicode, url,
};

/// One transformation of SecLang or AWS WAF.
///
/// Source: ModSecurity's reference manual, "Transformation functions"; AWS WAF's developer guide,
/// "Text transformations". Each AWS transformation but one is that of SecLang by another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Transformation {
    /// Decodes base64; what is none stays.
    Base64Decode,
    /// Decodes base64, passing over what is none.
    Base64DecodeExt,
    /// Encodes as base64.
    Base64Encode,
    /// Writes a shell command the way that shells read it.
    CmdLine,
    /// Makes runs of white space one space.
    CompressWhitespace,
    /// Decodes the escapes of CSS.
    CssDecode,
    /// Decodes the backslash escapes of ANSI C.
    EscapeSeqDecode,
    /// Reads pairs of hexadecimal digits.
    HexDecode,
    /// Writes bytes as pairs of hexadecimal digits.
    HexEncode,
    /// Decodes the entities of HTML.
    HtmlEntityDecode,
    /// Decodes the backslash escapes of JavaScript.
    JsDecode,
    /// The number of bytes, in decimal digits.
    Length,
    /// Makes the letters A to Z small.
    Lowercase,
    /// The MD5 digest, 16 bytes.
    Md5,
    /// Changes nothing.
    None,
    /// Drops empty segments, `.` and `..` from a path.
    NormalizePath,
    /// As `NormalizePath`; a backslash is a slash.
    NormalizePathWin,
    /// Makes the number of ones in each byte even.
    ParityEven7Bit,
    /// Makes the number of ones in each byte odd.
    ParityOdd7Bit,
    /// Clears the highest bit of each byte.
    ParityZero7Bit,
    /// Drops comments of C, HTML, SQL and shells.
    RemoveComments,
    /// Drops the characters that begin and end comments.
    RemoveCommentsChar,
    /// Drops NUL bytes.
    RemoveNulls,
    /// Drops white space and the bytes of no-break spaces.
    RemoveWhitespace,
    /// Makes comments of C one space.
    ReplaceComments,
    /// Makes NUL bytes spaces.
    ReplaceNulls,
    /// The SHA-1 digest, 20 bytes.
    Sha1,
    /// Decodes the hexadecimal literals of SQL.
    SqlHexDecode,
    /// Drops white space at both ends.
    Trim,
    /// Drops white space at the beginning.
    TrimLeft,
    /// Drops white space at the end.
    TrimRight,
    /// Makes the letters a to z large.
    Uppercase,
    /// Decodes `%hh` and `+`.
    UrlDecode,
    /// Decodes `%hh`, `+` and `%uhhhh`.
    UrlDecodeUni,
    /// Encodes all but letters, digits and `*`.
    UrlEncode,
    /// Writes UTF-8 sequences as `%uhhhh`.
    Utf8ToUnicode,
    /// AWS WAF's `COMPRESS_WHITE_SPACE`: the byte 0xA0 is white space too.
    CompressWhiteSpaceAws,
}

use Transformation as T;

/// Every transformation with its SecLang name and its AWS WAF name; the first entry of a
/// transformation has its proper name.
const NAMES: &[(T, Option<&str>, Option<&str>)] = &[
    (T::Base64Decode, Some("base64Decode"), Some("BASE64_DECODE")),
    (
        T::Base64DecodeExt,
        Some("base64DecodeExt"),
        Some("BASE64_DECODE_EXT"),
    ),
    (T::Base64Encode, Some("base64Encode"), None),
    (T::CmdLine, Some("cmdLine"), Some("CMD_LINE")),
    (T::CompressWhitespace, Some("compressWhitespace"), None),
    (T::CssDecode, Some("cssDecode"), Some("CSS_DECODE")),
    (
        T::EscapeSeqDecode,
        Some("escapeSeqDecode"),
        Some("ESCAPE_SEQ_DECODE"),
    ),
    (T::HexDecode, Some("hexDecode"), Some("HEX_DECODE")),
    (T::HexEncode, Some("hexEncode"), None),
    (
        T::HtmlEntityDecode,
        Some("htmlEntityDecode"),
        Some("HTML_ENTITY_DECODE"),
    ),
    (T::JsDecode, Some("jsDecode"), Some("JS_DECODE")),
    (T::Length, Some("length"), None),
    (T::Lowercase, Some("lowercase"), Some("LOWERCASE")),
    (T::Md5, Some("md5"), Some("MD5")),
    (T::None, Some("none"), Some("NONE")),
    (
        T::NormalizePath,
        Some("normalizePath"),
        Some("NORMALIZE_PATH"),
    ),
    (
        T::NormalizePathWin,
        Some("normalizePathWin"),
        Some("NORMALIZE_PATH_WIN"),
    ),
    (T::ParityEven7Bit, Some("parityEven7bit"), None),
    (T::ParityOdd7Bit, Some("parityOdd7bit"), None),
    (T::ParityZero7Bit, Some("parityZero7bit"), None),
    (T::RemoveComments, Some("removeComments"), None),
    (T::RemoveCommentsChar, Some("removeCommentsChar"), None),
    (T::RemoveNulls, Some("removeNulls"), Some("REMOVE_NULLS")),
    (T::RemoveWhitespace, Some("removeWhitespace"), None),
    (
        T::ReplaceComments,
        Some("replaceComments"),
        Some("REPLACE_COMMENTS"),
    ),
    (T::ReplaceNulls, Some("replaceNulls"), Some("REPLACE_NULLS")),
    (T::Sha1, Some("sha1"), None),
    (
        T::SqlHexDecode,
        Some("sqlHexDecode"),
        Some("SQL_HEX_DECODE"),
    ),
    (T::Trim, Some("trim"), None),
    (T::TrimLeft, Some("trimLeft"), None),
    (T::TrimRight, Some("trimRight"), None),
    (T::Uppercase, Some("uppercase"), None),
    (T::UrlDecode, Some("urlDecode"), Some("URL_DECODE")),
    (
        T::UrlDecodeUni,
        Some("urlDecodeUni"),
        Some("URL_DECODE_UNI"),
    ),
    (T::UrlEncode, Some("urlEncode"), None),
    (
        T::Utf8ToUnicode,
        Some("utf8toUnicode"),
        Some("UTF8_TO_UNICODE"),
    ),
    (T::NormalizePath, Some("normalisePath"), None),
    (T::NormalizePathWin, Some("normalisePathWin"), None),
    (T::CompressWhiteSpaceAws, None, Some("COMPRESS_WHITE_SPACE")),
];

impl Transformation {
    /// The transformation that SecLang's `t:` action calls `name`. Case does not matter.
    #[must_use]
    pub fn from_seclang(name: &str) -> Option<Self> {
        find(name, |&(_, seclang, _)| seclang)
    }

    /// The transformation that AWS WAF calls `name`. Case does not matter.
    #[must_use]
    pub fn from_aws(name: &str) -> Option<Self> {
        find(name, |&(_, _, aws)| aws)
    }

    /// Every name that [`Transformation::from_seclang`] knows.
    pub fn seclang_names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().filter_map(|&(_, seclang, _)| seclang)
    }

    /// Every name that [`Transformation::from_aws`] knows.
    pub fn aws_names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().filter_map(|&(_, _, aws)| aws)
    }

    /// Its name in SecLang, or in AWS WAF where SecLang has none.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES
            .iter()
            .find(|&&(transformation, _, _)| transformation == self)
            .and_then(|&(_, seclang, aws)| seclang.or(aws))
            .unwrap_or_default()
    }

    /// Whether this can change a value with this summary. `false` is certain, `true` is not.
    #[must_use]
    pub const fn may_change(self, value: Summary) -> bool {
        match self {
            Self::None => false,
            Self::Base64Decode => {
                value.has(kind::ANY) && (value.has(kind::NUL) || !value.has(kind::NOT_BASE64))
            }
            Self::Length | Self::Md5 | Self::Sha1 => true,
            Self::Base64DecodeExt
            | Self::Base64Encode
            | Self::HexDecode
            | Self::HexEncode
            | Self::ParityEven7Bit
            | Self::ParityOdd7Bit => value.has(kind::ANY),
            Self::CmdLine => value.has(kind::SHELL | kind::SPACE | kind::UPPER),
            Self::CompressWhitespace | Self::Trim | Self::TrimLeft | Self::TrimRight => {
                value.has(kind::SPACE)
            }
            Self::CompressWhiteSpaceAws | Self::RemoveWhitespace => {
                value.has(kind::SPACE | kind::NO_BREAK)
            }
            Self::CssDecode | Self::EscapeSeqDecode | Self::JsDecode => value.has(kind::BACKSLASH),
            Self::HtmlEntityDecode => value.has(kind::AMPERSAND),
            Self::Lowercase => value.has(kind::UPPER),
            Self::Uppercase => value.has(kind::LOWER),
            Self::NormalizePath => value.has(kind::DOT | kind::SLASH),
            Self::NormalizePathWin => value.has(kind::DOT | kind::SLASH | kind::BACKSLASH),
            Self::ParityZero7Bit => value.has(kind::HIGH),
            Self::RemoveComments => value.has(kind::COMMENT),
            Self::RemoveCommentsChar => value.has(kind::COMMENT | kind::STAR),
            Self::RemoveNulls | Self::ReplaceNulls => value.has(kind::NUL),
            Self::ReplaceComments => value.has(kind::STAR) && value.has(kind::SLASH),
            Self::SqlHexDecode => value.has(kind::LETTER_X),
            Self::UrlDecode | Self::UrlDecodeUni => value.has(kind::PERCENT_PLUS),
            Self::UrlEncode => value.has(kind::URL_UNSAFE),
            Self::Utf8ToUnicode => value.has(kind::HIGH | kind::NUL),
        }
    }

    /// Applies this to `input`.
    ///
    /// `true`: `out` holds the changed value and nothing else. `false`: the value stays as it is,
    /// and what `out` holds means nothing.
    pub fn apply(self, input: &[u8], out: &mut Vec<u8>) -> bool {
        match self {
            Self::Base64Decode => base64::decode(input, out),
            Self::Base64DecodeExt => base64::decode_ext(input, out),
            Self::Base64Encode => base64::encode(input, out),
            Self::CmdLine => command_line::normalise(input, out),
            Self::CompressWhitespace => space::compress(input, out, false),
            Self::CompressWhiteSpaceAws => space::compress(input, out, true),
            Self::CssDecode => css::decode(input, out),
            Self::EscapeSeqDecode => backslash::decode_ansi_c(input, out),
            Self::HexDecode => hex::decode(input, out),
            Self::HexEncode => hex::encode(input, out),
            Self::HtmlEntityDecode => html::decode(input, out),
            Self::JsDecode => backslash::decode_js(input, out),
            Self::Length => letters::length(input, out),
            Self::Lowercase => letters::lower(input, out),
            Self::Md5 => digest::md5(input, out),
            Self::None => false,
            Self::NormalizePath => path::normalise(input, out, false),
            Self::NormalizePathWin => path::normalise(input, out, true),
            Self::ParityEven7Bit => parity::apply(input, out, Parity::Even),
            Self::ParityOdd7Bit => parity::apply(input, out, Parity::Odd),
            Self::ParityZero7Bit => parity::apply(input, out, Parity::Zero),
            Self::RemoveComments => comments::remove(input, out),
            Self::RemoveCommentsChar => comments::remove_characters(input, out),
            Self::RemoveNulls => space::remove_nulls(input, out),
            Self::RemoveWhitespace => space::remove(input, out),
            Self::ReplaceComments => comments::replace(input, out),
            Self::ReplaceNulls => space::replace_nulls(input, out),
            Self::Sha1 => digest::sha1(input, out),
            Self::SqlHexDecode => hex::decode_sql(input, out),
            Self::Trim => space::trim(input, out, true, true),
            Self::TrimLeft => space::trim(input, out, true, false),
            Self::TrimRight => space::trim(input, out, false, true),
            Self::Uppercase => letters::upper(input, out),
            Self::UrlDecode => url::decode(input, out),
            Self::UrlDecodeUni => url::decode_uni(input, out),
            Self::UrlEncode => url::encode(input, out),
            Self::Utf8ToUnicode => unicode::encode(input, out),
        }
    }
}

fn find(
    name: &str,
    column: impl Fn(&(T, Option<&'static str>, Option<&'static str>)) -> Option<&'static str>,
) -> Option<T> {
    NAMES
        .iter()
        .find(|row| column(row).is_some_and(|known| known.eq_ignore_ascii_case(name)))
        .map(|&(transformation, _, _)| transformation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_written_and_in_any_case() {
        for name in T::seclang_names() {
            let found = T::from_seclang(name).expect("a listed name is known");
            assert_eq!(T::from_seclang(&name.to_uppercase()), Some(found));
            assert_eq!(found.name().replace('z', "s"), name.replace('z', "s"));
        }
        assert_eq!(T::from_seclang("base64decode"), Some(T::Base64Decode));
        assert_eq!(T::from_seclang("sqlHex"), None);
    }

    #[test]
    fn every_transformation_of_aws_waf_is_known() {
        assert_eq!(T::aws_names().count(), 21);
        assert_eq!(T::from_aws("URL_DECODE_UNI"), Some(T::UrlDecodeUni));
        let own = T::from_aws("COMPRESS_WHITE_SPACE").expect("it is known");
        assert_eq!(own.name(), "COMPRESS_WHITE_SPACE");
        assert_eq!(T::from_aws("lowercaseX"), None);
    }
}
