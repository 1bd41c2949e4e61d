//! Options that are read and not built yet: refused by their names, never ignored.

use crate::{ImageError, Options, OutputFormat};

/// Refuse what would be ignored.
///
/// # Errors
/// [`ImageError::BadOptions`] that names the option.
pub(crate) fn refuse(options: &Options) -> Result<(), ImageError> {
    let format = options.format;
    let refused = [("f=avif", format == Some(OutputFormat::Avif))];
    match refused.iter().find(|(_, is)| *is) {
        Some((name, _)) => Err(ImageError::BadOptions(format!("{name} is not made here"))),
        None => Ok(()),
    }
}
