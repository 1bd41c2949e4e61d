//! Reading files under limits, and a ledger of which were read.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::spelling::nearest;

/// Largest TOML or list file, in bytes.
pub const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Most entries of a folder that are compared with the name of a missing file.
const SIBLINGS_MAX: usize = 1000;

/// Why a file could not be read.
pub(crate) struct Unreadable {
    pub(crate) reason: String,
    /// The path that was meant, probably.
    pub(crate) suggestion: Option<String>,
}

impl From<String> for Unreadable {
    fn from(reason: String) -> Self {
        Self {
            reason,
            suggestion: None,
        }
    }
}

/// Reads files and remembers their names, those that could not be read included: when such a
/// file appears, the configuration is worth another look.
#[derive(Default)]
pub(crate) struct Reader {
    pub(crate) seen: BTreeSet<PathBuf>,
}

impl Reader {
    /// The bytes of a file.
    pub(crate) fn bytes(&mut self, file: &Path) -> Result<Vec<u8>, Unreadable> {
        self.seen.insert(file.to_owned());
        read(file).map_err(|error| unreadable(file, &error))
    }

    /// The text of a file.
    pub(crate) fn text(&mut self, file: &Path) -> Result<String, Unreadable> {
        String::from_utf8(self.bytes(file)?).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let before = error.as_bytes().get(..valid).unwrap_or_default();
            let line = before.iter().filter(|b| **b == b'\n').count() + 1;
            format!("{} is not UTF-8 (line {line})", shown(file)).into()
        })
    }
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    // Opening a FIFO would wait for a writer.
    if !fs::metadata(file)?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut bytes = Vec::new();
    File::open(file)?
        .take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(io::Error::other(format!(
            "larger than {FILE_BYTES_MAX} bytes"
        )));
    }
    Ok(bytes)
}

fn unreadable(file: &Path, error: &io::Error) -> Unreadable {
    let missing = error.kind() == io::ErrorKind::NotFound;
    let reason = match error.kind() {
        io::ErrorKind::NotFound => "no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    };
    Unreadable {
        reason: format!("cannot read {}: {reason}", shown(file)),
        suggestion: missing.then(|| sibling(file)).flatten(),
    }
}

/// A file's name in quotes, whole: a name that is cut cannot be looked for.
fn shown(file: &Path) -> String {
    format!("{:?}", file.to_string_lossy())
}

/// The file of the same folder with the nearest name.
fn sibling(file: &Path) -> Option<String> {
    let name = file.file_name()?.to_str()?;
    let folder = file.parent()?;
    let listed = if folder == Path::new("") {
        Path::new(".")
    } else {
        folder
    };
    let names: Vec<String> = fs::read_dir(listed)
        .ok()?
        .take(SIBLINGS_MAX)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    let meant = nearest(name, names.iter().map(String::as_str))?;
    folder.join(meant).to_str().map(str::to_owned)
}
