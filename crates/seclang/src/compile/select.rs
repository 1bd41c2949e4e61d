//! Rules by id, tag or message.
use super::draft::{Chain, note};
use crate::ast::{Choice, Note};
use crate::fault::{Fault, FaultKind};
use crate::place::Text;
use regex::Regex;
use std::ops::RangeInclusive;

/// A choice of rules, ready to be asked.
#[derive(Debug)]
pub(crate) enum Selected {
    /// By id.
    Id(Vec<RangeInclusive<u32>>),
    /// By tag.
    Tag(Regex, Text),
    /// By message.
    Msg(Regex, Text),
}

impl Selected {
    /// Compiles the expressions of a choice, which are found anywhere in a tag or message
    /// (ModSecurity reference manual, `SecRuleRemoveByTag`).
    ///
    /// # Errors
    /// An expression that does not compile.
    pub(crate) fn of(choice: &Choice) -> Result<Self, Fault> {
        match choice {
            Choice::Id(ids) => Ok(Self::Id(ids.clone())),
            Choice::Tag(text) => Ok(Self::Tag(regex(text)?, text.clone())),
            Choice::Msg(text) => Ok(Self::Msg(regex(text)?, text.clone())),
        }
    }

    /// Whether a chain is chosen.
    pub(crate) fn has(&self, chain: &Chain) -> bool {
        match self {
            Self::Id(ids) => ids.iter().any(|ids| ids.contains(&chain.id)),
            Self::Tag(tag, _) => chain
                .head()
                .is_some_and(|head| head.tags.iter().any(|t| tag.is_match(t))),
            Self::Msg(msg, _) => chain.head().is_some_and(|head| msg.is_match(&head.msg)),
        }
    }

    /// The note of a choice that chose nothing; ids have no place of their own.
    pub(crate) fn nothing(&self) -> Option<Note> {
        match self {
            Self::Id(_) => None,
            Self::Tag(_, text) | Self::Msg(_, text) => Some(note(text, "no rule is selected")),
        }
    }

    /// Ranges of rule indexes, first and last, that cover the chosen chains whole.
    pub(crate) fn ranges<'a>(&self, chains: impl Iterator<Item = &'a Chain>) -> Vec<(u32, u32)> {
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for chain in chains.filter(|chain| self.has(chain)) {
            let links = u32::try_from(chain.links.len()).unwrap_or(u32::MAX);
            let last = chain.first.saturating_add(links).saturating_sub(1);
            match ranges.last_mut() {
                Some(before) if before.1.saturating_add(1) == chain.first => before.1 = last,
                _ => ranges.push((chain.first, last)),
            }
        }
        ranges
    }
}

fn regex(text: &Text) -> Result<Regex, Fault> {
    Regex::new(text.as_str())
        .map_err(|error| Fault::new(text.start(), FaultKind::Regex(error.to_string())))
}
