//! Bodies under inspection: they reach the origin whole, are bounded, and are not waited for
//! without end.

use std::io::Write as _;
use std::sync::{Arc, OnceLock};

use lockgate_tests::backend::{Backend, Received, answer};
use lockgate_tests::crs::{self, POLICY, rule_file, site};
use lockgate_tests::{Request, Response, Setup, Shared, World};

const ENCODED: &str = "1%27%20OR%20%271%27%3D%271";

const FORM: &str = "application/x-www-form-urlencoded";

/// The bytes that the rules look at.
const LOOKED_AT: usize = 2048;

/// The longest body that the gate takes.
const BODY_MAX: usize = 1_000_000;

/// The origin of the sites: it keeps what it gets.
fn origin() -> &'static Backend {
    static ORIGIN: OnceLock<Backend> = OnceLock::new();
    ORIGIN.get_or_init(|| {
        Backend::start(|_, stream| {
            let json = [("Content-Type", "application/json")];
            stream.write_all(&answer(200, &json, b"{\"taken\": true}"))
        })
    })
}

/// What reached the origin under this target, which no two requests of the tests share.
fn received(target: &str) -> Option<Received> {
    let mut all = origin().received();
    all.retain(|request| request.target == target);
    assert!(all.len() < 2, "{target} came {} times", all.len());
    all.pop()
}

/// `continue.test`, `match.test` and `nomatch.test`: each has its own way with oversize bodies.
fn world() -> Option<Arc<World>> {
    static GATE: Shared = Shared::new();
    let folder = crs::folder()?;
    GATE.get(|| {
        let mut config = format!(
            "{POLICY}[server]\nbody_timeout_ms = 1000\nbody_bytes_max = {BODY_MAX}\n\
             [origins.backend]\nurl = \"http://{}\"\n",
            origin().address
        );
        let ways = [
            ("continue", "continue"),
            ("match", "match"),
            ("nomatch", "no_match"),
        ];
        for (name, _) in ways {
            let file = format!("rules/{name}.toml");
            config.push_str(&site(name, "backend", Some(&file)));
        }
        let mut setup = Setup::new(&config);
        for (name, oversize) in ways {
            let keys = format!("body_bytes_max = {LOOKED_AT}\noversize = \"{oversize}\"");
            setup = setup.file(&format!("rules/{name}.toml"), &rule_file(&folder, &keys));
        }
        crs::start(setup)
    })
}

fn post(host: &str, target: &str, body: impl Into<Vec<u8>>) -> Request {
    Request::post(target, body)
        .host(host)
        .agent("Mozilla/5.0")
        .header("Accept", "*/*")
        .header("Content-Type", FORM)
}

/// A harmless form of so many bytes.
fn form(length: usize) -> Vec<u8> {
    let note = b"please+ring+twice+".iter().copied().cycle();
    let form: Vec<u8> = b"note=".iter().copied().chain(note).take(length).collect();
    assert_eq!(form.len(), length);
    form
}

/// The same, with an injection behind it.
fn bad_end(length: usize) -> Vec<u8> {
    [form(length), format!("&q={ENCODED}").into_bytes()].concat()
}

/// The same, with an injection before it.
fn bad_start(length: usize) -> Vec<u8> {
    [format!("q={ENCODED}&").into_bytes(), form(length)].concat()
}

#[track_caller]
fn assert_rule(world: &World, answer: &Response, id: u64) {
    let record = world.record(answer);
    let rules = record["inspection"]["rules"].as_array();
    let found = rules.is_some_and(|rules| rules.iter().any(|rule| *rule == id));
    assert!(found, "no {id} in {record}");
}

#[test]
fn bodies_reach_the_origin_whole() {
    let Some(world) = world() else { return };
    // Shorter than what is looked at, as long, longer, and in many pieces.
    for length in [5, 100, LOOKED_AT, LOOKED_AT + 1, 70_000, 900_000] {
        let target = format!("/whole/{length}");
        let answer = world.send(&post("continue.test", &target, form(length)));
        answer.assert_status(200);
        let came = received(&target).expect("the request");
        assert_eq!(came.header("content-length"), Some(&*length.to_string()));
        assert!(came.body == form(length), "{length} bytes came otherwise");
        assert_eq!(world.record(&answer)["bytes_in"], length);
    }
    // A request without a body has none afterwards.
    let bare = Request::get("/whole/none").host("continue.test");
    world.send(&bare).assert_status(200);
    let came = received("/whole/none").expect("the request");
    assert!(came.body.is_empty());
    assert_eq!(came.header("transfer-encoding"), None);
}

