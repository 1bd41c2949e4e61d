//! A loaded program: the tables, and what is worked out from them once.

mod check;
mod group;
mod list;
mod step;

pub(crate) use group::{Aim, Group};
pub(crate) use list::List;
pub(crate) use step::{NumberSource, Step, Test};

use step::Plan;

use crate::program::{ImageError, Meta, Phase, Program, Rule};
use lockgate_patterns::Patterns;
use lockgate_transform::Transformation;

/// Why a program does not load.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The image is damaged or of another version.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The pattern tables are damaged.
    #[error("the pattern tables do not load: {0}")]
    Patterns(lockgate_patterns::LoadError),
    /// A table points outside of another, or out of order; the text says which.
    #[error("the firewall program is not sound: {0}")]
    Unsound(&'static str),
}

/// A program that is ready to run. It does not change; any number of transactions share it.
#[derive(Debug)]
pub struct Engine {
    pub(crate) program: Program,
    pub(crate) patterns: Patterns,
    /// The distinct transformations; a bit of [`List::mask`] stands for one.
    pub(crate) transformations: Vec<Transformation>,
    pub(crate) lists: Vec<List>,
    pub(crate) steps: [Vec<Step>; 5],
    pub(crate) groups: Vec<Group>,
    pub(crate) aims: Vec<Aim>,
    /// Slots, ordered by the names of their variables.
    slots_by_name: Vec<u16>,
    pub(crate) pattern_count: u32,
    pub(crate) set_count: u32,
    pub(crate) keeps_body: bool,
}

impl Engine {
    /// Loads the image of a program ([`Program::to_image`]). Compiles nothing.
    ///
    /// # Errors
    /// See [`LoadError`]. A program that loads runs without panics, whoever wrote it.
    pub fn load(image: &[u8]) -> Result<Self, LoadError> {
        let (program, patterns_at) = Program::from_image(image)?;
        let tables = image.get(patterns_at..).unwrap_or_default();
        Self::with(program, tables)
    }

    /// Takes a program that was just compiled.
    ///
    /// # Errors
    /// As [`Engine::load`].
    pub fn from_program(mut program: Program) -> Result<Self, LoadError> {
        let tables = std::mem::take(&mut program.patterns);
        Self::with(program, &tables)
    }

    fn with(program: Program, tables: &[u8]) -> Result<Self, LoadError> {
        let patterns = Patterns::load(tables).map_err(LoadError::Patterns)?;
        let counts = check::check(&program, &patterns)?;
        let (transformations, lists) = list::lists(&program.chains);
        let plan = Plan::of(&program, &patterns);
        let mut slots_by_name: Vec<u16> = (0..program.tx_names.len() as u16).collect();
        slots_by_name.sort_by_key(|slot| program.tx_names.get(usize::from(*slot)));
        let keeps_body = check::reads_request_body_late(&program);
        Ok(Self {
            program,
            patterns,
            transformations,
            lists,
            steps: plan.steps,
            groups: plan.groups,
            aims: plan.aims,
            slots_by_name,
            pattern_count: counts.patterns,
            set_count: counts.sets,
            keeps_body,
        })
    }

    /// The program, without its pattern tables.
    #[must_use]
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Whether rules look at responses.
    #[must_use]
    pub fn reads_responses(&self) -> bool {
        let phases = [Phase::ResponseHeaders, Phase::ResponseBody];
        phases.iter().any(|phase| !self.steps(*phase).is_empty())
    }

    /// What the rule at this index reports.
    #[must_use]
    pub fn meta(&self, rule: u32) -> Option<&Meta> {
        let index = self.rule(rule)?.meta?;
        self.program.metas.get(index as usize)
    }

    /// The tags of the rule at this index.
    pub fn tags(&self, rule: u32) -> impl Iterator<Item = &str> {
        self.meta(rule)
            .map_or(&[][..], |meta| meta.tags.as_slice())
            .iter()
            .filter_map(|tag| self.program.strings.get(*tag as usize))
            .map(String::as_str)
    }

    pub(crate) fn rule(&self, index: u32) -> Option<&Rule> {
        self.program.rules.get(index as usize)
    }

    pub(crate) fn steps(&self, phase: Phase) -> &[Step] {
        self.steps.get(phase.index()).map_or(&[], Vec::as_slice)
    }

    /// The slot of the TX variable with this name (lower case).
    pub(crate) fn slot_of(&self, name: &[u8]) -> Option<u16> {
        self.slots_by_name
            .binary_search_by(|slot| self.tx_name(*slot).cmp(name))
            .ok()
            .and_then(|at| self.slots_by_name.get(at).copied())
    }

    /// The name of the TX variable in a slot.
    pub(crate) fn tx_name(&self, slot: u16) -> &[u8] {
        self.program
            .tx_names
            .get(usize::from(slot))
            .map_or(&[], |name| name.as_bytes())
    }
}
