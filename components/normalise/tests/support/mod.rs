//! Reads the tables under `tests/data`.

/// The bytes that an escaped cell stands for: `\xNN`, `\\`, `\s`, `\t`.
pub(crate) fn unescape(cell: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = cell.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        if *byte != b'\\' {
            out.push(*byte);
            continue;
        }
        let (value, taken) = match after {
            [b'\\', ..] => (b'\\', 1),
            [b's', ..] => (b' ', 1),
            [b't', ..] => (b'\t', 1),
            [b'x', high, low, ..] => {
                let digits = [*high, *low];
                let digits = str::from_utf8(&digits).expect("hex digits");
                (u8::from_str_radix(digits, 16).expect("hex digits"), 3)
            }
            _ => panic!("unknown escape in {cell:?}"),
        };
        out.push(value);
        rest = &after[taken..];
    }
    out
}

/// The cases of a table: (line number, what stands before ` =>`, what stands after it).
pub(crate) fn cases(table: &str) -> Vec<(usize, &str, &str)> {
    let cases: Vec<_> = table
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(index, line)| {
            let (given, expected) = line
                .rsplit_once(" =>")
                .unwrap_or_else(|| panic!("line {}: no \" =>\"", index + 1));
            (index + 1, given.trim(), expected.trim())
        })
        .collect();
    assert!(!cases.is_empty(), "an empty table tests nothing");
    cases
}
