//! Imports that deny.
//!
//! The standard library of `wasm32-wasip2` drags WASI interfaces into every component. They are
//! answered here, by type alone, with the answer that gives nothing away: an error where the
//! type has one, else nothing, zero or empty. No answer traps. Two exceptions keep a component
//! well: a request for `n` random bytes gets `n` zeros (a shorter list would be a panic), and
//! what is written to standard error is kept, bounded, so that an operator reads why it failed.

use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker, LinkerInstance, Resource, ResourceType, Type, Val};
use wasmtime::{AsContextMut as _, Engine, StoreContextMut};

use crate::store::{STDERR_BYTES_MAX, State};

/// The host side of every resource that a denied interface names.
struct Denied;

/// A linker that answers all imports of `component` with denials.
///
/// # Errors
/// Where the component imports something other than interfaces with functions and resources.
pub fn linker(engine: &Engine, component: &Component) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    for (name, item) in component.component_type().imports(engine) {
        let ComponentItem::ComponentInstance(instance) = item.ty else {
            wasmtime::bail!("the component imports {name}, which is no interface");
        };
        let mut target = linker.instance(name)?;
        for (item_name, export) in instance.exports(engine) {
            deny_item(&mut target, item_name, export.ty)?;
        }
    }
    Ok(linker)
}

fn deny_item(
    target: &mut LinkerInstance<'_, State>,
    name: &str,
    item: ComponentItem,
) -> wasmtime::Result<()> {
    match item {
        ComponentItem::ComponentFunc(_) => {
            let called = name.to_owned();
            target.func_new(name, move |store, func, params, results| {
                answer(store, &called, func.results(), params, results)
            })
        }
        ComponentItem::Resource(_) => {
            target.resource(name, ResourceType::host::<Denied>(), |_, _| Ok(()))
        }
        ComponentItem::Type(_) => Ok(()),
        _ => wasmtime::bail!("the import {name} is neither a function nor a resource"),
    }
}

fn answer(
    mut store: StoreContextMut<'_, State>,
    name: &str,
    types: impl ExactSizeIterator<Item = Type>,
    params: &[Val],
    results: &mut [Val],
) -> wasmtime::Result<()> {
    for (slot, ty) in results.iter_mut().zip(types) {
        *slot = match (name, params) {
            ("[method]output-stream.check-write", _) => {
                Val::Result(Ok(Some(Box::new(Val::U64(STDERR_BYTES_MAX as u64)))))
            }
            (
                "[method]output-stream.write" | "[method]output-stream.blocking-write-and-flush",
                [_, Val::List(bytes)],
            ) => {
                keep_stderr(&mut store, bytes);
                Val::Result(Ok(None))
            }
            ("get-random-bytes" | "get-insecure-random-bytes", [Val::U64(len)]) => {
                let len = usize::try_from(*len).unwrap_or(0).min(65_536);
                Val::List(vec![Val::U8(0); len])
            }
            _ => denial(&mut store, &ty)?,
        };
    }
    params
        .iter()
        .try_for_each(|param| give_back(&mut store, param))
}

/// Drops the handles in a parameter: a borrow that outlives its call is a trap.
fn give_back(store: &mut StoreContextMut<'_, State>, param: &Val) -> wasmtime::Result<()> {
    match param {
        Val::Resource(handle) => handle.resource_drop(store.as_context_mut()),
        Val::List(items) | Val::Tuple(items) => {
            items.iter().try_for_each(|item| give_back(store, item))
        }
        Val::Option(Some(item)) => give_back(store, item),
        _ => Ok(()),
    }
}

fn keep_stderr(store: &mut StoreContextMut<'_, State>, bytes: &[Val]) {
    let kept = &mut store.data_mut().stderr;
    let room = STDERR_BYTES_MAX.saturating_sub(kept.len());
    kept.extend(bytes.iter().take(room).filter_map(|value| match value {
        Val::U8(byte) => Some(*byte),
        _ => None,
    }));
}

/// The value of a type that gives the least.
fn denial(store: &mut StoreContextMut<'_, State>, ty: &Type) -> wasmtime::Result<Val> {
    Ok(match ty {
        Type::Bool => Val::Bool(false),
        Type::S8 => Val::S8(0),
        Type::U8 => Val::U8(0),
        Type::S16 => Val::S16(0),
        Type::U16 => Val::U16(0),
        Type::S32 => Val::S32(0),
        Type::U32 => Val::U32(0),
        Type::S64 => Val::S64(0),
        Type::U64 => Val::U64(0),
        Type::Float32 => Val::Float32(0.0),
        Type::Float64 => Val::Float64(0.0),
        Type::Char => Val::Char('\0'),
        Type::String => Val::String(String::new()),
        Type::List(_) => Val::List(Vec::new()),
        Type::Option(_) => Val::Option(None),
        Type::Flags(_) => Val::Flags(Vec::new()),
        Type::Record(record) => Val::Record(
            record
                .fields()
                .map(|field| Ok((field.name.to_owned(), denial(store, &field.ty)?)))
                .collect::<wasmtime::Result<_>>()?,
        ),
        Type::Tuple(tuple) => Val::Tuple(
            tuple
                .types()
                .map(|ty| denial(store, &ty))
                .collect::<Result<_, _>>()?,
        ),
        Type::Enum(names) => Val::Enum(names.names().next().unwrap_or_default().to_owned()),
        Type::Variant(variant) => {
            // A case without payload says less: prefer one.
            let mut cases: Vec<_> = variant.cases().collect();
            cases.sort_by_key(|case| case.ty.is_some());
            let Some(case) = cases.first() else {
                wasmtime::bail!("a variant without cases");
            };
            let payload = case.ty.as_ref().map(|ty| denial(store, ty)).transpose()?;
            Val::Variant(case.name.to_owned(), payload.map(Box::new))
        }
        Type::Result(result) => {
            let error = result.err().map(|ty| denial(store, &ty)).transpose()?;
            Val::Result(Err(error.map(Box::new)))
        }
        Type::Own(_) => {
            let resource = Resource::<Denied>::new_own(0);
            Val::Resource(resource.try_into_resource_any(store.as_context_mut())?)
        }
        other => wasmtime::bail!("no denial for the type {other:?}"),
    })
}
