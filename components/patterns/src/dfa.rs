//! Runs a deterministic automaton that was built ahead of time.

/// No match is possible any more.
pub(crate) const DEAD: u16 = 0;
/// The pattern has matched.
pub(crate) const ACCEPT: u16 = 1;
/// The first cell of the first row: rows begin at multiples of the row's width after it.
#[cfg(any(test, feature = "compile"))]
pub(crate) const FIRST: u16 = 2;

/// An automaton where it lies in the tables.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dfa<'a> {
    /// The rows, two unused cells before them. A cell holds where the next row begins, [`DEAD`] or
    /// [`ACCEPT`].
    pub(crate) cells: &'a [u16],
    /// The column of each byte.
    pub(crate) classes: &'a [u8; 256],
    /// The row at the start of a value.
    pub(crate) start: u16,
    /// The column of the value's end.
    pub(crate) end: u16,
}

impl Dfa<'_> {
    /// Whether the pattern matches somewhere in `value`.
    pub(crate) fn is_match(&self, value: &[u8]) -> bool {
        let mut row = self.start;
        for byte in value {
            if row <= ACCEPT {
                return row == ACCEPT;
            }
            let class = self.classes.get(usize::from(*byte)).copied().unwrap_or(0);
            row = self.next(row, u16::from(class));
        }
        if row > ACCEPT {
            row = self.next(row, self.end);
        }
        row == ACCEPT
    }

    fn next(&self, row: u16, class: u16) -> u16 {
        self.cells
            .get(usize::from(row) + usize::from(class))
            .copied()
            .unwrap_or(DEAD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_a_table_by_hand() {
        // Column 0: any byte; 1: `a`; 2: the end. Matches a value that ends in `a`.
        let mut classes = [0_u8; 256];
        classes[usize::from(b'a')] = 1;
        let dfa = Dfa {
            cells: &[0, 0, 2, 5, DEAD, 2, 5, ACCEPT],
            classes: &classes,
            start: FIRST,
            end: 2,
        };
        assert!(dfa.is_match(b"xya"));
        assert!(!dfa.is_match(b"xay"));
        assert!(!dfa.is_match(b""));
    }
}
