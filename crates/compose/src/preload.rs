//! A policy component with rule programs already in its memory.
//!
//! `policy.wasm` is run once: it loads a bundle that has nothing but the programs. Its memory is
//! then written into the component ("pre-initialised"), so that an instance has the programs as
//! soon as it is made, and instances share their pages until they write to them. A program is known
//! by the digest of its image: a bundle that names it is loaded without it. No secret and nothing of
//! a configuration beyond the programs is in the file.

use std::time::Duration;

use anyhow::{Context as _, anyhow, ensure};
use futures_util::FutureExt as _;
use lockgate_bundle::{Bundle, image_digest};
use lockgate_sandbox::{Budget, Sandbox, State, deny, new_store, start_call};
use wasmtime::Store;
use wasmtime::component::{Component, ComponentNamedList, Instance, Lift, Lower, WasmList};
use wasmtime_wizer::{ComponentInstanceState, Wizer};

use crate::{nested, surface};

/// The interface that loads.
const DECISIONS: &str = "lockgate:policy/decisions@0.1.0";

/// The most memory that the component may take, bytes.
const MEMORY_BYTES_MAX: usize = 1 << 30;

const OTHER_PROGRAMS: &str = "the programs are not those of the bundle";

/// How long one call may take.
const BUDGET: Duration = Duration::from_secs(60);

/// Loads the programs of a bundle into the policy: `component` is the policy, or has it in it.
/// `programs` are their images, one behind the other, as `lockgate policy build` writes them.
///
/// # Errors
/// A bundle without programs, other programs than those that it names, or a component that has no
/// policy.
pub fn preload(component: &[u8], bundle: &[u8], programs: &[u8]) -> anyhow::Result<Vec<u8>> {
    if is_policy(component) {
        return preload_policy(component, bundle, programs);
    }
    let mut made = false;
    let whole = nested::replace(component, |part| {
        if made || !is_policy(part) {
            return Ok(None);
        }
        let ready = preload_policy(part, bundle, programs)?;
        made = true;
        Ok(Some(ready))
    })?;
    ensure!(made, "there is no policy in the component");
    surface(&whole)?;
    Ok(whole)
}

fn is_policy(component: &[u8]) -> bool {
    surface(component).is_ok_and(|surface| surface.exports.iter().any(|name| name == DECISIONS))
}

fn preload_policy(policy: &[u8], bundle: &[u8], programs: &[u8]) -> anyhow::Result<Vec<u8>> {
    let bundle = only_programs(bundle, programs)?;
    let wizer = Wizer::new();
    let (context, instrumented) = wizer
        .instrument_component(policy)
        .map_err(anyhow::Error::from)
        .context("the policy cannot be made ready")?;
    let mut running = Running::start(&instrumented)?;
    let none: &[(String, Vec<u8>)] = &[];
    let (loaded,): (Result<(), String>,) = running.call(DECISIONS, "load", (bundle, none))?;
    loaded.map_err(|reason| anyhow!("the policy does not take the programs: {reason}"))?;
    let made = wizer
        .snapshot_component(&context, &mut running)
        .now_or_never()
        .context("the policy waits for something")?;
    match running.failed {
        Some(failed) => Err(failed.context("the memory of the policy cannot be read")),
        None => made.map_err(anyhow::Error::from),
    }
}

/// A bundle of the same programs and of nothing else.
fn only_programs(bundle: &[u8], images: &[u8]) -> anyhow::Result<Vec<u8>> {
    let bundle = Bundle::from_bytes(bundle)?;
    ensure!(
        !bundle.programs.is_empty(),
        "the policy has no programs: there is nothing to load ahead"
    );
    let mut parts = Vec::with_capacity(bundle.programs.len());
    let mut rest = images;
    for program in &bundle.programs {
        let split = rest.split_at_checked(program.image_bytes as usize);
        let split = split.filter(|(image, _)| image_digest(image).0 == program.digest);
        let (image, behind) = split.context(OTHER_PROGRAMS)?;
        parts.push(image);
        rest = behind;
    }
    ensure!(rest.is_empty(), OTHER_PROGRAMS);
    let alone = Bundle {
        programs: bundle.programs,
        ..Bundle::default()
    };
    Ok(alone.to_bytes(&parts)?)
}

/// An instance of the policy.
struct Running {
    store: Store<State>,
    instance: Instance,
    /// Why it could not be asked.
    failed: Option<anyhow::Error>,
}

impl Running {
    fn start(component: &[u8]) -> anyhow::Result<Self> {
        let sandbox = Sandbox::new()?;
        let component = Component::new(sandbox.engine(), component)?;
        let linker = deny::linker(sandbox.engine(), &component)?;
        let mut store = new_store(&sandbox, MEMORY_BYTES_MAX);
        start_call(&mut store, budget());
        let instance = linker.instantiate(&mut store, &component)?;
        Ok(Self {
            store,
            instance,
            failed: None,
        })
    }

    /// Calls a function of an interface.
    fn call<P, R>(&mut self, interface: &str, name: &str, parameters: P) -> anyhow::Result<R>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift + 'static,
    {
        let missing = || format!("the component has no {name} of {interface}");
        let found = self
            .instance
            .get_export_index(&mut self.store, None, interface);
        let within = found.with_context(missing)?;
        let found = self
            .instance
            .get_export_index(&mut self.store, Some(&within), name);
        let function = found.with_context(missing)?;
        let function = self
            .instance
            .get_typed_func::<P, R>(&mut self.store, function)?;
        start_call(&mut self.store, budget());
        Ok(function.call(&mut self.store, parameters)?)
    }
}

impl Running {
    /// Asks what the instrumented component tells of itself.
    fn told<R>(&mut self, interface: &str, name: &str) -> Option<R>
    where
        (R,): ComponentNamedList + Lift + 'static,
    {
        match self.call::<(), (R,)>(interface, name, ()) {
            Ok((told,)) => Some(told),
            Err(error) => {
                self.failed.get_or_insert(error);
                None
            }
        }
    }
}

impl ComponentInstanceState for Running {
    async fn call_func_ret_list_u8(
        &mut self,
        instance: &str,
        func: &str,
        contents: impl FnOnce(&[u8]) + Send,
    ) {
        match self.told::<WasmList<u8>>(instance, func) {
            Some(list) => contents(list.as_le_slice(&self.store)),
            None => contents(&[]),
        }
    }

    async fn call_func_ret_s32(&mut self, instance: &str, func: &str) -> i32 {
        self.told(instance, func).unwrap_or_default()
    }

    async fn call_func_ret_s64(&mut self, instance: &str, func: &str) -> i64 {
        self.told(instance, func).unwrap_or_default()
    }

    async fn call_func_ret_f32(&mut self, instance: &str, func: &str) -> u32 {
        self.told(instance, func).map_or(0, f32::to_bits)
    }

    async fn call_func_ret_f64(&mut self, instance: &str, func: &str) -> u64 {
        self.told(instance, func).map_or(0, f64::to_bits)
    }
}

const fn budget() -> Budget {
    Budget {
        cpu: BUDGET,
        wall: BUDGET,
    }
}
