//! The request target: its form (RFC 9112 §3.2), path and query.

use std::borrow::Cow;

use crate::bytes::{self, TOKEN};
use crate::path::canonical_path;
use crate::query::{Arguments, arguments, canonical_query};
use crate::{Limits, NormaliseError};

const METHOD_BYTES_MAX: usize = 32;

/// The four forms of RFC 9112 §3.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetForm {
    /// `/path?query`.
    Origin,
    /// `http://host/path?query`.
    Absolute,
    /// `host:port`, with CONNECT only.
    Authority,
    /// `*`, with OPTIONS only.
    Asterisk,
}

/// The scheme of an absolute-form target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `http`, port 80.
    Http,
    /// `https`, port 443.
    Https,
}

impl Scheme {
    /// The port that the scheme stands for.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// A request target in its canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target<'a> {
    /// How it came.
    pub form: TargetForm,
    /// The scheme of an absolute-form target.
    pub scheme: Option<Scheme>,
    /// The raw authority of an absolute-form or authority-form target, for [`crate::host`].
    pub authority: Option<&'a [u8]>,
    /// The canonical path: ASCII, percent-encoded; `*` or empty for the last two forms.
    pub path: Cow<'a, str>,
    /// The canonical query without the `?`; `Some("")` for a target that ends in `?`.
    pub query: Option<Cow<'a, str>>,
    /// The target as it came, where it is canonical already.
    verbatim: Option<&'a str>,
}

impl<'a> Target<'a> {
    /// Reads a request target. `method` decides which forms are allowed and must be a token.
    ///
    /// # Errors
    /// One of the `Method*`, `Target*`, `Path*` and `Query*` codes.
    pub fn parse(method: &[u8], raw: &'a [u8], limits: &Limits) -> Result<Self, NormaliseError> {
        if method.is_empty() || method.len() > METHOD_BYTES_MAX || !bytes::all(method, TOKEN) {
            return Err(NormaliseError::MethodInvalid);
        }
        if raw.len() > limits.target_bytes_max {
            return Err(NormaliseError::TargetTooLong);
        }
        match (method, raw) {
            (b"CONNECT", _) => Self::authority_form(raw),
            (_, [b'/', ..]) => Self::origin_form_of(raw, limits),
            (b"OPTIONS", b"*") => Ok(Self {
                form: TargetForm::Asterisk,
                scheme: None,
                authority: None,
                path: Cow::Borrowed("*"),
                query: None,
                verbatim: Some("*"),
            }),
            _ => Self::absolute_form(method, raw, limits),
        }
    }

    fn authority_form(raw: &'a [u8]) -> Result<Self, NormaliseError> {
        if raw.is_empty() || raw.iter().any(|byte| matches!(byte, b'/' | b'?' | b'#')) {
            return Err(NormaliseError::TargetForm);
        }
        Ok(Self {
            form: TargetForm::Authority,
            scheme: None,
            authority: Some(raw),
            path: Cow::Borrowed(""),
            query: None,
            verbatim: None,
        })
    }

    fn origin_form_of(raw: &'a [u8], limits: &Limits) -> Result<Self, NormaliseError> {
        let (path, query) = match raw.iter().position(|byte| *byte == b'?') {
            Some(at) => (
                raw.get(..at).unwrap_or_default(),
                raw.get(at.saturating_add(1)..),
            ),
            None => (raw, None),
        };
        let path = canonical_path(path)?;
        let query = query.map(canonical_query).transpose()?;
        let unchanged = matches!(path, Cow::Borrowed(_)) && !matches!(query, Some(Cow::Owned(_)));
        let target = Self {
            form: TargetForm::Origin,
            scheme: None,
            authority: None,
            path,
            query,
            verbatim: unchanged.then(|| bytes::ascii(raw)),
        };
        if target.len() > limits.target_bytes_max {
            return Err(NormaliseError::TargetTooLong);
        }
        Ok(target)
    }

    fn absolute_form(
        method: &[u8],
        raw: &'a [u8],
        limits: &Limits,
    ) -> Result<Self, NormaliseError> {
        let at = raw
            .windows(3)
            .position(|window| window == b"://")
            .ok_or(NormaliseError::TargetForm)?;
        let name = raw.get(..at).unwrap_or_default();
        let scheme = if name.eq_ignore_ascii_case(b"http") {
            Scheme::Http
        } else if name.eq_ignore_ascii_case(b"https") {
            Scheme::Https
        } else {
            return Err(NormaliseError::TargetScheme);
        };
        let rest = raw.get(at.saturating_add(3)..).unwrap_or_default();
        let end = rest
            .iter()
            .position(|byte| matches!(byte, b'/' | b'?' | b'#' | b'\\'))
            .unwrap_or(rest.len());
        let (authority, origin) = rest.split_at_checked(end).unwrap_or_default();
        let mut target = match origin {
            // RFC 9112 §3.2.4: OPTIONS without a path means the server as a whole.
            [] if method == b"OPTIONS" => Self::parse(method, b"*", limits)?,
            [] => Self::origin_form_of(b"/", limits)?,
            [b'?', query @ ..] => Self {
                query: Some(canonical_query(query)?),
                verbatim: None,
                ..Self::origin_form_of(b"/", limits)?
            },
            _ => Self::origin_form_of(origin, limits)?,
        };
        if target.len() > limits.target_bytes_max {
            return Err(NormaliseError::TargetTooLong);
        }
        target.form = TargetForm::Absolute;
        target.scheme = Some(scheme);
        target.authority = Some(authority);
        Ok(target)
    }

    /// What goes to the origin: the origin form, `*` for the asterisk form, empty for CONNECT.
    #[must_use]
    pub fn upstream(&self) -> Cow<'_, str> {
        match (self.verbatim, &self.query) {
            (Some(text), _) => Cow::Borrowed(text),
            (None, None) => Cow::Borrowed(&self.path),
            (None, Some(query)) => {
                let mut out = String::with_capacity(self.len());
                out.push_str(&self.path);
                out.push('?');
                out.push_str(query);
                Cow::Owned(out)
            }
        }
    }

    /// The query arguments in their order, decoded on demand; none without a query.
    #[must_use]
    pub fn arguments(&self) -> Arguments<'_> {
        arguments(self.query.as_deref().unwrap_or_default())
    }

    fn len(&self) -> usize {
        let query = self
            .query
            .as_ref()
            .map_or(0, |query| query.len().saturating_add(1));
        self.path.len().saturating_add(query)
    }
}
