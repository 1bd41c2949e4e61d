//! The host's request head, from its own file: the host itself brings wasmtime along.

#[path = "../../runtime-host/src/http/head.rs"]
#[allow(dead_code, reason = "the targets use some of it")]
mod head;

pub(crate) use head::RequestHead;
