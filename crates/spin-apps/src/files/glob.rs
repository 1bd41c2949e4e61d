//! Patterns of files: `*` and `?` within a name, `**` for any folders.

/// Whether a path with `/` between its names is meant by a pattern.
#[must_use]
pub fn matches(pattern: &str, path: &str) -> bool {
    let pattern: Vec<&str> = names(pattern).collect();
    let path: Vec<&str> = names(path).collect();
    all(&pattern, &path)
}

/// The folders that a pattern begins with, before the first name with a wildcard.
#[must_use]
pub(super) fn base(pattern: &str) -> String {
    let fixed: Vec<&str> = names(pattern)
        .take_while(|name| !name.contains(['*', '?']))
        .collect();
    fixed.join("/")
}

fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter(|name| !name.is_empty() && *name != ".")
}

fn all(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern, path) {
        ([], []) => true,
        (["**"], path) => !path.is_empty(),
        (["**", rest @ ..], _) => (0..=path.len()).any(|skipped| match path.get(skipped..) {
            Some(path) => all(rest, path),
            None => false,
        }),
        ([first, pattern @ ..], [name, path @ ..]) => {
            one(first.as_bytes(), name.as_bytes()) && all(pattern, path)
        }
        _ => false,
    }
}

/// Takes time linear in both but for the last `*`, which is tried at each place.
fn one(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = name.get(from) {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at + 1, from));
                at += 1;
            }
            Some(expected) if expected == byte || *expected == b'?' => {
                at += 1;
                from += 1;
            }
            _ => match star {
                Some((after, tried)) => {
                    star = Some((after, tried + 1));
                    at = after;
                    from = tried + 1;
                }
                None => return false,
            },
        }
    }
    pattern
        .get(at..)
        .is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_they_mean_under_spin() {
        for (pattern, path, meant) in [
            ("a.txt", "a.txt", true),
            ("*.txt", "a.txt", true),
            ("*.txt", "b/a.txt", false),
            ("**/*.txt", "b/c/a.txt", true),
            ("**/*.txt", "a.txt", true),
            ("assets/**", "assets/x/y", true),
            ("assets/**", "assets", false),
            ("./assets/*", "assets/x", true),
            ("a?c", "abc", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
        ] {
            assert_eq!(matches(pattern, path), meant, "{pattern} {path}");
        }
        assert_eq!(base("assets/img/*.png"), "assets/img");
        assert_eq!(base("*.png"), "");
    }
}
