//! Seeds that can be read.

use super::Seed;

const TARGETS: &str = include_str!("../../../components/normalise/tests/data/targets.txt");
const CLIENTS: &str = include_str!("../../../components/normalise/tests/data/clients.txt");
const INJECTIONS: &str = include_str!("../../../components/injection/tests/corpus.txt");
const SHIPPED: &str = include_str!("../../../rules/attacks.toml");
const SECLANG: &str = include_str!("../../../crates/seclang/src/base.conf");
const CRAWLERS: &str = include_str!("../../../rules/crawlers.txt");
const SHOP: &str = include_str!("../../../components/policy/tests/common/gateway.toml");
const RULES: &str = include_str!("../../../components/policy/tests/common/rules.toml");
const GATEWAY: &str = include_str!("../../../gateway.toml");

/// Every one of them.
pub(crate) fn all() -> Vec<Seed> {
    let mut seeds = Vec::new();
    targets(&mut seeds);
    heads(&mut seeds);
    tables(&mut seeds);
    configurations(&mut seeds);
    tokens(&mut seeds);
    messages(&mut seeds);
    records(&mut seeds);
    injections(&mut seeds);
    addresses(&mut seeds);
    rules(&mut seeds);
    seeds
}

/// An address of a picture in each form.
fn addresses(seeds: &mut Vec<Seed>) {
    for (name, line) in [
        ("query", "/a.jpg?w=800&h=600&fit=cover&f=auto&dpr=2&v=3"),
        ("path", "/w=800,fit=cover,wm=logo:southeast:4_4:o60/a/b.jpg"),
        ("signed", "/a.jpg?w=800&exp=1900000000&s=iT4VJnvo0b35BbFQQ5toPQoonU0YDs-RKQfAM_Hg65w"),
        ("options", "crop=10p:0:80p:100,trim=9,pad=1:2:3:4,bg=ff000080,q=ssim0.98,keep=icc"),
        ("thumbor", "unsafe/10x20:30x50/fit-in/-300x200/left/top/filters:quality(80):format(webp)/s3://b/a.jpg"),
        ("imgproxy", "insecure/rs:fill:300:400:1/g:fp:0.5:0.3/q:80/plain/s3://b/a.jpg@webp"),
        ("imgproxy-base64", "_/w:5/czM6Ly9i/L2EuanBn.png"),
        ("aws", "eyJidWNrZXQiOiJiIiwia2V5IjoiYS5qcGciLCJlZGl0cyI6eyJyZXNpemUiOnsid2lkdGgiOjJ9fX0="),
    ] {
        seeds.push(Seed::new("image_address", name, line));
    }
}

/// Expressions of the shipped rules, and SecLang: the base that every set is read after.
fn rules(seeds: &mut Vec<Seed>) {
    let expressions = SHIPPED
        .lines()
        .filter_map(|line| line.strip_prefix("when = '")?.strip_suffix('\''));
    for (number, expression) in expressions.enumerate() {
        seeds.push(Seed::new(
            "expression",
            format!("shipped-{number}"),
            expression,
        ));
    }
    for (name, expression) in [
        (
            "sets",
            "ip in office or user_agent in bots or user_agent missing and path matches bad",
        ),
        (
            "geo",
            "country in [\"DE\", \"AT\"] or asn in 64500 or label \"shop:staff\"",
        ),
        (
            "bodies",
            "json_body:/a/0 | lowercase contains \"x\" and not (form_field:q sqli_match or body xss_match)",
        ),
    ] {
        seeds.push(Seed::new("expression", name, expression));
    }
    seeds.push(Seed::new("seclang", "base", SECLANG));
    for (number, directive) in SECLANG.split("\n\n").enumerate() {
        seeds.push(Seed::new("seclang", format!("base-{number}"), directive));
    }
}

/// Every few lines of the table of hostile targets.
fn targets(seeds: &mut Vec<Seed>) {
    let cases = TARGETS
        .lines()
        .filter(|line| line.contains(" =>") && !line.starts_with('#') && !line.contains('\\'))
        .filter_map(|line| line.split(" =>").next());
    for (number, case) in cases.enumerate().filter(|(number, _)| number % 9 == 0) {
        seeds.push(Seed::new(
            "normalise_target",
            format!("case-{number}"),
            case,
        ));
    }
}

/// Every few values of the detectors' corpus.
fn injections(seeds: &mut Vec<Seed>) {
    let values = INJECTIONS
        .lines()
        .filter(|line| !line.starts_with('#') && !line.contains('\\'))
        .filter_map(|line| line.split_once('[')?.1.strip_suffix(']'));
    for (number, value) in values.enumerate().filter(|(number, _)| number % 25 == 0) {
        seeds.push(Seed::new("injection", format!("value-{number}"), value));
    }
}

