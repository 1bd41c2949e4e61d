//! A file's logical lines: comments and blank lines left out, continued lines joined.
use crate::fault::{Fault, FaultKind};
use crate::place::{Place, Text};
use std::path::Path;
use std::sync::Arc;

/// The lines of `source` that hold a directive.
///
/// A `\` at the end of a line joins it with the next, white space included (Apache HTTP Server,
/// "Configuration Files"). A comment ends with its line, also when that ends with `\`
/// (libmodsecurity); a `#` inside of a continued line is text.
///
/// # Errors
/// The file ends inside of a continued line.
pub(crate) fn logical(file: &Arc<Path>, source: &str) -> Result<Vec<Text>, Fault> {
    let mut lines = Vec::new();
    let mut open: Option<Text> = None;
    for (number, physical) in source.lines().enumerate() {
        let place = Place {
            file: Arc::clone(file),
            line: u32::try_from(number + 1).unwrap_or(u32::MAX),
            column: 1,
        };
        let trimmed = physical.trim_ascii_start();
        if open.is_none() && (trimmed.is_empty() || trimmed.starts_with('#')) {
            continue;
        }
        let mut text = open.take().unwrap_or_else(|| Text::empty(place.clone()));
        if let Some(part) = physical.strip_suffix('\\') {
            text.push(part, place);
            open = Some(text);
        } else {
            text.push(physical, place);
            lines.push(text.trimmed());
        }
    }
    match open {
        Some(text) => Err(Fault::new(text.start(), FaultKind::EndsContinued)),
        None => Ok(lines),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(source: &str) -> Result<Vec<Text>, Fault> {
        logical(&Arc::from(Path::new("t.conf")), source)
    }

    #[test]
    fn comments_go_and_continued_lines_are_one() {
        let lines = of("# a \\\nSecRule A \\\n  \"b\" \\\r\n # c\n\n  SecMarker X\n").unwrap();
        let texts: Vec<&str> = lines.iter().map(Text::as_str).collect();
        assert_eq!(texts, ["SecRule A   \"b\"  # c", "SecMarker X"]);
        assert_eq!(lines[0].place(12).to_string(), "t.conf:3:3");
        assert_eq!(lines[1].start().to_string(), "t.conf:6:3");
    }

    #[test]
    fn a_file_must_not_end_in_a_continued_line() {
        let fault = of("SecRule A \\\n").unwrap_err();
        assert_eq!(fault.kind, FaultKind::EndsContinued);
    }
}
