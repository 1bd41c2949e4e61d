//! What can be wrong with sites and routes, said so that the author can mend it.

use lockgate_normalise::NormaliseError;

/// Why a site or a route was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// Two sites of one name.
    #[error("there is already a site \"{name}\"")]
    SiteTaken {
        /// The name.
        name: String,
    },
    /// A site without hosts is never reached.
    #[error("site \"{name}\" has no hosts")]
    NoHosts {
        /// The site.
        name: String,
    },
    /// A host that no request can have.
    #[error("host \"{host}\": {fault}")]
    Host {
        /// As written.
        host: String,
        /// What is wrong with it.
        fault: HostFault,
    },
    /// A host that belongs to another site, or stands twice in one.
    #[error("host \"{host}\" belongs to site \"{site}\" already")]
    HostTaken {
        /// In canonical form.
        host: String,
        /// Whose it is.
        site: String,
    },
    /// The index is not one that `add_site` gave.
    #[error("there is no such site")]
    UnknownSite,
    /// A pattern that cannot be read, or that no path can match.
    #[error("pattern \"{pattern}\": {fault}")]
    Pattern {
        /// As written.
        pattern: String,
        /// What is wrong with it.
        fault: PatternFault,
    },
    /// Two routes of a site match the same requests.
    #[error("pattern \"{pattern}\" matches the same paths as \"{other}\", both for {methods}")]
    Duplicate {
        /// The later one, as written.
        pattern: String,
        /// The earlier one, as written.
        other: String,
        /// The methods that both have.
        methods: String,
    },
    /// A method that is no token, or not in upper case: methods are case-sensitive
    /// (RFC 9110 §9.1).
    #[error("method \"{method}\" is not an upper-case token")]
    Method {
        /// As written.
        method: String,
    },
    /// More than fits into the table.
    #[error("there are more than {max} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        max: usize,
    },
}

/// What is wrong with a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HostFault {
    /// It is no host at all.
    #[error("{0}")]
    Invalid(NormaliseError),
    /// Sites are told apart by host only.
    #[error("a site's host has no port")]
    Port,
    /// `*` stands elsewhere than in a leading `*.`, or before an address.
    #[error("a wildcard is a leading \"*.\" before a name, as in *.example.com")]
    Wildcard,
}

/// What is wrong with a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatternFault {
    /// It does not begin with a slash.
    #[error("it must begin with \"/\"")]
    NoSlash,
    /// A segment that no canonical path has.
    #[error("no path matches it: {0}")]
    Never(NormaliseError),
    /// An empty segment (`//`) or a dot segment: canonical paths have none.
    #[error("no path matches it: repeated slashes and dot segments are removed from paths")]
    NotCanonical,
    /// `?` or `#`.
    #[error("a pattern is a path, without query and fragment")]
    Query,
    /// Braces around a part of a segment, or not in pairs.
    #[error(
        "a parameter is a whole segment, as in /products/{{id}}; a literal brace is %7B or %7D"
    )]
    Braces,
    /// A name that is not letters, digits and `_`, or begins with a digit.
    #[error("a parameter's name is letters, digits and \"_\"")]
    Name,
    /// Two parameters of one name.
    #[error("two parameters have the same name")]
    NameTwice,
    /// Something follows `{*rest}`.
    #[error("a catch-all is the last segment")]
    CatchAllNotLast,
    /// `*` or `:id` as other routers write it.
    #[error("a parameter is written {{id}} and a catch-all {{*rest}}")]
    ForeignSyntax,
    /// More than [`crate::PARAMS_MAX`] parameters.
    #[error("it has more than 8 parameters")]
    TooManyParams,
    /// More than [`crate::SEGMENTS_MAX`] segments.
    #[error("it has more than 32 segments")]
    TooManySegments,
}
