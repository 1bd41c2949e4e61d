//! What is wrong with a configuration that passed its own checks.

use std::fmt;

use lockgate_config::{Provenance, ProvenanceMap};

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Where the key stands.
    pub at: Provenance,
    /// The key: `sign_in.customers`. Empty: none in particular.
    pub path: String,
    /// What is wrong. Holds no secret.
    pub reason: String,
}

impl Fault {
    pub(crate) fn new(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            at: Provenance::Default,
            path: path.into(),
            reason: reason.into(),
        }
    }

    /// Finds the place of the key.
    pub(crate) fn placed(mut self, origins: &ProvenanceMap) -> Self {
        if let Some(at) = place(origins, &self.path) {
            self.at = at.clone();
        }
        self
    }
}

impl fmt::Display for Fault {
    /// `gateway.toml:12:3: sign_in.customers: key 0: the RSA modulus has 1024 bits, not 2048 to
    /// 4096`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.at != Provenance::Default {
            write!(f, "{}: ", self.at)?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Fault {}

/// Where a key stands: its own place, or that of the first value below it; of a key that nobody
/// gave, where the table that it belongs to stands.
fn place<'a>(origins: &'a ProvenanceMap, path: &str) -> Option<&'a Provenance> {
    let below = |key: &str| {
        key.strip_prefix(path)
            .is_some_and(|rest| rest.starts_with(['.', '[']))
    };
    let given = |place: &&Provenance| **place != Provenance::Default;
    let own = origins.get(path).filter(given);
    let first = || {
        let below = origins.iter().filter(|(key, _)| below(key));
        below.map(|(_, place)| place).filter(given).min()
    };
    own.or_else(first).or_else(|| {
        let (table, _) = path.rsplit_once('.')?;
        place(origins, table)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn a_fault_stands_at_its_key_or_at_the_first_value_below() {
        let at = |line| Provenance::File {
            file: Path::new("g.toml").into(),
            line,
            column: 1,
        };
        let origins: ProvenanceMap = [
            ("sign_in.a.secret".to_owned(), at(8)),
            ("sign_in.a.algorithms".to_owned(), at(9)),
            ("sign_in.ab.secret".to_owned(), at(2)),
            ("sites.s.routes[0].path".to_owned(), at(3)),
        ]
        .into();
        assert_eq!(place(&origins, "sign_in.a.secret"), Some(&at(8)));
        assert_eq!(place(&origins, "sign_in.a"), Some(&at(8)));
        assert_eq!(place(&origins, "sites.s.routes"), Some(&at(3)));
        assert_eq!(place(&origins, "sites.x"), Some(&at(3)));
        assert_eq!(place(&origins, "sign_in.a.leeway_s"), Some(&at(8)));
        assert_eq!(place(&origins, "cache.bytes_max"), None);
        assert_eq!(place(&origins, ""), None);
    }
}
