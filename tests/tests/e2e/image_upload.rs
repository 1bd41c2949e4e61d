//! Pictures that requests bring along: made, not kept, and within the limits of sources.

use std::time::Duration;

use image::{GenericImageView as _, ImageFormat};
use lockgate_image_address::sign;
use lockgate_tests::{Request, Response, Setup, World, image_files, tokens};

const KEY: &str = "a key of thirty-two bytes, it is";

const SITE: &str = r#"
[secrets.key]
env = "TOKEN_KEY"
[secrets.pictures]
env = "PICTURE_KEY"
[sign_in.customers]
algorithms = ["HS256"]
secret = "key"
[rate_limits.few]
key = ["client"]
windows = [{ requests = 2, per_s = 86400 }]

[sites.shop]
hosts = ["shop.test"]
[[sites.shop.routes]]
path = "/img/transform"
image = { upload = true, source_bytes_max = 200000 }
[[sites.shop.routes]]
path = "/listed/{options}"
image = { upload = true, widths = [64], round_up = true }
[[sites.shop.routes]]
path = "/signed"
image = { upload = true, signed = "required", keys = ["pictures"] }
[[sites.shop.routes]]
path = "/customers"
sign_in = "customers"
rate_limits = ["few"]
image = { upload = true }

[sites.ruled]
hosts = ["ruled.test"]
rules = ["rules.toml"]
[[sites.ruled.routes]]
path = "/img/transform"
image = { upload = true, source_bytes_max = 200000 }
"#;

const RULES: &str = r#"
[[rules]]
name = "evil"
priority = 10
action = "block"
when = 'body contains "evil"'
"#;

fn world(more: &str) -> Option<World> {
    Setup::new(&format!("{more}\n{SITE}"))
        .file("rules.toml", RULES)
        .env("TOKEN_KEY", tokens::SECRET)
        .env("PICTURE_KEY", KEY)
        .start()
}

/// What `response` shows: format, width, height.
fn decoded(response: &Response) -> (ImageFormat, u32, u32) {
    response.assert_status(200);
    let format = image::guess_format(&response.body).expect("a picture");
    let picture = image::load_from_memory_with_format(&response.body, format).expect("decodable");
    let (width, height) = picture.dimensions();
    (format, width, height)
}

#[test]
fn a_picture_comes_and_another_one_goes_back() {
    let Some(world) = world("") else { return };
    let source = image_files::jpeg();
    let post = |target: &str| world.send(&Request::post(target, source.clone()));
    let made = post("/img/transform?w=64&f=png");
    assert_eq!(decoded(&made), (ImageFormat::Png, 64, 48));
    assert_eq!(made.header("content-type"), Some("image/png"));
    assert_eq!(made.header("cache-control"), Some("no-store"));
    assert_eq!(made.header("etag"), None);
    let record = world.record(&made);
    assert_eq!(record["stage"], "image", "{record}");
    assert!(record["cache"].is_null(), "{record}");
    // Without options it is made anew all the same: nothing is handed back as it came.
    let plain = post("/img/transform");
    assert_eq!(decoded(&plain), (ImageFormat::Jpeg, 640, 480));
    assert_ne!(plain.body, source);
    // The first bytes say what it is, whatever the client calls it; nothing is kept.
    let called = Request::post("/img/transform?w=64&f=png", source.clone());
    let called = world.send(&called.header("Content-Type", "text/html"));
    assert_eq!(called.body, made.body);
    assert!(!called.is_hit(), "{called:?}");
    // Accept chooses, and options stand in the path where the route says so.
    let accept = Request::post("/img/transform?w=64", source.clone());
    let accept = world.send(&accept.header("Accept", "image/webp"));
    assert_eq!(decoded(&accept), (ImageFormat::WebP, 64, 48));
    assert_eq!(
        decoded(&post("/listed/w=50,f=jpeg")),
        (ImageFormat::Jpeg, 64, 48)
    );
}

