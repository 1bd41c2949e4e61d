//! Every stage and every way off the path: requests as text, verdicts as one line.

mod common;

use common::{Ask, SECRET, STAFF_SECRET, check, check_ask, compile, policy_of, summary, token, v4};
use serde_json::json;

#[test]
fn normalise_refuses_what_has_no_safe_form() {
    check("GET /%2e%2e/x HTTP/1.1", "normalise 400 path_above_root");
    check("GET /a%2Fb HTTP/1.1", "normalise 400 path_encoded_slash");
    check("GET / HTTP/1.1\nHost: a b", "normalise 400 host_invalid");
    check(
        "GET / HTTP/1.1\nHost: shop.example\nHost: other.example",
        "normalise 400 host_duplicate",
    );
    check(
        "POST / HTTP/1.1\nContent-Length: 1\nTransfer-Encoding: chunked",
        "normalise 400 framing_conflict",
    );
    let long = format!("GET /{} HTTP/1.1", "a".repeat(9000));
    check(&long, "normalise 414 target_too_long");
    let fields: String = (0..120).map(|n| format!("\nX-{n}: v")).collect();
    check(
        &format!("GET / HTTP/1.1{fields}"),
        "normalise 431 headers_too_many",
    );
}

#[test]
fn the_site_is_that_of_the_host() {
    check(
        "GET / HTTP/1.1\nHost: nobody.example",
        "route 421 host_unknown",
    );
    check(
        "GET /products/1 HTTP/1.1\nHost: WWW.Shop.Example.:443",
        "respond plan route=products cached limit=per-client",
    );
    let other = "GET /x HTTP/1.1\nHost: other.example";
    check(other, "respond plan route=/{*rest} cached");
    let products = "respond plan route=products cached limit=per-client";
    let request = Ask::new("GET /products/1 HTTP/1.1");
    check_ask(&request.clone().sni("shop.example"), products);
    // Another name of the same site is fine, another site is not.
    check_ask(&request.clone().sni("www.shop.example"), products);
    check_ask(
        &request.clone().sni("other.example"),
        "route 421 sni_mismatch",
    );
    check_ask(&request.sni("nobody.example"), "route 421 sni_mismatch");
}

#[test]
fn the_firewall_blocks_allows_and_counts() {
    check(
        "GET /products/1 HTTP/1.1\nUser-Agent: sqlmap/1.8",
        "firewall 403 blocked rule=scanners",
    );
    check(
        "GET /products/1 HTTP/1.1\nUser-Agent: Mozilla/5.0\nUser-Agent: sqlmap",
        "firewall 403 blocked rule=scanners",
    );
    check(
        "GET /products/1 HTTP/1.1\nUser-Agent: curl/8.5",
        "respond plan route=products cached limit=per-client counted=libraries",
    );
    check(
        "GET /products/1 HTTP/1.1\nUser-Agent:",
        "respond plan route=products cached limit=per-client counted=no-agent",
    );
    let request = Ask::new("GET /products/1 HTTP/1.1\nUser-Agent: curl/8 sqlmap");
    check_ask(
        &request,
        "firewall 403 blocked counted=libraries rule=scanners",
    );
    let bad = request.clone().peer(v4(198, 51, 100, 20));
    check_ask(&bad, "firewall 404 blocked rule=bad-networks");
    // Allow ends the evaluation, even for an address that a later rule would block.
    let office = request.peer(v4(203, 0, 113, 9));
    check_ask(
        &office,
        "respond plan route=products cached limit=per-client rule=office",
    );
    // The other site has no rules.
    check(
        "GET / HTTP/1.1\nHost: other.example\nUser-Agent: sqlmap",
        "respond plan route=/{*rest} cached",
    );
}

#[test]
fn the_client_is_found_behind_trusted_proxies_only() {
    let text = "GET /products/1 HTTP/1.1\nX-Forwarded-For: 198.51.100.20";
    let direct = Ask::new(text);
    check_ask(
        &direct,
        "respond plan route=products cached limit=per-client",
    );
    let proxied = direct.peer(v4(10, 1, 2, 3));
    check_ask(&proxied, "firewall 404 blocked rule=bad-networks");
}

