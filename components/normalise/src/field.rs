//! The header fields that the gate itself looks at, found by length and then by name.

/// A header field that a stage of the gate reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Field {
    /// `Accept`.
    Accept,
    /// `Accept-Encoding`.
    AcceptEncoding,
    /// `Authorization`.
    Authorization,
    /// `Cache-Control`.
    CacheControl,
    /// `Connection`.
    Connection,
    /// `Content-Length`.
    ContentLength,
    /// `Content-Type`.
    ContentType,
    /// `Cookie`.
    Cookie,
    /// `Expect`.
    Expect,
    /// `Forwarded`.
    Forwarded,
    /// `Host`.
    Host,
    /// `If-None-Match`.
    IfNoneMatch,
    /// `Range`.
    Range,
    /// `Traceparent`.
    Traceparent,
    /// `Transfer-Encoding`.
    TransferEncoding,
    /// `Upgrade`.
    Upgrade,
    /// `User-Agent`.
    UserAgent,
    /// `X-Forwarded-For`.
    XForwardedFor,
    /// `X-Request-Id`.
    XRequestId,
}

impl Field {
    /// How many fields there are.
    pub(crate) const COUNT: usize = Self::XRequestId as usize + 1;
    const NAME_BYTES_MAX: usize = 17;

    /// The field of that name, in any case.
    #[must_use]
    pub fn of(name: &[u8]) -> Option<Self> {
        let candidates: &[Self] = match name.len() {
            4 => &[Self::Host],
            5 => &[Self::Range],
            6 => &[Self::Accept, Self::Cookie, Self::Expect],
            7 => &[Self::Upgrade],
            9 => &[Self::Forwarded],
            10 => &[Self::UserAgent, Self::Connection],
            11 => &[Self::Traceparent],
            12 => &[Self::ContentType, Self::XRequestId],
            13 => &[Self::Authorization, Self::CacheControl, Self::IfNoneMatch],
            14 => &[Self::ContentLength],
            15 => &[Self::AcceptEncoding, Self::XForwardedFor],
            17 => &[Self::TransferEncoding],
            _ => &[],
        };
        let ends = Ends::of(name)?;
        candidates.iter().copied().find(|field| {
            let known = KNOWN.get(*field as usize);
            known.is_some_and(|known| known.is_of(ends))
                // Both ends together are the whole name but for this one.
                && (name.len() <= 16 || name.eq_ignore_ascii_case(field.name().as_bytes()))
        })
    }

    const ALL: [Self; Self::COUNT] = [
        Self::Accept,
        Self::AcceptEncoding,
        Self::Authorization,
        Self::CacheControl,
        Self::Connection,
        Self::ContentLength,
        Self::ContentType,
        Self::Cookie,
        Self::Expect,
        Self::Forwarded,
        Self::Host,
        Self::IfNoneMatch,
        Self::Range,
        Self::Traceparent,
        Self::TransferEncoding,
        Self::Upgrade,
        Self::UserAgent,
        Self::XForwardedFor,
        Self::XRequestId,
    ];

    /// The known field that `name` becomes in an origin which cannot tell `_` from `-`
    /// (CGI, RFC 3875 §4.1.18), if `name` has an underscore.
    pub(crate) fn imitated_by(name: &[u8]) -> Option<Self> {
        if name.len() > Self::NAME_BYTES_MAX || !name.contains(&b'_') {
            return None;
        }
        let mut copy = [0_u8; Self::NAME_BYTES_MAX];
        let copy = copy.get_mut(..name.len())?;
        for (to, from) in copy.iter_mut().zip(name) {
            *to = if *from == b'_' { b'-' } else { *from };
        }
        Self::of(copy)
    }

    /// The name in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::AcceptEncoding => "accept-encoding",
            Self::Authorization => "authorization",
            Self::CacheControl => "cache-control",
            Self::Connection => "connection",
            Self::ContentLength => "content-length",
            Self::ContentType => "content-type",
            Self::Cookie => "cookie",
            Self::Expect => "expect",
            Self::Forwarded => "forwarded",
            Self::Host => "host",
            Self::IfNoneMatch => "if-none-match",
            Self::Range => "range",
            Self::Traceparent => "traceparent",
            Self::TransferEncoding => "transfer-encoding",
            Self::Upgrade => "upgrade",
            Self::UserAgent => "user-agent",
            Self::XForwardedFor => "x-forwarded-for",
            Self::XRequestId => "x-request-id",
        }
    }
}

/// The first and the last bytes of a name, eight each (four each of a shorter name): together all
/// of a name of 4 to 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Ends {
    first: u64,
    last: u64,
}

impl Ends {
    /// `None` for a name of less than 4 bytes.
    #[inline]
    const fn of(name: &[u8]) -> Option<Self> {
        if let (Some(first), Some(last)) = (name.first_chunk::<8>(), name.last_chunk::<8>()) {
            return Some(Self {
                first: u64::from_le_bytes(*first),
                last: u64::from_le_bytes(*last),
            });
        }
        match (name.first_chunk::<4>(), name.last_chunk::<4>()) {
            (Some(first), Some(last)) => Some(Self {
                first: u32::from_le_bytes(*first) as u64,
                last: u32::from_le_bytes(*last) as u64,
            }),
            _ => None,
        }
    }
}

/// The ends of a field's name in lower case, and the bits in which its letters may differ.
#[derive(Clone, Copy)]
struct Known {
    lower: Ends,
    either: Ends,
}

impl Known {
    #[inline]
    const fn is_of(self, ends: Ends) -> bool {
        ends.first | self.either.first == self.lower.first
            && ends.last | self.either.last == self.lower.last
    }
}

/// By `Field as usize`.
static KNOWN: [Known; Field::COUNT] = known();

/// The bit that of all bytes in the names only letters have.
const LETTERS: u64 = 0x4040_4040_4040_4040;

#[allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "evaluated by the compiler, where a fault is a compile error"
)]
const fn known() -> [Known; Field::COUNT] {
    let none = Ends { first: 0, last: 0 };
    let mut table = [Known {
        lower: none,
        either: none,
    }; Field::COUNT];
    let mut at = 0;
    while at < Field::COUNT {
        let field = Field::ALL[at];
        assert!(
            field as usize == at,
            "ALL stands in the order of the fields"
        );
        let lower = Ends::of(field.name().as_bytes()).unwrap();
        table[at] = Known {
            lower,
            either: Ends {
                first: (lower.first & LETTERS) >> 1,
                last: (lower.last & LETTERS) >> 1,
            },
        };
        at += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_in_any_case_and_with_no_byte_changed() {
        for field in Field::ALL {
            let name = field.name().as_bytes();
            assert_eq!(Field::of(name), Some(field));
            assert_eq!(Field::of(&name.to_ascii_uppercase()), Some(field));
            for at in 0..name.len() {
                for byte in 0..=255_u8 {
                    let mut other = name.to_vec();
                    other[at] = byte;
                    let same = byte.eq_ignore_ascii_case(&name[at]);
                    assert_eq!(Field::of(&other), same.then_some(field), "{other:?}");
                }
            }
        }
    }
}
