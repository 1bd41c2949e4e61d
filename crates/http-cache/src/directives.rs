//! Cache-Control directives of requests and responses (RFC 9111, section 5.2).

use crate::list::{delta_seconds, members, name_value};

/// The directives of all `Cache-Control` lines of a message.
///
/// A time given twice counts as the shorter (for `min-fresh` the longer), one that is no
/// delta-seconds as 0: stale (section 4.2.1). The qualified forms of `no-cache` and `private`
/// count as the unqualified ones (sections 5.2.2.4 and 5.2.2.7 allow it). Unknown directives are
/// ignored (section 5.2.3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheControl {
    /// `no-store` (5.2.1.5, 5.2.2.5).
    pub no_store: bool,
    /// `no-cache` (5.2.1.4, 5.2.2.4).
    pub no_cache: bool,
    /// `private` (5.2.2.7).
    pub private: bool,
    /// `public` (5.2.2.9).
    pub public: bool,
    /// `must-revalidate` (5.2.2.2).
    pub must_revalidate: bool,
    /// `proxy-revalidate` (5.2.2.8).
    pub proxy_revalidate: bool,
    /// `must-understand` (5.2.2.3).
    pub must_understand: bool,
    /// `only-if-cached` (5.2.1.7).
    pub only_if_cached: bool,
    /// `max-age`, seconds (5.2.1.1, 5.2.2.1).
    pub max_age_s: Option<u32>,
    /// `s-maxage`, seconds (5.2.2.10).
    pub s_maxage_s: Option<u32>,
    /// `min-fresh`, seconds (5.2.1.3); one that is invalid is ignored.
    pub min_fresh_s: Option<u32>,
}

impl CacheControl {
    /// Adds the directives of one field line.
    pub fn add_line(&mut self, value: &[u8]) {
        for member in members(value) {
            let (name, argument) = name_value(member);
            self.add(name, argument);
        }
    }

    fn add(&mut self, name: &[u8], argument: Option<&[u8]>) {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        let seconds = || argument.and_then(delta_seconds);
        let shorter = |old: Option<u32>| {
            let new = seconds().unwrap_or(0);
            Some(old.map_or(new, |old| old.min(new)))
        };
        // By length first: most comparisons then never happen.
        match name.len() {
            6 if is("public") => self.public = true,
            7 if is("private") => self.private = true,
            7 if is("max-age") => self.max_age_s = shorter(self.max_age_s),
            8 if is("no-store") => self.no_store = true,
            8 if is("no-cache") => self.no_cache = true,
            8 if is("s-maxage") => self.s_maxage_s = shorter(self.s_maxage_s),
            9 if is("min-fresh") => self.min_fresh_s = self.min_fresh_s.max(seconds()),
            14 if is("only-if-cached") => self.only_if_cached = true,
            15 if is("must-revalidate") => self.must_revalidate = true,
            15 if is("must-understand") => self.must_understand = true,
            16 if is("proxy-revalidate") => self.proxy_revalidate = true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> CacheControl {
        let mut all = CacheControl::default();
        lines.iter().for_each(|l| all.add_line(l.as_bytes()));
        all
    }

    #[test]
    fn directives_are_read() {
        let none = CacheControl::default();
        for (lines, expected) in [
            (&[""][..], none),
            (&["unknown, x=y, max-ages=1"], none),
            (
                &["Max-Age=60, PUBLIC"],
                CacheControl {
                    max_age_s: Some(60),
                    public: true,
                    ..none
                },
            ),
            (
                &["max-age=\"60\""],
                CacheControl {
                    max_age_s: Some(60),
                    ..none
                },
            ),
            (
                &["max-age=60", "s-maxage=5, max-age=30"],
                CacheControl {
                    max_age_s: Some(30),
                    s_maxage_s: Some(5),
                    ..none
                },
            ),
            (
                &["max-age=60, max-age=x"],
                CacheControl {
                    max_age_s: Some(0),
                    ..none
                },
            ),
            (
                &["max-age"],
                CacheControl {
                    max_age_s: Some(0),
                    ..none
                },
            ),
            (
                &["max-age=-1"],
                CacheControl {
                    max_age_s: Some(0),
                    ..none
                },
            ),
            (
                &["private=\"set-cookie, x\", no-cache=\"y\""],
                CacheControl {
                    private: true,
                    no_cache: true,
                    ..none
                },
            ),
            (&["x=\"no-store, private\""], none),
            (&["no-store;x"], none),
            (
                &["min-fresh=5, min-fresh=9, only-if-cached"],
                CacheControl {
                    min_fresh_s: Some(9),
                    only_if_cached: true,
                    ..none
                },
            ),
            (
                &["must-revalidate,proxy-revalidate,must-understand,no-store"],
                CacheControl {
                    must_revalidate: true,
                    proxy_revalidate: true,
                    must_understand: true,
                    no_store: true,
                    ..none
                },
            ),
        ] {
            assert_eq!(read(lines), expected, "{lines:?}");
        }
    }
}