#[test]
fn a_blocked_client_learns_no_routes() {
    let blocked = "firewall 403 blocked rule=scanners";
    check("GET /nothing HTTP/1.1\nUser-Agent: sqlmap", blocked);
    check("DELETE /products/1 HTTP/1.1\nUser-Agent: sqlmap", blocked);
    check("GET /orders/1 HTTP/1.1\nUser-Agent: sqlmap", blocked);
}

#[test]
fn routes_that_are_not_there() {
    check("GET /nothing HTTP/1.1", "route 404 route_not_found");
    check(
        "DELETE /products/1 HTTP/1.1",
        "route 405 method_not_allowed allow=GET, HEAD",
    );
    check("OPTIONS * HTTP/1.1", "route 404 route_not_found");
    check(
        "CONNECT shop.example:443 HTTP/1.1\nHost: shop.example:443",
        "route 404 route_not_found",
    );
}

fn bearer(target: &str, token: &str) -> Ask {
    Ask::new(&format!(
        "GET {target} HTTP/1.1\nAuthorization: Bearer {token}"
    ))
}

const CHALLENGE: &str = "www-authenticate=Bearer error=\"invalid_token\", error_description";

#[test]
fn sign_in_refuses_what_no_signature_can_mend() {
    let missing = "sign_in 401 token_missing www-authenticate=Bearer";
    check("GET /orders/1 HTTP/1.1", missing);
    check("GET /orders/1 HTTP/1.1\nAuthorization: Basic YTpi", missing);
    let cases = [
        ("abc", "token_malformed"),
        ("eyJhbGciOiJub25lIn0.e30.", "token_algorithm_not_allowed"),
        (
            "eyJhbGciOiJFUzI1NiJ9.e30.AAAA",
            "token_algorithm_not_allowed",
        ),
    ];
    for (token, code) in cases {
        // Refused at once, without a need.
        check_ask(
            &bearer("/orders/1", token).not_granted(),
            &format!("sign_in 401 {code} {CHALLENGE}=\"The token is not valid\""),
        );
    }
    let wrong = token(STAFF_SECRET, json!({ "sub": "ann" }));
    check_ask(
        &bearer("/orders/1", &wrong),
        &format!("sign_in 401 token_signature_invalid {CHALLENGE}=\"The token is not valid\""),
    );
}

#[test]
fn sign_in_checks_times_and_issuer() {
    let expired = token(SECRET, json!({ "sub": "ann", "exp": common::NOW_S - 3600 }));
    check_ask(
        &bearer("/orders/1", &expired),
        &format!("sign_in 401 token_expired {CHALLENGE}=\"The token has expired\""),
    );
    let early = token(SECRET, json!({ "sub": "ann", "nbf": common::NOW_S + 3600 }));
    check_ask(
        &bearer("/orders/1", &early),
        &format!("sign_in 401 token_not_yet_valid {CHALLENGE}=\"The token is not valid yet\""),
    );
    let foreign = token(
        SECRET,
        json!({ "sub": "ann", "iss": "https://evil.example" }),
    );
    check_ask(
        &bearer("/orders/1", &foreign),
        &format!(
            "sign_in 401 token_issuer_wrong {CHALLENGE}=\"The token is not for this service\""
        ),
    );
}

const ORDERS: &str = "respond plan route=orders cached limit=per-client limit=per-token";

#[test]
fn who_is_signed_in_is_told_to_the_origin() {
    let ann = token(SECRET, json!({ "sub": "ann" }));
    check_ask(
        &bearer("/orders/1", &ann),
        &format!("{ORDERS} x-customer=ann"),
    );
    let odd = token(SECRET, json!({ "sub": "Zoë %\r\nX: y" }));
    check_ask(
        &bearer("/orders/1", &odd),
        &format!("{ORDERS} x-customer=Zo%C3%AB%20%25%0D%0AX:%20y"),
    );
    let long = token(SECRET, json!({ "sub": "é".repeat(43) }));
    check_ask(&bearer("/orders/1", &long), "sign_in 403 subject_too_long");
}

