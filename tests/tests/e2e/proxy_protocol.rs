//! PROXY protocol, version 2: the client's address from the balancer in front.

use lockgate_tests::setup::PLAIN_SITE;
use lockgate_tests::{Client, Request, Setup, World};

fn world() -> Option<World> {
    let listener = "[listeners.balanced]\naddresses = [\"127.0.0.1:0\"]\nproxy_protocol = true\n";
    Setup::new(&format!("{listener}{PLAIN_SITE}")).start()
}

/// A version 2 header.
fn header(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).expect("short").to_be_bytes();
    [
        b"\r\n\r\n\0\r\nQUIT\n",
        &[command, family][..],
        &length,
        rest,
    ]
    .concat()
}

const TCP4: &[u8] = &[203, 0, 113, 7, 127, 0, 0, 1, 0xc3, 0x50, 0, 80];

fn connect(world: &World) -> Client {
    Client::connect(world.listener("balanced"), world.seen())
}

#[test]
fn the_address_of_the_header_is_the_clients() {
    let Some(world) = world() else { return };
    let mut tcp6 = vec![0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];
    tcp6.extend_from_slice(&[0; 16]);
    tcp6.extend_from_slice(&[0xc3, 0x50, 0, 80]);
    let with_tlv = [TCP4, &[4, 0, 2, 1, 2]].concat();
    let cases = [
        (header(0x21, 0x11, TCP4), "203.0.113.7"),
        (header(0x21, 0x11, &with_tlv), "203.0.113.7"),
        (header(0x21, 0x21, &tcp6), "2001:db8::9"),
        (header(0x20, 0, &[]), "127.0.0.1"),
    ];
    for (header, client) in cases {
        let mut connection = connect(&world);
        let request = Request::get("/_test/headers").to_bytes();
        // In one packet and byte by byte.
        connection.send(&[&header[..], &request].concat());
        let answer = connection.read("GET");
        assert_eq!(world.record(&answer)["client"], client);
        assert!(
            answer.assert_status(200).text().contains(client),
            "{}",
            answer.text()
        );
        let mut connection = connect(&world);
        for byte in &header {
            connection.send(&[*byte]);
        }
        let answer = connection.call(&Request::get("/products/1"));
        assert_eq!(world.record(&answer)["client"], client);
    }
}

#[test]
fn a_connection_without_a_header_is_closed() {
    let Some(world) = world() else { return };
    let request = Request::get("/products/1").to_bytes();
    let cases: [&[u8]; 4] = [
        &request,
        b"PROXY TCP4 203.0.113.7 127.0.0.1 50000 80\r\nGET / HTTP/1.1\r\n\r\n",
        &header(0x31, 0x11, TCP4),
        &header(0x21, 0x11, &TCP4[..4]),
    ];
    for bytes in cases {
        let mut connection = connect(&world);
        let _ = connection.try_send(bytes);
        assert!(connection.try_read("GET").is_none(), "{bytes:?}");
    }
    assert_eq!(world.shop.requests_total(), 0);
    // A header where none is expected is not believed.
    let mut connection = world.connect();
    let _ = connection.try_send(&[&header(0x21, 0x11, TCP4)[..], &request].concat());
    if let Some(answer) = connection.try_read("GET") {
        assert_eq!(answer.status, 400, "{answer:?}");
    }
}
