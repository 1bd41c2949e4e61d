//! Reads the committed corpus.

/// A fingerprint or `-`, whether it is cross-site scripting, and the value.
pub(crate) type Row = (String, bool, Vec<u8>);

/// The rows of `corpus.txt`.
pub(crate) fn corpus() -> Vec<Row> {
    include_str!("../corpus.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(row)
        .collect()
}

fn row(line: &str) -> Row {
    let mut columns = line.splitn(3, '\t');
    let mut next = || columns.next().expect("three columns");
    let (shape, script, value) = (next(), next(), next());
    let value = value
        .strip_prefix('[')
        .and_then(|value| value.strip_suffix(']'))
        .expect("brackets");
    (shape.to_owned(), script == "xss", unescape(value))
}

fn unescape(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, after) {
            (b'\\', [b'\\', after @ ..]) => {
                out.push(b'\\');
                rest = after;
            }
            (b'\\', [b'x', high, low, after @ ..]) => {
                let digit = |byte: u8| char::from(byte).to_digit(16).expect("two digits");
                out.push(u8::try_from(digit(*high) * 16 + digit(*low)).expect("a byte"));
                rest = after;
            }
            _ => out.push(*first),
        }
    }
    out
}
