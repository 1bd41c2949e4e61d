//! What must be known of a configuration before it is loaded, faults or none.

use std::net::SocketAddr;
use std::path::Path;

use crate::environment;
use crate::load::{Loader, Sources};
use crate::shape;
use crate::types::RuleVersions;
use crate::walk::walk;

/// What a configuration says of its admin address and its versions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Early {
    /// The admin address.
    pub admin: Option<SocketAddr>,
    /// Where versions of the rules are kept: a swap of rules that a crash has left half-way is brought to its end
    /// before the rules are loaded.
    pub rule_versions: Option<RuleVersions>,
}

/// Looks into a configuration without loading it. What cannot be understood is not there; whoever loads it says why.
#[must_use]
pub fn early(sources: &Sources) -> Early {
    let (mut root, _) = Loader::default().layers(sources);
    environment::apply(&mut root, &shape::GATEWAY, &sources.env, &mut Vec::new());
    let folder = sources.base.parent().unwrap_or(Path::new(""));
    let _ = walk(
        &mut root,
        &shape::GATEWAY,
        (folder, None),
        false,
        &mut Vec::new(),
    );
    let admin = root.get("admin").and_then(|admin| admin.get("address"));
    let versions = root.get("rule_versions");
    Early {
        admin: admin.and_then(|address| address.as_text()?.parse().ok()),
        rule_versions: versions
            .and_then(|versions| serde_json::from_value(versions.to_json()).ok()),
    }
}
