//! The statements of one request: each is answered once.

use std::mem;

use super::compiled::{Node, Oversize};
use super::decision::{EXCERPT_BYTES_MAX, Place, Why};
use super::screen::{Candidates, Group, Looks};
use super::workspace::Buffers;
use super::{Firewall, View, agent::Agent, memo::Memo};
use crate::matchers;
use crate::useragent::Found as FoundAgent;
use crate::values::{Cache, Values};

/// What a statement says.
#[derive(Debug, Clone, Copy)]
pub(super) enum Answer {
    No,
    Yes(Found),
    /// It depends on the body, which is not there.
    Later,
}

/// Why and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) why: Why,
    /// Input, value, start and end.
    at: Option<(u32, usize, usize, usize)>,
}

impl Answer {
    pub(super) fn yes(why: Why) -> Self {
        Self::Yes(Found { why, at: None })
    }

    fn of(is: bool, why: Why) -> Self {
        if is { Self::yes(why) } else { Self::No }
    }
}

/// The evaluation of one request.
pub(super) struct Run<'f, 'a> {
    firewall: &'f Firewall,
    view: View<'a>,
    cache: Cache<'a>,
    agent: Agent<'a>,
    memo: Memo,
    labels: Vec<bool>,
    /// Labels of rules that cannot be answered without the body; empty while there are none.
    open_labels: Vec<u32>,
    in_any_set: Option<bool>,
    hits: crate::patterns::Hits,
    candidates: Candidates,
}

impl<'f, 'a> Run<'f, 'a> {
    pub(super) fn new(firewall: &'f Firewall, view: &View<'a>) -> Self {
        let mut buffers = firewall.workspace.take();
        buffers.memo.reset(firewall.nodes.len());
        Self {
            firewall,
            view: *view,
            cache: Cache::new(buffers.values, firewall.steps.len()),
            agent: Agent::new(view),
            memo: buffers.memo,
            labels: vec![false; firewall.labels.len()],
            open_labels: Vec::new(),
            in_any_set: None,
            hits: crate::patterns::Hits::default(),
            candidates: buffers.candidates,
        }
    }

