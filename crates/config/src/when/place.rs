//! Where a byte of a text stands in the TOML file that the text was read from.

/// Line and column, from 1, of the byte at `offset` of the string value that starts at `line` and `column`
/// of a TOML document. The column counts characters. `None` where no string starts there.
pub(crate) fn place(document: &str, line: u32, column: u32, offset: usize) -> Option<(u32, u32)> {
    let rows = document.split_inclusive('\n');
    let row = rows.clone().nth(line.checked_sub(1)? as usize)?;
    let before: usize = rows.take(line as usize - 1).map(str::len).sum();
    let (start, _) = row.char_indices().nth(column.checked_sub(1)? as usize)?;
    let raw = document.get(before + start..)?;
    let (body, escapes) = opening(raw)?;
    let mut position = Position { line, column };
    for c in raw.get(..raw.len() - body.len())?.chars() {
        position.pass(c);
    }
    let mut left = offset;
    let mut rest = body;
    while left > 0 {
        let (bytes, length) = unit(rest, escapes)?;
        for c in rest.get(..length)?.chars() {
            position.pass(c);
        }
        left = left.saturating_sub(bytes);
        rest = rest.get(length..)?;
    }
    Some((position.line, position.column))
}

struct Position {
    line: u32,
    column: u32,
}

impl Position {
    fn pass(&mut self, c: char) {
        if c == '\n' {
            self.line += 1;
            self.column = 1;
        } else {
            self.column += 1;
        }
    }
}

/// What follows the opening quotes, and whether `\` escapes. A line end right behind three quotes belongs to
/// them.
fn opening(raw: &str) -> Option<(&str, bool)> {
    for (quotes, escapes) in [("\"\"\"", true), ("'''", false)] {
        if let Some(rest) = raw.strip_prefix(quotes) {
            let rest = rest
                .strip_prefix("\r\n")
                .or(rest.strip_prefix('\n'))
                .unwrap_or(rest);
            return Some((rest, escapes));
        }
    }
    match raw.strip_prefix('"') {
        Some(rest) => Some((rest, true)),
        None => Some((raw.strip_prefix('\'')?, false)),
    }
}

/// How many bytes the next character or escape stands for, and how many it is written with.
fn unit(rest: &str, escapes: bool) -> Option<(usize, usize)> {
    let mut characters = rest.chars();
    let first = characters.next()?;
    if first != '\\' || !escapes {
        return Some((first.len_utf8(), first.len_utf8()));
    }
    let escaped = characters.next()?;
    let digits = match escaped {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        // A line end that is escaped stands for nothing, with all white space behind it.
        c if c.is_whitespace() => {
            let space = rest.get(1..)?;
            return Some((0, 1 + space.len() - space.trim_start().len()));
        }
        _ => return Some((1, 1 + escaped.len_utf8())),
    };
    let hex = rest.get(2..2 + digits)?;
    let c = char::from_u32(u32::from_str_radix(hex, 16).ok()?)?;
    Some((c.len_utf8(), 2 + digits))
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn every_kind_of_string_is_found_in() {
        let at = |document: &str, needle: &str| {
            let value: toml::Table = document.parse().expect("TOML");
            let text = value["w"].as_str().expect("a text");
            let offset = text.find(needle).expect("the needle");
            let row = document
                .lines()
                .position(|row| row.starts_with("w"))
                .expect("w") as u32;
            place(document, row + 1, 5, offset)
        };
        assert_eq!(at("a = 1\nw = 'path foo'\n", "foo"), Some((2, 11)));
        assert_eq!(at("w = \"a\\\" \\u00e9 foo\"\n", "foo"), Some((1, 17)));
        assert_eq!(at("w = '''\npath\n  foo'''\n", "foo"), Some((3, 3)));
        assert_eq!(at("w = '''path\nfoo'''\n", "foo"), Some((2, 1)));
        assert_eq!(at("w = \"\"\"a \\\n   b foo\"\"\"\n", "foo"), Some((2, 6)));
        assert_eq!(at("w = 'ä foo'\n", "foo"), Some((1, 8)));
        assert_eq!(place("w = 1", 1, 5, 0), None);
    }
}