#[test]
fn there_is_one_method_and_what_it_brings_is_a_picture_within_the_limits() {
    let Some(world) = world("") else { return };
    for method in ["GET", "PUT", "DELETE"] {
        let answer = world.send(&Request::new(method, "/img/transform?w=64"));
        answer.assert_problem(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), Some("POST"), "{method}");
    }
    let refused = |target: &str, body: Vec<u8>, status, code: &str| {
        let answer = world.send(&Request::post(target, body));
        answer.assert_problem(status, code);
        assert!(
            world.record(&answer)["cause"]
                .as_str()
                .is_some_and(|cause| !cause.is_empty()),
            "{code}"
        );
    };
    let transform = "/img/transform?w=64";
    refused(transform, Vec::new(), 415, "image_unsupported");
    refused(transform, b"text".repeat(9), 415, "image_unsupported");
    refused(
        transform,
        image_files::truncated_jpeg(),
        422,
        "image_corrupt",
    );
    refused(transform, image_files::huge_png(), 413, "image_too_large");
    refused(transform, vec![0xFF; 200_001], 413, "image_too_large");
    world
        .send(&Request::post("/img/transform?w=x", image_files::jpeg()))
        .assert_problem(400, "image_options_invalid");
    let coded = Request::post(transform, image_files::jpeg()).header("Content-Encoding", "gzip");
    world.send(&coded).assert_problem(415, "image_unsupported");
    // Chunks announce nothing: the limit holds while they come.
    let mut client = world.connect();
    client.send(
        b"POST /img/transform?w=64 HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    for _ in 0..5 {
        let chunk = [&b"c350\r\n"[..], &[0xFF; 50_000], b"\r\n"].concat();
        // The gate may have answered and closed.
        if client.try_send(&chunk).is_err() {
            break;
        }
    }
    client.read("POST").assert_problem(413, "image_too_large");
}

#[test]
fn a_body_that_does_not_come_ends_in_time_and_holds_nobody_up() {
    let Some(world) = world("[server]\nbody_timeout_ms = 600\n[image]\nthreads = 1\nqueue_max = 1")
    else {
        return;
    };
    // More of them than there are places.
    let slow: Vec<_> = (0..6)
        .map(|_| {
            let mut client = world.connect();
            client.send(
                b"POST /img/transform?w=64 HTTP/1.1\r\nHost: shop.test\r\n\
                  Content-Length: 1000\r\n\r\n\xff\xd8",
            );
            client
        })
        .collect();
    std::thread::sleep(Duration::from_millis(100));
    let quick = world.send(&Request::post(
        "/img/transform?w=64&f=png",
        image_files::jpeg(),
    ));
    assert_eq!(decoded(&quick).1, 64);
    for mut client in slow {
        client.read("POST").assert_problem(408, "body_timeout");
    }
}

#[test]
fn uploads_are_signed_limited_and_signed_in_like_all_else() {
    let Some(world) = world("") else { return };
    let post = |target: &str| Request::post(target, image_files::jpeg());
    world
        .send(&post("/signed?w=77"))
        .assert_problem(403, "image_signature_missing");
    let message = "lockgate-image-1\n/signed\n\nw=77\n";
    let signature = sign::made(KEY.as_bytes(), message.as_bytes());
    let signed = world.send(&post(&format!("/signed?w=77&s={signature}")));
    assert_eq!(decoded(&signed).1, 77);
    world.send(&post("/customers?w=77")).assert_status(401);
    let token = tokens::good("alice", "");
    for _ in 0..2 {
        let made = world.send(&post("/customers?w=77").token(&token));
        assert_eq!(decoded(&made).1, 77);
    }
    world
        .send(&post("/customers?w=77").token(&token))
        .assert_problem(429, "rate_limited");
}

#[test]
fn rules_look_at_the_body_and_the_picture_is_made_of_all_of_it() {
    let Some(world) = world("") else { return };
    let post = |body: Vec<u8>| {
        let request = Request::post("/img/transform?w=64&f=png", body);
        world.send(&request.host("ruled.test"))
    };
    assert_eq!(
        decoded(&post(image_files::jpeg())),
        (ImageFormat::Png, 64, 48)
    );
    post(b"GIF89a, and something evil".to_vec()).assert_problem(403, "blocked");
    post(vec![0xFF; 200_001]).assert_problem(413, "image_too_large");
}
