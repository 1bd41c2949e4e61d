//! RFC 9111, sections 3 and 4.2.1, as tables: what is stored, and for how long.

use lockgate_http_cache::{
    Audience, Exchange, Refusal, RequestInfo, ResponseInfo, RoutePolicy, Storable, storable,
};

/// Sun, 06 Nov 1994 08:49:37 GMT.
const NOW_MS: u64 = 784_111_777_000;
const NOW: &str = "date: Sun, 06 Nov 1994 08:49:37 GMT";
const IN_30_S: &str = "expires: Sun, 06 Nov 1994 08:50:07 GMT";
const AGO: &str = "expires: Sun, 06 Nov 1994 08:49:07 GMT";
const SHARED: RoutePolicy = RoutePolicy {
    audience: Audience::Shared,
    default_ttl_s: None,
};

fn fields<'a>(lines: &[&'a str]) -> Vec<(&'a str, &'a [u8])> {
    let split = |line: &&'a str| {
        let (name, value) = line.split_once(':').expect("name: value");
        (name, value.trim().as_bytes())
    };
    lines.iter().map(split).collect()
}

/// The lifetime in seconds, or why not.
fn decided(
    request: &[&str],
    status: u16,
    response: &[&str],
    policy: RoutePolicy,
) -> Result<u64, Refusal> {
    decided_for("GET", request, status, response, policy)
}

fn decided_for(
    method: &str,
    request: &[&str],
    status: u16,
    response: &[&str],
    policy: RoutePolicy,
) -> Result<u64, Refusal> {
    let request = RequestInfo::read(method, fields(request));
    let response = ResponseInfo::read(status, fields(response));
    let exchange = Exchange {
        requested_at_ms: NOW_MS,
        received_at_ms: NOW_MS,
    };
    match storable(&request, &response, &policy, exchange) {
        Storable::Yes { freshness, .. } => Ok(freshness.lifetime_ms / 1_000),
        Storable::No(refusal) => Err(refusal),
    }
}

#[test]
fn lifetimes_of_4_2_1() {
    for (response, expected) in [
        (&["cache-control: max-age=60"][..], Ok(60)),
        (&["Cache-Control: max-age=60, s-maxage=10"], Ok(10)),
        (
            &["CACHE-CONTROL: s-maxage=90", "cache-control: max-age=60"],
            Ok(90),
        ),
        (&["cache-control: max-age=60", NOW, AGO], Ok(60)), // max-age before Expires (5.3)
        (&[NOW, IN_30_S], Ok(30)),
        (&[IN_30_S], Ok(30)), // no Date: the time of receipt
        (&[NOW, AGO], Err(Refusal::Stale)),
        (&[NOW, "expires: 0"], Err(Refusal::Stale)), // 5.3: invalid is in the past
        (&[NOW, IN_30_S, AGO], Err(Refusal::Stale)),
        (&[NOW, IN_30_S, IN_30_S], Ok(30)),
        (&["cache-control: max-age=0"], Err(Refusal::Stale)),
        (&["cache-control: max-age=60, max-age=30"], Ok(30)),
        (&["cache-control: max-age=soon"], Err(Refusal::Stale)),
        (
            &["cache-control: max-age=60", "age: 60"],
            Err(Refusal::Stale),
        ),
        (&["cache-control: max-age=60", "age: 59"], Ok(60)),
        (
            &["cache-control: max-age=60", "age: 7, 70", "age: 70"],
            Ok(60),
        ), // 5.1: the first counts
        (&["cache-control: max-age=60", "age: x"], Ok(60)), // 5.1: invalid is ignored
        (
            &[
                "cache-control: max-age=60",
                "date: Sun, 06 Nov 1994 08:48:37 GMT",
            ],
            Err(Refusal::Stale),
        ),
        (
            &["cache-control: s-maxage=0, max-age=60"],
            Err(Refusal::Stale),
        ),
        (&[NOW], Err(Refusal::NoLifetime)),
        (&["cache-control: public"], Err(Refusal::NoLifetime)),
    ] {
        assert_eq!(
            decided(&[], 200, response, SHARED),
            expected,
            "{response:?}"
        );
    }
}

#[test]
fn what_a_shared_cache_must_not_store() {
    for (request, response, expected) in [
        (
            &[][..],
            &["cache-control: max-age=60, no-store"][..],
            Refusal::NoStore,
        ), // 5.2.2.5
        (
            &[],
            &["cache-control: max-age=60, private"],
            Refusal::Private,
        ), // 5.2.2.7
        (
            &[],
            &["cache-control: max-age=60, private=\"x\""],
            Refusal::Private,
        ),
        (
            &[],
            &["cache-control: max-age=60, no-cache"],
            Refusal::NoCache,
        ), // 5.2.2.4
        (
            &["cache-control: no-store"],
            &["cache-control: max-age=60"],
            Refusal::RequestNoStore,
        ), // 5.2.1.5
        (
            &["authorization: Bearer x"],
            &["cache-control: max-age=60"],
            Refusal::Authorization,
        ), // 3.5
        (
            &[],
            &["cache-control: max-age=60, public", "set-cookie: a=b"],
            Refusal::SetCookie,
        ),
        (
            &[],
            &["cache-control: max-age=60", "vary: accept, *"],
            Refusal::VaryAny,
        ), // 4.1
        (
            &[],
            &["cache-control: max-age=60", "vary: a b"],
            Refusal::VaryTooWide,
        ),
        (
            &[],
            &["cache-control: max-age=60", "content-range: bytes 0-1/9"],
            Refusal::Partial,
        ),
    ] {
        assert_eq!(
            decided(request, 200, response, SHARED),
            Err(expected),
            "{request:?} {response:?}"
        );
    }
    for method in ["HEAD", "POST", "PUT", "get", ""] {
        let got = decided_for(method, &[], 200, &["cache-control: max-age=60"], SHARED);
        assert_eq!(got, Err(Refusal::Method), "{method}");
    }
    let wide = (0..17)
        .map(|i| format!("x-{i}"))
        .collect::<Vec<_>>()
        .join(",");
    let wide = format!("vary: {wide}");
    assert_eq!(
        decided(&[], 200, &["cache-control: max-age=60", &wide], SHARED),
        Err(Refusal::VaryTooWide)
    );
}

