//! Request targets. An input is a method, a space and a target.

use crate::parts::noise;
use crate::respell::respell;
use lockgate_normalise::{Limits, NormaliseError, Target, TargetForm, percent};

/// Longer than any input: what is refused is not refused for its length.
const LIMITS: Limits = Limits {
    target_bytes_max: 1 << 20,
    header_count_max: 128,
    header_bytes_max: 1 << 20,
    hops_max: 16,
};

/// Canonical, canonical once more, and the same however it is spelled.
pub fn run(data: &[u8]) {
    let at = data.iter().position(|byte| *byte == b' ');
    let (method, raw) = data.split_at(at.unwrap_or(0));
    let raw = raw.strip_prefix(b" ").unwrap_or(raw);
    let parsed = Target::parse(method, raw, &LIMITS);
    if raw.starts_with(b"/") {
        let other = respell(raw, noise(raw));
        assert_eq!(
            upstream(method, raw),
            upstream(method, &other),
            "{}",
            other.escape_ascii()
        );
    }
    match parsed {
        Ok(target) => canonical(method, raw, &target),
        Err(error) => {
            assert!(!error.code().is_empty() && (400..500).contains(&error.status()));
        }
    }
}

fn upstream(method: &[u8], raw: &[u8]) -> Result<String, NormaliseError> {
    Ok(Target::parse(method, raw, &LIMITS)?.upstream().into_owned())
}

fn canonical(method: &[u8], raw: &[u8], target: &Target<'_>) {
    for argument in target.arguments() {
        assert!(!argument.name.contains('\0') && !argument.value.contains('\0'));
    }
    let sent = target.upstream();
    if !sent.starts_with('/') {
        let whole_server = method == b"OPTIONS" && sent == "*";
        assert!(whole_server || (target.form == TargetForm::Authority && sent.is_empty()));
        return;
    }
    assert_eq!(upstream(method, sent.as_bytes()).as_deref(), Ok(&*sent));
    let path = &*target.path;
    assert!(path.starts_with('/') && sent.starts_with(path));
    assert!(!path.contains("//") && !path.contains(['?', '#', '\\']));
    assert!(!path.split('/').any(|segment| matches!(segment, "." | "..")));
    for hidden in ["%2F", "%5C", "%00", "%2E", "%61", "%7E"] {
        assert!(!path.contains(hidden), "{path}");
    }
    assert!(sent.bytes().all(|byte| byte.is_ascii_graphic()));
    assert!(!percent::decode(path).contains('\u{fffd}') || mentions_replacement(raw));
    if let Some(at) = raw.iter().position(|byte| *byte == b'?')
        && let Ok(query) = str::from_utf8(&raw[at + 1..])
    {
        let found = target.query.as_deref().unwrap_or_default();
        assert_eq!(percent::decode(query), percent::decode(found));
    }
}

/// U+FFFD itself may be asked for.
fn mentions_replacement(raw: &[u8]) -> bool {
    let raw = String::from_utf8_lossy(raw).to_ascii_uppercase();
    raw.contains('\u{fffd}') || raw.contains("BF") || raw.contains("BD")
}
