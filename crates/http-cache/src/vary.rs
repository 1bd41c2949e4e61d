//! `Vary` (RFC 9110, section 12.5.5) and the secondary key that follows from it (RFC 9111, 4.1).

use crate::list::{members, name_value};

/// The most fields that `Vary` may nominate.
pub const NAMES_MAX: usize = 16;
/// The longest secondary key, bytes.
pub const KEY_BYTES_MAX: usize = 4_096;
/// The longest field name, bytes.
const NAME_BYTES_MAX: usize = 64;

/// Content codings that nearly every request names, sorted.
const CODINGS: [&str; 4] = ["br", "deflate", "gzip", "zstd"];

/// The fields that a response's `Vary` lines nominate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vary {
    names: Vec<String>,
    any: bool,
    too_wide: bool,
}

impl Vary {
    /// Adds one field line.
    pub fn add_line(&mut self, value: &[u8]) {
        for member in members(value) {
            if member == b"*" {
                self.any = true;
                continue;
            }
            let is_token = |b: &u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b);
            let name = String::from_utf8_lossy(member).to_ascii_lowercase();
            match self.names.binary_search(&name) {
                Ok(_) => {}
                Err(at)
                    if self.names.len() < NAMES_MAX
                        && name.len() <= NAME_BYTES_MAX
                        && member.iter().all(is_token) =>
                {
                    self.names.insert(at, name);
                }
                Err(_) => self.too_wide = true,
            }
        }
    }

    /// The names: lower case, sorted, each once.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// `*` is among them: no request ever matches.
    pub fn is_any(&self) -> bool {
        self.any
    }

    /// More than [`NAMES_MAX`], or one is no field name.
    pub fn is_too_wide(&self) -> bool {
        self.too_wide
    }
}

/// Appends the secondary key of a request to `key`: for each nominated name its values,
/// normalised; equal for requests that must be given the same variant. Nothing for no names.
///
/// `names` as [`crate::Storable::Yes`] gives them. Accept-Encoding becomes the set of codings
/// that the client takes; Accept, Accept-Charset and Accept-Language lose the white space around
/// their parts, the latter two letter case as well; others only the space around their lines.
/// Absent and empty differ. A name with `_` for `-` counts as the same, as some origins read it. Two requests with one key differ in nothing that an origin may go by,
/// but for the order of preference among the codings that both take.
///
/// False if the key would be longer than [`KEY_BYTES_MAX`]: then neither look up nor store. What
/// was appended is taken back. The key has the values themselves, which may be secrets (`Vary:
/// Cookie`): it belongs into the store's key and nowhere else.
#[must_use]
pub fn secondary_key<'a, F>(names: &[String], fields: F, key: &mut Vec<u8>) -> bool
where
    F: IntoIterator<Item = (&'a str, &'a [u8])> + Clone,
{
    let start = key.len();
    for name in names {
        key.extend_from_slice(name.as_bytes());
        let lines = fields
            .clone()
            .into_iter()
            .filter(|(other, _)| is_read_as(other, name))
            .map(|(_, value)| value);
        // Marker and length go before the value, so that no value can pass for another name: the
        // markers cannot be in one.
        let marker_at = key.len();
        key.extend_from_slice(&[0; 5]);
        let from = key.len();
        let present = match name.as_str() {
            "accept-encoding" => accept_encoding(lines, key),
            "accept" => tidy_list(lines, false, key),
            "accept-charset" | "accept-language" => tidy_list(lines, true, key),
            // HTTP/2 may split it over lines; the origin gets it joined (RFC 9113, section 8.2.3).
            "cookie" => as_sent(lines, b"; ", key),
            _ => as_sent(lines, b",", key),
        };
        let length = u32::try_from(key.len().saturating_sub(from)).unwrap_or(u32::MAX);
        if let Some([marker, digits @ ..]) = key.get_mut(marker_at..from) {
            *marker = if present { 0xff } else { 0xfe };
            digits.copy_from_slice(&length.to_be_bytes());
        }
        if key.len().saturating_sub(start) > KEY_BYTES_MAX {
            key.truncate(start);
            return false;
        }
    }
    true
}

