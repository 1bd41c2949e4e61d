//! The cache's decisions. The parts of an input are a request and a response as text: a first line
//! (the response's: a status), then a field a line. The first byte chooses route and times.

use crate::head::Head;
use crate::parts::{noise, parts};
use lockgate_http_cache::vary::{KEY_BYTES_MAX, secondary_key};
use lockgate_http_cache::{
    Answer, Audience, CacheStatus, Exchange, Expires, Freshness, Lookup, RequestInfo, ResponseInfo,
    RoutePolicy, Storable, Validators, conditional, http_date_s, lookup, storable,
};

/// Sun, 06 Nov 1994 08:49:37 GMT, in milliseconds.
const NOW_MS: u64 = 784_111_777_000;

type Fields<'a> = Vec<(&'a str, &'a [u8])>;

/// May it be stored, may it be used, and is that what the fields say?
pub fn run(data: &[u8]) {
    let Some((flags, data)) = data.split_first() else {
        return;
    };
    let [request, response] = parts(data);
    let (request, response) = (Head::read(request), Head::read(response));
    let (asked, answered) = (fields(&request), fields(&response));
    let method = str::from_utf8(request.method()).unwrap_or_default();
    let status = str::from_utf8(response.method()).unwrap_or_default();
    let policy = RoutePolicy {
        audience: match flags & 3 {
            0 => Audience::Shared,
            1 => Audience::SharedAfterAuthorization,
            _ => Audience::Private,
        },
        default_ttl_s: (flags & 4 != 0).then_some(u32::from(*flags)),
    };
    let exchange = if flags & 8 == 0 {
        Exchange {
            requested_at_ms: NOW_MS,
            received_at_ms: NOW_MS + 40,
        }
    } else {
        Exchange {
            requested_at_ms: noise(data),
            received_at_ms: noise(request.bytes),
        }
    };
    let asks = RequestInfo::read(method, asked.iter().copied());
    let status = status.parse().unwrap_or(200);
    let answers = ResponseInfo::read(status, answered.iter().copied());
    if let Storable::Yes { freshness, vary } = storable(&asks, &answers, &policy, exchange) {
        stored(&asks, &answers, &policy, exchange, &freshness);
        keys(&vary, &asked);
        // More of the fields that forbid, wherever they come.
        for forbidding in [
            ("Cache-Control", &b"no-store"[..]),
            ("Set-Cookie", b"a=b"),
            ("vary", b"*"),
        ] {
            let more = answered.iter().copied().chain([forbidding]);
            let answers = ResponseInfo::read(status, more);
            let verdict = storable(&asks, &answers, &policy, exchange);
            let understood =
                answers.cache_control.must_understand && forbidding.0 == "Cache-Control";
            assert!(
                understood || matches!(verdict, Storable::No(_)),
                "{forbidding:?}"
            );
        }
    }
    let validators = Validators {
        status,
        etag: answers.etag,
        last_modified_s: answers.last_modified_s,
        date_s: NOW_MS / 1000,
    };
    if conditional(&asks, &validators) == Answer::NotModified {
        assert!(status == 200 && matches!(method, "GET" | "HEAD"));
        assert!(asks.if_none_match.is_some() || asks.if_modified_since.is_some());
    }
    status_line(&answered);
}

fn fields<'a>(head: &Head<'a>) -> Fields<'a> {
    head.fields()
        .filter_map(|(name, value)| Some((str::from_utf8(name).ok()?, value)))
        .collect()
}

