//! Chains as the rules of a program.
use super::actions::{Decision, Doing, Sorted};
use super::draft::Chain;
use super::skip::Order;
use super::tables::Tables;
use super::{control, operators, variables};
use crate::ast::{self, Note};
use crate::fault::{Fault, FaultKind};
use lockgate_waf::program::{Action, Disruption, Meta, Operator, Rule};

/// What is answered when a rule denies and says no status (ModSecurity reference manual, `deny`).
const DENIED: u16 = 403;

/// What a redirection answers when the rule says no status.
const FOUND: u16 = 302;

/// Writes rules and what they say about themselves.
pub(crate) struct Writer<'a> {
    tables: &'a mut Tables,
    notes: &'a mut Vec<Note>,
    chains: &'a [&'a Chain],
    order: &'a Order,
    rules: Vec<Rule>,
    metas: Vec<Meta>,
}

impl<'a> Writer<'a> {
    /// A writer without rules.
    pub(crate) fn new(
        tables: &'a mut Tables,
        notes: &'a mut Vec<Note>,
        chains: &'a [&'a Chain],
        order: &'a Order,
    ) -> Self {
        Self {
            tables,
            notes,
            chains,
            order,
            rules: Vec::new(),
            metas: Vec::new(),
        }
    }

    /// The rules and the metas.
    pub(crate) fn finish(self) -> (Vec<Rule>, Vec<Meta>) {
        (self.rules, self.metas)
    }

    /// Writes a chain.
    ///
    /// # Errors
    /// The first thing in it that the engine does not know.
    pub(crate) fn chain(&mut self, chain: &Chain) -> Result<(), Fault> {
        let count = chain.links.len();
        for (number, (rule, sorted)) in chain.links.iter().enumerate() {
            let head = number == 0;
            let mut written = self.rule(chain, rule, sorted)?;
            written.chained = number + 1 < count;
            if head {
                written.disruption = disruption(chain, sorted);
                written.skip_to = self.order.target(chain)?;
                written.meta = Some(self.meta(chain, sorted));
            }
            self.rules.push(written);
        }
        Ok(())
    }

    fn rule(&mut self, chain: &Chain, rule: &ast::Rule, sorted: &Sorted) -> Result<Rule, Fault> {
        let (targets, exclusions) = variables::targets(&rule.targets, self.tables)?;
        let operator = match &rule.operator {
            Some(operator) => operators::operator(operator, self.tables)?,
            None => Operator::Always,
        };
        let transformations = sorted.chain_of(&chain.defaults.transformations);
        let list = self
            .tables
            .chains
            .number16(transformations)
            .ok_or_else(|| {
                let kind = FaultKind::Program("too many lists of transformations".to_owned());
                Fault::new(rule.place.clone(), kind)
            })?;
        Ok(Rule {
            id: chain.id,
            phase: chain.phase,
            targets,
            exclusions,
            chain: list,
            multi_match: sorted.multi_match,
            operator,
            negated: rule.operator.as_ref().is_some_and(|o| o.negated),
            capture: sorted.capture,
            chained: false,
            actions: self.actions(sorted)?,
            disruption: Disruption::Pass,
            skip_to: None,
            meta: None,
        })
    }

    fn actions(&mut self, sorted: &Sorted) -> Result<Vec<Action>, Fault> {
        let mut actions = Vec::with_capacity(sorted.doings.len());
        for doing in &sorted.doings {
            match doing {
                Doing::SetVar(setvar) => actions.push(Action::SetVar(setvar.clone())),
                Doing::Control(value) => {
                    let control = control::read(value, self.chains, self.tables, self.notes)?;
                    actions.extend(control.map(Action::Control));
                }
            }
        }
        Ok(actions)
    }

    fn meta(&mut self, chain: &Chain, sorted: &Sorted) -> u32 {
        let number = u32::try_from(self.metas.len()).unwrap_or(u32::MAX);
        self.metas.push(Meta {
            log: sorted.log.unwrap_or(chain.defaults.log),
            audit_log: sorted.audit_log.unwrap_or(chain.defaults.audit_log),
            ..sorted.meta.clone()
        });
        number
    }
}

/// What a chain decides: its own action, or for `block` and for none the default of its phase.
fn disruption(chain: &Chain, sorted: &Sorted) -> Disruption {
    let (decision, status) = match &sorted.decision {
        Some((Decision::Block, _)) | None => (
            &chain.defaults.decision,
            sorted.status.or(chain.defaults.status),
        ),
        Some((decision, _)) => (decision, sorted.status),
    };
    match decision {
        Decision::Pass | Decision::Block => Disruption::Pass,
        Decision::Deny => Disruption::Deny(status.unwrap_or(DENIED)),
        Decision::Drop => Disruption::Drop,
        Decision::Redirect(to) => {
            let status = status.filter(|s| (300..400).contains(s));
            Disruption::Redirect(status.unwrap_or(FOUND), to.clone())
        }
        Decision::Allow(scope) => Disruption::Allow(*scope),
    }
}
