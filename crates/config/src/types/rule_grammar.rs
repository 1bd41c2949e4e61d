//! The grammars of the texts in rules. Each function checks a text and gives its canonical form, or the
//! reason why it has none.

use lockgate_firewall::Field;

use crate::spelling::quoted;

/// Longest label, in bytes.
const LABEL_BYTES_MAX: usize = 256;

/// What requests are counted by, besides fields and `label:NAME`.
pub(crate) const RATE_KEYS: [&str; 2] = ["client_ip", "forwarded_ip"];

/// A part of a request.
pub(crate) fn field(text: &str) -> Result<String, String> {
    match text.parse::<Field>() {
        Ok(field) => Ok(field.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// A text transformation.
pub(crate) fn transformation(text: &str) -> Result<String, String> {
    match lockgate_firewall::transformation(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err(format!("there is no transformation {}", quoted(text))),
    }
}

/// Every transformation as it is written: the names of AWS WAF in lower case, then those of SecLang.
pub(crate) fn transformations() -> Vec<String> {
    lockgate_firewall::transformation_names()
}

/// A regular expression that can be searched for in linear time.
pub(crate) fn regex(text: &str) -> Result<String, String> {
    lockgate_firewall::check_regex(text).map(|()| text.to_owned())
}

/// A country of ISO 3166-1: two letters, any two.
pub(crate) fn country(text: &str) -> Result<String, String> {
    if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        Ok(text.to_ascii_uppercase())
    } else {
        Err(format!(
            "{} is not a country of two letters, such as \"DE\"",
            quoted(text)
        ))
    }
}

/// A label, or with `:` at its end all labels that start so.
pub(crate) fn label(text: &str) -> Result<String, String> {
    let word = |b: u8| b.is_ascii_alphanumeric() || b"-_:.".contains(&b);
    if text.is_empty() || text.len() > LABEL_BYTES_MAX || !text.bytes().all(word) {
        return Err(format!(
            "{} is not a label: 1 to 256 letters, digits, \"-\", \"_\", \".\" and \":\"",
            quoted(text)
        ));
    }
    Ok(text.to_owned())
}

/// What requests are counted by.
pub(crate) fn rate_key(text: &str) -> Result<String, String> {
    if RATE_KEYS.contains(&text) {
        return Ok(text.to_owned());
    }
    match text.strip_prefix("label:") {
        Some(name) => label(name).map(|name| format!("label:{name}")),
        None => field(text),
    }
}

/// A date or a time.
pub(crate) fn date(text: &str) -> Result<String, String> {
    match unix_s(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err(format!(
            "{} is neither a date, such as 2027-01-31, nor a time, such as 2027-01-31T18:00:00Z",
            quoted(text)
        )),
    }
}

/// Seconds since the Unix epoch of a date at its first moment in UTC, or of a time (RFC 3339, section 5.6;
/// fractions of a second are cut off). From 1970 to 9999.
pub(crate) fn unix_s(text: &str) -> Option<u64> {
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
    let index = usize::try_from(month).ok()?;
    let late = |month: u64| u64::from(leap && month > 2);
    let first = *before.get(index.checked_sub(1)?)? + late(month);
    let length = *before.get(index)? + late(month + 1) - first;
    if year < 1970 || day == 0 || day > length {
        return None;
    }
    let leaps = |year: u64| year / 4 - year / 100 + year / 400;
    let years = (year - 1970) * 365 + leaps(year - 1) - leaps(1969);
    let midnight = (years + first + day - 1) * 86_400;
    match time {
        None => Some(midnight),
        Some(time) => time_s(time, midnight),
    }
}

/// Adds the time of day, `18:00:00.5+01:00`.
fn time_s(time: &str, midnight: u64) -> Option<u64> {
    let end = time.find(['Z', 'z', '+', '-'])?;
    let (clock, offset) = time.split_at(end);
    let whole = match clock.split_once('.') {
        Some((whole, part)) => {
            (!part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())).then_some(whole)?
        }
        None => clock,
    };
    let [hour, minute, second] = numbers(whole, ':', [2, 2, 2])?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let local = midnight + hour * 3600 + minute * 60 + second;
    if offset.eq_ignore_ascii_case("z") {
        return Some(local);
    }
    let [hours, minutes] = numbers(offset.get(1..)?, ':', [2, 2])?;
    let shift = (hours <= 23 && minutes <= 59).then_some(hours * 3600 + minutes * 60)?;
    if offset.starts_with('+') {
        local.checked_sub(shift)
    } else {
        Some(local + shift)
    }
}

/// Decimal numbers of these lengths with a character between them, and nothing else.
fn numbers<const N: usize>(text: &str, between: char, lengths: [usize; N]) -> Option<[u64; N]> {
    let mut parts = text.split(between);
    let mut found = [0; N];
    for (slot, length) in found.iter_mut().zip(lengths) {
        let part = parts.next()?;
        if part.len() != length || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *slot = part.parse().ok()?;
    }
    parts.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_seconds() {
        let cases = [
            ("1970-01-01", Some(0)),
            ("2000-02-29", Some(951_782_400)),
            ("2000-03-01", Some(951_868_800)),
            ("2027-01-31", Some(1_801_353_600)),
            ("2024-12-31", Some(1_735_603_200)),
            ("2100-03-01", Some(4_107_542_400)),
            ("2027-01-31T18:00:00Z", Some(1_801_418_400)),
            ("2027-01-31t18:00:00.25+01:00", Some(1_801_414_800)),
            ("2027-01-31 18:00:00-00:30", Some(1_801_420_200)),
            ("2027-02-29", None),
            ("2100-02-29", None),
            ("2027-13-01", None),
            ("2027-00-01", None),
            ("2027-1-1", None),
            ("1969-12-31", None),
            ("2027-01-31T18:00:00", None),
            ("2027-01-31T24:00:00Z", None),
            ("tomorrow", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(unix_s(text), wanted, "{text}");
        }
    }

    #[test]
    fn texts_have_one_form() {
        assert_eq!(field("header:X-A"), Ok("header:x-a".to_owned()));
        assert_eq!(country("de"), Ok("DE".to_owned()));
        assert!(country("DEU").is_err());
        assert_eq!(rate_key("label:a:"), Ok("label:a:".to_owned()));
        assert_eq!(rate_key("forwarded_ip"), Ok("forwarded_ip".to_owned()));
        assert!(rate_key("forwarded").is_err());
        assert!(label("a b").is_err());
        assert!(transformation("url_decode").is_ok() && transformation("urlDecodeUni").is_ok());
    }
}