fn heads(seeds: &mut Vec<Seed>) {
    // The lines `x: ...` and `f: ...` are those of X-Forwarded-For and Forwarded.
    let fields = CLIENTS.lines().filter(|line| !line.starts_with('#'));
    let fields = fields.filter_map(|line| line.split(" => ").next());
    for (number, line) in fields.enumerate().filter(|(number, _)| number % 12 == 3) {
        let mut head = "@GET /\nHost: shop.example".to_owned();
        for field in line.split(" | ").skip(2) {
            let name = if field.starts_with('x') {
                "X-Forwarded-For"
            } else {
                "Forwarded"
            };
            head.push_str(&format!("\n{name}{}", field.trim_start_matches(['x', 'f'])));
        }
        seeds.push(Seed::new(
            "normalise_head",
            format!("client-{number}"),
            head,
        ));
    }
    for (name, head) in [
        (
            "framing",
            "@POST http://Shop.Example:80/%7e?a=%zz\nHost: shop.example.\nContent-Length: 7\nExpect: 100-continue",
        ),
        (
            "chunked",
            "@POST /a/../b//c\nHost: [::1]:8080\nTransfer-Encoding: Chunked\nX_Forwarded_For: 1.1.1.1",
        ),
        (
            "accept",
            "@GET /\nHost: 127.0.0.1\nAccept: image/avif;q=0.5,image/webp;Q=1,image/*;q=0.8,*/*;q=0",
        ),
    ] {
        seeds.push(Seed::new("normalise_head", name, head));
    }
    let token =
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for (name, head) in [
        ("product", "1GET /products/42?a=b HTTP/1.1\nHost: shop.example\nUser-Agent: Mozilla/5.0".to_owned()),
        ("picture", "1GET /img/a/b.jpg?w=320&fit=cover&q=70&x=1\nHost: www.shop.example\nAccept: image/webp".to_owned()),
        ("preset", "1GET /free/a?preset=thumb&format=png&h=96\nHost: shop.example".to_owned()),
        ("scanner", "7GET /%61pi//x/../y;z\nHost: shop.example:80\nUser-Agent: SQLmap/1\nX-Forwarded-For: 198.51.100.9".to_owned()),
        ("order", format!("0GET /orders/1\nHost: shop.example\nAuthorization: Bearer {token}")),
        ("refund", "1GET /refunds\nHost: shop.example\nAuthorization: bearer x.y.z\nX-Customer: eve".to_owned()),
        ("other-site", "9GET http://other.example/x%2fy\nHost: other.example\nx_customer: eve".to_owned()),
        ("robots", "3OPTIONS /robots.txt\nHost: shop.example\nForwarded: for=\"[2001:db8::9]:1\"".to_owned()),
    ] {
        seeds.push(Seed::new("policy", name, head));
    }
}

fn tables(seeds: &mut Vec<Seed>) {
    let routes = "GET /products/{id}\n/orders/{*rest}\nGET,HEAD /img/{*rest}\nPOST /img/{a}/{b}/\n\
                  /caf\u{e9}/%7Euser\nDELETE /products/{other}\n/{*all}\n--\nGET /products/1\n\
                  HEAD /products/1\nPUT /products/1\n/img/\n/img\n/caf%C3%A9/~user\na.one.example";
    seeds.push(Seed::new("route", "shop", routes));
    seeds.push(Seed::new(
        "route",
        "shadowed",
        "/a/{b}/c\n/a/b/{c}\n/{*r}\n--\n/a/b/c\n/a/b/d\n/a//",
    ));
    let crawlers: Vec<&str> = CRAWLERS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    for (number, some) in crawlers.chunks(12).take(3).enumerate() {
        let agents = "Mozilla/5.0 (compatible; AhrefsBot/7.0)\ncurl/8.5.0\n\nScrapy/2.11 (+https://scrapy.org)";
        let list = format!("{}\n--\n{agents}", some.join("\n"));
        seeds.push(Seed::new(
            "firewall_agents",
            format!("crawlers-{number}"),
            list,
        ));
    }
    let anchored = "^curl/\nSafari/0.0$\n^Mozilla/5.0$\nsqlmap\nab\naab\nbab\naaaaaaaab\n--\nCURL/8\nx safari/0.0";
    seeds.push(Seed::new("firewall_agents", "anchored", anchored));
    let set = "10.0.0.0/8\n192.0.2.0/24\n198.51.100.7\n2001:db8::/32\n::ffff:192.0.3.0/120\n\
               255.255.255.255\n--\n10.1.2.3\n::ffff:10.9.9.9\n2001:db8::1\n203.0.113.1";
    seeds.push(Seed::new("firewall_addresses", "both-families", set));
    seeds.push(Seed::new(
        "firewall_addresses",
        "everything",
        "0.0.0.0/0\n::/0\n--\n::1\n::ffff:0:0",
    ));
}