/// Whether an origin may take `name` for `nominated`: letter case does not count, and servers of
/// CGI style cannot tell `_` from `-`.
fn is_read_as(name: &str, nominated: &str) -> bool {
    let fold = |byte: u8| match byte {
        b'_' => b'-',
        byte => byte.to_ascii_lowercase(),
    };
    name.len() == nominated.len()
        && name
            .bytes()
            .zip(nominated.bytes())
            .all(|(one, other)| fold(one) == fold(other))
}

/// All lines joined as RFC 9110, section 5.3, joins them.
fn as_sent<'a>(lines: impl Iterator<Item = &'a [u8]>, separator: &[u8], key: &mut Vec<u8>) -> bool {
    let mut present = false;
    for line in lines {
        if present {
            key.extend_from_slice(separator);
        }
        present = true;
        let line = line.trim_ascii();
        key.extend_from_slice(line.get(..KEY_BYTES_MAX.saturating_add(1)).unwrap_or(line));
    }
    present
}

/// List members without white space outside quoted strings, and in lower case where the field
/// is insensitive to it (media type parameters are not).
fn tidy_list<'a>(
    lines: impl Iterator<Item = &'a [u8]>,
    lower_case: bool,
    key: &mut Vec<u8>,
) -> bool {
    let mut present = false;
    let from = key.len();
    for line in lines {
        present = true;
        for member in members(line) {
            if key.len() > from {
                key.push(b',');
            }
            let mut in_quotes = false;
            for b in member.iter().take(KEY_BYTES_MAX.saturating_add(1)) {
                in_quotes ^= *b == b'"';
                if in_quotes || !matches!(b, b' ' | b'\t') {
                    key.push(if lower_case {
                        b.to_ascii_lowercase()
                    } else {
                        *b
                    });
                }
            }
        }
    }
    present
}

/// The codings that the client takes (`q` above 0), in a fixed order; with `*` where it takes any
/// other, `-x` for an uncommon one that it refuses and `-identity` where it refuses the plain
/// form. Whatever variant is stored under such a key, every client with the same key takes it.
fn accept_encoding<'a>(lines: impl Iterator<Item = &'a [u8]>, key: &mut Vec<u8>) -> bool {
    let mut present = false;
    let mut taken = [None::<bool>; CODINGS.len()];
    let mut any = None;
    let mut identity = None;
    // Empty for nearly every client, and then without allocation.
    let mut uncommon: Vec<(Vec<u8>, bool)> = Vec::new();
    for line in lines {
        present = true;
        for member in members(line) {
            let mut parts = member.split(|&b| b == b';').map(<[u8]>::trim_ascii);
            let coding = parts.next().unwrap_or_default();
            let takes = !parts.any(is_q_zero);
            let is = |known: &str| coding.eq_ignore_ascii_case(known.as_bytes());
            // Section 8.4.1.3: x-gzip is gzip.
            let known = |name: &&str| is(name) || (*name == "gzip" && is("x-gzip"));
            if is("*") {
                any = Some(takes);
            } else if is("identity") {
                identity = Some(takes);
            } else if let Some(slot) = CODINGS
                .iter()
                .position(known)
                .and_then(|i| taken.get_mut(i))
            {
                *slot = Some(takes);
            } else {
                uncommon.push((coding.to_ascii_lowercase(), takes));
            }
        }
    }
    for (known, taken) in CODINGS.iter().zip(taken) {
        if taken.or(any) == Some(true) {
            key.extend_from_slice(known.as_bytes());
            key.push(b',');
        }
    }
    uncommon.sort();
    uncommon.dedup();
    for (coding, takes) in &uncommon {
        if !takes {
            key.push(b'-');
        }
        key.extend_from_slice(coding);
        key.push(b',');
    }
    if any == Some(true) {
        key.push(b'*');
    }
    if identity.or(any) == Some(false) {
        key.extend_from_slice(b"-identity");
    }
    present
}

/// `q=0`, `q=0.`, `q=0.000` (section 12.4.2).
fn is_q_zero(parameter: &[u8]) -> bool {
    let (name, value) = name_value(parameter);
    let zero = |v: &[u8]| v.first() == Some(&b'0') && v.iter().all(|b| matches!(b, b'0' | b'.'));
    name.eq_ignore_ascii_case(b"q") && value.is_some_and(zero)
}
