//! What is wrong with a configuration, and where values come from.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a value comes from.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Provenance {
    /// Nobody gave it.
    #[default]
    Default,
    /// A place in a file.
    File {
        /// The file, as it was named.
        file: Arc<Path>,
        /// The line, from 1. 0: the file as a whole.
        line: u32,
        /// The column in characters, from 1. 0: the file as a whole. Beyond the first 4096 bytes
        /// of a line bytes are counted.
        column: u32,
    },
    /// An environment variable.
    Environment {
        /// Its name.
        variable: Arc<str>,
    },
}

impl Provenance {
    /// A file as a whole.
    #[must_use]
    pub fn whole(file: &Path) -> Self {
        Self::File {
            file: file.into(),
            line: 0,
            column: 0,
        }
    }
}

impl fmt::Display for Provenance {
    /// `gateway.toml:12:3`, the name of a variable, or `default`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { file, line: 0, .. } => write!(f, "{}", file.display()),
            Self::File { file, line, column } => {
                write!(f, "{}:{line}:{column}", file.display())
            }
            Self::Environment { variable } => f.write_str(variable),
        }
    }
}

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Fault {
    /// Where.
    pub at: Provenance,
    /// The key, from the top of its file: `sites.shop.routes[0].path`. Empty: none in particular.
    pub path: String,
    /// What is wrong. Holds no secret.
    pub reason: String,
    /// What was meant, probably.
    pub suggestion: Option<String>,
}

impl Fault {
    /// A fault at a place.
    #[must_use]
    pub fn new(at: &Provenance, path: &str, reason: impl Into<String>) -> Self {
        Self {
            at: at.clone(),
            path: path.to_owned(),
            reason: reason.into(),
            suggestion: None,
        }
    }

    /// Says what was probably meant.
    #[must_use]
    pub fn suggest(mut self, suggestion: Option<impl Into<String>>) -> Self {
        self.suggestion = suggestion.map(Into::into);
        self
    }

    /// The file, when the fault is in one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.at {
            Provenance::File { file, .. } => Some(file),
            _ => None,
        }
    }

    /// Line and column from 1, when the fault is at one place of a file.
    #[must_use]
    pub fn line_and_column(&self) -> Option<(u32, u32)> {
        match self.at {
            Provenance::File { line, column, .. } if line > 0 => Some((line, column)),
            _ => None,
        }
    }
}

impl fmt::Display for Fault {
    /// `gateway.toml:12:3: sites.shop.routes[0].orgin: unknown key; did you mean "origin"?`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.at != Provenance::Default {
            write!(f, "{}: ", self.at)?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.reason)?;
        match &self.suggestion {
            Some(meant) => write!(f, "; did you mean {meant:?}?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Fault {}

/// A configuration that is not used, because something is wrong with it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", listing(faults))]
pub struct Refused {
    /// Everything that is wrong, by file and line. At least one, at most [`FAULTS_MAX`].
    pub faults: Vec<Fault>,
    /// Every file that was looked at: a change of one of them is a reason to try again.
    pub files: Vec<PathBuf>,
}

/// Most faults that one attempt reports.
pub const FAULTS_MAX: usize = 1000;

fn listing(faults: &[Fault]) -> String {
    let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
    lines.join("\n")
}
