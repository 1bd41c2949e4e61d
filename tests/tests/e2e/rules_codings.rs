//! Bodies with a content coding: rules see what is in them, origins what was sent.

use std::io::Write as _;
use std::sync::{Arc, OnceLock};

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use lockgate_tests::backend::{Backend, answer};
use lockgate_tests::crs::site;
use lockgate_tests::{Request, Response, Setup, Shared, World};

const FORM: &str = "application/x-www-form-urlencoded";
const ATTACK: &[u8] = b"q=1%27+OR+%271%27%3D%271";
/// The same, as the brotli of Node.js writes it.
const ATTACK_BROTLI: &[u8] = &[
    0x8b, 0x0b, 0x80, 0x71, 0x3d, 0x31, 0x25, 0x32, 0x37, 0x2b, 0x4f, 0x52, 0x2b, 0x25, 0x32, 0x37,
    0x31, 0x25, 0x32, 0x37, 0x25, 0x33, 0x44, 0x25, 0x32, 0x37, 0x31, 0x03,
];

fn origin() -> &'static Backend {
    static ORIGIN: OnceLock<Backend> = OnceLock::new();
    ORIGIN.get_or_init(|| Backend::start(|_, stream| stream.write_all(&answer(200, &[], b"taken"))))
}

/// The bodies that reached the origin under this target.
fn received(target: &str) -> Vec<Vec<u8>> {
    let mut all = origin().received();
    all.retain(|request| request.target == target);
    all.into_iter().map(|request| request.body).collect()
}

const RULES: &str = r#"
body_bytes_max = 4096

[[rules]]
name = "injection"
priority = 10
action = "block"
when = 'form_fields | url_decode_uni sqli_match or json_body sqli_match'

[[rules]]
name = "long"
priority = 20
action = "block"
status = 413
when = 'header:x-strict == "1" and body oversize match size < 0'

[[rules]]
name = "marked"
priority = 30
action = "count"
when = 'header:x-mark == "1"'

[[rules]]
name = "refused"
priority = 40
action = "block"
status = 451
when = 'header:x-refuse == "1"'
"#;

fn world() -> Option<Arc<World>> {
    static GATE: Shared = Shared::new();
    GATE.get(|| {
        let config = format!(
            "[origins.backend]\nurl = \"http://{}\"\n{}{}",
            origin().address,
            site("strict", "backend", Some("rules/strict.toml")),
            site("lenient", "backend", Some("rules/lenient.toml")),
        );
        Setup::new(&config)
            .file("rules/strict.toml", RULES)
            .file(
                "rules/lenient.toml",
                &format!("unknown_coding = \"continue\"\n{RULES}"),
            )
            .start()
    })
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).expect("in memory");
    encoder.finish().expect("in memory")
}

fn zlib(body: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).expect("in memory");
    encoder.finish().expect("in memory")
}

fn deflate(body: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).expect("in memory");
    encoder.finish().expect("in memory")
}

fn post(site: &str, target: &str, coding: &str, body: Vec<u8>) -> Request {
    Request::post(target, body)
        .host(&format!("{site}.test"))
        .agent("Mozilla/5.0")
        .header("Content-Type", FORM)
        .header("Content-Encoding", coding)
}

#[track_caller]
fn assert_blocked(world: &World, answer: &Response, status: u16, rule: &str) {
    answer.assert_problem(status, "blocked");
    assert_eq!(world.record(answer)["rule"], rule);
}

#[test]
fn rules_look_into_coded_bodies() {
    let Some(world) = world() else { return };
    for (coding, body) in [
        ("gzip", gzip(ATTACK)),
        ("X-GZIP", gzip(ATTACK)),
        ("gzip", [gzip(b"a=1&"), gzip(ATTACK)].concat()),
        ("deflate", zlib(ATTACK)),
        ("deflate", deflate(ATTACK)),
        ("br", ATTACK_BROTLI.to_vec()),
        ("identity", ATTACK.to_vec()),
    ] {
        for site in ["strict", "lenient"] {
            let answer = world.send(&post(site, "/coded/attack", coding, body.clone()));
            assert_blocked(&world, &answer, 403, "injection");
        }
    }
    assert!(received("/coded/attack").is_empty());
}

#[test]
fn what_passes_reaches_the_origin_as_it_was_sent() {
    let Some(world) = world() else { return };
    let body = gzip(b"note=please+ring+twice");
    let answer = world.send(&post("strict", "/coded/pass", "gzip", body.clone()));
    answer.assert_status(200);
    assert_eq!(received("/coded/pass"), [body]);
}

#[test]
fn a_coding_that_is_not_known_or_not_kept_is_refused() {
    let Some(world) = world() else { return };
    for (coding, body, status, code) in [
        ("zstd", ATTACK.to_vec(), 415, "content_coding_unknown"),
        ("gzip, br", gzip(ATTACK), 415, "content_coding_unknown"),
        ("gzip", ATTACK.to_vec(), 400, "content_coding_broken"),
        // It begins like brotli with a window that is too wide for the gate.
        ("br", gzip(ATTACK), 415, "content_coding_unknown"),
        (
            "gzip",
            [gzip(b"a=1"), ATTACK.to_vec()].concat(),
            400,
            "content_coding_broken",
        ),
    ] {
        let request = post("strict", "/coded/refused", coding, body);
        let answer = world.send(&request.clone().header("X-Mark", "1"));
        answer.assert_problem(status, code);
        if status == 415 {
            assert_eq!(answer.header("accept-encoding"), Some("gzip, deflate, br"));
        }
        let record = world.record(&answer);
        assert_eq!(record["stage"], "firewall");
        assert_eq!(record["counted"], serde_json::json!(["marked"]));
        // Rules that need no body have their say first.
        let answer = world.send(&request.header("X-Refuse", "1"));
        assert_blocked(&world, &answer, 451, "refused");
    }
    assert!(received("/coded/refused").is_empty());
}

#[test]
fn where_it_may_pass_it_counts_as_too_long() {
    let Some(world) = world() else { return };
    let request = post("lenient", "/coded/lenient", "zstd", b"whatever".to_vec());
    world.send(&request).assert_status(200);
    assert_eq!(received("/coded/lenient"), [b"whatever"]);
    let answer = world.send(&request.header("X-Strict", "1"));
    assert_blocked(&world, &answer, 413, "long");
    // As it was sent it is looked at.
    let answer = world.send(&post("lenient", "/coded/lenient", "zstd", ATTACK.to_vec()));
    assert_blocked(&world, &answer, 403, "injection");
}

#[test]
fn a_bomb_is_a_body_that_is_too_long() {
    let Some(world) = world() else { return };
    let bomb = gzip(&vec![b'a'; 100 << 20]);
    assert!(bomb.len() < 110_000, "{}", bomb.len());
    let request = post("strict", "/coded/bomb", "gzip", bomb.clone());
    let answer = world.send(&request.clone().header("X-Strict", "1"));
    assert_blocked(&world, &answer, 413, "long");
    // Rules that do not mind see its beginning; the origin gets what was sent.
    world.send(&request).assert_status(200);
    assert_eq!(received("/coded/bomb"), [bomb]);
    let hidden = gzip(&[&b"a=".repeat(1000)[..], b"&", ATTACK].concat());
    let answer = world.send(&post("strict", "/coded/bomb", "gzip", hidden));
    assert_blocked(&world, &answer, 403, "injection");
}
