//! A component that is nothing but bytes.

use anyhow::Context as _;
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, ExportKind, ExportSection, Function, FunctionSection,
    MemorySection, MemoryType, Module, TypeSection, ValType,
};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The interface of the component that [`data`] makes.
const WIT: &str = include_str!("../../../wit/embedded.wit");

/// Where the bytes lie in memory: behind the pair of pointer and length that `get` gives.
const START: u32 = 8;

/// A component that exports `lockgate:embedded/content`, whose `get` gives these bytes.
///
/// # Errors
/// Where there are more than fit into its memory.
pub fn data(bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut module = module(bytes)?.finish();
    let mut resolve = Resolve::default();
    let package = resolve.push_str("embedded.wit", WIT)?;
    let world = resolve.select_world(&[package], Some("data"))?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    ComponentEncoder::default()
        .validate(true)
        .module(&module)?
        .encode()
        .context("the bytes do not become a component")
}

/// A module whose memory begins with pointer and length of the bytes, and then has the bytes.
fn module(bytes: &[u8]) -> anyhow::Result<Module> {
    const PAGE_BYTES: u64 = 64 * 1024;
    let length = u32::try_from(bytes.len()).context("too many bytes for a component")?;
    let mut types = TypeSection::new();
    types.ty().function([], [ValType::I32]);
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: (u64::from(START) + u64::from(length)).div_ceil(PAGE_BYTES),
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0);
    exports.export("lockgate:embedded/content@0.1.0#get", ExportKind::Func, 0);
    let mut get = Function::new([]);
    get.instructions().i32_const(0).end();
    let mut code = CodeSection::new();
    code.function(&get);
    let mut content = [START.to_le_bytes(), length.to_le_bytes()].concat();
    content.extend_from_slice(bytes);
    let mut data = DataSection::new();
    data.active(0, &ConstExpr::i32_const(0), content);
    let mut module = Module::new();
    module
        .section(&types)
        .section(&functions)
        .section(&memories)
        .section(&exports)
        .section(&code)
        .section(&data);
    Ok(module)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surface;

    #[test]
    fn bytes_become_a_component_and_the_same_one_each_time() {
        let one = data(b"a package").unwrap();
        assert_eq!(one, data(b"a package").unwrap());
        let surface = surface(&one).unwrap();
        assert!(surface.imports.is_empty(), "{surface:?}");
        assert_eq!(surface.exports, ["lockgate:embedded/content@0.1.0"]);
        assert!(one.windows(9).any(|window| window == b"a package"));
        assert!(data(&vec![7; 200_000]).is_ok());
    }
}
