//! Reads a pattern into segments in canonical form.

use lockgate_normalise::path::canonical_path;

use crate::error::PatternFault;
use crate::{PARAMS_MAX, SEGMENTS_MAX};

/// One segment of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment {
    /// Canonical text; empty only as the last one, after a trailing slash.
    Static(String),
    /// `{name}`.
    Param(String),
    /// `{*name}`.
    CatchAll(String),
}

/// Reads `/products/{id}` or `/img/{*rest}`.
pub(crate) fn parse(pattern: &str) -> Result<Vec<Segment>, PatternFault> {
    let path = pattern.strip_prefix('/').ok_or(PatternFault::NoSlash)?;
    if pattern.contains(['?', '#']) {
        return Err(PatternFault::Query);
    }
    let pieces: Vec<&str> = path.split('/').collect();
    if pieces.len() > SEGMENTS_MAX {
        return Err(PatternFault::TooManySegments);
    }
    let mut segments = Vec::with_capacity(pieces.len());
    let mut names: Vec<&str> = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        let last = index.saturating_add(1) == pieces.len();
        let (segment, name) = read(piece, last)?;
        if let Some(name) = name {
            if names.contains(&name) {
                return Err(PatternFault::NameTwice);
            }
            names.push(name);
        }
        segments.push(segment);
    }
    if names.len() > PARAMS_MAX {
        return Err(PatternFault::TooManyParams);
    }
    Ok(segments)
}

fn read(piece: &str, last: bool) -> Result<(Segment, Option<&str>), PatternFault> {
    if let Some(inner) = piece
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
    {
        return match inner.strip_prefix('*') {
            Some(_) if !last => Err(PatternFault::CatchAllNotLast),
            Some(name) => Ok((Segment::CatchAll(check_name(name)?), Some(name))),
            None => Ok((Segment::Param(check_name(inner)?), Some(inner))),
        };
    }
    if piece.contains(['{', '}']) {
        return Err(PatternFault::Braces);
    }
    if piece.starts_with('*') || piece.starts_with(':') {
        return Err(PatternFault::ForeignSyntax);
    }
    if piece.is_empty() && !last {
        return Err(PatternFault::NotCanonical);
    }
    let raw = format!("/{piece}");
    let canonical = canonical_path(raw.as_bytes()).map_err(|error| match error {
        lockgate_normalise::NormaliseError::PathAboveRoot => PatternFault::NotCanonical,
        error => PatternFault::Never(error),
    })?;
    let text = canonical.strip_prefix('/').unwrap_or_default();
    if text.is_empty() && !piece.is_empty() {
        return Err(PatternFault::NotCanonical);
    }
    Ok((Segment::Static(text.to_owned()), None))
}

fn check_name(name: &str) -> Result<String, PatternFault> {
    if name.contains(['{', '}']) {
        return Err(PatternFault::Braces);
    }
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let begins_well = name
        .bytes()
        .next()
        .is_some_and(|first| !first.is_ascii_digit());
    if plain && begins_well {
        Ok(name.to_owned())
    } else {
        Err(PatternFault::Name)
    }
}

impl Segment {
    /// The parameter's name.
    pub(crate) fn into_name(self) -> Option<String> {
        match self {
            Self::Static(_) => None,
            Self::Param(name) | Self::CatchAll(name) => Some(name),
        }
    }
}
