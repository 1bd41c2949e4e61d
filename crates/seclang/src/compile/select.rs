//! Rules by id, tag or message.
use super::draft::Chain;
use crate::ast::{Choice, Note};
use crate::fault::{Fault, FaultKind};
use crate::place::{Place, Text};
use regex::Regex;
use std::ops::RangeInclusive;

/// A choice of rules, ready to be asked.
#[derive(Debug)]
pub(crate) enum Selected {
    /// By id.
    Id(Vec<RangeInclusive<u32>>),
    /// By tag.
    Tag(Regex),
    /// By message.
    Msg(Regex),
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
            Choice::Tag(text) => Ok(Self::Tag(regex(text)?)),
            Choice::Msg(text) => Ok(Self::Msg(regex(text)?)),
        }
    }

    /// Whether a chain is chosen.
    pub(crate) fn has(&self, chain: &Chain) -> bool {
        match self {
            Self::Id(ids) => ids.iter().any(|ids| ids.contains(&chain.id)),
            Self::Tag(tag) => chain
                .head()
                .is_some_and(|head| head.tags.iter().any(|t| tag.is_match(t))),
            Self::Msg(msg) => chain.head().is_some_and(|head| msg.is_match(&head.msg)),
        }
    }

    /// The note of a choice that chose nothing.
    pub(crate) fn nothing(&self, place: &Place) -> Note {
        let what = match self {
            Self::Id(ids) => {
                let shown = ids.iter().map(|ids| match (ids.start(), ids.end()) {
                    (low, high) if low == high => low.to_string(),
                    (low, high) => format!("{low}-{high}"),
                });
                shown.collect::<Vec<_>>().join(" ")
            }
            Self::Tag(regex) | Self::Msg(regex) => regex.as_str().to_owned(),
        };
        Note {
            place: place.clone(),
            what,
            why: "no rule is selected",
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
