//! One pass over the rules for each request, in ascending priority.

use super::agents::Agents;
use super::compiled::{Action, CompiledRate, CompiledResponse, CompiledRule, Node};
use super::decision::{Charge, Decision, Match, Why};
use super::screen::Screen;
use super::statement::{Answer, Found, Run};
use super::workspace::Workspace;
use super::{Body, View, rate};
use crate::canary::in_share;
use crate::patterns::PatternTable;
use crate::values::{Grams, Steps};
use crate::{Field, IpSet, UserAgentList};

/// A loaded firewall.
#[derive(Debug, Clone)]
pub struct Firewall {
    pub(super) rules: Vec<CompiledRule>,
    pub(super) ip_sets: Vec<IpSet>,
    /// All addresses of all sets.
    pub(super) ip_union: Option<IpSet>,
    pub(super) lists: Vec<UserAgentList>,
    pub(super) nodes: Vec<Node>,
    /// Which nodes say something else when the request gets a label.
    pub(super) reads_labels: Vec<bool>,
    /// The pairs of bytes of the texts of each node.
    pub(super) screens: Vec<Vec<Grams>>,
    pub(super) screen: Screen,
    pub(super) steps: Steps,
    pub(super) labels: Vec<String>,
    pub(super) responses: Vec<CompiledResponse>,
    pub(super) patterns: PatternTable,
    pub(super) body_bytes_max: u32,
    /// A rule asks for more of the request than client address and User-Agent.
    pub(super) reads_fields: bool,
    pub(super) agents: Agents,
    pub(super) workspace: Workspace,
}

/// What came of a rule that was reached.
pub(super) enum Reached<'r> {
    /// Its time is over.
    Expired,
    /// It does not match.
    No,
    /// It asks for the body, which is not there.
    Later,
    /// It matches, and this action follows.
    Yes(&'r Found, Action),
}

/// A match as it is told, with the place copied out of the request.
pub(super) fn matched(
    index: u32,
    rule: &CompiledRule,
    action: Action,
    run: &Run<'_, '_>,
    found: &Found,
) -> Match {
    Match {
        rule: index,
        action,
        status: rule.status,
        why: found.why,
        place: run.place(found).map(Box::new),
    }
}

impl Firewall {
    /// Tries the rules in ascending priority. Each statement and each value is evaluated at most once.
    ///
    /// An oversize User-Agent is not looked at: a list then counts as matched in a rule that blocks or
    /// counts, and as not matched in one that allows. Padding cannot slip past a block, nor into an
    /// allowance (oversize handling `MATCH` and `NO_MATCH` of AWS WAF).
    #[must_use]
    pub fn decide(&self, view: &View<'_>) -> Decision {
        self.walk(view, |_, _, _| {})
    }

