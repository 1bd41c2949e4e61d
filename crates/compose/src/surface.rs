//! What a component asks of its host and what it offers.

use anyhow::Context as _;
use wasmparser::{Parser, Payload, Validator, WasmFeatures};

/// Names of imports and exports, as they stand in the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Surface {
    /// `wasi:http/types@0.3.0`, ...
    pub imports: Vec<String>,
    /// `wasi:http/handler@0.3.0`, ...
    pub exports: Vec<String>,
}

/// Validates a component and reads its surface.
///
/// # Errors
/// Where the bytes are no valid component.
pub fn surface(component: &[u8]) -> anyhow::Result<Surface> {
    let features = WasmFeatures::default() | WasmFeatures::CM_ASYNC;
    let mut validator = Validator::new_with_features(features);
    validator
        .validate_all(component)
        .context("the component is not valid")?;
    let mut surface = Surface::default();
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(component) {
        match payload? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            // That of the file itself ends it.
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    surface.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    surface.exports.push(export?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(surface)
}
