//! What an address asks for, before anybody has looked whether it may.

use lockgate_image_options::table::TABLE;
use lockgate_image_options::{OptionError, Options};

use crate::{Place, Refusal};

/// What an address asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Options under their canonical names, each at most once; `f=auto` and `dpr` are not here.
    pub(crate) pairs: Vec<(&'static str, String)>,
    /// Options that the form of the address implies: nobody chose them.
    pub(crate) implied: Vec<(&'static str, &'static str)>,
    /// As given.
    pub(crate) dpr: Option<String>,
    /// The name of a preset.
    pub(crate) preset: Option<String>,
    /// The format is to be chosen by Accept.
    pub(crate) auto: bool,
    /// Somebody with a key wrote this: lists do not bind.
    pub(crate) trusted: bool,
    /// Where the source is.
    pub(crate) place: Place,
}

impl Asked {
    /// Takes an option by any of its names. Values are read later, all together, but for `auto`.
    ///
    /// # Errors
    /// [`OptionError`] where there is none of the name, or it was given before.
    pub fn take(&mut self, name: &str, value: &str) -> Result<(), OptionError> {
        match name {
            "preset" => once(&mut self.preset, value, "preset"),
            "dpr" => once(&mut self.dpr, value, "dpr"),
            _ => {
                let name = known(name)?;
                let given = |known: &&str| *known == name;
                let auto = name == "f" && self.auto;
                if auto || self.pairs.iter().map(|(name, _)| name).any(given) {
                    return Err(OptionError::Twice(name));
                }
                if name == "f" && value == "auto" {
                    self.auto = true;
                } else {
                    self.pairs.push((name, value.to_owned()));
                }
                Ok(())
            }
        }
    }

    /// [`Asked::take`] for what another service calls something else: a later one replaces an
    /// earlier one, as it does there.
    pub(crate) fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.pairs.retain(|(known, _)| *known != name);
        self.pairs.push((name, value.into()));
    }

    pub(crate) fn unset(&mut self, name: &str) {
        self.pairs.retain(|(known, _)| *known != name);
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.pairs.iter().filter(|(known, _)| *known == name);
        found.next().map(|(_, value)| value.as_str())
    }

    /// What a signature is made over, whatever the order and the spelling in the address.
    ///
    /// # Errors
    /// [`OptionError`] for the first option that is wrong.
    pub(crate) fn text(&self) -> Result<String, OptionError> {
        let mut text = String::new();
        let mut add = |name: &str, value: &str| {
            if !text.is_empty() {
                text.push(',');
            }
            text.push_str(name);
            text.push('=');
            text.push_str(value);
        };
        if let Some(preset) = &self.preset {
            add("preset", preset);
        }
        if let Some(dpr) = &self.dpr {
            add("dpr", dpr);
        }
        if self.auto {
            add("f", "auto");
        }
        let pairs = self.pairs.iter();
        let options = Options::from_pairs(pairs.map(|(name, value)| (*name, value.as_str())))?;
        let options = options.to_string();
        if !options.is_empty() && !text.is_empty() {
            text.push(',');
        }
        text.push_str(&options);
        Ok(text)
    }
}

/// The canonical name of an option.
pub(crate) fn known(name: &str) -> Result<&'static str, OptionError> {
    let found = TABLE
        .iter()
        .find(|option| option.name == name || option.aliases.contains(&name));
    match found {
        Some(option) => Ok(option.name),
        // Says which is the nearest.
        None => match Options::from_pairs([(name, "")]) {
            Err(error) => Err(error),
            Ok(_) => Err(OptionError::Unknown {
                name: name.chars().take(40).collect(),
                nearest: None,
            }),
        },
    }
}

fn once(place: &mut Option<String>, value: &str, name: &'static str) -> Result<(), OptionError> {
    match place.replace(value.to_owned()) {
        Some(_) => Err(OptionError::Twice(name)),
        None => Ok(()),
    }
}

/// What another service has and this one does not.
pub(crate) fn not_here(name: &str) -> Refusal {
    let name: String = name.chars().take(60).collect();
    Refusal::options(format!("{name} is not supported here"))
}
