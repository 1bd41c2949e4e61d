//! Makes up values: pieces of SQL and HTML, changes of known values, and noise.

use super::common;
use std::fs;
use std::path::Path;

/// Pieces that matter to either detector.
const PIECES: [&[u8]; 118] = [
    b"'",
    b"\"",
    b"`",
    b"\\",
    b"(",
    b")",
    b",",
    b";",
    b"{",
    b"}",
    b".",
    b":",
    b"?",
    b"@",
    b"@@",
    b"#",
    b"--",
    b"-- ",
    b"-",
    b"+",
    b"*",
    b"/",
    b"/*",
    b"*/",
    b"/*!",
    b"%",
    b"=",
    b"<",
    b">",
    b"<=>",
    b"!=",
    b"<>",
    b"||",
    b"&&",
    b"|",
    b"&",
    b"^",
    b"~",
    b"!",
    b"!!",
    b"::",
    b":=",
    b"$",
    b"$$",
    b"$a$",
    b"[",
    b"]",
    b" ",
    b"\t",
    b"\n",
    b"\0",
    b"\xa0",
    b"\x7f",
    b"\xff",
    b"\xe9",
    b"0",
    b"1",
    b"2",
    b"0x1f",
    b"0b1",
    b"0b",
    b"1.5",
    b"1e",
    b"1e5",
    b"1f",
    b"$1.5",
    b"a",
    b"foo",
    b"x_y",
    b"\\N",
    b"q'",
    b"nq'(",
    b"n'",
    b"e'",
    b"u&'",
    b"x'1f'",
    b"b'01'",
    b")'",
    b"sp_password",
    b"select",
    b"union",
    b"all",
    b"from",
    b"or",
    b"and",
    b"not",
    b"in",
    b"like",
    b"is",
    b"null",
    b"if",
    b"user",
    b"password",
    b"database",
    b"int",
    b"collate",
    b"into",
    b"outfile",
    b"<!",
    b"<!--",
    b"-->",
    b"-!>",
    b"<![CDATA[",
    b"]]>",
    b"</",
    b"/>",
    b"<?",
    b"<%",
    b"%>",
    b"script",
    b"svg",
    b"onload",
    b"onclick=",
    b"style=",
    b"href=",
    b"java",
    b"&#106;",
    b"&#x6a",
];

/// Words of the markup's tables and near misses.
const NAMES: [&[u8]; 24] = [
    b"applet",
    b"base",
    b"xsl",
    b"xml",
    b"xss",
    b"iframe",
    b"import",
    b"entity",
    b"doctype",
    b"[if",
    b"xmlns",
    b"xlink:href",
    b"attributename",
    b"src",
    b"to",
    b"by",
    b"values",
    b"data:",
    b"vbscript",
    b"view-source",
    b"on",
    b"onfoo",
    b"filter",
    b"action",
];

/// Words of the SQL table.
static WORDS: &str = include_str!("../../data/words.txt");
/// Names of events.
static EVENTS: &str = include_str!("../../data/events.txt");

/// A source of values; the same number makes the same values.
pub(crate) struct Generator {
    state: u64,
    seeds: Vec<Vec<u8>>,
    words: Vec<&'static [u8]>,
    events: Vec<&'static [u8]>,
}

impl Generator {
    pub(crate) fn new(number: usize, seeds: Vec<Vec<u8>>) -> Self {
        let lines = |text: &'static str| text.lines().filter(|line| !line.starts_with('#'));
        Self {
            state: 0x9e37_79b9_7f4a_7c15 ^ ((number as u64) << 1 | 1),
            seeds,
            words: lines(WORDS).map(|line| &line.as_bytes()[2..]).collect(),
            events: lines(EVENTS).map(str::as_bytes).collect(),
        }
    }

    pub(crate) fn seeds(&self) -> &[Vec<u8>] {
        &self.seeds
    }

    /// A number below `end` (xorshift64*).
    fn below(&mut self, end: usize) -> usize {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        let high = self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        usize::try_from(high).expect("32 bits") % end
    }

