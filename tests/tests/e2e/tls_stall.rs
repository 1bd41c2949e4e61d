//! TLS handshakes that do not go on: they are closed, and others are served meanwhile.

use lockgate_tests::certificates::{Certificate, trusting};
use lockgate_tests::{Client, Request, Setup, until};
use tokio_rustls::rustls::ClientConnection;
use tokio_rustls::rustls::pki_types::ServerName;

const CONFIG: &str = r#"
[server]
header_timeout_ms = 500

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
"#;

#[test]
fn a_handshake_that_stalls_is_closed_and_holds_nobody_up() {
    let one = Certificate::new("one.test");
    let setup = Setup::new(CONFIG)
        .file("one.pem", &one.certificate)
        .file("one.key", &one.private_key);
    let Some(world) = setup.start() else { return };
    let config = trusting(&[&one], &["http/1.1"]);
    let name = ServerName::try_from("one.test").expect("a server name");
    let mut hello = Vec::new();
    ClientConnection::new(config.clone(), name)
        .map(|mut tls| tls.write_tls(&mut hello))
        .expect("a client configuration")
        .expect("a ClientHello");
    // Nothing, a part of the first message, all of it and then not the answer to the server's.
    let mut stalled: Vec<Client> = [0, 3, hello.len() / 2, hello.len()]
        .iter()
        .map(|sent| {
            let mut client = Client::connect(world.listener("tls"), world.seen());
            client.send(&hello[..*sent]);
            client
        })
        .collect();
    let (mut other, _) = world
        .connect_tls("one.test", config.clone())
        .expect("a handshake");
    let request = Request::get("/products/1").host("one.test");
    other.call(&request).assert_status(200);
    for (number, client) in stalled.iter_mut().enumerate() {
        // The server's part of the handshake, where there was anything to answer, then the end.
        let said = client.read_to_end();
        assert_eq!(
            said.first().copied(),
            (number == 3).then_some(22),
            "client {number}: {said:?}"
        );
        other.call(&request).assert_status(200);
    }
    // Their places are free: the one that is open is the other's.
    until("the places", || {
        world
            .metrics()
            .lines()
            .any(|line| line == "lockgate_connections 1")
            .then_some(())
    });
    let (mut next, _) = world.connect_tls("one.test", config).expect("a handshake");
    next.call(&request).assert_status(200);
    // None of this is a fault for the operator.
    assert!(!world.logs().iter().any(|line| line.contains("\"ERROR\"")));
}
