//! Members of a comma-separated field value (RFC 9110, section 5.6.1).

/// The members of a list, white space around them dropped, empty ones skipped; commas within
/// quoted strings do not count. An unfinished quoted string runs to the end.
pub(crate) fn members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut in_quotes = false;
    let mut escaped = false;
    value
        .split(move |&b| {
            if escaped {
                escaped = false;
            } else if in_quotes && b == b'\\' {
                escaped = true;
            } else if b == b'"' {
                in_quotes = !in_quotes;
            }
            b == b',' && !in_quotes
        })
        .map(<[u8]>::trim_ascii)
        .filter(|member| !member.is_empty())
}

/// A directive or parameter `name[=value]`, with the quotes of a quoted value taken off.
/// Escapes within are left as they are: no value that we read has any.
pub(crate) fn name_value(member: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mut parts = member.splitn(2, |&b| b == b'=');
    let name = parts.next().unwrap_or_default().trim_ascii();
    let value = parts.next().map(|value| {
        let value = value.trim_ascii();
        let inner = value
            .strip_prefix(b"\"")
            .and_then(|v| v.strip_suffix(b"\""));
        inner.unwrap_or(value)
    });
    (name, value)
}

/// Delta-seconds (RFC 9111, section 1.2.2): decimal digits; what does not fit counts as 2^31.
/// `None` if it is anything else.
pub(crate) fn delta_seconds(value: &[u8]) -> Option<u32> {
    const LARGEST: u32 = 1 << 31;
    if value.is_empty() {
        return None;
    }
    value.iter().try_fold(0_u32, |seconds, &b| {
        let digit = char::from(b).to_digit(10)?;
        Some(
            seconds
                .saturating_mul(10)
                .saturating_add(digit)
                .min(LARGEST),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_split_outside_quotes() {
        let all = |v: &'static str| {
            members(v.as_bytes())
                .map(String::from_utf8_lossy)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            all(" a ,b=\"x, \\\" ,y\",, c "),
            ["a", "b=\"x, \\\" ,y\"", "c"]
        );
        assert_eq!(all("a=\"open, b"), ["a=\"open, b"]);
        assert_eq!(all(" , ,"), [""; 0]);
    }

    #[test]
    fn seconds() {
        for (text, seconds) in [
            ("0", Some(0)),
            ("007", Some(7)),
            ("2147483648", Some(1 << 31)),
            ("99999999999999999999", Some(1 << 31)),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("+1", None),
            ("1 2", None),
        ] {
            assert_eq!(delta_seconds(text.as_bytes()), seconds, "{text}");
        }
    }
}
