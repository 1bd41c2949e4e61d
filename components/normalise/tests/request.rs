//! The whole head: host agreement, client, and what is known of a refused request.

use std::net::IpAddr;

use lockgate_normalise::{Canonical, NormaliseError, RawHead, Settings, TrustedProxies, normalise};

type Pair = (&'static [u8], &'static [u8]);

struct Case {
    method: &'static str,
    target: &'static str,
    authority: Option<&'static str>,
    fields: &'static [Pair],
    tls: bool,
}

const PLAIN: Case = Case {
    method: "GET",
    target: "/a",
    authority: None,
    fields: &[(b"Host", b"shop.example")],
    tls: false,
};

fn run(case: &Case) -> Result<Canonical<'static>, NormaliseError> {
    let head = RawHead {
        method: case.method.as_bytes(),
        target: case.target.as_bytes(),
        authority: case.authority.map(str::as_bytes),
        fields: case.fields.iter().copied(),
        tls: case.tls,
        peer: [198, 51, 100, 1].into(),
    };
    normalise(&head, &Settings::default()).map_err(|refused| refused.error)
}

#[test]
fn hosts_must_agree_wherever_they_stand() {
    let absolute = |target, tls| Case {
        target,
        tls,
        ..PLAIN
    };
    assert_eq!(run(&PLAIN).expect("plain").host.name, "shop.example");
    assert!(run(&absolute("http://SHOP.example:80/a", false)).is_ok());
    // The scheme of the target decides the default port, not the connection.
    assert!(run(&absolute("https://shop.example:443/a", false)).is_ok());
    for target in ["http://shop.example:81/a", "http://evil.example/a"] {
        let found = run(&absolute(target, false)).map(|_| ());
        assert_eq!(found, Err(NormaliseError::HostConflict), "{target}");
    }
    let found = run(&absolute("http://user@shop.example/", false)).map(|_| ());
    assert_eq!(found, Err(NormaliseError::HostInvalid));
    let h2 = |authority| Case {
        authority: Some(authority),
        tls: true,
        ..PLAIN
    };
    assert!(run(&h2("shop.example:443")).is_ok());
    assert_eq!(
        run(&h2("evil")).map(|_| ()),
        Err(NormaliseError::HostConflict)
    );
    let three = Case {
        authority: Some("evil"),
        fields: &[],
        ..absolute("http://shop.example/", false)
    };
    assert_eq!(run(&three).map(|_| ()), Err(NormaliseError::HostConflict));
    let none = Case {
        fields: &[],
        ..PLAIN
    };
    assert_eq!(run(&none).map(|_| ()), Err(NormaliseError::HostMissing));
}

#[test]
fn connect_needs_a_port() {
    let connect = |target, fields| Case {
        method: "CONNECT",
        target,
        fields,
        ..PLAIN
    };
    assert!(
        run(&connect(
            "shop.example:443",
            &[(b"Host", b"shop.example:443")]
        ))
        .is_ok()
    );
    let found = run(&connect("shop.example", &[(b"Host", b"shop.example")])).map(|_| ());
    assert_eq!(found, Err(NormaliseError::TargetForm));
}

#[test]
fn a_refused_request_still_has_its_client() {
    let settings = Settings {
        proxies: TrustedProxies::parse(["10.0.0.0/8"]).expect("a list"),
        ..Settings::default()
    };
    let peer: IpAddr = [10, 0, 0, 1].into();
    let fields: [Pair; 4] = [
        (b"Host", b"shop.example"),
        (b"X-Forwarded-For", b"6.6.6.6"),
        (b"x-other", b"1"),
        (b"x-forwarded-for", b"203.0.113.9, 10.0.0.2"),
    ];
    let head = RawHead {
        method: b"GET",
        target: b"/../x",
        authority: None,
        fields: fields.iter().copied(),
        tls: false,
        peer,
    };
    let refused = normalise(&head, &settings).expect_err("a climb");
    assert_eq!(refused.error, NormaliseError::PathAboveRoot);
    assert_eq!(refused.client.address.to_string(), "203.0.113.9");
    let broken: [Pair; 1] = [(b"a b", b"")];
    let head = RawHead {
        method: head.method,
        target: head.target,
        authority: None,
        fields: broken.iter().copied(),
        tls: false,
        peer,
    };
    let refused = normalise(&head, &settings).expect_err("a bad name");
    assert_eq!(refused.client.address, peer);
    assert!(refused.client.peer_trusted);
}
