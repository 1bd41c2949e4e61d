//! Who may push a policy, and where what was pushed is kept.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

/// Where policies are pushed to.
pub const PATH: &str = "/.lockgate/policy";

/// Where the key-value store says which package is in force: its bundle's and document's digest.
pub const CURRENT_KEY: &str = "lockgate/policy/current";

/// The shortest token that opens the route, bytes: shorter ones can be guessed.
pub const TOKEN_BYTES_MIN: usize = 32;

/// The largest package with its programs, bytes.
pub const PACKAGE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// How many packages are kept.
pub const HISTORY_MAX: usize = 10;

/// The name of a package: the SHA-256 of its bytes, 64 hexadecimal digits.
#[must_use]
pub fn package_digest(package: &[u8]) -> String {
    Sha256::digest(package)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Where the key-value store keeps a package.
#[must_use]
pub fn package_key(digest: &str) -> String {
    format!("lockgate/policy/package/{digest}")
}

/// Where the key-value store keeps the image of a program, which several packages may name.
#[must_use]
pub fn program_key(digest: &str) -> String {
    format!("lockgate/policy/program/{digest}")
}

/// Whether a text is a SHA-256 in hexadecimal.
#[must_use]
pub fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Puts a package at the head of the history, with the programs that it names: one package a line,
/// its digest and theirs, the newest first. Gives the history and the keys of what is kept no longer:
/// packages beyond [`HISTORY_MAX`], and programs that no package names any more.
#[must_use]
pub fn history<'a>(
    history: &'a str,
    package: &'a str,
    programs: impl Iterator<Item = &'a str>,
) -> (String, Vec<String>) {
    let newest: Vec<&str> = std::iter::once(package).chain(programs).collect();
    let mut lines = vec![newest];
    for line in history.lines() {
        let words: Vec<&str> = line.split(' ').filter(|word| is_digest(word)).collect();
        if words.first().is_some_and(|first| *first != package) {
            lines.push(words);
        }
    }
    let dropped = lines.split_off(lines.len().min(HISTORY_MAX));
    let programs = |lines: &[Vec<&'a str>]| -> BTreeSet<&'a str> {
        lines
            .iter()
            .flat_map(|line| line.iter().skip(1))
            .copied()
            .collect()
    };
    let packages = dropped.iter().filter_map(|line| line.first());
    let mut keys: Vec<String> = packages.map(|digest| package_key(digest)).collect();
    let (named, kept) = (programs(&dropped), programs(&lines));
    keys.extend(named.difference(&kept).map(|digest| program_key(digest)));
    let lines: Vec<String> = lines.iter().map(|line| line.join(" ")).collect();
    (lines.join("\n"), keys)
}

/// Whether an `Authorization` value is `Bearer` and the token. The digests are compared, so that
/// the time taken says nothing of the token.
#[must_use]
pub fn is_authorized(authorization: Option<&[u8]>, token: &str) -> bool {
    if token.len() < TOKEN_BYTES_MIN {
        return false;
    }
    let given = authorization.and_then(|value| {
        let (scheme, given) = value.split_at_checked(7)?;
        scheme.eq_ignore_ascii_case(b"bearer ").then_some(given)
    });
    given.is_some_and(|given| Sha256::digest(given.trim_ascii()) == Sha256::digest(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A digest of this letter.
    fn digest(letter: char) -> String {
        letter.to_string().repeat(64)
    }

    #[test]
    fn the_last_packages_are_kept_with_the_programs_that_they_name() {
        let (shared, own) = (digest('a'), digest('b'));
        // As builds before this one wrote it: packages alone.
        let old = format!("{}\n{}\nnonsense", digest('0'), digest('1'));
        let first = digest('2');
        let named = [own.as_str(), shared.as_str()].into_iter();
        let (mut text, dropped) = history(&old, &first, named);
        assert!(dropped.is_empty());
        assert_eq!(
            text,
            format!("{first} {own} {shared}\n{}\n{}", digest('0'), digest('1'))
        );
        let mut all = Vec::new();
        for number in 3..12 {
            let package = format!("{number:064}");
            let (next, dropped) = history(&text, &package, std::iter::once(shared.as_str()));
            text = next;
            all.extend(dropped);
        }
        assert_eq!(text.lines().count(), HISTORY_MAX);
        assert_eq!(all, [package_key(&digest('1')), package_key(&digest('0'))]);
        // The one that named a program of its own goes, and its program with it.
        let (next, dropped) = history(&text, &digest('c'), std::iter::empty());
        assert_eq!(dropped, [package_key(&first), program_key(&own)]);
        // What is pushed again is not listed twice.
        let (again, dropped) = history(&next, &digest('c'), std::iter::empty());
        assert_eq!((again, dropped), (next, Vec::new()));
    }

    #[test]
    fn only_the_whole_token_opens() {
        let token = "0123456789abcdef0123456789abcdef";
        let with = |value: &str| is_authorized(Some(value.as_bytes()), token);
        assert!(with(&format!("Bearer {token}")) && with(&format!("bearer {token} ")));
        assert!(!with(token) && !with("Bearer") && !with("Bearer "));
        assert!(!with(&format!("Bearer {token}0")) && !with(&format!("Basic {token}")));
        assert!(!is_authorized(None, token));
        assert!(!is_authorized(Some(b"Bearer short"), "short"));
        assert!(!is_authorized(Some(b"Bearer "), ""));
    }
}
