//! What came of every rule: the same evaluation as a decision, told in full. For people; never on a request's path.

use super::evaluate::{Reached, matched};
use super::{Decision, Firewall, Match, View};

/// What came of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Came {
    /// An earlier rule ended the evaluation, or waits for the body.
    #[default]
    NotReached,
    /// Its time is over.
    Expired,
    /// It does not match.
    NoMatch,
    /// It asks for the body, which is not there.
    Waits,
    /// It matches. The action is what followed: [`super::Action::Count`] also for a block whose share the client is
    /// not in.
    Match(Match),
}

/// A decision, and what came of every rule on the way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Explained {
    /// The decision; [`Firewall::decide`] gives the same.
    pub decision: Decision,
    /// At the index of the rule.
    pub rules: Vec<Came>,
}

impl Firewall {
    /// Decides, and says what came of every rule.
    #[must_use]
    pub fn explain(&self, view: &View<'_>) -> Explained {
        let mut rules = vec![Came::NotReached; self.rules()];
        let mut last = 0;
        let decision = self.walk(view, |index, run, reached| {
            last = index as usize;
            let came = match reached {
                Reached::Expired => Came::Expired,
                Reached::No => Came::NoMatch,
                Reached::Later => Came::Waits,
                Reached::Yes(found, action) => match self.rule(index) {
                    Some(rule) => Came::Match(matched(index, rule, action, run, found)),
                    None => Came::NotReached,
                },
            };
            if let Some(slot) = rules.get_mut(index as usize) {
                *slot = came;
            }
        });
        let ended = decision.terminal.is_some() || decision.waiting;
        let reached = if ended { last } else { rules.len() };
        // Those that the screen let out were not evaluated.
        for (came, rule) in rules.iter_mut().zip(&self.rules).take(reached) {
            if *came == Came::NotReached {
                let expired = rule.expires_s.is_some_and(|end| end <= view.now_s);
                *came = if expired {
                    Came::Expired
                } else {
                    Came::NoMatch
                };
            }
        }
        Explained { decision, rules }
    }
}
