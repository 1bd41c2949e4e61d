//! Sign-in: algorithms and keys fit each other.

use crate::fault::Fault;
use crate::tree::{Node, joined};
use crate::types::Algorithm;

/// HMAC goes with a secret, every other algorithm with a JWK Set. Were both taken by one sign-in,
/// a public key could be passed off as a secret (RFC 8725, section 2.1).
pub(super) fn keys(root: &Node, faults: &mut Vec<Fault>) {
    for (name, entry) in root.entries_of("sign_in") {
        let path = joined("sign_in", name);
        let kinds = [("secret", true), ("secrets", true), ("jwks_file", false)];
        let mut given = kinds
            .into_iter()
            .filter(|(key, _)| entry.node.get(key).is_some());
        let (Some((given, wants_hmac)), None) = (given.next(), given.next()) else {
            continue;
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
