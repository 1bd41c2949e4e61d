//! Transformation lists, with what tells quickly that a list changes nothing.

use lockgate_transform::Transformation;

/// A transformation list.
#[derive(Debug)]
pub(crate) struct List {
    /// The transformations, as positions in [`super::Engine::transformations`].
    pub(crate) steps: Vec<u8>,
    /// A bit for each of them. A list none of whose transformations may change a value does not
    /// change it.
    pub(crate) mask: u64,
}

/// The distinct transformations, and the lists in terms of them.
///
/// There are fewer than 63 transformations, so that bit 63 of a mask is free.
pub(crate) fn lists(chains: &[Vec<Transformation>]) -> (Vec<Transformation>, Vec<List>) {
    let mut distinct: Vec<Transformation> = Vec::new();
    let mut lists = Vec::with_capacity(chains.len());
    for chain in chains {
        let mut list = List {
            steps: Vec::with_capacity(chain.len()),
            mask: 0,
        };
        for transformation in chain {
            let at = distinct.iter().position(|known| known == transformation);
            let at = at.unwrap_or_else(|| {
                distinct.push(*transformation);
                distinct.len() - 1
            });
            list.steps.push(at as u8);
            list.mask |= 1 << (at % 63);
        }
        lists.push(list);
    }
    (distinct, lists)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_share_their_transformations() {
        let url = Transformation::UrlDecodeUni;
        let lower = Transformation::Lowercase;
        let (distinct, lists) = lists(&[vec![], vec![url], vec![lower, url]]);
        assert_eq!(distinct, [url, lower]);
        assert_eq!(lists[0].mask, 0);
        assert_eq!(lists[1].mask, 0b01);
        assert_eq!(
            (lists[2].steps.as_slice(), lists[2].mask),
            (&[1, 0][..], 0b11)
        );
    }
}