/// What RFC 9111 says must not be stored was not, and it is used only while it is fresh.
fn stored(
    asks: &RequestInfo<'_>,
    answers: &ResponseInfo<'_>,
    policy: &RoutePolicy,
    exchange: Exchange,
    freshness: &Freshness,
) {
    let directives = &answers.cache_control;
    assert!(asks.method == "GET" && !asks.cache_control.no_store);
    assert!(!answers.set_cookie && !answers.content_range && !answers.vary.is_any());
    assert!((200..=599).contains(&answers.status) && !matches!(answers.status, 206 | 304));
    assert!(!directives.no_cache && (!directives.no_store || directives.must_understand));
    let private = policy.audience == Audience::Private;
    assert!(private || !directives.private);
    if policy.audience == Audience::Shared && asks.authorization {
        assert!(directives.public || directives.must_revalidate || directives.s_maxage_s.is_some());
    }
    let shared = directives.s_maxage_s.filter(|_| !private);
    let lifetime_ms = match (shared.or(directives.max_age_s), answers.expires) {
        (Some(stated), _) => u64::from(stated) * 1000,
        (None, Expires::At(at)) => {
            let from = answers.date_s.unwrap_or(exchange.received_at_ms / 1000);
            at.saturating_sub(from).saturating_mul(1000)
        }
        (None, Expires::Absent) => u64::from(policy.default_ttl_s.expect("a lifetime")) * 1000,
        (None, Expires::Invalid) => panic!("stored although it has expired"),
    };
    assert_eq!(freshness.lifetime_ms, lifetime_ms);
    assert!(freshness.is_fresh(exchange.received_at_ms));
    assert!(freshness.age_s(exchange.received_at_ms) >= u64::from(answers.age_s.unwrap_or(0)));

    let end = freshness.fresh_until_ms();
    for now_ms in [
        exchange.received_at_ms,
        end.saturating_sub(1),
        end,
        u64::MAX,
    ] {
        match lookup(Some(freshness), asks, now_ms) {
            Lookup::Hit { age_s } => {
                assert!(freshness.is_fresh(now_ms) && age_s * 1000 <= lifetime_ms);
                assert!(!asks.for_origin && !asks.cache_control.no_cache);
                assert!(
                    asks.cache_control
                        .max_age_s
                        .is_none_or(|most| age_s <= most.into())
                );
            }
            Lookup::GatewayTimeout => assert!(asks.cache_control.only_if_cached),
            Lookup::Forward(_) => assert!(!asks.cache_control.only_if_cached),
        }
        assert_eq!(
            freshness.ttl_s(now_ms) < 0,
            freshness.age_ms(now_ms) >= lifetime_ms + 1000
        );
    }
    assert!(end == u64::MAX || !freshness.is_fresh(end));
}

/// Bounded, and appended: what stood before stays.
fn keys(vary: &[String], asked: &Fields<'_>) {
    assert!(vary.is_sorted_by(|one, next| one < next));
    let mut key = b"before".to_vec();
    let written = secondary_key(vary, asked.iter().copied(), &mut key);
    assert!(key.starts_with(b"before") && key.len() <= 6 + KEY_BYTES_MAX);
    assert!(written || key == b"before");
    // A field that Vary does not nominate is of no matter; one that it does is.
    let mut same = b"before".to_vec();
    let other = asked.iter().copied().chain([("x-of-no-matter", &b"1"[..])]);
    if !vary.iter().any(|name| name == "x-of-no-matter") {
        assert_eq!(secondary_key(vary, other, &mut same), written);
        assert_eq!(same, key);
    }
    if let Some(name) = vary.first().filter(|name| !name.starts_with("accept")) {
        let mut longer = b"before".to_vec();
        let more = asked.iter().copied().chain([(name.as_str(), &b"1"[..])]);
        assert!(!secondary_key(vary, more, &mut longer) || longer != key);
    }
}

/// The fields as dates and as details of Cache-Status.
fn status_line(fields: &Fields<'_>) {
    for (_, value) in fields {
        let date = http_date_s(value);
        assert!(
            date.is_none_or(|seconds| seconds < 253_402_300_800),
            "past the year 9999"
        );
        let Ok(detail) = str::from_utf8(value) else {
            continue;
        };
        let mut out = Vec::new();
        CacheStatus {
            forwarded: None,
            forwarded_status: None,
            stored: true,
            collapsed: false,
            ttl_s: Some(noise(value).cast_signed()),
            detail: Some(detail),
        }
        .write(&mut out);
        assert!(out.iter().all(u8::is_ascii_graphic) && !out.contains(&b','));
    }
}
