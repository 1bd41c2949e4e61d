//! Any fields and any times: no panic, and what must never be stored is not.

use lockgate_http_cache::vary::{KEY_BYTES_MAX, secondary_key};
use lockgate_http_cache::{
    Audience, Exchange, RequestInfo, ResponseInfo, RoutePolicy, Storable, Validators, conditional,
    http_date_s, lookup, storable,
};
use proptest::prelude::*;

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(vec![
            "Cache-Control",
            "vary",
            "EXPIRES",
            "date",
            "age",
            "etag",
            "last-modified",
            "set-cookie",
            "authorization",
            "if-none-match",
            "if-modified-since",
            "content-range",
            "accept",
            "accept-encoding",
            "accept-language",
            "cookie",
        ])
        .prop_map(str::to_owned),
        ".{0,12}",
    ]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    let word = proptest::sample::select(vec![
        "max-age=60",
        "s-maxage=",
        "no-store",
        "private",
        "public",
        "must-understand",
        ",",
        "=",
        "\"",
        "\\",
        " ",
        "W/",
        "*",
        ";q=0",
        "gzip",
        "99999999999999999999",
        "-1",
        "accept-encoding",
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Thu, 31 Dec 9999 23:59:59 GMT",
    ]);
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        proptest::collection::vec(word, 0..6).prop_map(|w| w.concat().into_bytes()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_message(
        method in prop_oneof![Just("GET"), Just("HEAD"), Just("POST")],
        request in proptest::collection::vec((name(), value()), 0..8),
        response in proptest::collection::vec((name(), value()), 0..8),
        status in any::<u16>(),
        times in any::<(u64, u64, u64)>(),
        audience in prop_oneof![Just(Audience::Shared), Just(Audience::SharedAfterAuthorization), Just(Audience::Private)],
        default_ttl_s in any::<Option<u32>>(),
    ) {
        let of_request = request.iter().map(|(n, v)| (n.as_str(), v.as_slice()));
        let of_response = response.iter().map(|(n, v)| (n.as_str(), v.as_slice()));
        let (requested_at_ms, received_at_ms, now_ms) = times;

        let info = RequestInfo::read(method, of_request.clone());
        let answer = ResponseInfo::read(status, of_response);
        let policy = RoutePolicy { audience, default_ttl_s };
        let exchange = Exchange { requested_at_ms, received_at_ms };
        let stored = storable(&info, &answer, &policy, exchange);
        if let Storable::Yes { freshness, vary } = &stored {
            prop_assert!(!answer.set_cookie && !answer.content_range && status != 206);
            prop_assert!(method == "GET" && !info.cache_control.no_store);
            prop_assert!(audience == Audience::Private || !answer.cache_control.private);
            prop_assert!(freshness.is_fresh(received_at_ms));
            prop_assert!(!freshness.is_fresh(freshness.fresh_until_ms()) || freshness.fresh_until_ms() == u64::MAX);
            let _ = (lookup(Some(freshness), &info, now_ms), freshness.age_s(now_ms), freshness.ttl_s(now_ms));
            let mut key = Vec::new();
            if secondary_key(vary, of_request, &mut key) {
                prop_assert!(key.len() <= KEY_BYTES_MAX);
            }
        }
        let validators = Validators {
            status, etag: answer.etag, last_modified_s: answer.last_modified_s, date_s: received_at_ms,
        };
        let _ = conditional(&info, &validators);
    }

    #[test]
    fn any_date(text in value()) {
        let _ = http_date_s(&text);
    }
}

#[test]
fn a_header_map_will_do() {
    let mut map = http::HeaderMap::new();
    map.insert(
        http::header::CACHE_CONTROL,
        http::HeaderValue::from_static("max-age=9"),
    );
    let info = ResponseInfo::read(200, map.iter().map(|(n, v)| (n.as_str(), v.as_bytes())));
    assert_eq!(info.cache_control.max_age_s, Some(9));
}
