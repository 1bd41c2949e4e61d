//! What a rule looks at.

use serde::{Deserialize, Serialize};

macro_rules! collections {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal, $kind:ident;)*) => {
        /// A variable of SecLang. Which ones there are, and their names in rules, follow the
        /// ModSecurity reference manual (v3).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum Collection {
            $(#[doc = $name] $(#[doc = $doc])* $variant,)*
        }

        impl Collection {
            /// All of them, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in rules, in upper case. `XML:/*` and `XML://@*` are two of them.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Whether the variable holds many values, each with a name.
            #[must_use]
            pub const fn is_collection(self) -> bool {
                match self { $(Self::$variant => collections!(@ $kind),)* }
            }
        }
    };
    (@ many) => { true };
    (@ one) => { false };
}

collections! {
    Args = "ARGS", many;
    ArgsNames = "ARGS_NAMES", many;
    ArgsGet = "ARGS_GET", many;
    ArgsGetNames = "ARGS_GET_NAMES", many;
    ArgsPost = "ARGS_POST", many;
    ArgsPostNames = "ARGS_POST_NAMES", many;
    ArgsCombinedSize = "ARGS_COMBINED_SIZE", one;
    AuthType = "AUTH_TYPE", one;
    Duration = "DURATION", one;
    /// Always empty: a decision does not read the environment.
    Env = "ENV", many;
    Files = "FILES", many;
    FilesCombinedSize = "FILES_COMBINED_SIZE", one;
    FilesNames = "FILES_NAMES", many;
    FilesSizes = "FILES_SIZES", many;
    /// Always empty: uploads are not written to files.
    FilesTmpNames = "FILES_TMPNAMES", many;
    FullRequest = "FULL_REQUEST", one;
    FullRequestLength = "FULL_REQUEST_LENGTH", one;
    InboundDataError = "INBOUND_DATA_ERROR", one;
    /// Always empty: nothing is kept between transactions.
    Ip = "IP", many;
    /// Always empty: nothing is kept between transactions.
    Global = "GLOBAL", many;
    /// Always empty: nothing is kept between transactions.
    Resource = "RESOURCE", many;
    /// Always empty: nothing is kept between transactions.
    Session = "SESSION", many;
    /// Always empty: nothing is kept between transactions.
    User = "USER", many;
    /// Empty unless the host says where the client is.
    Geo = "GEO", many;
    MatchedVar = "MATCHED_VAR", one;
    MatchedVarName = "MATCHED_VAR_NAME", one;
    MatchedVars = "MATCHED_VARS", many;
    MatchedVarsNames = "MATCHED_VARS_NAMES", many;
    MultipartBoundaryQuoted = "MULTIPART_BOUNDARY_QUOTED", one;
    MultipartBoundaryWhitespace = "MULTIPART_BOUNDARY_WHITESPACE", one;
    MultipartCrlfLfLines = "MULTIPART_CRLF_LF_LINES", one;
    MultipartDataAfter = "MULTIPART_DATA_AFTER", one;
    MultipartDataBefore = "MULTIPART_DATA_BEFORE", one;
    MultipartFileLimitExceeded = "MULTIPART_FILE_LIMIT_EXCEEDED", one;
    /// The file names of `Content-Disposition` in multipart bodies.
    MultipartFilename = "MULTIPART_FILENAME", many;
    MultipartHeaderFolding = "MULTIPART_HEADER_FOLDING", one;
    MultipartInvalidHeaderFolding = "MULTIPART_INVALID_HEADER_FOLDING", one;
    MultipartInvalidPart = "MULTIPART_INVALID_PART", one;
    MultipartInvalidQuoting = "MULTIPART_INVALID_QUOTING", one;
    MultipartLfLine = "MULTIPART_LF_LINE", one;
    MultipartMissingSemicolon = "MULTIPART_MISSING_SEMICOLON", one;
    /// The field names of `Content-Disposition` in multipart bodies.
    MultipartName = "MULTIPART_NAME", many;
    /// Lines `Name: value`, keyed by the name of the part.
    MultipartPartHeaders = "MULTIPART_PART_HEADERS", many;
    MultipartStrictError = "MULTIPART_STRICT_ERROR", one;
    MultipartUnmatchedBoundary = "MULTIPART_UNMATCHED_BOUNDARY", one;
    OutboundDataError = "OUTBOUND_DATA_ERROR", one;
    PathInfo = "PATH_INFO", one;
    QueryString = "QUERY_STRING", one;
    RemoteAddr = "REMOTE_ADDR", one;
    /// The address: names are not resolved.
    RemoteHost = "REMOTE_HOST", one;
    RemotePort = "REMOTE_PORT", one;
    RemoteUser = "REMOTE_USER", one;
    ReqbodyError = "REQBODY_ERROR", one;
    ReqbodyErrorMsg = "REQBODY_ERROR_MSG", one;
    ReqbodyProcessor = "REQBODY_PROCESSOR", one;
    ReqbodyProcessorError = "REQBODY_PROCESSOR_ERROR", one;
    ReqbodyProcessorErrorMsg = "REQBODY_PROCESSOR_ERROR_MSG", one;
    RequestBasename = "REQUEST_BASENAME", one;
    RequestBody = "REQUEST_BODY", one;
    RequestBodyLength = "REQUEST_BODY_LENGTH", one;
    RequestCookies = "REQUEST_COOKIES", many;
    RequestCookiesNames = "REQUEST_COOKIES_NAMES", many;
    RequestFilename = "REQUEST_FILENAME", one;
    RequestHeaders = "REQUEST_HEADERS", many;
    RequestHeadersNames = "REQUEST_HEADERS_NAMES", many;
    RequestLine = "REQUEST_LINE", one;
    RequestMethod = "REQUEST_METHOD", one;
    RequestProtocol = "REQUEST_PROTOCOL", one;
    RequestUri = "REQUEST_URI", one;
    RequestUriRaw = "REQUEST_URI_RAW", one;
    ResponseArgs = "RESPONSE_ARGS", many;
    ResponseBody = "RESPONSE_BODY", one;
    ResponseContentLength = "RESPONSE_CONTENT_LENGTH", one;
    ResponseContentType = "RESPONSE_CONTENT_TYPE", one;
    ResponseHeaders = "RESPONSE_HEADERS", many;
    ResponseHeadersNames = "RESPONSE_HEADERS_NAMES", many;
    ResponseProtocol = "RESPONSE_PROTOCOL", one;
    ResponseStatus = "RESPONSE_STATUS", one;
    /// What the rule that is running says about itself: `RULE:id`, `RULE:msg`, `RULE:severity`,
    /// `RULE:rev`.
    Rule = "RULE", many;
    ServerAddr = "SERVER_ADDR", one;
    ServerName = "SERVER_NAME", one;
    ServerPort = "SERVER_PORT", one;
    SessionId = "SESSIONID", one;
    StatusLine = "STATUS_LINE", one;
    Time = "TIME", one;
    TimeDay = "TIME_DAY", one;
    TimeEpoch = "TIME_EPOCH", one;
    TimeHour = "TIME_HOUR", one;
    TimeMin = "TIME_MIN", one;
    TimeMon = "TIME_MON", one;
    TimeSec = "TIME_SEC", one;
    TimeWday = "TIME_WDAY", one;
    TimeYear = "TIME_YEAR", one;
    Tx = "TX", many;
    UniqueId = "UNIQUE_ID", one;
    UrlencodedError = "URLENCODED_ERROR", one;
    UserId = "USERID", one;
    WebAppId = "WEBAPPID", one;
    /// The text under the root element.
    XmlText = "XML:/*", many;
    /// The value of every attribute.
    XmlAttributes = "XML://@*", many;
}