#[test]
fn chunks_and_trailers_reach_the_origin() {
    let Some(world) = world() else { return };
    let mut client = world.connect();
    for (target, length) in [("/chunks/few", 900), ("/chunks/many", 60_000)] {
        let body = form(length);
        let head = format!(
            "POST {target} HTTP/1.1\r\nHost: continue.test\r\nUser-Agent: Mozilla/5.0\r\n\
             Accept: */*\r\nContent-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n\
             Trailer: X-Checksum\r\n\r\n"
        );
        client.send(head.as_bytes());
        for chunk in body.chunks(700) {
            client.send(format!("{:x}\r\n", chunk.len()).as_bytes());
            client.send(chunk);
            client.send(b"\r\n");
        }
        client.send(b"0\r\nX-Checksum: 5eb63bbb\r\n\r\n");
        client.read("POST").assert_status(200);
        let came = received(target).expect("the request");
        assert!(came.body == body, "{target} came otherwise");
        let trailers: Vec<_> = came
            .trailers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
            .collect();
        assert_eq!(
            trailers,
            [("x-checksum".to_owned(), "5eb63bbb".to_owned())],
            "{target}"
        );
    }
}

#[test]
fn http_2_bodies_reach_the_origin() {
    let Some(world) = world() else { return };
    let mut client = world.h2();
    for (target, length) in [("/h2/few", 900), ("/h2/many", 50_000)] {
        let request = http::Request::post(format!("http://continue.test{target}"))
            .header("user-agent", "Mozilla/5.0")
            .header("accept", "*/*")
            .header("content-type", FORM)
            .body(())
            .expect("a request");
        let answer = client.call(request, form(length)).expect("an answer");
        answer.assert_status(200);
        let came = received(target).expect("the request");
        assert!(came.body == form(length), "{target} came otherwise");
    }
}

#[test]
fn continue_looks_at_the_beginning() {
    let Some(world) = world() else { return };
    let early = world.send(&post("continue.test", "/continue/start", bad_start(50_000)));
    early.assert_problem(403, "blocked");
    assert_rule(&world, &early, 942_100);
    assert!(received("/continue/start").is_none());
    let within = world.send(&post("continue.test", "/continue/short", bad_end(500)));
    within.assert_problem(403, "blocked");
    // What is behind the limit is not seen: the price of going on.
    let late = world.send(&post("continue.test", "/continue/end", bad_end(90_000)));
    late.assert_status(200);
    let came = received("/continue/end").expect("the request");
    assert!(came.body == bad_end(90_000));
}

#[test]
fn long_uploads_and_documents_go_on_too() {
    let Some(world) = world() else { return };
    let picture = format!(
        "--limit\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"cat.jpg\"\r\n\
         Content-Type: image/jpeg\r\n\r\n{}\r\n--limit--\r\n",
        "x".repeat(300_000)
    );
    let json = format!("{{\"notes\": [{}\"last\"]}}", "\"two mugs\", ".repeat(1000));
    let xml = format!("<order>{}</order>", "<note>two mugs</note>".repeat(1000));
    let cases = [
        (
            "/long/upload",
            "multipart/form-data; boundary=limit",
            picture,
        ),
        ("/long/json", "application/json", json),
        ("/long/xml", "application/xml", xml),
    ];
    for (target, kind, body) in cases {
        let request = Request::post(target, body.clone())
            .host("continue.test")
            .agent("Mozilla/5.0")
            .header("Accept", "*/*")
            .header("Content-Type", kind);
        let answer = world.send(&request);
        // Cut off where the rules stop to look, they do not end as they should: no fault of theirs.
        assert_eq!(answer.status, 200, "{target}: {}", world.record(&answer));
        let came = received(target).expect("the request");
        assert!(came.body == body.as_bytes(), "{target} came otherwise");
    }
}

