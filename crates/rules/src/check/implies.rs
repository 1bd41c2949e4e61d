//! When one statement can only match where another one does.

use lockgate_config::{ByteMatch, RulesFile, Search, Statement};
use lockgate_firewall::{IpSet, IpSetBuilder};

/// A statement and the file whose sets it names.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) file: &'a RulesFile,
    pub(super) statement: &'a Statement,
}

impl<'a> Asked<'a> {
    fn with(self, statement: &'a Statement) -> Self {
        Self { statement, ..self }
    }

    fn parts(self, parts: &'a [Statement]) -> impl Iterator<Item = Self> {
        parts.iter().map(move |part| self.with(part))
    }
}

/// Whether every request that `narrow` matches is matched by `wide`. `false` when it cannot be told.
pub(super) fn implies(narrow: Asked<'_>, wide: Asked<'_>) -> bool {
    match (narrow.statement, wide.statement) {
        (_, Statement::And(parts)) => wide.parts(parts).all(|part| implies(narrow, part)),
        (Statement::Or(parts), _) => narrow.parts(parts).all(|part| implies(part, wide)),
        (Statement::And(parts), _) if narrow.parts(parts).any(|part| implies(part, wide)) => true,
        (_, Statement::Or(parts)) => wide.parts(parts).any(|part| implies(narrow, part)),
        (Statement::Not(narrow_part), Statement::Not(wide_part)) => {
            implies(wide.with(wide_part), narrow.with(narrow_part))
        }
        (Statement::IpSet(a), Statement::IpSet(b)) => within((narrow.file, a), (wide.file, b)),
        (Statement::NotIpSet(a), Statement::NotIpSet(b)) => {
            within((wide.file, b), (narrow.file, a))
        }
        (Statement::UserAgentList(a), Statement::UserAgentList(b)) => {
            narrow.file.user_agent_lists.get(a) == wide.file.user_agent_lists.get(b)
        }
        (Statement::RegexSet(a), Statement::RegexSet(b)) => {
            a == b && narrow.file.regex_sets.get(&a.set) == wide.file.regex_sets.get(&b.set)
        }
        (Statement::ByteMatch(a), Statement::ByteMatch(b)) => bytes(a, b),
        (Statement::GeoMatch(a), Statement::GeoMatch(b)) => {
            a.countries
                .iter()
                .all(|country| b.countries.contains(country))
                && a.asns.iter().all(|asn| b.asns.contains(asn))
        }
        // A rate-based rule matches only now and then.
        (Statement::RateBased(_), _) | (_, Statement::RateBased(_)) => false,
        (a, b) => a == b,
    }
}

/// Whether every network of one set is in another one.
fn within((narrow, a): (&RulesFile, &String), (wide, b): (&RulesFile, &String)) -> bool {
    let (Some(a), Some(b)) = (narrow.ip_sets.get(a), wide.ip_sets.get(b)) else {
        return false;
    };
    let mut together = IpSetBuilder::new();
    let mut alone = IpSetBuilder::new();
    for network in b.networks() {
        together.add(network.0);
        alone.add(network.0);
    }
    a.networks().for_each(|network| together.add(network.0));
    // Ranges are merged, so a set that gains nothing is the same bytes.
    let table = |set: IpSetBuilder| {
        set.compile()
            .filter(|bytes| IpSet::load(bytes.clone()).is_ok())
    };
    match (table(together), table(alone)) {
        (Some(together), Some(alone)) => together == alone,
        _ => false,
    }
}

/// Whether a value that has one of `a`'s texts at its place has one of `b`'s.
fn bytes(a: &ByteMatch, b: &ByteMatch) -> bool {
    if (&a.field, &a.transformations, a.oversize) != (&b.field, &b.transformations, b.oversize) {
        return false;
    }
    let (narrow, wide) = (texts(&a.search), texts(&b.search));
    let each = |holds: &dyn Fn(&str, &str) -> bool| {
        narrow
            .iter()
            .all(|text| wide.iter().any(|other| holds(text, other)))
    };
    match (&a.search, &b.search) {
        (Search::Exactly(_), Search::Exactly(_))
        | (Search::ContainsWord(_), Search::ContainsWord(_)) => each(&|text, other| text == other),
        (Search::Exactly(_) | Search::StartsWith(_), Search::StartsWith(_)) => {
            each(&|text, other| text.starts_with(other))
        }
        (Search::Exactly(_) | Search::EndsWith(_), Search::EndsWith(_)) => {
            each(&|text, other| text.ends_with(other))
        }
        (_, Search::Contains(_)) => each(&|text, other| text.contains(other)),
        _ => false,
    }
}

fn texts(search: &Search) -> Vec<&str> {
    match search {
        Search::Exactly(texts)
        | Search::StartsWith(texts)
        | Search::EndsWith(texts)
        | Search::Contains(texts)
        | Search::ContainsWord(texts) => texts.iter().collect(),
    }
}
