//! What of a request and its response the rules get to see.

use http::{HeaderMap, header};
use serde::{Deserialize, Serialize};

use crate::picture;

/// How the requests of a site are inspected beyond their heads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InspectionPlan {
    /// The most bytes of a request's body that are looked at.
    pub body_bytes_max: u32,
    /// What becomes of a longer one.
    pub oversize: Oversize,
    /// The most bytes of a response's body that are looked at.
    pub response_body_bytes_max: u32,
    /// Responses are looked at.
    pub responses: bool,
}

/// What becomes of a body that is longer than the rules look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Oversize {
    /// Its beginning is looked at.
    Continue,
    /// The request is refused.
    Match,
    /// It is not looked at.
    NoMatch,
}

/// A body is refused for its length: 403 [`TooLong::CODE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is longer than the {0} bytes that rules look at")]
pub struct TooLong(pub u32);

impl TooLong {
    /// The stable code of the answer.
    pub const CODE: &'static str = "blocked";
}

impl InspectionPlan {
    /// Whether a body may be read that announces this length in bytes.
    ///
    /// # Errors
    /// [`TooLong`].
    pub fn announced(&self, length: Option<u64>) -> Result<(), TooLong> {
        let longer = length.is_some_and(|length| length > u64::from(self.body_bytes_max));
        match self.oversize {
            Oversize::Match if longer => Err(TooLong(self.body_bytes_max)),
            _ => Ok(()),
        }
    }

    /// What the rules get of a body of which this was read; `whole`: there is no more. Of a longer
    /// one they get more than they look at, and so know that it is.
    ///
    /// # Errors
    /// [`TooLong`].
    pub fn seen<B>(&self, read: B, whole: bool) -> Result<Option<B>, TooLong> {
        match self.oversize {
            _ if whole => Ok(Some(read)),
            Oversize::Continue => Ok(Some(read)),
            Oversize::NoMatch => Ok(None),
            Oversize::Match => Err(TooLong(self.body_bytes_max)),
        }
    }
}

/// What is read of a request's body: for the program of its site, and for the site's own rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    program: Option<InspectionPlan>,
    rules_bytes: u32,
}

impl Reading {
    /// For a program, and for rules that look at so many bytes; `None`: for nobody.
    #[must_use]
    pub fn new(program: Option<&InspectionPlan>, rules_bytes: Option<u32>) -> Option<Self> {
        if program.is_none() && rules_bytes.is_none() {
            return None;
        }
        Some(Self {
            program: program.copied(),
            rules_bytes: rules_bytes.unwrap_or_default(),
        })
    }

    /// A body is read until there are more bytes than this, or no more.
    #[must_use]
    pub fn most(&self) -> usize {
        let program = self.program.map_or(0, |plan| plan.body_bytes_max);
        program.max(self.rules_bytes) as usize
    }

    /// As [`InspectionPlan::announced`].
    ///
    /// # Errors
    /// [`TooLong`].
    pub fn announced(&self, length: Option<u64>) -> Result<(), TooLong> {
        self.program.map_or(Ok(()), |plan| plan.announced(length))
    }

    /// How many of the bytes that were read are for the program, where it looks at the body;
    /// `whole`: there is no more. Of a longer one it gets more than it looks at.
    ///
    /// # Errors
    /// [`TooLong`].
    pub fn program_bytes(&self, read: usize, whole: bool) -> Result<Option<u32>, TooLong> {
        let Some(plan) = &self.program else {
            return Ok(None);
        };
        let read = u32::try_from(read).unwrap_or(u32::MAX);
        let seen = read.min(plan.body_bytes_max.saturating_add(1));
        plan.seen(seen, whole && read <= plan.body_bytes_max)
    }
}

/// Whether the rules look at the body of a response with these fields: texts without a content
/// coding. Pictures and archives are not held back.
#[must_use]
pub fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.map(|kind| kind.as_bytes().to_ascii_lowercase());
    let kind = kind.as_deref().unwrap_or_default();
    let kind = kind.split(|byte| *byte == b';').next().unwrap_or_default();
    let kind = kind.trim_ascii();
    let endings: [&[u8]; 5] = [b"/json", b"+json", b"/xml", b"+xml", b"/javascript"];
    // What is told as it happens cannot be held back.
    let is_stream = kind == b"text/event-stream";
    picture::coding(headers).is_none()
        && !is_stream
        && (kind.starts_with(b"text/") || endings.iter().any(|ending| kind.ends_with(ending)))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn plan(oversize: Oversize) -> InspectionPlan {
        InspectionPlan {
            body_bytes_max: 10,
            oversize,
            response_body_bytes_max: 10,
            responses: false,
        }
    }

    #[test]
    fn a_longer_body_has_the_end_that_was_chosen() {
        let longer = [
            (Oversize::Continue, Ok(()), Ok(Some("beginning"))),
            (Oversize::NoMatch, Ok(()), Ok(None)),
            (Oversize::Match, Err(TooLong(10)), Err(TooLong(10))),
        ];
        for (oversize, announced, seen) in longer {
            let plan = plan(oversize);
            assert_eq!(plan.announced(Some(11)), announced, "{oversize:?}");
            assert_eq!(plan.seen("beginning", false), seen, "{oversize:?}");
            for length in [None, Some(0), Some(10)] {
                assert_eq!(plan.announced(length), Ok(()), "{oversize:?} {length:?}");
            }
            assert_eq!(plan.seen("all", true), Ok(Some("all")), "{oversize:?}");
        }
    }

    #[test]
    fn as_much_is_read_as_anybody_looks_at() {
        let continues = plan(Oversize::Continue);
        assert_eq!(Reading::new(None, None), None);
        let for_both = Reading::new(Some(&continues), Some(20)).unwrap();
        assert_eq!(for_both.most(), 20);
        assert_eq!(for_both.program_bytes(5, true), Ok(Some(5)));
        assert_eq!(for_both.program_bytes(10, true), Ok(Some(10)));
        // Longer than the program looks at, though whole for the rules.
        assert_eq!(for_both.program_bytes(20, true), Ok(Some(11)));
        let for_rules = Reading::new(None, Some(20)).unwrap();
        assert_eq!(for_rules.most(), 20);
        assert_eq!(for_rules.announced(Some(u64::MAX)), Ok(()));
        assert_eq!(for_rules.program_bytes(21, false), Ok(None));
        let refuses = Reading::new(Some(&plan(Oversize::Match)), Some(20)).unwrap();
        assert_eq!(refuses.announced(Some(11)), Err(TooLong(10)));
        assert_eq!(refuses.program_bytes(11, true), Err(TooLong(10)));
        let skips = Reading::new(Some(&plan(Oversize::NoMatch)), Some(20)).unwrap();
        assert_eq!(skips.program_bytes(11, true), Ok(None));
    }

    #[test]
    fn texts_that_can_be_read_are_looked_at() {
        let is_text = |kind: &'static str, coding: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
            is_text(&headers)
        };
        for kind in [
            "text/plain",
            "Text/HTML; charset=utf-8",
            "application/json ;a=b",
            "application/problem+json",
            "application/xml",
            "image/svg+xml",
            "application/javascript",
        ] {
            assert!(is_text(kind, "identity"), "{kind}");
            assert!(!is_text(kind, "gzip"), "{kind}");
        }
        for kind in ["image/png", "application/octet-stream", "", "textual"] {
            assert!(!is_text(kind, "identity"), "{kind}");
        }
        assert!(!super::is_text(&HeaderMap::new()));
    }
}
