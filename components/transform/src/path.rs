//! `normalizePath` and `normalizePathWin`.

use crate::text::at;

/// Drops empty, `.` and `..` segments, the latter with the segment before them; on Windows a
/// backslash is a slash. A path ends in a slash if and only if it did.
pub(crate) fn normalise(input: &[u8], out: &mut Vec<u8>, windows: bool) -> bool {
    if !(has_reference(input) || (windows && memchr::memchr(b'\\', input).is_some())) {
        return false;
    }
    out.clear();
    out.extend_from_slice(input);
    let length = Walk::new(out, windows).run();
    out.truncate(length);
    out.as_slice() != input
}

/// Whether a segment is empty or ends in a dot: no other path changes.
fn has_reference(input: &[u8]) -> bool {
    memchr::memchr2_iter(b'/', b'.', input).any(|i| match at(input, i + 1) {
        Some(next) => next == b'/',
        None => at(input, i) == Some(b'.'),
    })
}

/// ModSecurity's walk over a path that is rewritten in place: `to` never passes `from`.
struct Walk<'a> {
    path: &'a mut [u8],
    from: usize,
    to: usize,
    /// A backslash is a slash, and is written as one once the walk stands at it or before it.
    windows: bool,
    relative: bool,
    /// A back-reference of a relative path had nothing left to take back.
    at_root: bool,
}

/// What becomes of the byte that the walk stands at.
enum Step {
    Copy,
    Skip,
}

impl<'a> Walk<'a> {
    fn new(path: &'a mut [u8], windows: bool) -> Self {
        let mut walk = Self {
            path,
            from: 0,
            to: 0,
            windows,
            relative: false,
            at_root: false,
        };
        walk.relative = !walk.is_slash(0);
        walk
    }

    fn is_slash(&self, index: usize) -> bool {
        let byte = self.read(index);
        byte == b'/' || (self.windows && byte == b'\\')
    }

    /// Writes the slash at `index` as a slash. ModSecurity leaves the last of several backslashes
    /// as it is, because it does this only where it stands.
    fn straighten(&mut self, index: usize) {
        if let Some(byte @ b'\\') = self.path.get_mut(index)
            && self.windows
        {
            *byte = b'/';
        }
    }

    fn read(&self, index: usize) -> u8 {
        self.path.get(index).copied().unwrap_or(0)
    }

    /// The byte written last.
    fn last(&self) -> Option<u8> {
        self.to.checked_sub(1).map(|index| self.read(index))
    }

    /// Walks to the end; the length of the path that is left.
    fn run(mut self) -> usize {
        let Some(end) = self.path.len().checked_sub(1) else {
            return 0;
        };
        let trailing = self.is_slash(end);
        let mut done = false;
        while !done && self.from <= end {
            self.straighten(self.from);
            self.straighten(self.from + 1);
            done = self.from == end;
            let segment_ends = done || self.read(self.from + 1) == b'/';
            let step = if segment_ends {
                self.end_of_segment(done)
            } else {
                Step::Copy
            };
            if matches!(step, Step::Copy) {
                self.copy(end);
            }
        }
        if !trailing && self.last() == Some(b'/') {
            self.to -= 1;
        }
        self.to
    }

    /// The byte at `from` is the last of its segment, or an empty segment.
    fn end_of_segment(&mut self, done: bool) -> Step {
        let byte = self.read(self.from);
        if !done && byte == b'/' {
            return Step::Copy;
        }
        if byte != b'.' {
            if self.to > 0 {
                self.at_root = false;
            }
            return Step::Copy;
        }
        match self.last() {
            Some(b'.') => {
                if self.relative && (self.at_root || self.to <= 2) {
                    self.at_root = true;
                    return Step::Copy;
                }
                self.back(done);
                if done {
                    return Step::Skip;
                }
                self.from += 1;
            }
            None => {
                if done {
                    return Step::Skip;
                }
                self.from += 1;
            }
            Some(b'/') => {
                if done {
                    return Step::Skip;
                }
                self.to -= 1;
                self.from += 1;
            }
            Some(_) => {}
        }
        Step::Copy
    }

    /// Takes back the two dots' first and the segment before it, but not the root.
    fn back(&mut self, done: bool) {
        let mut to = self.to.saturating_sub(3);
        while to > 0 && self.read(to) != b'/' {
            to -= 1;
        }
        if to == 0 {
            self.at_root = true;
            // The root's slash stays where nothing comes behind it.
            to = usize::from(!self.relative && done);
        }
        self.to = to;
    }

    /// Copies one byte; of several slashes the last, and none to the front of a relative path.
    fn copy(&mut self, end: usize) {
        if self.read(self.from) == b'/' {
            while self.from < end && self.is_slash(self.from + 1) {
                self.from += 1;
            }
            if self.relative && self.to == 0 {
                self.from += 1;
                return;
            }
        }
        let byte = self.read(self.from);
        if let Some(place) = self.path.get_mut(self.to) {
            *place = byte;
        }
        self.to += 1;
        self.from += 1;
    }
}
