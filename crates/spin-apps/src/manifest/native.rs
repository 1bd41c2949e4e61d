//! `policy`, `config` and `image` of `[component.ID.tool.lockgate]`: the component is the gateway,
//! and the host's own path stands for it.

use lockgate_config::Fault;

use super::reader::{Placed, Table};

/// The files of the gateway, as they were named.
#[derive(Debug)]
pub struct NativeFiles {
    /// The policy component.
    pub policy: Placed<String>,
    /// The configuration that the component's bundle is compiled from.
    pub config: Placed<String>,
    /// The image component; `image.wasm` beside the policy unless given.
    pub image: Option<Placed<String>>,
}

pub(super) fn read(table: &mut Table<'_>, faults: &mut Vec<Fault>) -> Option<NativeFiles> {
    let policy = table.text("policy", faults);
    let config = table.text("config", faults);
    let image = table.text("image", faults);
    let (first, missing) = match (&policy, &config, &image) {
        (Some(_), Some(_), _) | (None, None, None) => {
            return Some(NativeFiles {
                policy: policy?,
                config: config?,
                image,
            });
        }
        (Some(first), None, _) => (first, "config"),
        (None, Some(first), _) | (None, None, Some(first)) => (first, "policy"),
    };
    faults.push(first.fault(format!("needs {missing:?} beside it")));
    None
}
