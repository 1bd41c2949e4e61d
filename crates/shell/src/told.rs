//! What an origin was told, as far as its answer's `Vary` goes: a stored answer is given to whoever
//! would have made the gate send the same.

use lockgate_http_cache::Audience;

use crate::fields::{
    as_origins_read, chooses_form, is_forwarding, is_hop_by_hop, is_of_the_gate,
    named_by_connection,
};

/// Who decides what an origin reads in a request field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Teller {
    /// The client: its own field is forwarded.
    Client,
    /// It follows from what the cache key holds, or is always the same.
    Key,
    /// Who is signed in.
    Customer,
    /// The gate or the connection, anew for each request.
    Gate,
}

/// Who fills the field of that name, which is in lower case. `picture`: the answer is the source of
/// another picture.
#[must_use]
pub fn teller(name: &str, picture: bool) -> Teller {
    let read = as_origins_read(name);
    match &*read {
        "host" => Teller::Key,
        "x-customer" => Teller::Customer,
        // These name the client; so does `Forwarded`, beside what is in the key.
        "x-forwarded-for" | "x-real-ip" | "forwarded" | "via" | "expect" => Teller::Gate,
        name if is_forwarding(name) => Teller::Key,
        name if is_of_the_gate(name) || is_hop_by_hop(name) => Teller::Gate,
        name if picture && chooses_form(name) => Teller::Key,
        _ => Teller::Client,
    }
}

/// The client's fields without those that `Connection` names, which no origin sees.
pub fn end_to_end<'a>(
    fields: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
) -> impl Iterator<Item = (&'a str, &'a [u8])> + Clone {
    let connection = fields
        .clone()
        .filter(|(name, _)| name.eq_ignore_ascii_case(b"connection"))
        .map(|(_, value)| value);
    // Empty for nearly every client, and then without allocation.
    let named: Vec<&[u8]> = named_by_connection(connection).collect();
    fields
        .filter(move |(name, _)| !named.iter().any(|other| other.eq_ignore_ascii_case(name)))
        .map(|(name, value)| (std::str::from_utf8(name).unwrap_or_default(), value))
}

/// The fields of `Vary` whose values are to be compared: the client's own. `None` where the answer
/// depends on what only the gate tells the origin, request by request, so that it is no other's.
#[must_use]
pub fn vary_of_client(
    mut names: Vec<String>,
    audience: Audience,
    picture: bool,
) -> Option<Vec<String>> {
    let mut anew = false;
    names.retain(|name| match teller(name, picture) {
        Teller::Client => true,
        Teller::Key => false,
        Teller::Customer => {
            // Nobody's on a route without sign-in, the subject's own in a private key.
            anew |= audience == Audience::SharedAfterAuthorization;
            false
        }
        Teller::Gate => {
            anew = true;
            false
        }
    });
    (!anew).then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_client_says_itself_is_its_own() {
        for (name, expected) in [
            ("accept-language", Teller::Client),
            ("cookie", Teller::Client),
            ("authorization", Teller::Client),
            ("x-color", Teller::Client),
            ("host", Teller::Key),
            ("x-forwarded-proto", Teller::Key),
            ("x_forwarded_host", Teller::Key),
            ("x-original-url", Teller::Key),
            ("x-customer", Teller::Customer),
            ("x_customer", Teller::Customer),
            ("x-forwarded-for", Teller::Gate),
            ("x_real_ip", Teller::Gate),
            ("forwarded", Teller::Gate),
            ("via", Teller::Gate),
            ("x-request-id", Teller::Gate),
            ("te", Teller::Gate),
            ("connection", Teller::Gate),
        ] {
            assert_eq!(teller(name, false), expected, "{name}");
        }
        assert_eq!(teller("accept", false), Teller::Client);
        assert_eq!(teller("accept", true), Teller::Key);
        assert_eq!(teller("accept-language", true), Teller::Client);
    }

    #[test]
    fn what_only_the_gate_tells_an_origin_is_nobody_elses() {
        let vary = |names: &[&str], audience| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            vary_of_client(names, audience, false)
        };
        let of_picture = vec!["accept".to_owned(), "host".to_owned()];
        let of_picture = vary_of_client(of_picture, Audience::Shared, true);
        assert_eq!(of_picture, Some(Vec::new()));
        let names = ["accept-language", "x-forwarded-proto"];
        let expected = vec!["accept-language".to_owned()];
        assert_eq!(vary(&names, Audience::Shared), Some(expected));
        assert_eq!(vary(&["x-forwarded-for"], Audience::Shared), None);
        assert_eq!(vary(&["x-customer"], Audience::Private), Some(Vec::new()));
        assert_eq!(
            vary(&["x-customer"], Audience::SharedAfterAuthorization),
            None
        );
    }

    #[test]
    fn what_connection_names_is_left_out() {
        let fields: [(&[u8], &[u8]); 3] =
            [(b"Connection", b"x-hop"), (b"X-Hop", b"1"), (b"A", b"2")];
        let names: Vec<_> = end_to_end(fields.into_iter())
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["Connection", "A"]);
    }
}
