//! One instance of a component: its store and what the store holds.

use std::sync::Arc;

use wasmtime::Store;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::budget::{self, MemoryCap, Meter};
use crate::component::Given;
use crate::outbound::Hooks;
use crate::output::Output;
use lockgate_sandbox::Sandbox;

/// Bytes of one field section that a component may make.
const FIELDS_BYTES_MAX: usize = 256 << 10;

/// Handles of streams, requests, stores and so on that an instance may have.
const HANDLES_MAX: usize = 10_000;

/// What a store holds.
pub(crate) struct InstanceState {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    pub(crate) hooks: Hooks,
    /// Resources that the component has handles of.
    pub(crate) table: ResourceTable,
    /// What the manifest gives the component.
    pub(crate) given: Arc<Given>,
    pub(crate) memory: MemoryCap,
    pub(crate) meter: Arc<Meter>,
    pub(crate) stderr: Output,
}

/// A store for a new instance.
///
/// # Errors
/// Where a folder that the component may read is gone.
pub(crate) fn new_store(
    sandbox: &Sandbox,
    given: &Arc<Given>,
    hooks: Hooks,
) -> wasmtime::Result<Store<InstanceState>> {
    let stderr = Output::new(given.id.clone(), "stderr");
    let mut wasi = WasiCtx::builder();
    wasi.envs(&given.environment)
        .stdout(Output::new(given.id.clone(), "stdout"))
        .stderr(stderr.clone());
    for mount in &given.mounts {
        wasi.preopened_dir(&mount.folder, &mount.path, FsPerms::ReadOnly)?;
    }
    let mut http = WasiHttpCtx::new();
    http.set_field_size_limit(FIELDS_BYTES_MAX);
    let meter = Arc::<Meter>::default();
    let memory = usize::try_from(given.settings.memory_bytes_max).unwrap_or(usize::MAX);
    let mut table = ResourceTable::new();
    table.set_max_capacity(HANDLES_MAX);
    let state = InstanceState {
        wasi: wasi.build(),
        http,
        hooks,
        table,
        given: given.clone(),
        memory: MemoryCap::new(memory, meter.clone()),
        meter,
        stderr,
    };
    let mut store = Store::new(sandbox.engine(), state);
    store.set_max_component_handles(HANDLES_MAX);
    // Tasks, streams and futures of the component, which are kept outside of its memory.
    if let Some(table) = store.concurrent_resource_table() {
        table.set_max_capacity(HANDLES_MAX);
    }
    budget::watch(&mut store, sandbox, given.settings.cpu);
    Ok(store)
}

impl WasiView for InstanceState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for InstanceState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.hooks,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}
