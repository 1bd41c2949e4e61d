//! The nearest valid spelling.

/// Longest text that is compared, in bytes.
const LENGTH_MAX: usize = 128;

/// The candidate that `given` probably stands for: few edits away (Damerau-Levenshtein), and
/// not more than a third of its length.
pub(crate) fn nearest<'a>(
    given: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if given.len() > LENGTH_MAX {
        return None;
    }
    let folded = given.to_lowercase();
    candidates
        .into_iter()
        .filter(|c| c.len() <= LENGTH_MAX)
        .map(|c| (strsim::damerau_levenshtein(&folded, &c.to_lowercase()), c))
        .filter(|(edits, c)| *edits <= c.len().max(given.len()).div_ceil(3))
        .filter(|(edits, c)| *edits < c.chars().count())
        .min()
        .map(|(_, c)| c)
}

/// The text in quotes, cut to 64 characters.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(64) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{nearest, quoted};

    #[test]
    fn finds_what_was_meant_and_nothing_far_off() {
        let keys = ["origin", "respond", "path", "tls"];
        assert_eq!(nearest("orgin", keys), Some("origin"));
        assert_eq!(nearest("ORIGIN", keys), Some("origin"));
        assert_eq!(nearest("pahts", keys), Some("path"));
        assert_eq!(nearest("tsl", keys), Some("tls"));
        assert_eq!(nearest("certificate", keys), None);
        assert_eq!(nearest("", keys), None);
        assert_eq!(nearest(&"x".repeat(10_000), keys), None);
    }

    #[test]
    fn quoting_cuts_and_escapes() {
        assert_eq!(quoted("a\nb"), "\"a\\nb\"");
        assert_eq!(quoted(&"ä".repeat(65)), format!("\"{}\"…", "ä".repeat(64)));
    }
}