    /// The evaluation. `tell` hears what came of each rule that is evaluated; the others that are reached do not
    /// match. A closure that does nothing costs nothing.
    pub(super) fn walk<'f, 'a>(
        &'f self,
        view: &View<'a>,
        tell: impl FnMut(u32, &Run<'f, 'a>, Reached<'_>),
    ) -> Decision {
        let mut run = Run::new(self, view);
        run.screen();
        self.walk_candidates(run, tell)
    }

    /// The decision without a screen.
    #[cfg(test)]
    pub(super) fn decide_without_screen(&self, view: &View<'_>) -> Decision {
        let mut run = Run::new(self, view);
        run.screen_nothing();
        self.walk_candidates(run, |_, _, _| {})
    }

    fn walk_candidates<'f, 'a>(
        &'f self,
        mut run: Run<'f, 'a>,
        mut tell: impl FnMut(u32, &Run<'f, 'a>, Reached<'_>),
    ) -> Decision {
        let mut decision = Decision::default();
        let mut next = 0;
        let now_s = run.view().now_s;
        while let Some(index) = run.next_rule(next) {
            next = index + 1;
            let Some(rule) = self.rule(index) else {
                break;
            };
            if rule.expires_s.is_some_and(|end| end <= now_s) {
                tell(index, &run, Reached::Expired);
                continue;
            }
            let found = match self.ask(&mut run, index, rule, &mut decision) {
                Answer::No => {
                    tell(index, &run, Reached::No);
                    continue;
                }
                Answer::Later => {
                    tell(index, &run, Reached::Later);
                    if run.view().body == Body::Never {
                        run.leave_open(&rule.labels);
                        continue;
                    }
                    decision.waiting = true;
                    break;
                }
                Answer::Yes(found) => found,
            };
            for label in &rule.labels {
                run.set_label(*label);
            }
            let acting = in_share(run.view().client_ip, &rule.name, rule.canary);
            let action = match rule.action {
                Action::Label => Action::Label,
                action if acting => action,
                _ => Action::Count,
            };
            tell(index, &run, Reached::Yes(&found, action));
            if action == Action::Label {
                continue;
            }
            let matched = matched(index, rule, action, &run, &found);
            if action == Action::Count {
                decision.counted.push(matched);
            } else {
                decision.terminal = Some(matched);
                break;
            }
        }
        decision.labels = run.labels();
        decision
    }

    /// What one rule says by itself, as if it were the first to be tried: expired or not, whoever the client
    /// is, and with the labels that the request has in the end.
    #[must_use]
    pub fn try_rule(&self, index: u32, view: &View<'_>) -> Option<Match> {
        let rule = self.rule(index)?;
        let mut run = Run::new(self, view);
        for label in self.decide(view).labels {
            run.set_label(label);
        }
        match self.ask(&mut run, index, rule, &mut Decision::default()) {
            Answer::Yes(found) => Some(matched(index, rule, rule.action, &run, &found)),
            Answer::No | Answer::Later => None,
        }
    }

    /// What a rule says; a rate-based one counts the request.
    fn ask(
        &self,
        run: &mut Run<'_, '_>,
        index: u32,
        rule: &CompiledRule,
        decision: &mut Decision,
    ) -> Answer {
        let answer = run.node(rule.statement, rule.action != Action::Allow);
        let (Answer::Yes(_), Some(rate)) = (answer, &rule.rate) else {
            return answer;
        };
        let key = match rate::key(run, rate) {
            rate::Key::Bytes(key) => key,
            rate::Key::Missing => return Answer::No,
            rate::Key::Later => return Answer::Later,
        };
        let over = run.view().over.get(decision.charges.len()).copied();
        decision.charges.push(Charge { rule: index, key });
        match over {
            Some(true) => Answer::yes(Why::Rate),
            Some(false) | None => Answer::No,
        }
    }

    /// One rule, by the index that a [`Match`] gives.
    #[must_use]
    pub fn rule(&self, index: u32) -> Option<&CompiledRule> {
        self.rules.get(index as usize)
    }

    /// How many rules there are.
    #[must_use]
    pub fn rules(&self) -> usize {
        self.rules.len()
    }

    /// The name of a label, by the index that a [`Decision`] gives.
    #[must_use]
    pub fn label(&self, index: u32) -> Option<&str> {
        self.labels.get(index as usize).map(String::as_str)
    }

    /// The custom response of a rule.
    #[must_use]
    pub fn response(&self, rule: u32) -> Option<&CompiledResponse> {
        self.responses.get(self.rule(rule)?.response? as usize)
    }

    /// Bytes of a body that rules look at; `None` when no rule looks at bodies.
    #[must_use]
    pub fn body_bytes_max(&self) -> Option<u32> {
        self.steps
            .any(Field::in_body)
            .then_some(self.body_bytes_max)
    }

    /// Whether a rule asks for more of the request than client address and User-Agent.
    #[must_use]
    pub fn reads_fields(&self) -> bool {
        self.reads_fields
    }

    /// The rate-based rules: index, name and count.
    pub fn rates(&self) -> impl Iterator<Item = (u32, &str, &CompiledRate)> {
        let rules = (0..).zip(&self.rules);
        rules.filter_map(|(index, rule)| Some((index, rule.name.as_str(), rule.rate.as_ref()?)))
    }
}
