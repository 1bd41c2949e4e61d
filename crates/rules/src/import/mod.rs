//! Rules out of what others write. What has no equal is listed, never dropped silently.

pub mod aws;
mod aws_statement;
pub mod crawlers;
pub mod list;
mod toml_text;

/// What an import gives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// The rule file, TOML.
    pub rules: String,
    /// What has no equal, a line each: where it stood and why.
    pub left_out: Vec<String>,
}

/// Why nothing could be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// The text is no JSON.
    #[error("this is not JSON: {0}")]
    Json(String),
    /// The JSON is something else.
    #[error("this is not {0}")]
    Shape(&'static str),
}
