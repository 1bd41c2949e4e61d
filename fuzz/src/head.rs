//! A request head from text, read as leniently as can be: what the gate's own parser would refuse
//! must be harmless, too.

use crate::parts::lines;
use lockgate_wire::{HeadRanges, HeaderRange};

/// A head, and where its parts lie in it.
pub(crate) struct Head<'a> {
    /// The text.
    pub(crate) bytes: &'a [u8],
    pub(crate) ranges: HeadRanges,
    pub(crate) headers: Vec<HeaderRange>,
}

impl<'a> Head<'a> {
    /// `METHOD TARGET`, then a field a line, up to an empty line.
    pub(crate) fn read(bytes: &'a [u8]) -> Self {
        let range = |part: &[u8]| {
            let start = part.as_ptr() as usize - bytes.as_ptr() as usize;
            (start as u32, part.len() as u32)
        };
        let mut lines = lines(bytes);
        let first = lines.next().unwrap_or_default();
        let (method, target) = split(first, b' ');
        let target = target.strip_suffix(b" HTTP/1.1").unwrap_or(target);
        let fields = lines.take_while(|line| !line.is_empty());
        Self {
            bytes,
            ranges: HeadRanges {
                version: 11,
                method: range(method),
                target: range(target),
                authority: None,
            },
            headers: fields
                .map(|line| {
                    let (name, value) = split(line, b':');
                    let (name_start, name_len) = range(name);
                    let (value_start, value_len) = range(value.trim_ascii());
                    HeaderRange {
                        name_start,
                        name_len,
                        value_start,
                        value_len,
                    }
                })
                .collect(),
        }
    }

    /// The method.
    pub(crate) fn method(&self) -> &'a [u8] {
        self.slice(self.ranges.method)
    }

    /// The target.
    pub(crate) fn target(&self) -> &'a [u8] {
        self.slice(self.ranges.target)
    }

    /// Names and values.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone {
        self.headers.iter().map(|range| {
            (
                self.slice((range.name_start, range.name_len)),
                self.slice((range.value_start, range.value_len)),
            )
        })
    }

    fn slice(&self, (start, len): (u32, u32)) -> &'a [u8] {
        &self.bytes[start as usize..][..len as usize]
    }
}

/// What stands before and after the first `at`; nothing after it where there is none.
fn split(line: &[u8], at: u8) -> (&[u8], &[u8]) {
    match line.iter().position(|byte| *byte == at) {
        Some(end) => (&line[..end], &line[end + 1..]),
        None => (line, &line[line.len()..]),
    }
}
