//! Which pairs of neighbouring bytes occur in a value: most texts that are not in it are refused by that.

/// Values longer than this are searched without a screen: it would be full.
const SCREENED_BYTES_MAX: usize = 512;

/// A set of pairs, each in one of 256 places. It may hold more than what was put in, never less.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Grams([u64; 4]);

impl Grams {
    /// Adds the pairs of a value; all there are where it is long.
    pub(crate) fn add(&mut self, value: &[u8]) {
        if value.len() > SCREENED_BYTES_MAX {
            self.0 = [u64::MAX; 4];
            return;
        }
        let words = &mut self.0;
        for [first, second] in value.array_windows() {
            let place = first.wrapping_mul(37) ^ second.rotate_left(3);
            if let Some(word) = words.get_mut(usize::from(place >> 6)) {
                *word |= 1 << (place & 63);
            }
        }
    }

    /// The pairs of a text. A text of one byte has none; one that is longer than what is screened is not
    /// looked for by its pairs either.
    pub(crate) fn of_text(text: &[u8]) -> Self {
        let mut grams = Self::default();
        grams.add(text.get(..SCREENED_BYTES_MAX).unwrap_or(text));
        grams
    }

    /// Whether a value with these pairs may contain a text with those.
    pub(crate) fn may_contain(&self, text: &Self) -> bool {
        self.0
            .iter()
            .zip(&text.0)
            .all(|(value, text)| text & !value == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_contained_always_passes_and_what_is_not_seldom_does() {
        let value = b"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
        let mut grams = Grams::default();
        grams.add(value);
        for from in 0..value.len() {
            for to in from..value.len() {
                assert!(
                    grams.may_contain(&Grams::of_text(&value[from..to])),
                    "{from} {to}"
                );
            }
        }
        let refused = |text: &str| !grams.may_contain(&Grams::of_text(text.as_bytes()));
        assert!(refused("sqlmap") && refused("crawler17") && refused("python-requests"));
        grams.add(&[b'x'; 1000]);
        assert!(grams.may_contain(&Grams::of_text(b"abc")));
    }
}
