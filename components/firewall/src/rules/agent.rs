//! The User-Agent of one request: folded when the first list asks that has not answered before.

use std::borrow::Cow;

use super::View;
use super::agents::Agents;
use crate::useragent::Found;
use crate::{FoldedUserAgent, UserAgentList};

/// The User-Agent. Of several lines the values are joined by `, ` (RFC 9110, section 5.3), so that none can
/// hide behind another.
pub(super) struct Agent<'a> {
    raw: Cow<'a, [u8]>,
    /// The one value of the field is this.
    is_value: bool,
    folded: Option<FoldedUserAgent>,
}

impl<'a> Agent<'a> {
    pub(super) fn new(view: &View<'a>) -> Self {
        let mut lines = view
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(b"user-agent"))
            .map(|(_, value)| *value);
        let first = lines.next().unwrap_or_default();
        let mut is_value = false;
        let raw = match lines.next() {
            None => {
                let raw = first.trim_ascii();
                is_value = raw.len() == first.len() && !raw.is_empty();
                Cow::Borrowed(raw)
            }
            Some(second) => {
                let all: Vec<&[u8]> = [first, second].into_iter().chain(lines).collect();
                Cow::Owned(all.join(&b", "[..]).trim_ascii().to_vec())
            }
        };
        Self {
            raw,
            is_value,
            folded: None,
        }
    }

    pub(super) fn is_missing(&self) -> bool {
        self.raw.is_empty()
    }

    /// Whether it is known that rules of a group find nothing in the value. `index` counts on from the lists.
    pub(super) fn has_nothing(&self, index: usize, known: &Agents) -> bool {
        self.is_value && known.get(&self.raw, index) == Some(Found::Nothing)
    }

    /// Keeps that rules of a group find nothing in the value.
    pub(super) fn keep_nothing(&self, index: usize, known: &Agents) {
        if self.is_value {
            known.keep(&self.raw, index, Found::Nothing);
        }
    }

    pub(super) fn find(&mut self, index: usize, list: &UserAgentList, known: &Agents) -> Found {
        if self.is_missing() {
            return Found::Nothing;
        }
        if let Some(found) = known.get(&self.raw, index) {
            return found;
        }
        let raw = &self.raw;
        let folded = self.folded.get_or_insert_with(|| FoldedUserAgent::new(raw));
        let found = list.find(folded);
        known.keep(raw, index, found);
        found
    }
}