#[test]
fn authorization_of_3_5() {
    let auth = &["Authorization: Bearer x"][..];
    for allowed in ["public", "must-revalidate", "s-maxage=60"] {
        let line = format!("cache-control: max-age=60, {allowed}");
        assert_eq!(decided(auth, 200, &[&line], SHARED), Ok(60), "{allowed}");
    }
    let line = &["cache-control: max-age=60, proxy-revalidate"][..];
    assert_eq!(
        decided(auth, 200, line, SHARED),
        Err(Refusal::Authorization)
    );
    let after = RoutePolicy {
        audience: Audience::SharedAfterAuthorization,
        ..SHARED
    };
    assert_eq!(decided(auth, 200, line, after), Ok(60));
    // The exception is of Authorization alone.
    assert_eq!(
        decided(auth, 200, &["cache-control: max-age=60, private"], after),
        Err(Refusal::Private)
    );
    assert_eq!(
        decided(
            auth,
            200,
            &["cache-control: max-age=60", "set-cookie: a"],
            after
        ),
        Err(Refusal::SetCookie)
    );
}

#[test]
fn a_private_audience_is_a_private_cache() {
    let private = RoutePolicy {
        audience: Audience::Private,
        default_ttl_s: None,
    };
    let auth = &["authorization: Bearer x"][..];
    assert_eq!(
        decided(auth, 200, &["cache-control: private, max-age=60"], private),
        Ok(60)
    );
    assert_eq!(
        decided(
            auth,
            200,
            &["cache-control: s-maxage=90, max-age=60"],
            private
        ),
        Ok(60)
    );
    assert_eq!(
        decided(auth, 200, &["cache-control: s-maxage=90"], private),
        Err(Refusal::NoLifetime)
    );
    assert_eq!(
        decided(
            auth,
            200,
            &["cache-control: max-age=60", "set-cookie: a=b"],
            private
        ),
        Err(Refusal::SetCookie)
    );
    assert_eq!(
        decided(auth, 200, &["cache-control: max-age=60, no-store"], private),
        Err(Refusal::NoStore)
    );
}

#[test]
fn statuses_of_rfc_9110_15_1() {
    let with_default = RoutePolicy {
        default_ttl_s: Some(5),
        ..SHARED
    };
    for status in 0..=999 {
        let by_default = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501].contains(&status);
        let never = !(200..600).contains(&status) || status == 206 || status == 304;
        let explicit = if never { Err(Refusal::Status) } else { Ok(60) };
        assert_eq!(
            decided(&[], status, &["cache-control: max-age=60"], SHARED),
            explicit,
            "{status}"
        );
        let implied = match (never, by_default) {
            (true, _) => Err(Refusal::Status),
            (_, true) => Ok(5),
            _ => Err(Refusal::NoLifetime),
        };
        assert_eq!(decided(&[], status, &[], with_default), implied, "{status}");
    }
    // A stated lifetime goes before the route's; `public` makes any status cacheable (3).
    assert_eq!(
        decided(&[], 200, &["cache-control: max-age=60"], with_default),
        Ok(60)
    );
    assert_eq!(
        decided(&[], 200, &["expires: 0"], with_default),
        Err(Refusal::Stale)
    );
    assert_eq!(
        decided(&[], 500, &["cache-control: public"], with_default),
        Ok(5)
    );
    let zero = RoutePolicy {
        default_ttl_s: Some(0),
        ..SHARED
    };
    assert_eq!(decided(&[], 200, &[], zero), Err(Refusal::NoLifetime));
}

#[test]
fn must_understand_of_5_2_2_3() {
    let line = &["cache-control: max-age=60, no-store, must-understand"][..];
    assert_eq!(decided(&[], 200, line, SHARED), Ok(60));
    assert_eq!(decided(&[], 499, line, SHARED), Err(Refusal::Status));
}

#[test]
fn vary_names_are_lower_case_sorted_and_once() {
    let response = ResponseInfo::read(
        200,
        fields(&[
            "cache-control: max-age=1",
            "Vary: Origin, accept-encoding",
            "vary: ORIGIN",
        ]),
    );
    let exchange = Exchange {
        requested_at_ms: 0,
        received_at_ms: 0,
    };
    let request = RequestInfo::read("GET", []);
    let Storable::Yes { vary, .. } = storable(&request, &response, &SHARED, exchange) else {
        panic!("is storable")
    };
    assert_eq!(vary, ["accept-encoding", "origin"]);
}
