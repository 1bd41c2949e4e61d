//! Screens before evaluation: which rules cannot match a request, told for all of them at once.
//!
//! At load each rule is given a *guard*: statements of which one has to match for the rule to match, each so
//! simple that one look at the request answers all of a kind ([`names`], [`starts`], [`Size`]). A rule that no
//! guard lets through says no, and is not evaluated. A rule without a guard is always a candidate.
//!
//! Of the candidates those that look for texts or expressions in the same input are a *group* ([`groups`]):
//! when the first of them is reached, one look at the values leaves those that may match.
//!
//! A screen never lets a rule out that would match, or that waits for the body. What a rule says does not
//! depend on it.

mod candidates;
mod grams;
mod groups;
mod guard;
mod names;
mod starts;
#[cfg(test)]
mod tests;

use super::View;
use super::compiled::{Comparison, CompiledRule, Node};
use crate::Field;
use crate::values::{Steps, each_cookie, each_query_pair};
pub(super) use candidates::Candidates;
pub(super) use grams::screens;
pub(super) use groups::{Group, Looks};
use guard::{Guard, Quick, guards};
use names::Names;
use starts::Starts;

/// The screens of a firewall.
#[derive(Debug, Clone, Default)]
pub(super) struct Screen {
    /// How many rules there are.
    rules: usize,
    /// The rules without a guard.
    always: Vec<u32>,
    headers: Names,
    arguments: Names,
    cookies: Names,
    starts: Vec<(Single, Starts)>,
    sizes: Vec<Size>,
    groups: Vec<Group>,
    /// By rule its group; [`NO_GROUP`] without one.
    group_of: Vec<u8>,
}

/// Stands for no group. Above every number of a group.
const NO_GROUP: u8 = u8::MAX;

/// Texts or names, and the rule that asks for each.
type Wanted<'n> = Vec<(&'n [u8], u32)>;

/// A field that has one value at most, which stands in the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Single {
    Method,
    Host,
    Path,
    Target,
    QueryString,
}

/// A rule that asks for the length of a field.
#[derive(Debug, Clone, Copy)]
struct Size {
    field: Single,
    comparison: Comparison,
    bytes: u64,
    rule: u32,
}

impl Single {
    fn of(field: &Field) -> Option<Self> {
        Some(match field {
            Field::Method => Self::Method,
            Field::Host => Self::Host,
            Field::Path => Self::Path,
            Field::Target => Self::Target,
            Field::QueryString => Self::QueryString,
            _ => return None,
        })
    }

    fn value<'a>(self, view: &View<'a>) -> Option<&'a [u8]> {
        match self {
            Self::Method => Some(view.method),
            Self::Host => Some(view.host),
            Self::Path => Some(view.path),
            Self::Target => Some(view.target),
            Self::QueryString => view.query,
        }
    }
}

impl Screen {
    /// Makes the screens of rules that were checked. Takes time linear in the nodes and sorts names and texts.
    pub(super) fn new(rules: &[CompiledRule], nodes: &[Node], steps: &Steps) -> Self {
        let guards = guards(nodes, steps);
        let mut screen = Self {
            rules: rules.len(),
            ..Self::default()
        };
        let (mut headers, mut arguments, mut cookies) = (Vec::new(), Vec::new(), Vec::new());
        let mut starts: Vec<(Single, Wanted<'_>)> = Vec::new();
        for (index, rule) in (0..).zip(rules) {
            let guard = guards.get(rule.statement as usize);
            let Some(Guard::OneOf(leaves)) = guard else {
                screen.always.push(index);
                continue;
            };
            for leaf in leaves {
                let node = nodes.get(*leaf as usize);
                match node.and_then(|node| Quick::of(node, steps)) {
                    Some(Quick::Header(name)) => headers.push((name.as_bytes(), index)),
                    Some(Quick::Argument(name)) => arguments.push((name.as_bytes(), index)),
                    Some(Quick::Cookie(name)) => cookies.push((name.as_bytes(), index)),
                    Some(Quick::Size(field, comparison, bytes)) => screen.sizes.push(Size {
                        field,
                        comparison,
                        bytes,
                        rule: index,
                    }),
                    Some(Quick::Starts(field, texts)) => {
                        let texts = texts.iter().map(|text| (text.as_slice(), index));
                        match starts.iter_mut().find(|(known, _)| *known == field) {
                            Some((_, all)) => all.extend(texts),
                            None => starts.push((field, texts.collect())),
                        }
                    }
                    // Guards are made of such statements alone.
                    None => screen.always.push(index),
                }
            }
        }
        screen.headers = Names::new(headers);
        screen.arguments = Names::new(arguments);
        screen.cookies = Names::new(cookies);
        let starts = starts.into_iter();
        screen.starts = starts
            .map(|(field, texts)| (field, Starts::new(texts)))
            .collect();
        (screen.groups, screen.group_of) = groups::groups(rules, nodes, steps);
        screen
    }

    /// The rules that may match, as far as guards tell.
    pub(super) fn candidates(&self, view: &View<'_>, candidates: &mut Candidates) {
        candidates.reset(self.rules);
        for rule in &self.always {
            candidates.add(*rule);
        }
        for (field, starts) in &self.starts {
            if let Some(value) = field.value(view) {
                starts.of(value, |rule| candidates.add(rule));
            }
        }
        for size in &self.sizes {
            let value = size.field.value(view);
            if value.is_some_and(|value| size.comparison.holds(value.len() as u64, size.bytes)) {
                candidates.add(size.rule);
            }
        }
        if !self.headers.is_empty() {
            for (name, _) in view.headers {
                self.headers.header(name, |rule| candidates.add(rule));
            }
        }
        if !self.cookies.is_empty() {
            each_cookie(view, |name| {
                self.cookies.exact(name, |rule| candidates.add(rule));
            });
        }
        if !self.arguments.is_empty() {
            each_query_pair(view, |name| {
                self.arguments.encoded(name, |rule| candidates.add(rule));
            });
        }
    }

    /// The group of a rule and its number.
    pub(super) fn group(&self, rule: u32) -> Option<(u8, &Group)> {
        let number = *self.group_of.get(rule as usize)?;
        Some((number, self.groups.get(usize::from(number))?))
    }
}
