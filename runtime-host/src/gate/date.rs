//! `Date` of the answers that the gate itself makes (RFC 9110 §6.6.1).

use std::cell::RefCell;
use std::time::{Duration, SystemTime};

use crate::http::Fields;

thread_local! {
    /// The line of the second in which it was last asked for.
    static LINE: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
}

/// Adds `Date`. The clock is looked at once; the text is made once a second and thread.
pub(super) fn add(fields: &mut Fields) {
    add_at(fields, super::unix_ms() / 1000);
}

fn add_at(fields: &mut Fields, now_s: u64) {
    LINE.with_borrow_mut(|(made_s, line)| {
        if *made_s != now_s || line.is_empty() {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(now_s);
            *line = format!("date: {}\r\n", httpdate::fmt_http_date(time));
            *made_s = now_s;
        }
        fields.add_lines(line.as_bytes());
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_of_its_second() {
        for (now_s, expected) in [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (784_111_778, "Sun, 06 Nov 1994 08:49:38 GMT"),
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        ] {
            let mut fields = Fields::default();
            add_at(&mut fields, now_s);
            assert_eq!(fields.get("date"), Some(expected.as_bytes()));
            assert_eq!(fields.iter().count(), 1);
        }
    }
}