#[test]
fn what_a_client_says_of_itself_is_not_repeated() {
    check(
        "GET /products/1 HTTP/1.1\nX-Customer: mallory",
        "respond plan route=products cached limit=per-client",
    );
    let ann = token(SECRET, json!({ "sub": "ann" }));
    let request = format!("GET /orders/1 HTTP/1.1\nAuthorization: Bearer {ann}\nx-CUSTOMER: eve");
    check(&request, &format!("{ORDERS} x-customer=ann"));
    // No subject: nobody's private cache, the client's limit, and no name for the origin.
    let nobody = token(SECRET, json!({ "sub": null }));
    let request = format!("GET /orders/1 HTTP/1.1\nAuthorization: Bearer {nobody}\nX-Customer: e");
    check(
        &request,
        "respond plan route=orders limit=per-client limit=per-token",
    );
}

#[test]
fn a_path_with_parameters_takes_no_route() {
    for path in [
        "/orders/1;x=1",
        "/orders;/1",
        "/products/1;jsessionid=a?b=c",
    ] {
        check(&format!("GET {path} HTTP/1.1"), "route 400 path_parameter");
    }
    check(
        "GET /products/a%3Bb?x;y HTTP/1.1",
        "respond plan route=products cached limit=per-client",
    );
    let open = include_str!("common/gateway.toml").replace(
        "[sites.shop]",
        "[sites.shop]\npath_parameters = \"forward\"",
    );
    let policy = policy_of(&compile(&open, include_str!("common/rules.toml")));
    let verdict = policy.decide(&Ask::new("GET /products/1;x=1 HTTP/1.1").input());
    assert_eq!(
        summary(&verdict),
        "respond plan route=products cached limit=per-client"
    );
}

#[test]
fn the_client_is_found_in_the_field_that_is_named() {
    let text = "GET /products/1 HTTP/1.1\nX-Forwarded-For: 192.0.2.77\n\
                Forwarded: for=198.51.100.20";
    let ask = Ask::new(text).peer(v4(10, 1, 2, 3));
    let passed = "respond plan route=products cached limit=per-client";
    let blocked = "firewall 404 blocked rule=bad-networks";
    for (from, expected) in [
        ("either", passed),
        ("x_forwarded_for", passed),
        ("forwarded", blocked),
    ] {
        let config = include_str!("common/gateway.toml").replace(
            "trusted_proxies =",
            &format!("client_address_from = \"{from}\"\ntrusted_proxies ="),
        );
        let policy = policy_of(&compile(&config, include_str!("common/rules.toml")));
        assert_eq!(summary(&policy.decide(&ask.input())), expected, "{from}");
    }
}

#[test]
fn scopes_and_claims_are_required() {
    let challenge = "www-authenticate=Bearer error=\"insufficient_scope\", error_description";
    let plain = token(SECRET, json!({ "sub": "ann", "role": "manager" }));
    check_ask(
        &bearer("/refunds", &plain),
        &format!(
            "authorize 403 scope_missing {challenge}=\"The token lacks a required scope\", \
             scope=\"refunds:write\""
        ),
    );
    let scope = "openid refunds:write";
    let clerk = token(
        SECRET,
        json!({ "sub": "ann", "scope": scope, "role": "clerk" }),
    );
    check_ask(
        &bearer("/refunds", &clerk),
        &format!("authorize 403 claim_mismatch {challenge}=\"The token lacks a required claim\""),
    );
    let owner = token(
        SECRET,
        json!({ "sub": "ann", "scope": scope, "role": "owner" }),
    );
    check_ask(
        &bearer("/refunds", &owner),
        "respond plan route=refunds limit=per-client x-customer=ann",
    );
}

#[test]
fn targets_are_rewritten_by_whole_segments() {
    let api = |target: &str, to: &str| {
        check(
            &format!("GET {target} HTTP/1.1"),
            &format!("respond plan route=api to={to} limit=per-client"),
        );
    };
    api("/api/a/b?x=1", "/v2/a/b?x=1");
    api("/api/", "/v2/");
    api("/%61pi//a/../b?", "/v2/b?");
}

#[test]
fn the_gate_answers_itself() {
    check(
        "GET /robots.txt HTTP/1.1",
        "respond 200 body=User-agent: * limit=per-client",
    );
}
