//! Fresh values for requests.

use crate::random::Random;

/// The text with fresh values in place of its marks: `{d6}`, `{h32}`, `{w7}`.
pub(super) fn filled(text: &str, random: &mut Random) -> String {
    let mut parts = text.split('{');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let Some((mark, rest)) = part.split_once('}') else {
            out.push('{');
            out.push_str(part);
            continue;
        };
        let kind = mark.get(..1).unwrap_or_default();
        let count = mark.get(1..).and_then(|count| count.parse().ok());
        let value = match (kind, count) {
            ("d", Some(count)) => digits(random, count),
            ("h", Some(count)) => hex(random, count),
            ("w", Some(count)) => word(random, count),
            _ => format!("{{{mark}}}"),
        };
        out.push_str(&value);
        out.push_str(rest);
    }
    out
}

fn of(alphabet: &[u8], random: &mut Random) -> char {
    char::from(alphabet[random.below(alphabet.len())])
}

/// So many decimal digits.
pub(super) fn digits(random: &mut Random, count: usize) -> String {
    (0..count).map(|_| of(b"0123456789", random)).collect()
}

/// So many hexadecimal digits.
pub(super) fn hex(random: &mut Random, count: usize) -> String {
    (0..count)
        .map(|_| of(b"0123456789abcdef", random))
        .collect()
}

/// A word of so many letters, consonants and vowels in turn.
pub(super) fn word(random: &mut Random, letters: usize) -> String {
    let sound = |index: usize| -> &[u8] {
        if index.is_multiple_of(2) {
            b"bdfgklmnprstvz"
        } else {
            b"aeiou"
        }
    };
    (0..letters).map(|index| of(sound(index), random)).collect()
}

/// So many words of five to nine letters.
pub(super) fn words(random: &mut Random, count: usize, between: &str) -> String {
    let words: Vec<String> = (0..count)
        .map(|_| {
            let letters = 5 + random.below(5);
            word(random, letters)
        })
        .collect();
    words.join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_filled_and_everything_else_stays() {
        let mut random = Random::new(3);
        let text = filled("a={d3}&b={h8}-{w6}&c={x}&d={", &mut random);
        let (start, rest) = text.split_at(2);
        assert_eq!(start, "a=");
        assert!(rest[..3].bytes().all(|byte| byte.is_ascii_digit()));
        assert!(text.ends_with("&c={x}&d={"), "{text}");
        assert_eq!(text.len(), "a=123&b=12345678-bababa&c={x}&d={".len());
    }

    #[test]
    fn words_are_parted_and_in_small_letters() {
        assert_eq!(words(&mut Random::new(1), 4, "+").split('+').count(), 4);
        assert!(
            word(&mut Random::new(1), 7)
                .bytes()
                .all(|byte| byte.is_ascii_lowercase())
        );
    }
}