    /// One of `all`.
    fn any<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    fn piece(&mut self) -> Vec<u8> {
        let piece = match self.below(10) {
            0..=4 => self.any(&PIECES).to_vec(),
            5..=6 => {
                let at = self.below(self.words.len());
                self.words[at].to_vec()
            }
            7 => self.any(&NAMES).to_vec(),
            8 => {
                let at = self.below(self.events.len());
                let event = self.events[at];
                let cut = event.len() - self.below(8) / 7;
                [b"on", &event[..cut]].concat()
            }
            _ => vec![u8::try_from(self.below(256)).expect("a byte")],
        };
        match self.below(4) {
            0 => piece.to_ascii_lowercase(),
            1 => piece.to_ascii_uppercase(),
            _ => piece,
        }
    }

    fn seed(&mut self) -> Vec<u8> {
        let at = self.below(self.seeds.len());
        self.seeds[at].clone()
    }

    /// Some pieces with blanks between most of them.
    fn pieces(&mut self) -> Vec<u8> {
        let mut value = Vec::new();
        for _ in 0..=self.below(12) {
            value.extend(self.piece());
            if self.below(3) > 0 {
                value.push(b' ');
            }
        }
        value
    }

    /// A known value with a few changes.
    fn changed(&mut self) -> Vec<u8> {
        let mut value = self.seed();
        for _ in 0..=self.below(4) {
            let at = self.below(value.len() + 1);
            match self.below(6) {
                0 => drop(value.splice(at..at, self.piece())),
                1 => value.truncate(at),
                2 => drop(value.drain(..at)),
                3 if at < value.len() => {
                    value.remove(at);
                }
                4 if at < value.len() => {
                    value.splice(at..=at, self.piece());
                }
                _ => {
                    let other = self.seed();
                    let from = self.below(other.len() + 1);
                    value.truncate(at);
                    value.extend(&other[from..]);
                }
            }
            value.truncate(400);
        }
        value
    }

    /// A short value of bytes that mean something.
    fn noise(&mut self) -> Vec<u8> {
        (0..=self.below(9))
            .map(|_| match self.below(8) {
                0 => u8::try_from(self.below(256)).expect("a byte"),
                1..=2 => self.any(b"01aefnqux"),
                _ => self.any(b"'\"`\\()<>=/!-#*;,.&|@$:{}[]%+ \0"),
            })
            .collect()
    }

    pub(crate) fn value(&mut self) -> Vec<u8> {
        match self.below(10) {
            0..=3 => self.changed(),
            4..=7 => self.pieces(),
            _ => self.noise(),
        }
    }
}

/// Values to start from: the corpus, the Core Rule Set's cases where they are, and `folder`.
pub(crate) fn seeds(folder: Option<&str>) -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = common::corpus().into_iter().map(|row| row.2).collect();
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/crs/tests");
    collect(Path::new(cases), &mut |line| {
        if line.contains("uri:") || line.contains("data:") {
            let value = line.split_once(':').map_or("", |(_, value)| value);
            seeds.extend(
                value
                    .split(['&', '?'])
                    .map(|part| decode(part.split_once('=').map_or(part, |(_, value)| value))),
            );
        }
    });
    if let Some(folder) = folder {
        collect(Path::new(folder), &mut |line| seeds.push(decode(line)));
    }
    seeds.sort();
    seeds.dedup();
    seeds
}

/// Hands every line of every file under `path` on.
fn collect(path: &Path, take: &mut dyn FnMut(&str)) {
    if let Ok(entries) = fs::read_dir(path) {
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            collect(&path, take);
        }
    } else if let Ok(text) = fs::read(path) {
        String::from_utf8_lossy(&text).lines().for_each(take);
    }
}

/// Percent-decodes, `+` as a blank.
fn decode(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        let hex = |byte: &u8| char::from(*byte).to_digit(16);
        match (first, after) {
            (b'+', _) => out.push(b' '),
            (b'%', [high, low, after @ ..]) if hex(high).is_some() && hex(low).is_some() => {
                let value = hex(high).zip(hex(low)).map(|(high, low)| high * 16 + low);
                out.extend(value.and_then(|value| u8::try_from(value).ok()));
                rest = after;
            }
            _ => out.push(*first),
        }
    }
    out
}
