//! The parts of a request target.

/// What comes behind scheme and authority in an absolute target, the target itself otherwise
/// (RFC 9112, section 3.2).
pub(super) fn without_authority(target: &[u8]) -> &[u8] {
    if target.first() == Some(&b'/') {
        return target;
    }
    let Some(scheme) = memchr::memmem::find(target, b"://") else {
        return target;
    };
    let is_scheme = target
        .get(..scheme)
        .is_some_and(|name| !name.is_empty() && name.iter().all(u8::is_ascii_alphanumeric));
    let authority = target.get(scheme + 3..).unwrap_or_default();
    match memchr::memchr3(b'/', b'?', b'#', authority) {
        Some(end) if is_scheme => authority.get(end..).unwrap_or_default(),
        _ => target,
    }
}

/// The host of a `Host` field, without its port (RFC 9110, section 7.2).
pub(super) fn host_name(field: &[u8]) -> &[u8] {
    let end = if field.first() == Some(&b'[') {
        memchr::memchr(b']', field).map(|at| at + 1)
    } else {
        memchr::memchr(b':', field)
    };
    field.get(..end.unwrap_or(field.len())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets() {
        for (target, rest) in [
            ("/a?b", "/a?b"),
            ("http://h/a?b", "/a?b"),
            ("http://h?b", "?b"),
            ("*", "*"),
            ("/x?u=http://h/a", "/x?u=http://h/a"),
            ("http://h", "http://h"),
        ] {
            assert_eq!(without_authority(target.as_bytes()), rest.as_bytes());
        }
    }

    #[test]
    fn hosts() {
        for (field, host) in [
            ("a.b:80", "a.b"),
            ("[::1]:80", "[::1]"),
            ("a", "a"),
            ("", ""),
        ] {
            assert_eq!(host_name(field.as_bytes()), host.as_bytes());
        }
    }
}
