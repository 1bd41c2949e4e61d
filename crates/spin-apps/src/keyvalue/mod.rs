//! `key_value_stores`: `fermyon:spin/key-value`, `spin:key-value` and `wasi:keyvalue`, all over
//! the same stores.

mod backend;
mod redis;
mod store;
mod v2;
mod v3;
mod wasi;

use std::sync::Arc;

use wasmtime::component::Resource;

pub(super) use backend::Labels;

use super::instance::InstanceState;
use backend::Backend;

/// A store that a component opened.
#[derive(Clone)]
#[allow(unreachable_pub, reason = "generated code exports it again")]
pub struct Opened {
    label: Arc<str>,
    stores: Backend,
}

/// A compare-and-swap on its way.
#[allow(unreachable_pub, reason = "generated code exports it again")]
pub struct Swap {
    store: Opened,
    key: String,
    /// What was there when it was looked at.
    seen: parking_lot::Mutex<Option<Vec<u8>>>,
}

/// Why a store is not opened.
enum Closed {
    Denied,
    Full,
    Other(String),
}

/// A store by its label, where the component was given it.
fn open(state: &mut InstanceState, label: &str) -> Result<Resource<Opened>, Closed> {
    if !state
        .given
        .key_value_stores
        .iter()
        .any(|given| given == label)
    {
        tracing::warn!(
            component = &*state.given.id,
            "the key-value store {label:?} was refused: it is not in key_value_stores"
        );
        return Err(Closed::Denied);
    }
    let Some(stores) = state.given.stores.get(label) else {
        return Err(Closed::Other("there is no such store".to_owned()));
    };
    let opened = Opened {
        label: label.into(),
        stores,
    };
    state.table.push(opened).map_err(|_| Closed::Full)
}
