//! Sign-in: algorithms and keys fit each other.

use crate::fault::Fault;
use crate::tree::{Node, joined};
use crate::types::Algorithm;

/// HMAC goes with a secret, every other algorithm with a JWK Set. Were both taken by one sign-in,
/// a public key could be passed off as a secret (RFC 8725, section 2.1).
pub(super) fn keys(root: &Node, faults: &mut Vec<Fault>) {
    for (name, entry) in root.entries_of("sign_in") {
        let path = joined("sign_in", name);
        let (wants_hmac, given) = match (entry.node.get("secret"), entry.node.get("jwks_file")) {
            (Some(_), None) => (true, "secret"),
            (None, Some(_)) => (false, "jwks_file"),
            _ => continue,
        };
        for (i, node) in entry.node.items_of("algorithms").iter().enumerate() {
            let Ok(algorithm) = serde_json::from_value::<Algorithm>(node.to_json()) else {
                continue;
            };
            let hmac = algorithm.is_hmac();
            if hmac != wants_hmac {
                let needed = if hmac { "secret" } else { "jwks_file" };
                let reason = format!("this algorithm needs {needed:?}, not {given:?}");
                faults.push(Fault::new(
                    &node.at,
                    &format!("{path}.algorithms[{i}]"),
                    reason,
                ));
            }
        }
    }
}
