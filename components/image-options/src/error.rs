//! What is wrong with an option.

use thiserror::Error;

/// An option that is refused; its text is for whoever wrote the address.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum OptionError {
    /// No option has this name.
    #[error("there is no option {name}{}", nearest.map(|near| format!("; the nearest is {near}")).unwrap_or_default())]
    Unknown {
        /// As given, shortened.
        name: String,
        /// The nearest name that there is.
        nearest: Option<&'static str>,
    },
    /// The option does not take this value.
    #[error("{name} takes {takes}")]
    Value {
        /// The option.
        name: &'static str,
        /// What it takes.
        takes: &'static str,
    },
    /// The option stands there more than once.
    #[error("{0} is given more than once")]
    Twice(&'static str),
    /// The options contradict each other or ask for too much.
    #[error("{0}")]
    Together(String),
    /// All of it is too long.
    #[error("the options are longer than {0} bytes")]
    TooLong(usize),
}
