//! Where `skip` and `skipAfter` lead.
use super::actions::Skip;
use super::draft::{Chain, Draft, Step};
use crate::fault::{Fault, FaultKind};
use lockgate_waf::program::Phase;
use std::collections::BTreeMap;

/// For each phase the heads of its chains, and where each chain and marker stands among them.
#[derive(Debug, Default)]
pub(crate) struct Order {
    /// For each phase, the index of each head.
    pub(crate) phases: [Vec<u32>; 5],
    /// By id, and as a marker's name is also an id: how many heads of each phase come before the
    /// end of the chain or the marker, in order.
    ends: BTreeMap<String, Vec<[u32; 5]>>,
}

impl Order {
    /// The order of a draft's chains.
    pub(crate) fn of(draft: &Draft) -> Self {
        let mut order = Self::default();
        for step in &draft.steps {
            let name = match step {
                Step::Marker(name) => name.clone(),
                Step::Chain(chain) => {
                    if let Some(heads) = order.phases.get_mut(chain.phase.index()) {
                        heads.push(chain.first);
                    }
                    chain.id.to_string()
                }
            };
            let here = order.lengths();
            order.ends.entry(name).or_default().push(here);
        }
        order
    }

    fn lengths(&self) -> [u32; 5] {
        let mut lengths = [0; 5];
        for (length, heads) in lengths.iter_mut().zip(&self.phases) {
            *length = u32::try_from(heads.len()).unwrap_or(u32::MAX);
        }
        lengths
    }

    fn heads(&self, phase: Phase) -> &[u32] {
        self.phases.get(phase.index()).map_or(&[], Vec::as_slice)
    }

    /// The step that follows a match of `chain`, if it skips.
    ///
    /// # Errors
    /// What it names does not come after it.
    pub(crate) fn target(&self, chain: &Chain) -> Result<Option<u32>, Fault> {
        let Some((skip, place)) = chain.head().and_then(|head| head.skip.clone()) else {
            return Ok(None);
        };
        let heads = self.heads(chain.phase);
        let own = heads.partition_point(|head| *head < chain.first);
        let own = u32::try_from(own).unwrap_or(u32::MAX);
        let length = u32::try_from(heads.len()).unwrap_or(u32::MAX);
        match skip {
            Skip::Count(count) => Ok(Some(
                own.saturating_add(count).saturating_add(1).min(length),
            )),
            Skip::After(name) => {
                let ends = self.ends.get(name.as_str()).into_iter().flatten();
                ends.filter_map(|lengths| lengths.get(chain.phase.index()))
                    .find(|end| **end > own)
                    .map(|end| Some(*end))
                    .ok_or_else(|| Fault::new(place, FaultKind::NoMarker(name.as_str().to_owned())))
            }
        }
    }
}
