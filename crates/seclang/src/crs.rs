//! A release of the OWASP Core Rule Set as sources.
use crate::parse::Source;
use std::path::{Path, PathBuf};

/// The settings and rules that come before the set: [`BASE_NAME`].
pub const BASE: &str = include_str!("base.conf");

/// What places in [`BASE`] are called.
pub const BASE_NAME: &str = "lockgate-base.conf";

/// The sources of a release in the order in which they are read: Lockgate's base, the release's
/// set-up, the site's own set-up, the rules by name. The set-up is `crs-setup.conf`, or
/// `crs-setup.conf.example` where nobody made one; `.conf.example` files beside the rules are
/// templates and not read.
///
/// # Errors
/// `folder/rules` cannot be listed, or there is no rule in it.
pub fn sources(folder: &Path, setup: Source) -> std::io::Result<Vec<Source>> {
    let mut rules: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder.join("rules"))? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "conf")
        {
            rules.push(path);
        }
    }
    if rules.is_empty() {
        return Err(std::io::Error::new(
            std::io::ErrorKind::NotFound,
            "no *.conf is in it",
        ));
    }
    rules.sort();
    let own = folder.join("crs-setup.conf");
    let example = folder.join("crs-setup.conf.example");
    let first = Source::Text {
        name: PathBuf::from(BASE_NAME),
        text: BASE.to_owned(),
    };
    let mut sources = vec![first];
    sources.push(Source::File(if own.exists() { own } else { example }));
    sources.push(setup);
    sources.extend(rules.into_iter().map(Source::File));
    Ok(sources)
}
