//! Takes sites and routes one by one and lays out the table.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_normalise::{Host, HostKind};

use crate::METHODS_MAX;
use crate::compiled::{
    CompiledRoutes, Edge, Entry, Leaf, NONE, Node, RouteIndex, SiteIndex, Target,
};
use crate::error::{HostFault, RouteError};
use crate::method::bit_of;
use crate::pattern::{self, Segment};

/// The index 65535 means "none" in records and on the wire.
const INDEX_MAX: usize = u16::MAX as usize;

/// Collects sites and routes. A refused site or route leaves the builder as it was, so that all
/// faults of a configuration can be reported at once.
#[derive(Debug, Clone, Default)]
pub struct RouteTableBuilder {
    sites: Vec<Site>,
    hosts: BTreeMap<String, SiteIndex>,
    wildcards: BTreeMap<String, SiteIndex>,
    methods: BTreeSet<String>,
    patterns: Vec<String>,
}

#[derive(Debug, Clone, Default)]
struct Site {
    name: String,
    root: Tree,
}

/// A node while it grows.
#[derive(Debug, Clone, Default)]
struct Tree {
    children: BTreeMap<String, Tree>,
    param: Option<Box<Tree>>,
    catch_all: Vec<Taken>,
    here: Vec<Taken>,
}

/// A route at its place. No methods means all that no other route there has.
#[derive(Debug, Clone)]
struct Taken {
    methods: BTreeSet<String>,
    route: RouteIndex,
    params: Vec<String>,
}

impl RouteTableBuilder {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a site with its hosts: exact names and addresses, or `*.example.com`.
    ///
    /// # Errors
    /// [`RouteError`] names the host at fault.
    pub fn add_site(&mut self, name: &str, hosts: &[&str]) -> Result<SiteIndex, RouteError> {
        if self.sites.iter().any(|site| site.name == name) {
            return Err(RouteError::SiteTaken { name: name.into() });
        }
        if hosts.is_empty() {
            return Err(RouteError::NoHosts { name: name.into() });
        }
        let index = SiteIndex(next_index(self.sites.len(), "sites")?);
        let mut exact = BTreeSet::new();
        let mut wild = BTreeSet::new();
        for host in hosts {
            let (canonical, wildcard) = read_host(host).map_err(|fault| RouteError::Host {
                host: (*host).into(),
                fault,
            })?;
            let (known, new) = if wildcard {
                (&self.wildcards, &mut wild)
            } else {
                (&self.hosts, &mut exact)
            };
            let owner = known.get(&canonical).map(|owner| self.site_name(*owner));
            if owner.is_some() || !new.insert(canonical) {
                return Err(RouteError::HostTaken {
                    host: (*host).into(),
                    site: owner.unwrap_or_else(|| name.into()),
                });
            }
        }
        self.hosts
            .extend(exact.into_iter().map(|host| (host, index)));
        self.wildcards
            .extend(wild.into_iter().map(|host| (host, index)));
        self.sites.push(Site {
            name: name.into(),
            root: Tree::default(),
        });
        Ok(index)
    }

    /// Adds a route. No methods means all methods that no other route of the same pattern has;
    /// GET brings HEAD along unless another route of the pattern has it.
    ///
    /// # Errors
    /// [`RouteError`] says what is wrong with the pattern or the methods, or which earlier route
    /// matches the same requests.
    pub fn add_route(
        &mut self,
        site: SiteIndex,
        methods: &[&str],
        pattern: &str,
    ) -> Result<RouteIndex, RouteError> {
        let route = RouteIndex(next_index(self.patterns.len(), "routes")?);
        let segments = pattern::parse(pattern).map_err(|fault| RouteError::Pattern {
            pattern: pattern.into(),
            fault,
        })?;
        let methods = methods
            .iter()
            .map(|method| check_method(method))
            .collect::<Result<BTreeSet<_>, _>>()?;
        let mut names: BTreeSet<String> = self.methods.union(&methods).cloned().collect();
        if methods.contains("GET") {
            names.insert("HEAD".into());
        }
        if names.len() > METHODS_MAX {
            return Err(too_many("methods", METHODS_MAX));
        }
        let tree = self
            .sites
            .get_mut(usize::from(site.0))
            .map(|site| &mut site.root)
            .ok_or(RouteError::UnknownSite)?;
        let place = tree.place(&segments);
        if let Some((other, shared)) = overlap(place, &methods) {
            let other = self.patterns.get(usize::from(other.0)).cloned();
            return Err(RouteError::Duplicate {
                pattern: pattern.into(),
                other: other.unwrap_or_default(),
                methods: shared,
            });
        }
        place.push(Taken {
            methods,
            route,
            params: segments
                .into_iter()
                .filter_map(Segment::into_name)
                .collect(),
        });
        self.methods = names;
        self.patterns.push(pattern.into());
        Ok(route)
    }

