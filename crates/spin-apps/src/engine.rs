//! The engine that components of apps run on: asynchronous, with pooled memories, apart from the
//! one that decides.

use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::instance::InstanceState;
use crate::{bindings, manifest, middleware};
use lockgate_sandbox::Sandbox;

/// Core instances, tables and memories of one component: adapters and composition make several.
/// The pool has as many for every instance, so that none takes those of others.
const CORE_INSTANCES_MAX: u32 = 20;
const TABLES_MAX: u32 = 8;
const MEMORIES_MAX: u32 = 4;
/// Of a memory given back to the pool, what stays mapped: most instances touch less.
const KEEP_RESIDENT_BYTES: usize = 1 << 20;

/// Makes the engine and starts its ticker.
///
/// # Errors
/// Where the system cannot run compiled components, or no thread starts.
pub(crate) fn new(manifest: &manifest::Manifest) -> anyhow::Result<Sandbox> {
    // A middleware has instances of its own in front of each component.
    let in_front = manifest
        .triggers
        .iter()
        .flat_map(|trigger| &trigger.middleware);
    let in_front = in_front.filter_map(|id| manifest.components.get(&id.value));
    let all: Vec<_> = manifest.components.values().chain(in_front).collect();
    let settings = || all.iter().map(|component| &component.settings);
    let instances: u64 = settings().map(|settings| settings.instances_max).sum();
    let memory_bytes_max = settings().map(|settings| settings.memory_bytes_max).max();
    let instances = u32::try_from(instances.clamp(1, 10_000)).unwrap_or(1);

    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES_MAX))
        .total_memories(instances.saturating_mul(MEMORIES_MAX))
        .total_tables(instances.saturating_mul(TABLES_MAX))
        .total_stacks(instances.saturating_mul(8))
        .max_core_instances_per_component(CORE_INSTANCES_MAX)
        .max_memories_per_component(MEMORIES_MAX)
        .max_tables_per_component(TABLES_MAX)
        .max_component_instance_size(4 << 20)
        .max_core_instance_size(4 << 20)
        .table_elements(100_000)
        .max_memory_size(
            usize::try_from(memory_bytes_max.unwrap_or(128 << 20)).unwrap_or(usize::MAX),
        )
        .max_unused_warm_slots(instances)
        .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
        .table_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto);

    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .wasm_component_model_async(true)
        .epoch_interruption(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Sandbox::with_config(&config)
}

/// Everything that a component may import. What of it works is decided by what the manifest
/// gives the component.
///
/// # Errors
/// Where two parts offer the same import.
pub(crate) fn linker(sandbox: &Sandbox) -> wasmtime::Result<Linker<InstanceState>> {
    let mut linker = Linker::new(sandbox.engine());
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    middleware::add_to_linker(&mut linker)?;
    bindings::Capabilities::add_to_linker::<_, HasSelf<InstanceState>>(&mut linker, |state| state)?;
    Ok(linker)
}

/// What of a component's imports this host does not have.
pub(crate) fn missing_imports(sandbox: &Sandbox, component: &Component) -> Vec<String> {
    let known = [
        "wasi:cli/",
        "wasi:clocks/",
        "wasi:filesystem/",
        "wasi:http/",
        "wasi:io/",
        "wasi:random/",
        "wasi:sockets/",
        "wasi:config/",
        "wasi:keyvalue/",
        "fermyon:spin/variables@2",
        "fermyon:spin/key-value@2",
        "fermyon:spin/sqlite@2",
        "spin:variables/",
        "spin:key-value/",
        "spin:redis/",
        "spin:sqlite/",
    ];
    component
        .component_type()
        .imports(sandbox.engine())
        .map(|(name, _)| name.to_owned())
        .filter(|name| !known.iter().any(|known| name.starts_with(known)))
        .collect()
}
