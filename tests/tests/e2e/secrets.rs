//! Canary secrets: wherever a secret comes in, it does not come out.

use lockgate_tests::{Request, Response, Setup, tokens};

const CONFIG: &str = r#"
[secrets.key]
env = "TOKEN_KEY"
[secrets.file]
file = "secret.txt"
[sign_in.customers]
algorithms = ["HS256"]
secret = "key"
[sign_in.others]
algorithms = ["HS256"]
secret = "file"
[rate_limits.few]
key = ["token"]
windows = [{ requests = 3, per_s = 86400 }]

[sites.shop]
hosts = ["shop.test"]
rules = ["rules.toml"]
[[sites.shop.routes]]
path = "/_test/status/{code}"
origin = "shop"
[[sites.shop.routes]]
path = "/members"
respond = { body = "members" }
sign_in = "customers"
rate_limits = ["few"]
[[sites.shop.routes]]
path = "/others"
respond = { body = "others" }
sign_in = "others"
[[sites.shop.routes]]
path = "/broken"
origin = "faults"
add_prefix = "/garbage"
"#;

const RULES: &str = "[[rules]]\nname = \"all\"\npriority = 1\naction = \"count\"\n\
                     statement = { user_agent_missing = true }\n";

const ENV_SECRET: &str = "CANARY-environment-0123456789abcdef0123456789";
const FILE_SECRET: &str = "CANARY-file-0123456789abcdef0123456789abcdef";

#[test]
fn no_secret_is_in_a_record_a_log_a_metric_or_an_error() {
    let setup = Setup::new(CONFIG)
        .env("TOKEN_KEY", ENV_SECRET)
        .env("LOCKGATE_LOG", "trace")
        .file("secret.txt", FILE_SECRET)
        .file("rules.toml", RULES);
    let Some(world) = setup.start() else { return };
    let good = tokens::hs256(ENV_SECRET.as_bytes(), &tokens::claims("CANARY-subject", ""));
    let forged = tokens::hs256(&[b'k'; 40], &tokens::claims("CANARY-subject", ""));
    let (_, signature) = good.rsplit_once('.').expect("three parts");
    let (_, forged_signature) = forged.rsplit_once('.').expect("three parts");
    let canaries = [
        ENV_SECRET,
        FILE_SECRET,
        "CANARY-",
        &good,
        &forged,
        signature,
        forged_signature,
        "Q0FOQVJZ",
    ];
    let dressed = |request: Request, token: &str| {
        request
            .token(token)
            .header("Cookie", "session=CANARY-cookie; theme=dark")
    };
    let queries = [
        "access_token=CANARY-query",
        "a=1&api_key=CANARY-query&b=2",
        "password=CANARY-query",
        "X-Amz-Signature=CANARY-query",
        "token=CANARY%2Dquery",
    ];
    let mut errors: Vec<Response> = Vec::new();
    for query in queries {
        for path in [
            "/members",
            "/others",
            "/broken",
            "/nowhere",
            "/_test/status/500",
            "/%2e%2e/",
        ] {
            for token in [&good, &forged] {
                let request = dressed(Request::get(&format!("{path}?{query}")), token);
                errors.push(world.send(&request));
            }
        }
    }
    let body = "grant_type=password&password=CANARY-body";
    errors.push(world.send(&dressed(Request::post("/nowhere", body), &good)));
    errors.push(world.send(&dressed(
        Request::get("/members").host("CANARY-evil.test"),
        &good,
    )));
    // Heads that are refused before they are understood.
    let heads = [
        "GET /?token=CANARY-query HTTP/1.1\r\nHost: shop.test\r\nBad Name: CANARY-x\r\n\r\n",
        "POST /?token=CANARY-query HTTP/1.1\r\nHost: shop.test\r\nAuthorization: Bearer CANARY-y\r\n\
         Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/9.9\r\nAuthorization: Bearer CANARY-z\r\n\r\n",
    ];
    errors.extend(heads.iter().map(|head| world.raw(head.as_bytes())));
    for answer in &errors {
        let _ = world.record(answer);
        // The shop's own answers and the gate's own good ones are no error bodies.
        if answer.header("content-type") == Some("application/problem+json") {
            let shown = format!("{:?} {}", answer.headers, answer.text());
            for canary in canaries {
                assert!(!shown.contains(canary), "{canary} in an error: {shown}");
            }
        }
    }
    // A change that breaks, and one that names a secret that is not there.
    world.write(
        "gateway.toml",
        &format!("{}\n[oops]\nx = 1\n", world.config()),
    );
    let _ = world.wait_log("refused");
    let show = world.lockgate(&["config", "show", "--config", "gateway.toml"]);
    let shown = String::from_utf8_lossy(&[show.stdout, show.stderr].concat()).into_owned();
    let places = [
        ("the records", records(&world)),
        ("the log", world.logs().join("\n")),
        ("the metrics", world.metrics()),
        ("config show", shown),
    ];
    for (place, text) in &places {
        for canary in canaries {
            // An unknown host is recorded as it came: it is no secret, but it shows that the
            // search finds what is there.
            let text = text
                .replace("CANARY-evil.test", "")
                .replace("canary-evil.test", "");
            if let Some(at) = text.find(canary) {
                let start = text.floor_char_boundary(at.saturating_sub(200));
                let end = text.ceil_char_boundary((at + 100).min(text.len()));
                panic!("{canary} in {place}: {}", &text[start..end]);
            }
        }
    }
}

fn records(world: &lockgate_tests::World) -> String {
    let text = std::fs::read_to_string(world.dir().join("records.jsonl")).expect("records");
    assert!(
        text.contains("[redacted]"),
        "nothing was redacted, nothing was tested"
    );
    text
}