    /// Lays out the table. The same calls give the same table, byte for byte.
    #[must_use]
    pub fn finish(self) -> CompiledRoutes {
        let mut table = CompiledRoutes {
            methods: self.methods.into_iter().collect(),
            hosts: self.hosts.into_iter().collect(),
            wildcards: self.wildcards.into_iter().collect(),
            patterns: self.patterns,
            ..CompiledRoutes::default()
        };
        for site in self.sites {
            let root = lay_out(&mut table, site.root);
            table.roots.push(root);
        }
        table
    }

    fn site_name(&self, index: SiteIndex) -> String {
        self.sites
            .get(usize::from(index.0))
            .map(|site| site.name.clone())
            .unwrap_or_default()
    }
}

impl Tree {
    /// Where the routes of a pattern stand; made if need be.
    fn place(&mut self, segments: &[Segment]) -> &mut Vec<Taken> {
        let mut tree = self;
        for segment in segments {
            tree = match segment {
                Segment::Static(text) => tree.children.entry(text.clone()).or_default(),
                Segment::Param(_) => tree.param.get_or_insert_default(),
                Segment::CatchAll(_) => return &mut tree.catch_all,
            };
        }
        &mut tree.here
    }
}

/// An earlier route with one of the methods, and which they share.
fn overlap(place: &[Taken], methods: &BTreeSet<String>) -> Option<(RouteIndex, String)> {
    place.iter().find_map(|taken| {
        if methods.is_empty() && taken.methods.is_empty() {
            return Some((taken.route, "all methods".to_owned()));
        }
        let shared: Vec<&str> = taken
            .methods
            .intersection(methods)
            .map(String::as_str)
            .collect();
        (!shared.is_empty()).then(|| (taken.route, shared.join(", ")))
    })
}

/// Appends a tree, parents before children, and gives its root's number.
fn lay_out(table: &mut CompiledRoutes, tree: Tree) -> u32 {
    let number = table.nodes.len();
    table.nodes.push(Node::default());
    let leaf = add_leaf(table, tree.here);
    let catch_all = add_leaf(table, tree.catch_all);
    let parent = as_u32(number);
    for (segment, child) in tree.children {
        let child = lay_out(table, child);
        table.edges.push(Edge {
            parent,
            segment,
            child,
        });
    }
    let param = tree.param.map_or(NONE, |child| lay_out(table, *child));
    if let Some(node) = table.nodes.get_mut(number) {
        *node = Node {
            param,
            catch_all,
            leaf,
        };
    }
    parent
}

fn add_leaf(table: &mut CompiledRoutes, routes: Vec<Taken>) -> u32 {
    if routes.is_empty() {
        return NONE;
    }
    let names = table.methods.as_slice();
    let head_taken = routes.iter().any(|taken| taken.methods.contains("HEAD"));
    let mut leaf = Leaf::default();
    for taken in routes {
        let mut methods = taken
            .methods
            .iter()
            .fold(0, |bits, method| bits | bit_of(names, method));
        if taken.methods.contains("GET") && !head_taken {
            methods |= bit_of(names, "HEAD");
        }
        let target = Target {
            route: taken.route,
            params: taken.params,
        };
        if taken.methods.is_empty() {
            leaf.any = Some(target);
        } else {
            leaf.entries.push(Entry { methods, target });
        }
    }
    let number = as_u32(table.leaves.len());
    table.leaves.push(leaf);
    number
}

/// At most 65,535 routes of 32 segments make fewer than 2^32 nodes.
fn as_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(NONE)
}

fn next_index(count: usize, what: &'static str) -> Result<u16, RouteError> {
    u16::try_from(count)
        .ok()
        .filter(|index| *index != u16::MAX)
        .ok_or_else(|| too_many(what, INDEX_MAX))
}

fn too_many(what: &'static str, max: usize) -> RouteError {
    RouteError::TooMany { what, max }
}

fn check_method(method: &str) -> Result<String, RouteError> {
    let upper_token = |byte: u8| {
        byte.is_ascii_graphic()
            && !byte.is_ascii_lowercase()
            && !b"\"(),/:;<=>?@[\\]{}".contains(&byte)
    };
    if method.is_empty() || method.len() > 32 || !method.bytes().all(upper_token) {
        return Err(RouteError::Method {
            method: method.into(),
        });
    }
    Ok(method.into())
}

/// The canonical host, and whether it is what follows a wildcard.
fn read_host(host: &str) -> Result<(String, bool), HostFault> {
    let (name, wildcard) = match host.strip_prefix("*.") {
        Some(name) => (name, true),
        None => (host, false),
    };
    if name.contains('*') {
        return Err(HostFault::Wildcard);
    }
    let canonical = Host::parse(name.as_bytes()).map_err(HostFault::Invalid)?;
    if canonical.port.is_some() {
        return Err(HostFault::Port);
    }
    if wildcard && canonical.kind != HostKind::Name {
        return Err(HostFault::Wildcard);
    }
    Ok((canonical.name.into_owned(), wildcard))
}
