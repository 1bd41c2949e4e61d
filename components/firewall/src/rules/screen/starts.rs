//! Rules by the text that a field has to begin with.

/// Bytes that are compared at once.
const KEY_BYTES_MAX: usize = 8;

/// A text and the rule that asks for it.
type Text = (Box<[u8]>, u32);

/// Texts at the start of a field, and the rules that ask for them.
#[derive(Debug, Clone, Default)]
pub(super) struct Starts {
    /// How many bytes of each text its key has: as many as the shortest has, and eight at most.
    key_bytes: usize,
    /// The keys, ascending.
    keys: Vec<u64>,
    /// By the place of the key: text and rule.
    texts: Vec<Text>,
}

impl Starts {
    pub(super) fn new(texts: Vec<(&[u8], u32)>) -> Self {
        let shortest = texts.iter().map(|(text, _)| text.len()).min();
        let key_bytes = shortest.unwrap_or(0).min(KEY_BYTES_MAX);
        let mut keyed: Vec<(u64, Text)> = texts
            .into_iter()
            .map(|(text, rule)| (key(text, key_bytes), (text.into(), rule)))
            .collect();
        keyed.sort_by_key(|(key, _)| *key);
        let (keys, texts) = keyed.into_iter().unzip();
        Self {
            key_bytes,
            keys,
            texts,
        }
    }

    /// The rules with a text that `value` begins with.
    pub(super) fn of(&self, value: &[u8], mut found: impl FnMut(u32)) {
        if value.len() < self.key_bytes {
            return;
        }
        let key = key(value, self.key_bytes);
        let from = self.keys.partition_point(|known| *known < key);
        let keys = self.keys.get(from..).unwrap_or_default();
        let texts = self.texts.get(from..).unwrap_or_default();
        for (known, (text, rule)) in keys.iter().zip(texts) {
            if *known != key {
                break;
            }
            if value.starts_with(text) {
                found(*rule);
            }
        }
    }
}

fn key(text: &[u8], bytes: usize) -> u64 {
    let mut key = [0; KEY_BYTES_MAX];
    for (to, from) in key.iter_mut().zip(text.iter().take(bytes)) {
        *to = *from;
    }
    u64::from_be_bytes(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_found_by_what_a_value_begins_with() {
        let starts = Starts::new(vec![
            (b"/api/v1/", 1),
            (b"/api/v1/users", 2),
            (b"/login", 3),
            (b"/login", 4),
        ]);
        let of = |value: &[u8]| {
            let mut rules = Vec::new();
            starts.of(value, |rule| rules.push(rule));
            rules.sort_unstable();
            rules
        };
        assert_eq!(of(b"/api/v1/users/7"), [1, 2]);
        assert_eq!(of(b"/api/v1/"), [1]);
        assert_eq!(of(b"/login"), [3, 4]);
        assert_eq!(of(b"/logi"), []);
        assert_eq!(of(b""), []);
        assert_eq!(of(b"/zzzzzzzzz"), []);
    }
}
