//! What has to hold for a statement to match, as far as it can be told at once for many.

use super::Single;
use crate::Field;
use crate::rules::compiled::{Comparison, Node, Position};
use crate::values::Steps;

/// More statements than this guard nothing: looking at each rule costs no more.
const LEAVES_MAX: usize = 64;

/// A shorter text at the start of a field guards nothing: many requests have it.
const TEXT_BYTES_MIN: usize = 4;

/// Names of fields that nearly every request has.
const COMMON: [&str; 9] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "connection",
    "cookie",
    "host",
    "referer",
    "sec-fetch-mode",
    "user-agent",
];

/// What has to hold for a statement to match or to wait.
#[derive(Debug, Clone)]
pub(super) enum Guard {
    /// Nothing that can be told.
    Nothing,
    /// One of these statements, by number, each with a [`Quick`] form, has to match.
    OneOf(Vec<u32>),
}

/// A statement that one look at the request answers, or the necessary part of it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Quick<'n> {
    /// There is a header of this name.
    Header(&'n str),
    /// There is a query argument of this name.
    Argument(&'n str),
    /// There is a cookie of this name.
    Cookie(&'n str),
    /// The field begins with one of the texts.
    Starts(Single, &'n [Vec<u8>]),
    /// The field is so long.
    Size(Single, Comparison, u64),
}

impl<'n> Quick<'n> {
    /// The necessary part of a statement about values. A field of a name that does not occur has no values,
    /// and an input without values matches nothing.
    pub(super) fn of(node: &'n Node, steps: &'n Steps) -> Option<Self> {
        let input = input(node)?;
        match steps.root(input)? {
            Field::Header(name) => return Some(Self::Header(name)),
            Field::QueryArgument(name) => return Some(Self::Argument(name)),
            Field::Cookie(name) => return Some(Self::Cookie(name)),
            _ => {}
        }
        let field = Single::of(steps.field(input)?)?;
        match node {
            Node::Bytes {
                position: Position::Exactly | Position::StartsWith,
                texts,
                ..
            } if texts.iter().all(|text| text.len() >= TEXT_BYTES_MIN) => {
                Some(Self::Starts(field, texts))
            }
            Node::Size {
                comparison, bytes, ..
            } => Some(Self::Size(field, *comparison, *bytes)),
            _ => None,
        }
    }

    /// How many requests it lets through: more with a higher number.
    fn passes(self) -> u8 {
        match self {
            Self::Header(name) if COMMON.contains(&name) => 4,
            Self::Header(_) | Self::Argument(_) | Self::Cookie(_) => 1,
            Self::Starts(Single::Path | Single::Target | Single::QueryString, _) => 0,
            Self::Starts(..) => 3,
            Self::Size(..) => 2,
        }
    }
}

/// The input that a statement looks at.
pub(super) fn input(node: &Node) -> Option<u32> {
    match node {
        Node::Bytes { input, .. }
        | Node::Regex { input, .. }
        | Node::Size { input, .. }
        | Node::Sqli { input, .. }
        | Node::Xss { input, .. } => Some(*input),
        _ => None,
    }
}

/// The guard of each statement. Parts stand before wholes.
pub(super) fn guards(nodes: &[Node], steps: &Steps) -> Vec<Guard> {
    let mut guards: Vec<Guard> = Vec::with_capacity(nodes.len());
    for (index, node) in (0..).zip(nodes) {
        let of = |part: &u32| guards.get(*part as usize);
        let guard = match node {
            Node::And(parts) => {
                let known = parts.iter().filter_map(of);
                let cost = |guard: &&Guard| cost(guard, nodes, steps);
                known.min_by_key(cost).cloned().unwrap_or(Guard::Nothing)
            }
            Node::Or(parts) => either(parts.iter().map(of)),
            node if Quick::of(node, steps).is_some() => Guard::OneOf(vec![index]),
            _ => Guard::Nothing,
        };
        guards.push(guard);
    }
    guards
}

/// The worst of the statements, and how many there are.
fn cost(guard: &Guard, nodes: &[Node], steps: &Steps) -> (u8, usize) {
    match guard {
        Guard::Nothing => (u8::MAX, 0),
        Guard::OneOf(leaves) => {
            let nodes = leaves.iter().filter_map(|leaf| nodes.get(*leaf as usize));
            let quick = nodes.filter_map(|node| Quick::of(node, steps));
            (quick.map(Quick::passes).max().unwrap_or(0), leaves.len())
        }
    }
}

fn either<'g>(parts: impl Iterator<Item = Option<&'g Guard>>) -> Guard {
    let mut all = Vec::new();
    for part in parts {
        match part {
            Some(Guard::OneOf(leaves)) if all.len() + leaves.len() <= LEAVES_MAX => {
                all.extend_from_slice(leaves);
            }
            _ => return Guard::Nothing,
        }
    }
    Guard::OneOf(all)
}
