//! Reading files under limits.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

/// Largest file, bytes.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// The bytes of a regular file of at most 16 MiB.
///
/// # Errors
/// It cannot be read, is longer, or is a FIFO, a device or a folder: a FIFO would be waited for until somebody
/// writes to it, and a device may have no end.
pub fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut bytes = Vec::new();
    let opened = File::open(path)?;
    opened.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        let why = format!("larger than {FILE_BYTES_MAX} bytes");
        return Err(io::Error::other(why));
    }
    Ok(bytes)
}

/// The same as text.
pub(crate) fn text(path: &Path) -> io::Result<String> {
    String::from_utf8(bytes(path)?)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
}