fn configurations(seeds: &mut Vec<Seed>) {
    let shop = SHOP
        .replace("rules.toml", "r.toml")
        .replace("file = \"secret\"", "file = \"s\"");
    let overlay = "[server]\nbody_bytes_max = 1000\n[sites.shop]\nhosts = [\"b.example\"]";
    let env = "LOCKGATE__SERVER__TARGET_BYTES_MAX=512\nLOCKGATE__SITES__OTHER__HOSTS=x";
    let whole = [&shop, overlay, RULES, "", env].join("\n--\n");
    seeds.push(Seed::new("config", "policy", whole));
    let lists = "[ip_sets.a]\nfile = \"l.txt\"\n[user_agent_lists.b]\nfile = \"l.txt\"\n[[rules]]\n\
                 name = \"r\"\npriority = 1\naction = \"count\"\nstatement = { ip_set = \"a\" }";
    let small = "version = 1\nsites.a = { hosts = [\"a\"], rules = [\"r.toml\"] }";
    let parts = [small, "", lists, "10.0.0.0/8\n^curl/\n# x", ""].join("\n--\n");
    seeds.push(Seed::new("config", "lists", parts));
    let demo = GATEWAY
        .replace("examples/demo/jwt-secret.txt", "s")
        .replace("rules/default.toml", "r.toml");
    seeds.push(Seed::new(
        "config",
        "demo",
        [&demo, "", RULES, "", ""].join("\n--\n"),
    ));
    for (name, broken) in [
        (
            "syntax",
            include_str!("../../../crates/config/tests/broken/syntax/gateway.toml"),
        ),
        (
            "wrong-types",
            include_str!("../../../crates/config/tests/broken/wrong-types/gateway.toml"),
        ),
        (
            "words",
            include_str!("../../../crates/config/tests/broken/words-and-ranges/gateway.toml"),
        ),
        (
            "urls",
            include_str!("../../../crates/config/tests/broken/addresses-and-urls/gateway.toml"),
        ),
    ] {
        seeds.push(Seed::new("config", name, broken));
    }
}