impl Collection {
    /// The variable with this name, in any case of letters. `XML` alone is none: the two
    /// selections that exist are `XML:/*` and `XML://@*`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|collection| collection.name().eq_ignore_ascii_case(name))
    }
}

/// Which values of a collection.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Key {
    /// All of them.
    All,
    /// Those with this name, in lower case: names are compared without regard to the case of
    /// ASCII letters.
    Name(String),
    /// Those whose name the pattern matches. The compiler makes such patterns ignore case, as
    /// ModSecurity does.
    Pattern(u32),
    /// The TX variable in this slot; only with [`Collection::Tx`].
    Slot(u16),
}

/// One of the things that a rule looks at.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Target {
    /// The variable.
    pub collection: Collection,
    /// Which of its values.
    pub key: Key,
    /// `&`: the number of the values, not the values.
    pub count: bool,
}

impl Target {
    /// Whether rules change what it selects while they run.
    #[must_use]
    pub fn changes(&self) -> bool {
        self.count
            || matches!(
                self.collection,
                Collection::Tx
                    | Collection::MatchedVar
                    | Collection::MatchedVarName
                    | Collection::MatchedVars
                    | Collection::MatchedVarsNames
                    | Collection::Rule
            )
    }
}

/// `!ARGS:name`: values that a rule does not look at.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Exclusion {
    /// The variable.
    pub collection: Collection,
    /// Which of its values; [`Key::All`] takes the whole variable away.
    pub key: Key,
}
