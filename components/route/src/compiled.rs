//! A compiled table: what stands in the policy bundle.

use serde::{Deserialize, Serialize};

use crate::method::MethodBits;
use crate::{METHODS_MAX, PARAMS_MAX, SEGMENTS_MAX};

/// A site, in the order in which sites were added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SiteIndex(pub u16);

/// A route, in the order in which routes were added, over all sites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RouteIndex(pub u16);

/// "No such node" and "no such leaf".
pub(crate) const NONE: u32 = u32::MAX;

/// Sites and routes as flat lists: one tree of segments for each site, in one arena.
///
/// Made by [`crate::RouteTableBuilder`], the same bytes for the same input; its fields are
/// checked by [`crate::Routes::load`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CompiledRoutes {
    /// Method names in alphabetical order; the bits of [`Entry`] count in this list.
    pub(crate) methods: Vec<String>,
    /// Exact hosts with their sites, sorted.
    pub(crate) hosts: Vec<(String, SiteIndex)>,
    /// What follows the `*.` of wildcards, sorted.
    pub(crate) wildcards: Vec<(String, SiteIndex)>,
    /// The root node of each site.
    pub(crate) roots: Vec<u32>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) edges: Vec<Edge>,
    pub(crate) leaves: Vec<Leaf>,
    /// The pattern of each route, as written.
    pub(crate) patterns: Vec<String>,
}

/// A place between two segments. Its static children are in the list of edges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Node {
    /// The child for a segment that is a parameter.
    pub(crate) param: u32,
    /// The leaf for a catch-all.
    pub(crate) catch_all: u32,
    /// The leaf for a path that ends here.
    pub(crate) leaf: u32,
}

impl Default for Node {
    fn default() -> Self {
        Self {
            param: NONE,
            catch_all: NONE,
            leaf: NONE,
        }
    }
}

/// A static segment from one node to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Edge {
    pub(crate) parent: u32,
    pub(crate) segment: String,
    pub(crate) child: u32,
}

/// The routes of one shape of pattern.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Leaf {
    /// Routes with methods of their own; their bits do not overlap.
    pub(crate) entries: Vec<Entry>,
    /// The route for all other methods.
    pub(crate) any: Option<Target>,
}

/// A route for some methods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) methods: MethodBits,
    pub(crate) target: Target,
}

/// A route and the names of its parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Target {
    pub(crate) route: RouteIndex,
    pub(crate) params: Vec<String>,
}

/// A table that no builder has made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the route table is damaged: {0}")]
pub struct LoadError(pub &'static str);

impl CompiledRoutes {
    /// Checks everything that lookups rely on: indices in range, sorted lists, and a tree (every
    /// child has one parent of a lower index) of bounded depth, so that every walk ends.
    pub(crate) fn check(&self) -> Result<(), LoadError> {
        let sites = self.roots.len();
        for list in [&self.hosts, &self.wildcards] {
            if !list.is_sorted_by(|(one, _), (next, _)| one < next) {
                return Err(LoadError("hosts are not sorted"));
            }
            if list.iter().any(|(_, site)| usize::from(site.0) >= sites) {
                return Err(LoadError("a host has no site"));
            }
        }
        if self.methods.len() > METHODS_MAX {
            return Err(LoadError("there are too many methods"));
        }
        self.check_tree()?;
        self.check_leaves()
    }

    fn check_tree(&self) -> Result<(), LoadError> {
        // The depth of each node; NONE until a root or a parent names it.
        let mut depths = vec![NONE; self.nodes.len()];
        for root in &self.roots {
            place(&mut depths, *root, 0)?;
        }
        let params = self
            .nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| node.param != NONE)
            .map(|(parent, node)| (parent, node.param));
        let mut links: Vec<(usize, u32)> = self
            .edges
            .iter()
            .map(|edge| (edge.parent as usize, edge.child))
            .chain(params)
            .collect();
        links.sort_unstable();
        for (parent, child) in links {
            let depth = depths.get(parent).copied().unwrap_or(NONE);
            if depth == NONE || child as usize <= parent {
                return Err(LoadError("a node is not in the tree"));
            }
            place(&mut depths, child, depth.saturating_add(1))?;
        }
        Ok(())
    }

    fn check_leaves(&self) -> Result<(), LoadError> {
        let leaves = self.leaves.len();
        let out_of_range = |leaf: u32| leaf != NONE && leaf as usize >= leaves;
        if self
            .nodes
            .iter()
            .any(|node| out_of_range(node.leaf) || out_of_range(node.catch_all))
        {
            return Err(LoadError("a node has no leaf"));
        }
        for leaf in &self.leaves {
            let mut seen = 0;
            for entry in &leaf.entries {
                if entry.methods & seen != 0 {
                    return Err(LoadError("two routes have one method"));
                }
                seen |= entry.methods;
            }
            for target in leaf.targets() {
                if target.params.len() > PARAMS_MAX
                    || usize::from(target.route.0) >= self.patterns.len()
                {
                    return Err(LoadError("a leaf names no route"));
                }
            }
        }
        Ok(())
    }
}

impl Leaf {
    pub(crate) fn targets(&self) -> impl Iterator<Item = &Target> {
        self.entries
            .iter()
            .map(|entry| &entry.target)
            .chain(&self.any)
    }
}

fn place(depths: &mut [u32], node: u32, depth: u32) -> Result<(), LoadError> {
    match depths.get_mut(node as usize) {
        Some(slot @ &mut NONE) if depth as usize <= SEGMENTS_MAX => {
            *slot = depth;
            Ok(())
        }
        _ => Err(LoadError(
            "a node is out of range, too deep or has two parents",
        )),
    }
}
