//! Listeners and the admin address.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::fault::Fault;
use crate::tree::{Node, Value, joined};

/// No address is listened on twice.
pub(super) fn addresses(root: &Node, faults: &mut Vec<Fault>) {
    let mut named: Vec<(String, &Node)> = Vec::new();
    for (name, entry) in root.entries_of("listeners") {
        let path = joined("listeners", name);
        for (i, address) in entry.node.items_of("addresses").iter().enumerate() {
            named.push((format!("{path}.addresses[{i}]"), address));
        }
    }
    if let Some(address) = root.get("admin").and_then(|admin| admin.get("address")) {
        named.push(("admin.address".to_owned(), address));
    }
    let mut seen: BTreeMap<SocketAddr, String> = BTreeMap::new();
    for (path, node) in named {
        let Some(address) = node
            .as_text()
            .and_then(|text| text.parse::<SocketAddr>().ok())
        else {
            continue;
        };
        // Port 0 is another free port each time.
        if address.port() == 0 {
            continue;
        }
        if let Some(first) = seen.get(&address) {
            faults.push(Fault::new(
                &node.at,
                &path,
                format!("{first} has this address too"),
            ));
        } else {
            seen.insert(address, path);
        }
    }
}

/// TLS needs a certificate.
pub(super) fn tls(root: &Node, faults: &mut Vec<Fault>) {
    let certified = super::sites(root).any(|(_, site)| site.get("certificate").is_some());
    if certified {
        return;
    }
    for (name, entry) in root.entries_of("listeners") {
        if let Some(tls) = entry.node.get("tls")
            && matches!(tls.value, Value::Bool(true))
        {
            let path = format!("{}.tls", joined("listeners", name));
            faults.push(Fault::new(&tls.at, &path, "no site has a certificate"));
        }
    }
}
