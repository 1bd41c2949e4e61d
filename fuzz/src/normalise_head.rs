//! Whole heads: fields, host, client address, Accept. An input is a head as text, its first byte
//! chooses the peer and what is believed.

use crate::head::Head;
use lockgate_normalise::{
    Believe, Canonical, Client, Field, Host, ImageAccept, ImageFormat, RawHead, Settings, Source,
    TrustedProxies, headers::lines, normalise,
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

static PROXIES: LazyLock<TrustedProxies> = LazyLock::new(|| {
    let ranges = ["10.0.0.0/8", "192.0.2.7", "2001:db8:1::/48"];
    TrustedProxies::parse(ranges).expect("ranges")
});

/// Normalises a head and holds what came out against what went in.
pub fn run(data: &[u8]) {
    let Some((flags, text)) = data.split_first() else {
        return;
    };
    let head = Head::read(text);
    let settings = Settings {
        proxies: PROXIES.clone(),
        believe: match flags & 3 {
            0 | 3 => Believe::Either,
            1 => Believe::XForwardedFor,
            _ => Believe::Forwarded,
        },
        ..Settings::default()
    };
    let peer = match flags >> 2 & 3 {
        0 => IpAddr::from(Ipv4Addr::new(10, 0, 0, 1)),
        1 => IpAddr::from(Ipv4Addr::new(10, 0, 0, 1).to_ipv6_mapped()),
        2 => IpAddr::from(Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 3)),
        _ => IpAddr::from(Ipv4Addr::new(198, 51, 100, 1)),
    };
    let raw = RawHead {
        method: head.method(),
        target: head.target(),
        authority: (flags & 16 != 0).then_some(b"shop.example".as_slice()),
        fields: head.fields(),
        tls: flags & 32 != 0,
        peer,
    };
    match normalise(&raw, &settings) {
        Ok(canonical) => accepted(&raw, &canonical),
        Err(refused) => {
            assert!((400..600).contains(&refused.error.status()));
            client(&settings, peer, &refused.client);
        }
    }
    accept(lines(head.fields(), Field::Accept));
    for (_, value) in head.fields() {
        host(value);
        forged(&settings, peer, value);
    }
}

fn accepted<'a>(
    raw: &RawHead<'a, impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone>,
    canonical: &Canonical<'a>,
) {
    let headers = &canonical.headers;
    assert_eq!(headers.count, raw.fields.clone().count());
    assert!(!(headers.chunked && headers.content_length.is_some()));
    for (name, value) in raw.fields.clone() {
        assert!(!name.is_empty() && name.iter().all(u8::is_ascii_graphic));
        assert!(
            !value
                .iter()
                .any(|byte| byte.is_ascii_control() && *byte != b'\t')
        );
    }
    // What an origin of CGI style would take for a field that decides something.
    let alias = raw.fields.clone().any(|(name, _)| {
        let dashes: Vec<u8> = name
            .iter()
            .map(|byte| if *byte == b'_' { b'-' } else { *byte })
            .collect();
        dashes != name && Field::of(&dashes).is_some()
    });
    assert!(!alias);
    for field in [Field::Host, Field::ContentLength, Field::TransferEncoding] {
        let all: Vec<_> = lines(raw.fields.clone(), field).collect();
        assert!(all.len() <= 1 && headers.get(field) == all.first().copied());
    }
    let name = canonical.host.name.as_bytes();
    assert_eq!(
        Host::parse(name).map(|host| host.name),
        Ok(canonical.host.name.clone())
    );
}

fn client(settings: &Settings, peer: IpAddr, client: &Client) {
    assert_eq!(client.peer_trusted, settings.proxies.contains(peer));
    if !client.peer_trusted {
        assert_eq!(
            (client.address, client.source),
            (peer.to_canonical(), Source::Peer)
        );
    }
    assert_eq!(client.address, client.address.to_canonical());
    assert!(client.hops <= settings.limits.hops_max + 1);
}

fn host(raw: &[u8]) {
    if let Ok(host) = Host::parse(raw) {
        let again = Host::parse(host.name.as_bytes()).expect("canonical");
        assert_eq!((&again.name, again.kind), (&host.name, host.kind));
        assert!(host.name.bytes().all(|byte| !byte.is_ascii_uppercase()));
        assert!(again.port.is_none() && host.same(&host.clone(), 80));
    }
}

/// What a client writes in front of a proxy's element changes nothing.
fn forged(settings: &Settings, peer: IpAddr, value: &[u8]) {
    for (believe, by_proxy) in [
        (Believe::XForwardedFor, &b"203.0.113.9"[..]),
        (Believe::Forwarded, b"for=203.0.113.9;proto=https"),
    ] {
        let line = [value, b", ", by_proxy].concat();
        let find =
            |lines: &[&[u8]]| Client::find(peer, &settings.proxies, believe, 16, lines, lines);
        let plain = find(&[by_proxy]);
        assert_eq!(find(&[&line]), plain, "{}", line.escape_ascii());
        assert_eq!(find(&[value, by_proxy]), plain);
        client(settings, peer, &find(&[value]));
    }
}

fn accept<'a>(lines: impl Iterator<Item = &'a [u8]>) {
    let accept = ImageAccept::parse(lines);
    for format in [
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::Webp,
        ImageFormat::Avif,
    ] {
        let quality = accept.quality(format);
        assert!(quality <= 1000);
        assert!(accept.named(format).is_none_or(|named| named == quality));
    }
}
