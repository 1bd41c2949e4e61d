//! TLS: certificates by SNI, ALPN, misdirected requests, renewal.

use lockgate_tests::certificates::{Certificate, trusting};
use lockgate_tests::h2c::{H2, get};
use lockgate_tests::{Request, Setup, World, until};

const CONFIG: &str = r#"
[listeners.tls]
addresses = ["127.0.0.1:0"]
tls = true

[sites.one]
hosts = ["one.test"]
certificate = "one.pem"
private_key = "one.key"
[[sites.one.routes]]
path = "/{*rest}"
origin = "shop"

[sites.two]
hosts = ["two.test"]
certificate = "two.pem"
private_key = "two.key"
[[sites.two.routes]]
path = "/{*rest}"
origin = "shop"
"#;

struct Certificates {
    one: Certificate,
    two: Certificate,
}

fn world() -> Option<(World, Certificates)> {
    let (one, two) = (Certificate::new("one.test"), Certificate::new("two.test"));
    let world = Setup::new(CONFIG)
        .file("one.pem", &one.certificate)
        .file("one.key", &one.private_key)
        .file("two.pem", &two.certificate)
        .file("two.key", &two.private_key)
        .start()?;
    Some((world, Certificates { one, two }))
}

#[test]
fn each_site_shows_its_own_certificate() {
    let Some((world, certificates)) = world() else {
        return;
    };
    for (host, own) in [
        ("one.test", &certificates.one),
        ("two.test", &certificates.two),
    ] {
        let config = trusting(&[own], &["http/1.1"]);
        let (mut client, handshake) = world.connect_tls(host, config).expect("a handshake");
        assert!(own.is(&handshake.shown), "{host}");
        assert_eq!(handshake.alpn.as_deref(), Some("http/1.1"));
        let answer = client.call(&Request::get("/products/1").host(host));
        answer.assert_status(200);
        let record = world.record(&answer);
        assert!(record["tls"].is_string(), "{record}");
        let headers = client.call(&Request::get("/_test/headers").host(host));
        assert!(
            headers.text().contains("https"),
            "the shop is not told of TLS: {}",
            headers.text()
        );
    }
}

#[test]
fn a_host_that_is_not_the_handshakes_is_421() {
    let Some((world, certificates)) = world() else {
        return;
    };
    let config = trusting(&[&certificates.one, &certificates.two], &["http/1.1"]);
    let (mut client, _) = world.connect_tls("one.test", config).expect("a handshake");
    let answer = client.call(&Request::get("/products/1").host("two.test"));
    assert_eq!(answer.status, 421, "{answer:?}");
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    // The connection is good for its own host.
    let (mut client, _) = world
        .connect_tls("one.test", trusting(&[&certificates.one], &[]))
        .expect("a handshake without ALPN");
    client
        .call(&Request::get("/products/1").host("one.test"))
        .assert_status(200);
    assert_eq!(world.shop.requests("GET", "/products/1"), 1);
}

#[test]
fn http2_is_agreed_on_by_alpn() {
    let Some((world, certificates)) = world() else {
        return;
    };
    let config = trusting(&[&certificates.one], &["h2", "http/1.1"]);
    let mut h2 = H2::connect_tls(world.listener("tls"), "one.test", config, world.seen());
    let answer = h2
        .call(get("https", "one.test", "/products/1"), "")
        .expect("an answer");
    assert_eq!(answer.assert_status(200).json()["id"], 1);
    let record = world.record(&answer);
    assert_eq!(
        (&record["http"], &record["host"]),
        (&"2".into(), &"one.test".into())
    );
    let other = h2
        .call(get("https", "two.test", "/products/1"), "")
        .expect("an answer");
    assert_eq!(other.status, 421, "{other:?}");
}

#[test]
fn a_renewed_certificate_is_shown_without_a_restart() {
    let Some((world, certificates)) = world() else {
        return;
    };
    let renewed = Certificate::new("one.test");
    let both = trusting(&[&certificates.one, &renewed], &[]);
    let (mut before, _) = world
        .connect_tls("one.test", both.clone())
        .expect("a handshake");
    before
        .call(&Request::get("/products/1").host("one.test"))
        .assert_status(200);
    // Between the two writes certificate and key do not fit: the old pair stays.
    world.write("one.pem", &renewed.certificate);
    world.write("one.key", &renewed.private_key);
    until("the new certificate", || {
        let (_, handshake) = world.connect_tls("one.test", both.clone()).ok()?;
        renewed.is(&handshake.shown).then_some(())
    });
    // Connections that are open go on.
    before
        .call(&Request::get("/products/1").host("one.test"))
        .assert_status(200);
    // A broken renewal is refused and nothing ends.
    world.write(
        "one.pem",
        "-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n",
    );
    let _ = world.wait_log("refused");
    let (_, handshake) = world.connect_tls("one.test", both).expect("a handshake");
    assert!(renewed.is(&handshake.shown));
}

#[test]
fn an_unknown_name_and_plain_http_get_no_service() {
    let Some((world, certificates)) = world() else {
        return;
    };
    let config = trusting(&[&certificates.one, &certificates.two], &[]);
    assert!(world.connect_tls("three.test", config).is_err());
    let mut plain = lockgate_tests::Client::connect(world.listener("tls"), world.seen());
    plain.send(&Request::get("/products/1").host("one.test").to_bytes());
    let said = plain.read_to_end();
    assert!(
        !said.starts_with(b"HTTP/1.1 200"),
        "{:?}",
        String::from_utf8_lossy(&said)
    );
    // Silence and garbage hold nobody up.
    let (_silent, mut garbage) = (
        lockgate_tests::Client::connect(world.listener("tls"), world.seen()),
        lockgate_tests::Client::connect(world.listener("tls"), world.seen()),
    );
    let _ = garbage.try_send(&[0xFF; 500]);
    let config = trusting(&[&certificates.one], &[]);
    let (mut client, _) = world.connect_tls("one.test", config).expect("a handshake");
    client
        .call(&Request::get("/products/1").host("one.test"))
        .assert_status(200);
}
