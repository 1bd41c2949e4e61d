//! `licences`: every dependency's licence against the list in `deny.toml`.

use super::{Verb, only_flags};
use crate::{cargo, checkout, spdx};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::fs;

pub(super) const VERB: Verb = Verb {
    name: "licences",
    arguments: "",
    about: "check every dependency's licence against deny.toml",
    details: "\
Reads `cargo metadata` and the [licenses] table of deny.toml (`allow` and `exceptions`) and
needs no network. A crate without a licence expression fails as well: give it an exception
with a reason. `cargo deny check`, where it is installed, reads the same file.
",
    run,
};

fn run(args: &[String]) -> Result<()> {
    only_flags(args, &[])?;
    println!("{} crates, all under an allowed licence", check()?);
    Ok(())
}

/// Checks all and returns how many crates there were.
///
/// # Errors
/// A list of the crates that are not allowed, or a `deny.toml` that cannot be read.
pub(super) fn check() -> Result<usize> {
    let text = fs::read_to_string(checkout::root().join("deny.toml")).context("deny.toml")?;
    let rules = Rules::read(&text)?;
    let metadata = cargo::metadata(true)?;
    let packages = metadata["packages"]
        .as_array()
        .context("cargo names no packages")?;
    let complaints: Vec<String> = packages.iter().filter_map(|p| rules.complaint(p)).collect();
    if !complaints.is_empty() {
        bail!(
            "licences that deny.toml does not allow:\n  {}",
            complaints.join("\n  ")
        );
    }
    Ok(packages.len())
}

/// The part of `deny.toml` that is about licences.
struct Rules {
    allowed: Vec<String>,
    /// A crate and what it may have besides.
    exceptions: Vec<(String, Vec<String>)>,
}

impl Rules {
    fn read(text: &str) -> Result<Self> {
        let table: toml::Table = text.parse().context("deny.toml")?;
        let licenses = table
            .get("licenses")
            .context("deny.toml has no [licenses]")?;
        let names = |value: Option<&toml::Value>| -> Result<Vec<String>> {
            let list = value
                .and_then(toml::Value::as_array)
                .context("deny.toml: no `allow` list")?;
            list.iter()
                .map(|name| {
                    name.as_str()
                        .map(str::to_owned)
                        .context("a licence is not a string")
                })
                .collect()
        };
        let mut exceptions = Vec::new();
        for exception in licenses
            .get("exceptions")
            .and_then(toml::Value::as_array)
            .into_iter()
            .flatten()
        {
            let package = exception
                .get("crate")
                .and_then(toml::Value::as_str)
                .context("deny.toml: an exception names no `crate`")?;
            exceptions.push((package.to_owned(), names(exception.get("allow"))?));
        }
        Ok(Self {
            allowed: names(licenses.get("allow"))?,
            exceptions,
        })
    }

    /// What is wrong with one of cargo's package objects, if anything is.
    fn complaint(&self, package: &Value) -> Option<String> {
        let name = package["name"].as_str().unwrap_or("?");
        let version = package["version"].as_str().unwrap_or("?");
        let besides = self
            .exceptions
            .iter()
            .filter(|(of, _)| of == name)
            .flat_map(|(_, more)| more);
        let allowed: Vec<&str> = self
            .allowed
            .iter()
            .chain(besides)
            .map(String::as_str)
            .collect();
        let Some(expression) = package["license"].as_str() else {
            return (!allowed.contains(&"unknown"))
                .then(|| format!("{name} {version}: states no licence"));
        };
        match spdx::satisfied(expression, &allowed) {
            Ok(true) => None,
            Ok(false) => Some(format!("{name} {version}: {expression}")),
            Err(error) => Some(format!("{name} {version}: {expression}: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const DENY: &str = r#"
        [licenses]
        allow = ["MIT"]
        exceptions = [{ crate = "odd", allow = ["IJG"], reason = "a test" }]
    "#;

    #[test]
    fn what_is_not_allowed_is_named() {
        let rules = Rules::read(DENY).unwrap();
        let package = |name: &str, license: Value| {
            rules.complaint(&json!({ "name": name, "version": "1.0.0", "license": license }))
        };
        assert_eq!(package("good", json!("MIT OR GPL-3.0-only")), None);
        assert_eq!(package("odd", json!("MIT AND IJG")), None);
        assert_eq!(package("bad", json!("IJG")).unwrap(), "bad 1.0.0: IJG");
        assert_eq!(
            package("none", Value::Null).unwrap(),
            "none 1.0.0: states no licence"
        );
        assert!(
            package("broken", json!("MIT OR"))
                .unwrap()
                .contains("missing")
        );
    }

    #[test]
    fn a_broken_list_is_an_error() {
        assert!(Rules::read("[licenses]\nallow = [1]").is_err());
        assert!(Rules::read("[other]").is_err());
        assert!(Rules::read("[licenses").is_err());
    }

    #[test]
    fn the_dependencies_are_allowed() {
        check().unwrap();
    }
}
