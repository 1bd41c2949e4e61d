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
        candidates
            .iter()
            .copied()
            .find(|field| name.eq_ignore_ascii_case(field.name().as_bytes()))
    }

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
