//! What an origin was told, as far as its answer's `Vary` goes: a stored answer is given to whoever
//! would have made the gate send the same.

use super::fields::named_by_connection;
use super::fields::{as_origins_read, chooses_form, is_forwarding, is_hop_by_hop, is_of_the_gate};
use crate::http::RequestHead;

/// Who decides what an origin reads in a request field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Teller {
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
pub(crate) fn teller(name: &str, picture: bool) -> Teller {
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
pub(crate) fn end_to_end(head: &RequestHead) -> impl Iterator<Item = (&str, &[u8])> + Clone {
    let connection = head
        .fields()
        .filter(|(name, _)| name.eq_ignore_ascii_case(b"connection"))
        .map(|(_, value)| value);
    // Empty for nearly every client, and then without allocation.
    let named: Vec<&[u8]> = named_by_connection(connection).collect();
    head.fields()
        .filter(move |(name, _)| !named.iter().any(|other| other.eq_ignore_ascii_case(name)))
        .map(|(name, value)| (std::str::from_utf8(name).unwrap_or_default(), value))
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
}