    pub(super) fn view(&self) -> &View<'a> {
        &self.view
    }

    pub(super) fn set_label(&mut self, label: u32) {
        let Some(label) = self.labels.get_mut(label as usize) else {
            return;
        };
        if *label {
            return;
        }
        *label = true;
        self.memo.forget(&self.firewall.reads_labels);
    }

    pub(super) fn has_label(&self, label: u32) -> bool {
        self.labels.get(label as usize).copied().unwrap_or(false)
    }

    /// Leaves open whether the request has these labels.
    pub(super) fn leave_open(&mut self, labels: &[u32]) {
        if !labels.is_empty() {
            self.open_labels.extend_from_slice(labels);
            self.memo.forget(&self.firewall.reads_labels);
        }
    }

    /// One of these labels is open: a rule that cannot be answered might have set it.
    pub(super) fn is_open(&self, labels: &[u32]) -> bool {
        let mut open = self.open_labels.iter();
        open.any(|label| labels.contains(label) && !self.has_label(*label))
    }

    /// The labels of the request, ascending.
    pub(super) fn labels(&self) -> Vec<u32> {
        let labels = (0..).zip(&self.labels);
        labels
            .filter_map(|(index, set)| set.then_some(index))
            .collect()
    }

    /// The values of an input.
    pub(super) fn values(&mut self, input: u32) -> Option<Values<'_, 'a>> {
        self.cache.fill(input, &self.firewall.steps, &self.view);
        self.cache.values(input)
    }

    /// The first value of an input; nothing without one.
    pub(super) fn first(&mut self, input: u32) -> Option<&[u8]> {
        self.cache.fill(input, &self.firewall.steps, &self.view);
        let value = self.cache.values(input)?.items.first()?;
        Some(self.cache.bytes(value.bytes))
    }

    /// What a statement says. `lean` is what it says of a User-Agent that is too long to be looked at.
    /// Parts stand before wholes and depth is bounded at load, so this ends.
    pub(super) fn node(&mut self, index: u32, lean: bool) -> Answer {
        if let Some(known) = self.memo.get(index, lean) {
            return known;
        }
        let firewall = self.firewall;
        let Some(node) = firewall.nodes.get(index as usize) else {
            return Answer::No;
        };
        let answer = match node {
            Node::Always => Answer::yes(Why::Always),
            Node::IpSet(set) => {
                let set = firewall.ip_sets.get(*set as usize);
                let within =
                    self.in_any_set() && set.is_some_and(|set| set.contains(self.view.client_ip));
                Answer::of(within, Why::Address)
            }
            Node::UserAgentList(list) => self.user_agent(*list, lean),
            Node::UserAgentMissing => Answer::of(self.agent.is_missing(), Why::UserAgentMissing),
            Node::Geo { countries, asns } => self.geo(countries, asns),
            Node::Labels(labels) => {
                let found = labels.iter().find(|label| self.has_label(**label));
                match found {
                    Some(label) => Answer::yes(Why::Label(*label)),
                    None if self.is_open(labels) => Answer::Later,
                    None => Answer::No,
                }
            }
            Node::And(parts) => self.and(parts, lean),
            Node::Or(parts) => self.or(parts, lean),
            Node::Not(part) => match self.node(*part, !lean) {
                Answer::No => Answer::yes(Why::Not),
                Answer::Yes(_) => Answer::No,
                Answer::Later => Answer::Later,
            },
            node => self.over_values(index, node),
        };
        self.memo.keep(index, lean, answer);
        answer
    }

    /// No as soon as one part says no, even when others wait for the body.
    fn and(&mut self, parts: &[u32], lean: bool) -> Answer {
        let mut later = false;
        let mut found: Option<Found> = None;
        for part in parts {
            match self.node(*part, lean) {
                Answer::No => return Answer::No,
                Answer::Later => later = true,
                // A place says more than none.
                Answer::Yes(new) => match found {
                    Some(old) if old.at.is_some() || new.at.is_none() => {}
                    _ => found = Some(new),
                },
            }
        }
        match found {
            _ if later => Answer::Later,
            Some(found) => Answer::Yes(found),
            None => Answer::yes(Why::Always),
        }
    }

    fn or(&mut self, parts: &[u32], lean: bool) -> Answer {
        let mut later = false;
        for part in parts {
            match self.node(*part, lean) {
                Answer::No => {}
                Answer::Later => later = true,
                yes @ Answer::Yes(_) => return yes,
            }
        }
        if later { Answer::Later } else { Answer::No }
    }

    /// Whether one of the IP sets may hold the client: nearly nobody is in any of them.
    fn in_any_set(&mut self) -> bool {
        let all = self.firewall.ip_union.as_ref();
        *self
            .in_any_set
            .get_or_insert_with(|| all.is_none_or(|all| all.contains(self.view.client_ip)))
    }

    fn user_agent(&mut self, index: u32, lean: bool) -> Answer {
        let Some(list) = self.firewall.lists.get(index as usize) else {
            return Answer::No;
        };
        match self.agent.find(index as usize, list, &self.firewall.agents) {
            FoundAgent::Nothing => Answer::No,
            FoundAgent::Pattern(pattern) => Answer::yes(Why::UserAgent(pattern)),
            FoundAgent::Oversize => Answer::of(lean, Why::Oversize),
        }
    }

    fn geo(&self, countries: &[[u8; 2]], asns: &[u32]) -> Answer {
        let country = self.view.country;
        if country.is_some_and(|country| countries.binary_search(&country).is_ok()) {
            return Answer::yes(Why::Country);
        }
        let asn = self
            .view
            .asn
            .is_some_and(|asn| asns.binary_search(&asn).is_ok());
        Answer::of(asn, Why::Asn)
    }

    /// A statement that looks at values: the first value that matches.
    fn over_values(&mut self, index: u32, node: &Node) -> Answer {
        let (input, oversize) = match node {
            Node::Bytes {
                input, oversize, ..
            }
            | Node::Regex {
                input, oversize, ..
            }
            | Node::Size {
                input, oversize, ..
            }
            | Node::Sqli { input, oversize }
            | Node::Xss { input, oversize } => (*input, *oversize),
            _ => return Answer::No,
        };
        self.cache.fill(input, &self.firewall.steps, &self.view);
        let Some(values) = self.cache.values(input) else {
            return Answer::No;
        };
        if values.later {
            return Answer::Later;
        }
        match oversize {
            Oversize::Match if values.oversize => return Answer::yes(Why::Oversize),
            Oversize::NoMatch if values.oversize => return Answer::No,
            _ => {}
        }
        if let Node::Regex { patterns, .. } = node {
            return self.regex(input, patterns);
        }
        let screen = self.firewall.screens.get(index as usize);
        if let Some(screen) = screen.filter(|screen| !screen.is_empty()) {
            // Most often none of the texts can be in any of the values.
            let grams = self.cache.grams(input);
            if !screen.iter().any(|text| grams.may_contain(text)) {
                return Answer::No;
            }
        }
        let Some(values) = self.cache.values(input) else {
            return Answer::No;
        };
        for (number, value) in values.items.iter().enumerate() {
            let bytes = self.cache.bytes(value.bytes);
            if let Some((why, start, end)) = matches(node, bytes) {
                return Answer::Yes(Found {
                    why,
                    at: Some((input, number, start, end)),
                });
            }
        }
        Answer::No
    }

    /// All patterns that look at this input are searched in one pass over its values, once.
    fn regex(&mut self, input: u32, wanted: &[u32]) -> Answer {
        let table = &self.firewall.patterns;
        self.search(input);
        let mut hits = self.hits.of(input).unwrap_or_default().iter();
        let hit = hits.find(|(_, pattern)| wanted.binary_search(pattern).is_ok());
        let Some((number, pattern)) = hit.copied() else {
            return Answer::No;
        };
        let value = self
            .cache
            .values(input)
            .and_then(|values| values.items.get(number));
        let range = value.and_then(|value| table.find(pattern, self.cache.bytes(value.bytes)));
        let (start, end) = range.map_or((0, 0), |range| (range.start, range.end));
        Answer::Yes(Found {
            why: Why::Regex(pattern),
            at: Some((input, number, start, end)),
        })
    }

    /// Searches the values of an input, which are there, for all patterns that look at it, once.
    fn search(&mut self, input: u32) {
        if self.hits.of(input).is_some() {
            return;
        }
        let values = self.cache.values(input);
        let values = values.map_or(&[][..], |values| values.items).iter();
        let values = values.map(|value| self.cache.bytes(value.bytes));
        let table = &self.firewall.patterns;
        table.search(&mut self.hits, input, values);
    }

    /// Begins with the rules that may match.
    pub(super) fn screen(&mut self) {
        let firewall = self.firewall;
        firewall.screen.candidates(&self.view, &mut self.candidates);
    }

    /// Begins with all rules.
    #[cfg(test)]
    pub(super) fn screen_nothing(&mut self) {
        self.candidates.all(self.firewall.rules.len());
    }

    /// The first rule from this one on that may match.
    pub(super) fn next_rule(&mut self, mut from: u32) -> Option<u32> {
        let firewall = self.firewall;
        loop {
            let rule = self.candidates.from(from)?;
            match firewall.screen.group(rule) {
                Some((number, group)) if self.candidates.settle(number) => {
                    self.settle(usize::from(number), group);
                }
                _ => return Some(rule),
            }
            from = rule;
        }
    }

    /// Leaves those rules of a group that may match.
    fn settle(&mut self, number: usize, group: &Group) {
        let firewall = self.firewall;
        self.cache.fill(group.input, &firewall.steps, &self.view);
        let values = self.cache.values(group.input);
        if values.is_none_or(|values| values.later || values.oversize) {
            return;
        }
        let rules = group.rules.iter();
        let place = firewall.lists.len() + number;
        if group.of_user_agent && self.agent.has_nothing(place, &firewall.agents) {
            rules.for_each(|(rule, _)| self.candidates.remove(*rule));
            return;
        }
        let mut left = 0;
        match group.looks {
            Looks::Texts => {
                let grams = self.cache.grams(group.input);
                for (rule, node) in rules {
                    let texts = firewall.screens.get(*node as usize);
                    if texts.is_some_and(|texts| {
                        !texts.is_empty() && !texts.iter().any(|text| grams.may_contain(text))
                    }) {
                        self.candidates.remove(*rule);
                    } else {
                        left += 1;
                    }
                }
            }
            Looks::Expressions => {
                self.search(group.input);
                if self.hits.of(group.input).is_some_and(<[_]>::is_empty) {
                    rules.for_each(|(rule, _)| self.candidates.remove(*rule));
                } else {
                    left = rules.len();
                }
            }
        }
        if group.of_user_agent && left == 0 {
            self.agent.keep_nothing(place, &firewall.agents);
        }
    }

    /// The place of a match, copied out of the request.
    pub(super) fn place(&self, found: &Found) -> Option<Place> {
        let (input, number, start, end) = found.at?;
        let value = self.cache.values(input)?.items.get(number)?;
        let bytes = self.cache.bytes(value.bytes);
        let room = EXCERPT_BYTES_MAX.saturating_sub(end.saturating_sub(start)) / 2;
        let from = start.saturating_sub(room);
        let to = from.saturating_add(EXCERPT_BYTES_MAX).min(bytes.len());
        let name = self.cache.bytes(value.name);
        Some(Place {
            input: self.firewall.steps.name(input).to_owned(),
            name: name
                .get(..name.len().min(EXCERPT_BYTES_MAX))
                .unwrap_or_default()
                .to_vec(),
            excerpt: bytes.get(from..to).unwrap_or_default().to_vec(),
            range: (start - from, end.min(to).saturating_sub(from)),
            offset: from,
            length: bytes.len(),
        })
    }
}

impl Drop for Run<'_, '_> {
    fn drop(&mut self) {
        self.firewall.workspace.leave(Buffers {
            candidates: mem::take(&mut self.candidates),
            memo: mem::take(&mut self.memo),
            values: self.cache.take_buffers(),
        });
    }
}

/// Why and where one value matches a statement other than [`Node::Regex`].
fn matches(node: &Node, value: &[u8]) -> Option<(Why, usize, usize)> {
    match node {
        Node::Bytes {
            position, texts, ..
        } => (0..).zip(texts).find_map(|(index, text)| {
            let range = matchers::find(*position, value, text)?;
            Some((Why::Text(index), range.start, range.end))
        }),
        Node::Size {
            comparison, bytes, ..
        } => {
            let holds = comparison.holds(value.len() as u64, *bytes);
            holds.then_some((Why::Size, 0, value.len()))
        }
        Node::Sqli { .. } => {
            let print = crate::injection::sqli(value)?;
            Some((Why::Sqli(print), 0, value.len()))
        }
        Node::Xss { .. } => crate::injection::xss(value).then_some((Why::Xss, 0, value.len())),
        _ => None,
    }
}
