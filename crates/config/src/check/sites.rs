//! Hosts and certificates of sites.

use std::collections::BTreeMap;

use crate::fault::Fault;
use crate::tree::Node;
use crate::types::HostPattern;

/// No host belongs to two sites, or to one twice.
pub(super) fn hosts(root: &Node, faults: &mut Vec<Fault>) {
    let mut seen: BTreeMap<HostPattern, String> = BTreeMap::new();
    for (path, site) in super::sites(root) {
        for (i, node) in site.items_of("hosts").iter().enumerate() {
            let Some(host) = node.as_text().and_then(|text| text.parse().ok()) else {
                continue;
            };
            let here = format!("{path}.hosts[{i}]");
            if let Some(first) = seen.get(&host) {
                let reason = format!("{first} is the host {:?} too", host.as_str());
                faults.push(Fault::new(&node.at, &here, reason));
            } else {
                seen.insert(host, here);
            }
        }
    }
}

/// A certificate comes with its key.
pub(super) fn certificates(root: &Node, faults: &mut Vec<Fault>) {
    for (path, site) in super::sites(root) {
        for (given, missing) in [
            ("certificate", "private_key"),
            ("private_key", "certificate"),
        ] {
            if let Some(node) = site.get(given)
                && site.get(missing).is_none()
            {
                let reason = format!("needs {missing:?} beside it");
                faults.push(Fault::new(&node.at, &format!("{path}.{given}"), reason));
            }
        }
    }
}
