//! Versions of the rules and the tokens of those who change them.

use std::collections::BTreeMap;
use std::path::Path;

use crate::fault::Fault;
use crate::tree::{Node, joined};

/// What is kept does not lie in what it is kept of, nor the other way round.
pub(super) fn folders(root: &Node, faults: &mut Vec<Fault>) {
    let Some(versions) = root.get("rule_versions") else {
        return;
    };
    let (Some(rules), Some(path)) = (versions.get("rules"), versions.get("path")) else {
        return;
    };
    let (Some(rules), Some(kept)) = (rules.as_text(), path.as_text()) else {
        return;
    };
    let (rules, kept) = (Path::new(rules), Path::new(kept));
    if rules.starts_with(kept) || kept.starts_with(rules) {
        let reason = "is not apart from rule_versions.rules; name a folder beside it";
        faults.push(Fault::new(&path.at, "rule_versions.path", reason));
    }
}

/// A token belongs to one name: the audit log says who it was.
pub(super) fn tokens(root: &Node, faults: &mut Vec<Fault>) {
    let Some(admin) = root.get("admin") else {
        return;
    };
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, entry) in admin.entries_of("tokens") {
        let Some(digest) = entry.node.get("digest") else {
            continue;
        };
        let Some(text) = digest.as_text() else {
            continue;
        };
        if let Some(first) = seen.get(text) {
            let path = format!("{}.digest", joined("admin.tokens", name));
            let reason = format!("admin.tokens.{first} has this digest too");
            faults.push(Fault::new(&digest.at, &path, reason));
        } else {
            seen.insert(text, name);
        }
    }
}
