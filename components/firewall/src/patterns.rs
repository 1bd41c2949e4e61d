//! Regular expressions: all that look at one input are searched for in one pass over its values.

use std::ops::Range;
use std::sync::{Arc, Mutex, TryLockError};

use lockgate_patterns::{PatternId, Patterns, Scratch, SetId};

use crate::rules::Node;

/// The loaded patterns.
#[derive(Debug, Default)]
pub(crate) struct PatternTable {
    patterns: Option<Arc<Patterns>>,
    /// The inputs that patterns look at, ascending; the set of each has its place as number.
    inputs: Vec<u32>,
    /// Working memory, kept from request to request.
    scratch: Mutex<Scratch>,
}

impl Clone for PatternTable {
    fn clone(&self) -> Self {
        Self {
            patterns: self.patterns.clone(),
            inputs: self.inputs.clone(),
            scratch: Mutex::default(),
        }
    }
}

/// What was found in a request so far: by input, the number of the value and the pattern.
#[derive(Debug, Default)]
pub(crate) struct Hits(Vec<(u32, Vec<(usize, u32)>)>);

impl Hits {
    /// What was found in an input that [`PatternTable::search`] was called for.
    pub(crate) fn of(&self, input: u32) -> Option<&[(usize, u32)]> {
        let found = self.0.iter().find(|(known, _)| *known == input);
        found.map(|(_, hits)| hits.as_slice())
    }
}

impl PatternTable {
    /// Takes over compiled patterns. Without any, `bytes` may be empty.
    pub(crate) fn load(bytes: &[u8], count: u32, nodes: &[Node]) -> Result<Self, String> {
        let inputs = inputs(nodes);
        if count == 0 && bytes.is_empty() && inputs.is_empty() {
            return Ok(Self::default());
        }
        let patterns = Patterns::load(bytes).map_err(|error| error.to_string())?;
        if patterns.len() != count as usize {
            return Err("there are more or fewer than the rules say".to_owned());
        }
        Ok(Self {
            patterns: Some(Arc::new(patterns)),
            inputs,
            scratch: Mutex::default(),
        })
    }

    /// Searches the values of an input for every pattern that looks at it.
    pub(crate) fn search<'v>(
        &self,
        hits: &mut Hits,
        input: u32,
        values: impl Iterator<Item = &'v [u8]>,
    ) {
        let mut found = Vec::new();
        if let Some(patterns) = &self.patterns
            && let Ok(set) = self.inputs.binary_search(&input)
            && let Ok(set) = u32::try_from(set)
        {
            let mut ids = Vec::new();
            self.with_scratch(|scratch| {
                for (number, value) in values.enumerate() {
                    patterns.scan(SetId(set), value, scratch, &mut ids);
                    found.extend(ids.drain(..).map(|id| (number, id.0)));
                }
            });
        }
        hits.0.push((input, found));
    }

    /// Where a pattern matches in a value first.
    pub(crate) fn find(&self, pattern: u32, value: &[u8]) -> Option<Range<usize>> {
        let patterns = self.patterns.as_ref()?;
        self.with_scratch(|scratch| patterns.find(PatternId(pattern), value, scratch))
    }

    /// The kept working memory, or fresh one while another thread has that.
    fn with_scratch<T>(&self, work: impl FnOnce(&mut Scratch) -> T) -> T {
        match self.scratch.try_lock() {
            Ok(mut scratch) => work(&mut scratch),
            Err(TryLockError::Poisoned(poisoned)) => work(&mut poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => work(&mut Scratch::default()),
        }
    }
}

/// The inputs that patterns look at, ascending.
fn inputs(nodes: &[Node]) -> Vec<u32> {
    let inputs = nodes.iter().filter_map(|node| match node {
        Node::Regex { input, .. } => Some(*input),
        _ => None,
    });
    let mut inputs: Vec<u32> = inputs.collect();
    inputs.sort_unstable();
    inputs.dedup();
    inputs
}

#[cfg(feature = "compile")]
mod compile {
    use std::collections::BTreeSet;

    use lockgate_patterns::{Options, PatternId, PatternSetBuilder};

    use super::{Node, inputs};

    /// Whether a regular expression can be searched for.
    ///
    /// # Errors
    /// Why not, on one line.
    pub fn check_regex(pattern: &str) -> Result<(), String> {
        let mut builder = PatternSetBuilder::new();
        match builder.add_regex(pattern, Options::default()) {
            Ok(_) => Ok(()),
            Err(error) => {
                // The parser draws the expression first; what is wrong comes last.
                let text = error.to_string();
                let last = text.lines().last().unwrap_or_default();
                Err(last.strip_prefix("error: ").unwrap_or(last).to_owned())
            }
        }
    }

    /// Compiles all patterns, and for each input the set of those that look at it.
    pub(crate) fn compile(patterns: &[String], nodes: &[Node]) -> Result<Vec<u8>, String> {
        if patterns.is_empty() {
            return Ok(Vec::new());
        }
        let mut builder = PatternSetBuilder::new();
        for pattern in patterns {
            builder
                .add_regex(pattern, Options::default())
                .map_err(|error| error.to_string())?;
        }
        for wanted in inputs(nodes) {
            let members: BTreeSet<PatternId> = nodes
                .iter()
                .filter_map(|node| match node {
                    Node::Regex {
                        input, patterns, ..
                    } if *input == wanted => Some(patterns),
                    _ => None,
                })
                .flatten()
                .map(|pattern| PatternId(*pattern))
                .collect();
            builder.add_set(&members.into_iter().collect::<Vec<_>>());
        }
        builder.build().map_err(|error| error.to_string())
    }
}

#[cfg(not(feature = "compile"))]
mod compile {
    use super::Node;

    /// A component compiles nothing: refuses every regular expression.
    ///
    /// # Errors
    /// Always.
    pub fn check_regex(_pattern: &str) -> Result<(), String> {
        Err("regular expressions are compiled in the host (feature `compile`)".to_owned())
    }

    pub(crate) fn compile(patterns: &[String], _nodes: &[Node]) -> Result<Vec<u8>, String> {
        patterns.first().map_or(Ok(Vec::new()), |pattern| {
            check_regex(pattern).map(|()| Vec::new())
        })
    }
}

pub use compile::check_regex;
pub(crate) use compile::compile;
