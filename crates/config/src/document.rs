//! Other TOML documents, read with the same care: a tree in which every key and value knows its
//! place, and the nearest spelling of what is not known.

use std::path::Path;
use std::sync::Arc;

use crate::fault::Fault;
use crate::files::Reader;
use crate::parse::parse;
use crate::spelling;
pub use crate::tree::{Entry, Node, Value};

/// Reads a TOML file.
///
/// # Errors
/// Why it cannot be read, or every line of it that is no TOML.
pub fn read(file: &Path) -> Result<Node, Vec<Fault>> {
    let text = Reader::default().text(file).map_err(|error| {
        let at = crate::fault::Provenance::whole(file);
        vec![Fault::new(&at, "", error.reason).suggest(error.suggestion)]
    })?;
    let name: Arc<Path> = file.into();
    let mut faults = Vec::new();
    let (node, _) = parse(&name, &text, &mut faults);
    if faults.is_empty() {
        Ok(node)
    } else {
        Err(faults)
    }
}

/// The candidate that `given` probably stands for, where one is near.
pub fn nearest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    spelling::nearest(given, candidates)
}