#[test]
fn match_refuses_what_is_longer() {
    let Some(world) = world() else { return };
    let longest = world.send(&post("match.test", "/match/longest", form(LOOKED_AT)));
    longest.assert_status(200);
    let longer = world.send(&post("match.test", "/match/longer", form(LOOKED_AT + 1)));
    longer.assert_problem(403, "blocked");
    let record = world.record(&longer);
    let cause = record["cause"].as_str().unwrap_or_default();
    assert!(cause.contains("longer than the 2048 bytes"), "{record}");
    // A length that is not announced does not help.
    let mut client = world.connect();
    let chunk = "please+ring+twice+".repeat(200);
    let head = format!(
        "POST /match/chunks HTTP/1.1\r\nHost: match.test\r\nUser-Agent: Mozilla/5.0\r\n\
         Accept: */*\r\nContent-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{chunk}\r\n",
        chunk.len()
    );
    client.send(head.as_bytes());
    client.read("POST").assert_problem(403, "blocked");
    for target in ["/match/longer", "/match/chunks"] {
        assert!(received(target).is_none(), "{target} reached the origin");
    }
    world
        .send(&post("match.test", "/match/short", bad_end(100)))
        .assert_problem(403, "blocked");
}

#[test]
fn no_match_does_not_look_at_what_is_longer() {
    let Some(world) = world() else { return };
    let short = world.send(&post("nomatch.test", "/nomatch/short", bad_end(100)));
    short.assert_problem(403, "blocked");
    let long = world.send(&post("nomatch.test", "/nomatch/long", bad_start(50_000)));
    long.assert_status(200);
    let came = received("/nomatch/long").expect("the request");
    assert!(came.body == bad_start(50_000));
    // The head of such a request is looked at all the same.
    let target = format!("/nomatch/head?q={ENCODED}");
    let head = world.send(&post("nomatch.test", &target, form(50_000)));
    head.assert_problem(403, "blocked");
    assert_rule(&world, &head, 942_100);
}

#[test]
fn what_the_route_does_not_take_is_413() {
    let Some(world) = world() else { return };
    let mut client = world.connect();
    let head = format!(
        "POST /much HTTP/1.1\r\nHost: continue.test\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\n\
         Content-Type: {FORM}\r\nContent-Length: {}\r\n\r\n",
        BODY_MAX + 1
    );
    client.send(head.as_bytes());
    client.read("POST").assert_problem(413, "body_too_large");
    assert!(received("/much").is_none());
}

#[test]
fn a_body_that_stalls_is_408_and_never_reaches_the_origin() {
    let Some(world) = world() else { return };
    for target in ["/stall/head", "/stall/half"] {
        let mut client = world.connect();
        let head = format!(
            "POST {target} HTTP/1.1\r\nHost: continue.test\r\nUser-Agent: Mozilla/5.0\r\n\
             Accept: */*\r\nContent-Type: {FORM}\r\nContent-Length: 500\r\n\r\n"
        );
        client.send(head.as_bytes());
        if target.ends_with("half") {
            client.send(b"note=please");
        }
        let answer = client.read("POST");
        answer.assert_problem(408, "body_timeout");
        assert_eq!(answer.header("connection"), Some("close"));
        assert!(client.is_closed());
        assert!(received(target).is_none());
        assert!(world.record(&answer)["cause"].is_string());
    }
}

#[test]
fn a_body_that_ends_early_never_reaches_the_origin() {
    let Some(world) = world() else { return };
    let mut client = world.connect();
    let head = format!(
        "POST /early HTTP/1.1\r\nHost: continue.test\r\nUser-Agent: Mozilla/5.0\r\n\
         Accept: */*\r\nContent-Type: {FORM}\r\nContent-Length: 500\r\n\r\nnote=please"
    );
    client.send(head.as_bytes());
    client.finish_sending();
    // An answer, or the end of the connection: nobody may be left to read it.
    if let Some(answer) = client.try_read("POST") {
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    assert!(received("/early").is_none());
}
