//! Composes components at build time: a shell and what it imports, into one file.
//!
//! [`plug`] puts a component into another one's imports: `policy.wasm` into the gateway for Spin,
//! `image.wasm` into its HTTP shell. [`data`] makes a component of bytes, so that a policy package
//! can be part of the file, [`preload`] makes a policy that has its rule programs in memory. What comes
//! out is checked, and the same input gives the same bytes.

mod data;
mod nested;
mod preload;
mod surface;

pub use data::data;
pub use preload::preload;
pub use surface::{Surface, surface};

use anyhow::{Context as _, ensure};
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions};

/// The interfaces of this project: none may be left open in a composed file.
const OURS: &str = "lockgate:";

/// A component and its name in messages.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// A name: lower case words with `-` between them.
    pub name: &'a str,
    /// The component.
    pub bytes: &'a [u8],
}

/// Plugs components into the imports of `socket`. The exports of the result are those of `socket`;
/// what the parts still import, they import from the host.
///
/// # Errors
/// A part that is no component, that fits nowhere, or an import of this project that is left open.
pub fn plug(socket: Part<'_>, plugs: &[Part<'_>]) -> anyhow::Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let mut register = |part: &Part<'_>| {
        let name = format!("lockgate:{}", part.name);
        let package = Package::from_bytes(&name, None, part.bytes.to_vec(), graph.types_mut())
            .with_context(|| format!("{} is not a component that can be read", part.name))?;
        graph
            .register_package(package)
            .with_context(|| format!("{} cannot be used", part.name))
    };
    let plugged = plugs.iter().map(&mut register);
    let plugged = plugged.collect::<anyhow::Result<Vec<_>>>()?;
    let into = register(&socket)?;
    wac_graph::plug(&mut graph, plugged, into)
        .with_context(|| format!("{} does not take what it is given", socket.name))?;
    let bytes = graph
        .encode(EncodeOptions::default())
        .with_context(|| format!("{} cannot be composed", socket.name))?;
    let made = surface(&bytes)?;
    let open = made.imports.iter().find(|name| name.starts_with(OURS));
    ensure!(
        open.is_none(),
        "{} still imports {}: no part exports it in this form",
        socket.name,
        open.map_or("", String::as_str)
    );
    Ok(bytes)
}
