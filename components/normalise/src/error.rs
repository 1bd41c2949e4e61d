//! Why a request head is refused: one stable code and one status each.

/// A request head that has no safe canonical form.
///
/// [`code`](Self::code) is part of the public interface (problem bodies, records, metrics): codes
/// are added, never renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NormaliseError {
    /// The method is empty, too long or not a token (RFC 9110 §9.1).
    #[error("the method is not a token of at most 32 bytes")]
    MethodInvalid,
    /// The target is empty, or its form does not belong to the method (RFC 9112 §3.2).
    #[error("the request target has none of the four forms that the method may have")]
    TargetForm,
    /// An absolute-form target that is neither http nor https.
    #[error("the scheme of the request target is neither http nor https")]
    TargetScheme,
    /// The target is longer than the limit, as it came or in its canonical form.
    #[error("the request target is too long")]
    TargetTooLong,
    /// A `#`: a fragment never belongs into a request (RFC 9112 §3.2).
    #[error("the request target holds a fragment")]
    TargetFragment,
    /// A `%` in the path that is not followed by two hexadecimal digits.
    #[error("the path holds an invalid percent triplet")]
    PathPercent,
    /// `%00` or a raw NUL in the path.
    #[error("the path holds a NUL")]
    PathNul,
    /// Another control byte in the path, raw or encoded, or a raw space.
    #[error("the path holds a control byte or a raw space")]
    PathControl,
    /// The decoded path is not UTF-8 (overlong forms and surrogates included).
    #[error("the path is not UTF-8 after decoding")]
    PathUtf8,
    /// `%2F` in the path: origins disagree whether it separates segments.
    #[error("the path holds an encoded slash")]
    PathEncodedSlash,
    /// `\` or `%5C` in the path: some origins read it as a slash.
    #[error("the path holds a backslash")]
    PathBackslash,
    /// `..` leaves the root.
    #[error("the path climbs above the root")]
    PathAboveRoot,
    /// A dot segment with a parameter (`..;x`), which servlet containers read as `..`.
    #[error("the path holds a dot segment with a parameter")]
    PathDotParameter,
    /// `%00` or a raw NUL in the query.
    #[error("the query holds a NUL")]
    QueryNul,
    /// A raw control byte or space in the query. Encoded ones (a text area's `%0D%0A`) are fine.
    #[error("the query holds a raw control byte or space")]
    QueryControl,
    /// The decoded query is not UTF-8.
    #[error("the query is not UTF-8 after decoding")]
    QueryUtf8,
    /// No Host field, no `:authority`, no absolute-form target.
    #[error("the request names no host")]
    HostMissing,
    /// More than one Host field line (RFC 9112 §3.2).
    #[error("the request has more than one Host field")]
    HostDuplicate,
    /// Host, `:authority` and absolute-form target disagree.
    #[error("the request names several hosts")]
    HostConflict,
    /// Not a host name, IPv4 address or bracketed IPv6 address; or it holds user information.
    #[error("the host is invalid")]
    HostInvalid,
    /// The port is not a number from 1 to 65535.
    #[error("the port of the host is invalid")]
    HostPort,
    /// More field lines than the limit.
    #[error("the request has too many header fields")]
    HeadersTooMany,
    /// More bytes of names and values than the limit.
    #[error("the header fields are too large")]
    HeadersTooLarge,
    /// A field name that is not a token (RFC 9110 §5.6.2).
    #[error("a header name is invalid")]
    HeaderName,
    /// A field value with NUL, CR, LF or another control byte but tab (RFC 9110 §5.5).
    #[error("a header value holds a control byte")]
    HeaderValue,
    /// A name like `X_Forwarded_For`, which CGI-style origins cannot tell from the real one.
    #[error("a header name imitates a known one with underscores")]
    HeaderAlias,
    /// A second line of a field that must not be repeated, where the gate and the origin could
    /// each read another one.
    #[error("a header field that must be single is repeated")]
    HeaderDuplicate,
    /// A Content-Length that is not a plain number.
    #[error("the Content-Length is invalid")]
    ContentLengthInvalid,
    /// Several Content-Length values, even equal ones (RFC 9110 §8.6 allows to reject).
    #[error("the request has more than one Content-Length")]
    ContentLengthConflict,
    /// Content-Length and Transfer-Encoding both (RFC 9112 §6.3).
    #[error("the request has a Content-Length and a Transfer-Encoding")]
    FramingConflict,
    /// A transfer coding other than one `chunked` (RFC 9112 §6.1).
    #[error("the transfer coding is not chunked")]
    TransferEncoding,
    /// An expectation other than `100-continue` (RFC 9110 §10.1.1).
    #[error("the expectation is not 100-continue")]
    Expectation,
}

impl NormaliseError {
    /// The stable code, lower case with underscores.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::MethodInvalid => "method_invalid",
            Self::TargetForm => "target_form",
            Self::TargetScheme => "target_scheme",
            Self::TargetTooLong => "target_too_long",
            Self::TargetFragment => "target_fragment",
            Self::PathPercent => "path_percent",
            Self::PathNul => "path_nul",
            Self::PathControl => "path_control",
            Self::PathUtf8 => "path_utf8",
            Self::PathEncodedSlash => "path_encoded_slash",
            Self::PathBackslash => "path_backslash",
            Self::PathAboveRoot => "path_above_root",
            Self::PathDotParameter => "path_dot_parameter",
            Self::QueryNul => "query_nul",
            Self::QueryControl => "query_control",
            Self::QueryUtf8 => "query_utf8",
            Self::HostMissing => "host_missing",
            Self::HostDuplicate => "host_duplicate",
            Self::HostConflict => "host_conflict",
            Self::HostInvalid => "host_invalid",
            Self::HostPort => "host_port",
            Self::HeadersTooMany => "headers_too_many",
            Self::HeadersTooLarge => "headers_too_large",
            Self::HeaderName => "header_name",
            Self::HeaderValue => "header_value",
            Self::HeaderAlias => "header_alias",
            Self::HeaderDuplicate => "header_duplicate",
            Self::ContentLengthInvalid => "content_length_invalid",
            Self::ContentLengthConflict => "content_length_conflict",
            Self::FramingConflict => "framing_conflict",
            Self::TransferEncoding => "transfer_encoding",
            Self::Expectation => "expectation",
        }
    }

    /// The HTTP status of the answer.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::TargetTooLong => 414,
            Self::Expectation => 417,
            Self::HeadersTooMany | Self::HeadersTooLarge => 431,
            Self::TransferEncoding => 501,
            _ => 400,
        }
    }
}
