//! `lockgate rules exclude`: the narrowest exclusion that lets a request through, tried in a fresh instance of the
//! policy, and what else it lets through. Nothing is changed by it.
//!
//! The rules in force are compiled with the exclusion, for the request's site alone; every request that is kept in
//! memory and every case is then asked twice, without and with it.

mod ground;
mod judge;
mod native;
mod program;
mod text;

use std::sync::Arc;

use lockgate_rules::exclude::cases::CasesLost;
use lockgate_wire::explanation::{Block, Came};
use serde::{Deserialize, Serialize};

use crate::gate::Generation;
use crate::gate::findings::Kept;
use ground::Ground;

pub(crate) use text::text;

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Proposed {
    /// The request's id.
    pub id: String,
    /// What refuses it, in words.
    pub refused_by: String,
    /// What was tried, from narrow to wide; the last one is what is proposed, if it lets the request through.
    pub tried: Vec<Tried>,
    /// What is proposed; nothing: nothing that was tried lets the request through.
    pub proposal: Option<Proposal>,
    /// What to keep in mind.
    pub notes: Vec<String>,
}

/// An exclusion that was tried.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// What it excludes.
    pub what: String,
    /// The request passes with it.
    pub passes: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
}

/// An exclusion that lets the request through.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// What it excludes.
    pub what: String,
    /// What to write where.
    pub changes: Vec<Change>,
    /// What else it makes a difference to.
    pub also: Also,
}

/// Lines for a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The file.
    pub file: String,
    /// Where in it.
    pub place: String,
    /// The lines.
    pub lines: Vec<String>,
}

/// What else an exclusion makes a difference to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Also {
    /// Other requests that are kept of this site and were asked.
    pub requests_asked: usize,
    /// Those of them with a difference.
    pub requests: Vec<RequestLost>,
    /// The cases of the rules.
    pub cases: CasesLost,
}

/// Another request that an exclusion makes a difference to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestLost {
    /// Its id.
    pub id: String,
    /// When it came (RFC 3339).
    pub time: String,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The rules that do not match any more.
    pub rules: Vec<String>,
    /// It is refused without the exclusion and passes with it.
    pub passes: bool,
}

/// Why nothing is proposed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No rule is in the way.
    #[error("the rules in force let this request pass, and none counts it")]
    Passes,
    /// It was not the request that was refused.
    #[error(
        "the request passes; its response was withheld, and is not kept: exclude the rules that \
         `lockgate explain` names in the file of `after`"
    )]
    Withheld,
    /// The site is gone, or has other rules.
    #[error("the site {0:?} is not configured any more")]
    Site(String),
    /// Rules cannot be compiled, loaded or asked.
    #[error("{0:#}")]
    Failed(#[from] anyhow::Error),
}

impl Refusal {
    /// The stable code of the answer.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Passes => "request_passes",
            Self::Withheld => "response_withheld",
            Self::Site(_) => "site_unknown",
            Self::Failed(_) => "exclusion_failed",
        }
    }
}

/// Proposes an exclusion for a request. Takes seconds of a core: for a thread of its own.
///
/// # Errors
/// [`Refusal`].
pub fn propose(
    generation: &Generation,
    kept: &Kept,
    others: &[Arc<Kept>],
) -> Result<Proposed, Refusal> {
    let ground = Ground::new(generation, &kept.site)?;
    let mut now = ground.side()?;
    let said = now.explain(kept)?;
    let case = Case {
        ground: &ground,
        kept,
        others,
    };
    if let Some(Block::Native(rule)) = said.block() {
        return native::propose(&case, &mut now, &said, rule);
    }
    if let Some(Block::Program(program, _)) = said.block() {
        return program::propose(&case, &mut now, program, &said);
    }
    let detects = said.program.as_ref();
    if detects
        .is_some_and(|program| program.engine == "detection_only" && !program.findings.is_empty())
    {
        // As it would be if the set blocked.
        let ground = ground.blocking();
        let mut now = ground.side()?;
        let said = now.explain(kept)?;
        if let Some(Block::Program(program, _)) = said.block() {
            let case = Case {
                ground: &ground,
                ..case
            };
            let mut proposed = program::propose(&case, &mut now, program, &said)?;
            let note = "the Core Rule Set only detects: all is told as it would be in block mode";
            proposed.notes.push(note.to_owned());
            return Ok(proposed);
        }
    }
    match said.native_matches().find(|rule| rule.came == Came::Counts) {
        Some(rule) => native::propose(&case, &mut now, &said, rule),
        None if withheld(kept) => Err(Refusal::Withheld),
        None => Err(Refusal::Passes),
    }
}

fn withheld(kept: &Kept) -> bool {
    kept.refused() && kept.inspections.len() > 1
}

/// A request, and what there is to judge an exclusion for it.
#[derive(Clone, Copy)]
struct Case<'c> {
    ground: &'c Ground,
    kept: &'c Kept,
    others: &'c [Arc<Kept>],
}

impl Tried {
    fn failed(what: &str, why: impl Into<String>) -> Self {
        Self {
            what: what.to_owned(),
            passes: false,
            why_not: Some(why.into()),
        }
    }

    fn passes(what: &str) -> Self {
        Self {
            what: what.to_owned(),
            passes: true,
            why_not: None,
        }
    }
}
