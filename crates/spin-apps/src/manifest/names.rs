//! How ids and variables are spelt.

/// Words of letters and digits, joined by `-`; each begins with a letter and has one case.
pub(super) fn is_kebab(name: &str) -> bool {
    words(name, '-', |word| {
        let upper = word.bytes().any(|byte| byte.is_ascii_uppercase());
        let lower = word.bytes().any(|byte| byte.is_ascii_lowercase());
        !(upper && lower)
    })
}

/// Words of lower case letters and digits, joined by `_`; each begins with a letter.
pub(super) fn is_snake(name: &str) -> bool {
    words(name, '_', |word| {
        !word.bytes().any(|byte| byte.is_ascii_uppercase())
    })
}

fn words(name: &str, between: char, fits: impl Fn(&str) -> bool) -> bool {
    name.split(between).all(|word| {
        word.starts_with(|first: char| first.is_ascii_alphabetic())
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && fits(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_variables_are_told_apart() {
        for good in ["a", "spin-gateway", "WAF-rules", "v2"] {
            assert!(is_kebab(good), "{good}");
        }
        for bad in ["", "a-", "-a", "a--b", "a_b", "aB", "2a", "a-2"] {
            assert!(!is_kebab(bad), "{bad}");
        }
        assert!(is_snake("api_key2") && !is_snake("API") && !is_snake("a__b"));
    }
}