fn tokens(seeds: &mut Vec<Seed>) {
    let claims = r#"{"sub":"u1","iss":"https://id.example","aud":["shop","api"],"exp":1800000100.9,"nbf":10.1,"iat":9,"scope":"a admin","scp":["c"],"role":"owner","level":3,"ratio":0.5,"staff":true,"gone":null,"roles":["x","y"],"deep":{"k":[1]}}"#;
    for (name, header, payload) in [
        ("good", r#"{"alg":"HS256","typ":"JWT"}"#, claims),
        ("bare", r#"{"alg":"HS256"}"#, r#"{"exp":1800000000}"#),
        ("none", r#"{"alg":"none"}"#, r#"{"sub":"eve"}"#),
        (
            "twice",
            r#"{"alg":"HS256","alg":"ES256","kid":"1"}"#,
            r#"{"exp":1,"exp":2}"#,
        ),
        (
            "critical",
            r#"{"alg":"HS256","crit":["b64"],"b64":false}"#,
            "x",
        ),
        (
            "at",
            r#"{"alg":"HS256","typ":"application/at+jwt"}"#,
            r#"{"aud":"a","exp":1e300}"#,
        ),
    ] {
        let both = format!("{header}\n--\n{payload}");
        seeds.push(Seed::new("auth_token", name, both));
    }
    // RFC 7515, appendix A.1: a token with somebody else's secret.
    let token = "Bearer eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    seeds.push(Seed::new("auth_token", "rfc7515-a1", token));

    // The keys of RFC 7515, appendices A.1 to A.3, and of RFC 8037, appendix A.2.
    let n = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
    let ec = r#"{"kty":"EC","crv":"P-256","kid":"e","use":"sig","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
    let okp = r#"{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","key_ops":["verify"]}"#;
    let rsa = format!(r#"{{"kty":"RSA","alg":"RS256","kid":"r","n":"{n}","e":"AQAB"}}"#);
    let oct = r#"{"kty":"oct","alg":"HS256","kid":"o","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#;
    for (name, keys) in [
        ("all", [ec, okp, &rsa].join(",")),
        ("ec", ec.to_owned()),
        ("secret", oct.to_owned()),
        ("mixed", [oct, ec].join(",")),
        ("other-use", ec.replace("sig", "enc")),
        ("private", ec.replace("\"use\"", "\"d\"")),
    ] {
        seeds.push(Seed::new(
            "auth_keys",
            name,
            format!(r#"{{"keys":[{keys}]}}"#),
        ));
    }
}

/// HTTP/1, the cache.
fn messages(seeds: &mut Vec<Seed>) {
    for (name, head) in [
        (
            "plain",
            "GET /<x>?a=%zz HTTP/1.1\r\nHOST:  shop \r\nEmpty:\r\n\r\nrest",
        ),
        (
            "length",
            "POST / HTTP/1.0\r\nContent-Length: 7\r\n\r\n1234567",
        ),
        (
            "chunked",
            "\r\nPUT /a HTTP/1.1\nTransfer-Encoding: chunked\nHost: a\n\n0\r\n\r\n",
        ),
        (
            "smuggled",
            "POST / HTTP/1.1\r\nContent-Length: +7\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        ),
        (
            "folded",
            "GET / HTTP/1.1\r\na: x\r\n folded\r\nname : x\r\n\r\n",
        ),
        ("preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ] {
        seeds.push(Seed::new("http1_head", name, head));
    }
    for (name, body) in [
        (
            "trailers",
            "\x025;ext=\"x\"\r\nhello\r\n1 \r\n!\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\nnext".to_owned(),
        ),
        ("bare-lf", "\x005\nhello\r\n0\r\n\r\n".to_owned()),
        ("hidden", "\x015\r;x\r\nhello\r\n0\r\n\r\n".to_owned()),
        ("huge", "\x07fffffffffffffff\r\nhello".to_owned()),
        // A line just as long as it may be.
        (
            "long-line",
            format!("\x005;{}\r\nhello\r\n0\r\n\r\n", "x".repeat(4094)),
        ),
    ] {
        seeds.push(Seed::new("http1_chunked", name, body));
    }
    for (name, messages) in [
        (
            "plain",
            "@GET /\nAccept: a\n--\n200\nCache-Control: max-age=60\nDate: Sun, 06 Nov 1994 08:49:37 GMT\nETag: \"x\"",
        ),
        (
            "shared",
            "@GET /\nAuthorization: x\nAccept-Encoding: gzip, br;q=0, *;q=0\n--\n200\nCache-Control: public, s-maxage=5, max-age=\"30\"\nVary: Accept-Encoding, accept\nAge: 2",
        ),
        (
            "private",
            "BGET /\nCookie: a=b\n--\n404\nCache-Control: private=\"x\", must-understand, no-store\nVary: cookie\nExpires: Sunday, 06-Nov-94 08:50:37 GMT",
        ),
        (
            "default",
            "DGET /\nIf-None-Match: W/\"x\", \"y\"\n--\n301\nETag: W/\"x\"\nLast-Modified: Sun Nov  6 08:49:37 1994",
        ),
        (
            "refused",
            "HGET /\nCache-Control: no-store, min-fresh=5, only-if-cached\n--\n206\nSet-Cookie: a=b\nContent-Range: bytes 0-1/2\nVary: *",
        ),
        (
            "old",
            "@HEAD /\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\n--\n200\nExpires: 0\nAge: 99999999999",
        ),
    ] {
        seeds.push(Seed::new("http_cache", name, messages));
    }
}

fn records(seeds: &mut Vec<Seed>) {
    for (name, record) in [
        (
            "plain",
            "/p/1\n--\na=1&token=hunter2\n--\nMozilla/5.0 \"x\"\n--\nshop.example\n--\nlimit per-client/60s",
        ),
        (
            "nested",
            "/\n--\nnext=%2Fcb%3Ftoken%3Dhunter2;u%5Bpwd%5D=x&q=eyJhbGciOiJIUzI1NiJ9.e30.x\n--\n\x1b[31m\n--\n\u{2028}\n--\n\u{1f600}\u{9b}",
        ),
    ] {
        seeds.push(Seed::new("record", name, record));
    }
    let invalid = b"/caf\xc3\n--\na=%zz&%=1\n--\n\xff\xfe\n--\n\x00\x7f\n--\n\xed\xa0\x80";
    seeds.push(Seed::new("record", "invalid", invalid.as_slice()));
}
