//! Lookups on a loaded table.

use crate::compiled::{CompiledRoutes, Leaf, LoadError, NONE, RouteIndex, SiteIndex};
use crate::edges::EdgeTable;
use crate::method::{Allowed, bit_of};
use crate::params::Params;
use crate::{PARAMS_MAX, SEGMENTS_MAX};

/// A loaded table.
///
/// A tree of segments in one arena with hashed edges, so that what a lookup costs depends on the
/// path and hardly on the number of routes (example `route_ns`). `matchit` is 10 to 50 ns faster
/// a lookup; it is not used because it takes `/a/{id}` and `/a/{*rest}` for a conflict, gives
/// `/a/{*rest}` no match for `/a/`, allocates where it backtracks, and panics on more than 26
/// parameters.
#[derive(Debug, Clone)]
pub struct Routes {
    table: CompiledRoutes,
    edges: EdgeTable,
}

/// What a path and a method lead to.
#[derive(Debug, Clone, Copy)]
pub enum RouteMatch<'r, 'p> {
    /// A route.
    Found {
        /// Which.
        route: RouteIndex,
        /// The values of its parameters.
        params: Params<'r, 'p>,
    },
    /// The path exists, but not with that method: 405 with Allow.
    MethodNotAllowed {
        /// The methods that the path has.
        allow: Allowed<'r>,
    },
    /// No pattern matches the path: 404.
    NotFound,
}

impl Routes {
    /// Checks and loads a table.
    ///
    /// # Errors
    /// [`LoadError`] where the table is not one that a builder made.
    pub fn load(table: CompiledRoutes) -> Result<Self, LoadError> {
        table.check()?;
        let edges = EdgeTable::new(&table.edges);
        Ok(Self { table, edges })
    }

    /// The site of a canonical host (lower case, no port, no trailing dot).
    #[must_use]
    pub fn site(&self, host: &str) -> Option<SiteIndex> {
        let find = |list: &[(String, SiteIndex)], name: &str| {
            let at = list
                .binary_search_by(|(known, _)| known.as_str().cmp(name))
                .ok()?;
            list.get(at).map(|(_, site)| *site)
        };
        if let Some(site) = find(&self.table.hosts, host) {
            return Some(site);
        }
        if self.table.wildcards.is_empty() {
            return None;
        }
        let mut rest = host;
        while let Some((label, parent)) = rest.split_once('.') {
            if label.is_empty() {
                return None;
            }
            if let Some(site) = find(&self.table.wildcards, parent) {
                return Some(site);
            }
            rest = parent;
        }
        None
    }

    /// The route of a canonical path of a site. A path that does not begin with `/` (`*`, or
    /// empty for CONNECT) has none.
    #[must_use]
    pub fn route<'p>(&self, site: SiteIndex, method: &str, path: &'p str) -> RouteMatch<'_, 'p> {
        let root = self.table.roots.get(usize::from(site.0)).copied();
        let (Some(root), Some(rest)) = (root, path.strip_prefix('/')) else {
            return RouteMatch::NotFound;
        };
        let mut values = [""; PARAMS_MAX];
        let Some(leaf) = self.walk(root, rest, 0, &mut values, SEGMENTS_MAX) else {
            return RouteMatch::NotFound;
        };
        self.choose(leaf, method, values)
    }

    /// The pattern of a route as it was written, for records and metrics.
    #[must_use]
    pub fn pattern(&self, route: RouteIndex) -> Option<&str> {
        self.table
            .patterns
            .get(usize::from(route.0))
            .map(String::as_str)
    }

    /// How many routes there are, over all sites.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.patterns.len()
    }

    /// Whether there are no routes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.patterns.is_empty()
    }

    /// The best leaf below `node` for what is left of the path. Every node of the tree is
    /// visited at most once, because only one sequence of segments leads to it.
    fn walk<'p>(
        &self,
        node: u32,
        rest: &'p str,
        taken: usize,
        values: &mut [&'p str; PARAMS_MAX],
        depth_left: usize,
    ) -> Option<&Leaf> {
        let here = self.table.nodes.get(node as usize)?;
        let depth_left = depth_left.checked_sub(1)?;
        let (segment, after) = match rest.split_once('/') {
            Some((segment, after)) => (segment, Some(after)),
            None => (rest, None),
        };
        if let Some(child) = self.edges.get(&self.table.edges, node, segment) {
            let found = match after {
                Some(after) => self.walk(child, after, taken, values, depth_left),
                None => self.end(child),
            };
            if found.is_some() {
                return found;
            }
        }
        if here.param != NONE && !segment.is_empty() {
            if let Some(slot) = values.get_mut(taken) {
                *slot = segment;
            }
            let found = match after {
                Some(after) => self.walk(
                    here.param,
                    after,
                    taken.saturating_add(1),
                    values,
                    depth_left,
                ),
                None => self.end(here.param),
            };
            if found.is_some() {
                return found;
            }
        }
        let leaf = self.leaf(here.catch_all)?;
        if let Some(slot) = values.get_mut(taken) {
            *slot = rest;
        }
        Some(leaf)
    }

    fn end(&self, node: u32) -> Option<&Leaf> {
        self.leaf(self.table.nodes.get(node as usize)?.leaf)
    }

    fn leaf(&self, leaf: u32) -> Option<&Leaf> {
        self.table.leaves.get(leaf as usize)
    }

    fn choose<'r, 'p>(
        &'r self,
        leaf: &'r Leaf,
        method: &str,
        values: [&'p str; PARAMS_MAX],
    ) -> RouteMatch<'r, 'p> {
        let names = self.table.methods.as_slice();
        let bit = bit_of(names, method);
        let own = leaf.entries.iter().find(|entry| entry.methods & bit != 0);
        let target = own.map(|entry| &entry.target).or(leaf.any.as_ref());
        match target {
            Some(target) => RouteMatch::Found {
                route: target.route,
                params: Params {
                    names: &target.params,
                    values,
                },
            },
            None => RouteMatch::MethodNotAllowed {
                allow: Allowed {
                    names,
                    bits: leaf
                        .entries
                        .iter()
                        .fold(0, |all, entry| all | entry.methods),
                },
            },
        }
    }
}
