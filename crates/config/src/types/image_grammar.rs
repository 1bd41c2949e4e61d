//! Grammars of pictures.

use lockgate_image_options::Options;
use lockgate_image_options::table::TABLE;

use crate::spelling::quoted;

/// The text of a preset, in canonical form.
pub(crate) fn options(text: &str) -> Result<String, String> {
    let options = Options::parse(text).map_err(|error| error.to_string())?;
    match options.to_string() {
        canonical if canonical.is_empty() => Err("asks for nothing".to_owned()),
        canonical => Ok(canonical),
    }
}

/// The canonical name of an option.
pub(crate) fn option(text: &str) -> Result<String, String> {
    if names().any(|name| name == text) {
        return Ok(text.to_owned());
    }
    let of_alias = TABLE.iter().find(|option| option.aliases.contains(&text));
    Err(match of_alias {
        Some(option) => format!("is called {:?}", option.name),
        None => format!("there is no option {}", quoted(text)),
    })
}

/// The canonical names of options, and `dpr`, which is none of a picture.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|option| option.name).chain(["dpr"])
}

/// The start of a source that another service's address names.
pub(crate) fn source(text: &str) -> Result<String, String> {
    match text.ends_with('/') && !text.contains(['?', '#', ' ']) {
        true => Ok(text.to_owned()),
        // Else `https://host` would be the start of `https://host.example.net`.
        false => Err(format!("{} does not end with \"/\"", quoted(text))),
    }
}

/// A folder on an origin.
pub(crate) fn folder(text: &str) -> Result<String, String> {
    if !text.ends_with('/') {
        return Err(format!("{} does not end with \"/\"", quoted(text)));
    }
    if text.contains(['{', '}', '?']) {
        return Err("a folder has no parameters".to_owned());
    }
    super::grammar::path_pattern(text)
}
