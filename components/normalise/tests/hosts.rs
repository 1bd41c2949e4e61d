//! Hosts: the table, agreement between the places that name one, and properties.

mod support;

use lockgate_normalise::host::effective_host;
use lockgate_normalise::{Host, HostKind, NormaliseError};
use proptest::prelude::*;

#[test]
fn the_table_holds() {
    let mut wrong = Vec::new();
    for (line, given, expected) in support::cases(include_str!("data/hosts.txt")) {
        let raw = support::unescape(given);
        let found = match Host::parse(&raw) {
            Ok(Host {
                name,
                port: Some(port),
                ..
            }) => format!("{name} {port}"),
            Ok(host) => host.name.into_owned(),
            Err(error) => format!("!{}", error.code()),
        };
        if found != expected {
            wrong.push(format!(
                "line {line}: {given}: {found:?}, expected {expected:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn kinds_are_told_apart() {
    let kind = |raw: &'static [u8]| Host::parse(raw).expect("a host").kind;
    assert_eq!(kind(b"a.example"), HostKind::Name);
    assert_eq!(kind(b"1.2.3.4"), HostKind::V4([1, 2, 3, 4].into()));
    assert!(matches!(kind(b"[::1]"), HostKind::V6(_)));
}

#[test]
fn an_empty_or_overlong_host_is_refused() {
    assert_eq!(Host::parse(b""), Err(NormaliseError::HostInvalid));
    assert_eq!(Host::parse(b":80"), Err(NormaliseError::HostInvalid));
    let long = "a.".repeat(126) + "ab";
    assert_eq!(long.len(), 254);
    assert_eq!(
        Host::parse(long.as_bytes()),
        Err(NormaliseError::HostInvalid)
    );
    assert!(
        Host::parse(&long.as_bytes()[1..]).is_err(),
        "begins with a dot"
    );
    assert!(Host::parse(&long.as_bytes()[2..]).is_ok());
}

#[test]
fn all_places_must_agree() {
    let name = |authority: Option<&'static str>, field: Option<&'static str>, port| {
        effective_host(authority.map(str::as_bytes), field.map(str::as_bytes), port)
            .map(|host| host.name.into_owned())
    };
    let shop = Ok("shop".to_owned());
    assert_eq!(name(None, None, 80), Err(NormaliseError::HostMissing));
    assert_eq!(name(None, Some("Shop"), 80), shop);
    assert_eq!(name(Some("shop"), None, 80), shop);
    assert_eq!(name(Some("shop"), Some("SHOP"), 80), shop);
    assert_eq!(name(Some("shop"), Some("shop:80"), 80), shop);
    let conflict = Err(NormaliseError::HostConflict);
    assert_eq!(name(Some("shop"), Some("shop:80"), 443), conflict);
    assert_eq!(name(Some("shop"), Some("evil"), 80), conflict);
    assert_eq!(
        name(Some("shop"), Some(""), 80),
        Err(NormaliseError::HostInvalid)
    );
}

proptest! {
    #[test]
    fn hostile_bytes_never_panic(raw: Vec<u8>) {
        let _ = Host::parse(&raw);
    }

    #[test]
    fn a_canonical_host_is_its_own_canonical_form(raw in "[a-zA-Z0-9._:\\[\\]-]{1,30}") {
        if let Ok(host) = Host::parse(raw.as_bytes()) {
            let again = Host::parse(host.name.as_bytes()).expect("its own output");
            prop_assert_eq!(&again.name, &host.name);
            prop_assert!(!host.name.bytes().any(|byte| byte.is_ascii_uppercase()));
            prop_assert!(!host.name.ends_with('.'));
        }
    }
}
