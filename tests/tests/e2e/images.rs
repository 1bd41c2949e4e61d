//! Pictures: sizes, formats, negotiation, and files that are not what they seem.

use std::sync::mpsc;

use image::ImageFormat;
use lockgate_tests::image_files::{self, decoded};
use lockgate_tests::{RawOrigin, Request, Setup, World};

const SITE: &str = r#"
[image_presets.card]
width = 120
height = 120
fit = "cover"

[sites.shop]
hosts = ["shop.test"]
[[sites.shop.routes]]
path = "/pictures/{name}"
origin = "shop"
image = { presets = ["card"], widths = [100, 160, 320, 480] }
"#;

/// A real picture of twelve megapixels.
fn photo() -> Vec<u8> {
    let picture = image::RgbImage::from_fn(4000, 3000, |x, y| {
        image::Rgb([(x / 16) as u8, (y / 12) as u8, (x ^ y) as u8])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, ImageFormat::Jpeg)
        .expect("memory takes it");
    bytes.into_inner()
}

/// A site whose pictures come from a tiny origin of the test.
fn raw_world(more: &str) -> Option<World> {
    let origin = RawOrigin::serve(vec![
        ("/good.jpg", "image/jpeg", image_files::jpeg()),
        (
            "/truncated.jpg",
            "image/jpeg",
            image_files::truncated_jpeg(),
        ),
        ("/huge.png", "image/png", image_files::huge_png()),
        (
            "/text.jpg",
            "image/jpeg",
            b"This is not a picture at all.\n".repeat(20),
        ),
        ("/empty.jpg", "image/jpeg", Vec::new()),
        ("/photo.jpg", "image/jpeg", photo()),
        ("/large.jpg", "image/jpeg", vec![0xFF; 300_000]),
    ]);
    Setup::new(&origin.picture_site(more, "/{name}", "")).start()
}

/// An origin that does what the fields of a request allow it to: a part, nothing new, a coding,
/// a format that nobody asked for by name.
fn oblige(head: &str) -> Option<Vec<u8>> {
    let head = head.to_ascii_lowercase();
    let says = |text: &str| head.contains(text);
    let (status, field, body) = if says("\nrange:") {
        (
            "206 Partial Content",
            "Content-Range: bytes 0-3/9",
            b"part".to_vec(),
        )
    } else if says("\nif-none-match:") || says("\nif-modified-since:") {
        ("304 Not Modified", "X-A: b", Vec::new())
    } else if says("gzip") {
        ("200 OK", "Content-Encoding: gzip", image_files::jpeg())
    } else if says("image/avif") {
        ("200 OK", "X-A: b", b"avif".to_vec())
    } else {
        (
            "200 OK",
            "Content-Digest: sha-256=:AAAA:",
            image_files::jpeg(),
        )
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: image/jpeg\r\nETag: \"source\"\r\n{field}\r\n\
         Vary: Accept-Encoding, Accept\r\nAccept-Ranges: bytes\r\nCache-Control: max-age=60\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let body = match head.starts_with("head ") {
        true => Vec::new(),
        false => body,
    };
    Some([answer.into_bytes(), body].concat())
}

fn obliging_world() -> Option<World> {
    let origin = RawOrigin::answering(oblige);
    Setup::new(&origin.picture_site("", "/{name}", "auto_format = false")).start()
}

#[test]
fn the_source_is_fetched_whole_and_plain() {
    let Some(world) = obliging_world() else {
        return;
    };
    for (width, name, value) in [
        (61, "Range", "bytes=0-3"),
        (62, "If-Range", "\"source\""),
        (63, "If-None-Match", "\"source\""),
        (64, "If-Modified-Since", "Sat, 29 Oct 1994 19:43:31 GMT"),
        (65, "Accept-Encoding", "gzip"),
        (66, "Accept", "image/avif"),
    ] {
        let request = Request::get(&format!("/a.jpg?w={width}&format=png"));
        let answer = world.send(&request.header("Range", "bytes=0-").header(name, value));
        assert_eq!(decoded(&answer).1, width, "{name}");
        for of_the_source in ["content-range", "accept-ranges", "content-digest", "vary"] {
            assert_eq!(answer.header(of_the_source), None, "{name}");
        }
        assert_ne!(answer.header("etag"), Some("\"source\""), "{name}");
    }
    // One stored picture serves clients who take other codings and formats.
    let other = Request::get("/a.jpg?w=61&format=png")
        .header("Accept-Encoding", "br")
        .header("Accept", "image/webp");
    assert!(world.send(&other).is_hit());
    // What is handed on as it is may be had in part.
    let part = world.send(&Request::get("/a.jpg").header("Range", "bytes=0-3"));
    assert_eq!(part.assert_status(206).body, b"part");
}

#[test]
fn head_says_nothing_of_the_source() {
    let Some(world) = obliging_world() else {
        return;
    };
    let target = "/a.jpg?w=64&format=png";
    let head = world.send(&Request::new("HEAD", target));
    head.assert_status(200);
    assert_eq!(head.header("content-type"), Some("image/png"));
    for unknown in ["content-length", "etag", "content-digest"] {
        assert_eq!(head.header(unknown), None, "{head:?}");
    }
    let made = world.get(target);
    assert_eq!(decoded(&made), (ImageFormat::Png, 64, 48));
    // Once it is made all is known.
    let head = world.send(&Request::new("HEAD", target));
    assert!(head.is_hit(), "{head:?}");
    assert_eq!(head.header("etag"), made.header("etag"));
    let length = made.body.len().to_string();
    assert_eq!(head.header("content-length"), Some(length.as_str()));
}

#[test]
fn sizes_and_formats_are_made_and_kept() {
    let Some(world) = Setup::new(SITE).start() else {
        return;
    };
    let cases = [
        ("/pictures/1.jpg?w=320", ImageFormat::Jpeg, 320, 240),
        (
            "/pictures/1.jpg?w=160&format=webp",
            ImageFormat::WebP,
            160,
            120,
        ),
        (
            "/pictures/1.jpg?w=160&format=png",
            ImageFormat::Png,
            160,
            120,
        ),
        ("/pictures/1.jpg?preset=card", ImageFormat::Jpeg, 120, 120),
    ];
    for (target, format, width, height) in cases {
        let first = world.send(&Request::get(target).header("Accept", "image/jpeg"));
        assert_eq!(decoded(&first), (format, width, height), "{target}");
        assert_eq!(world.record(&first)["stage"], "image", "{target}");
        let second = world.send(&Request::get(target).header("Accept", "image/jpeg"));
        assert!(second.is_hit(), "{target}: {second:?}");
        assert_eq!(second.body, first.body, "{target}");
        let etag = first.header("etag").expect("an ETag").to_owned();
        let unchanged = world.send(
            &Request::get(target)
                .header("Accept", "image/jpeg")
                .header("If-None-Match", &etag),
        );
        unchanged.assert_status(304);
    }
}

#[test]
fn the_format_follows_accept() {
    let Some(world) = Setup::new(SITE).start() else {
        return;
    };
    let ask =
        |accept: &str| world.send(&Request::get("/pictures/2.jpg?w=100").header("Accept", accept));
    let webp = ask("image/avif,image/webp,image/*;q=0.8");
    assert_eq!(decoded(&webp).0, ImageFormat::WebP);
    assert!(
        webp.header_all("vary")
            .to_ascii_lowercase()
            .contains("accept"),
        "{webp:?}"
    );
    let jpeg = ask("image/jpeg");
    assert_eq!(decoded(&jpeg).0, ImageFormat::Jpeg);
    assert_eq!(
        decoded(&ask("image/webp;q=0,image/jpeg")).0,
        ImageFormat::Jpeg
    );
    // Two browsers that agree on the format share one stored picture.
    assert!(ask("image/webp").is_hit());
}

#[test]
fn options_out_of_bounds_are_refused() {
    let Some(world) = Setup::new(SITE).start() else {
        return;
    };
    for query in [
        "w=101",
        "w=0",
        "w=-1",
        "w=x",
        "w=99999999999",
        "preset=nothing",
        "format=gif",
    ] {
        let answer = world.get(&format!("/pictures/1.jpg?{query}"));
        answer.assert_status(400);
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json"),
            "{query}"
        );
    }
    let missing = world.get("/pictures/999999.jpg?w=100");
    assert_eq!(
        missing.assert_status(404).json()["code"],
        "picture_not_found"
    );
}

#[test]
fn files_that_are_not_what_they_seem_are_refused() {
    let Some(world) = raw_world("") else { return };
    let good = world.get("/good.jpg?w=64&format=png");
    assert_eq!(decoded(&good), (ImageFormat::Png, 64, 48));
    for path in ["/truncated.jpg", "/huge.png", "/text.jpg", "/empty.jpg"] {
        let answer = world.get(&format!("{path}?w=64"));
        assert!(
            [413, 415, 422].contains(&answer.status),
            "{path}: {answer:?}"
        );
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json"),
            "{path}"
        );
        let record = world.record(&answer);
        assert_eq!(record["stage"], "image", "{record}");
        assert!(
            record["cause"]
                .as_str()
                .is_some_and(|cause| !cause.is_empty()),
            "{record}"
        );
    }
    // And the pool is as well as before.
    assert_eq!(
        decoded(&world.get("/good.jpg?w=32&format=jpeg")),
        (ImageFormat::Jpeg, 32, 24)
    );
}

#[test]
fn a_client_that_has_the_picture_is_told_so() {
    let Some(world) = raw_world("") else { return };
    // Not from the cache: what is there has its own tag already.
    let anew = |target: &str| Request::get(target).header("Cache-Control", "no-cache");
    let target = "/good.jpg?w=64&format=png";
    let made = world.send(&anew(target));
    let tag = made
        .assert_status(200)
        .header("etag")
        .expect("a tag")
        .to_owned();
    let again = world.send(&anew(target).header("If-None-Match", &tag));
    again.assert_status(304);
    assert_eq!(again.header("etag"), Some(tag.as_str()));
    assert!(again.body.is_empty());
    let other = anew("/good.jpg?w=65&format=png").header("If-None-Match", &tag);
    assert_ne!(
        world.send(&other).assert_status(200).header("etag"),
        Some(tag.as_str())
    );
}

#[test]
fn a_source_beyond_the_limit_is_413() {
    let Some(world) = raw_world("[image]\nsource_bytes_max = 200000\npixels_max = 100000") else {
        return;
    };
    world.get("/large.jpg?w=64").assert_status(413);
    let pixels = world.get("/good.jpg?w=64");
    assert!([413, 422].contains(&pixels.status), "{pixels:?}");
}

#[test]
fn a_picture_that_wants_too_much_fails_alone() {
    for (limit, cause) in [
        ("deadline_ms = 20", "deadline_ms"),
        ("memory_bytes_max = 12000000", "memory"),
    ] {
        let Some(world) = raw_world(&format!("[image]\n{limit}")) else {
            return;
        };
        let small = |width: u32| world.get(&format!("/good.jpg?w={width}&format=png"));
        assert_eq!(decoded(&small(16)).1, 16, "{limit}");
        let answer = world.get("/photo.jpg?w=3900&format=webp");
        let problem = answer.assert_status(500).json();
        assert_eq!(problem["code"], "image_failed", "{limit}");
        // The cause is the operator's to know.
        let members = problem.as_object().expect("a problem").len();
        assert_eq!(members, 4, "{problem}");
        let record = world.record(&answer);
        assert_eq!(record["stage"], "image", "{record}");
        let said = record["cause"].as_str().unwrap_or_default();
        assert!(said.contains(cause), "{limit}: {record}");
        assert_eq!(decoded(&small(17)).1, 17, "{limit}");
    }
}

#[test]
fn sources_that_are_held_have_a_bound() {
    // Room for the small picture, and not for both.
    let limits = "[image]\nsource_bytes_max = 200000\nsources_bytes_max = 200000";
    let Some(world) = raw_world(limits) else {
        return;
    };
    assert_eq!(decoded(&world.get("/good.jpg?w=64&format=png")).1, 64);
    world.get("/large.jpg?w=64").assert_status(413);
    // What was held is free again.
    for width in 65..80 {
        let target = format!("/good.jpg?w={width}&format=png");
        assert_eq!(decoded(&world.get(&target)).1, width);
    }
}

#[test]
fn a_full_queue_is_503_and_says_when_to_come_again() {
    let Some(world) = raw_world("[image]\nthreads = 1\nqueue_max = 1") else {
        return;
    };
    let begun = std::sync::Barrier::new(24);
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for i in 0..24 {
            let (world, begun, sender) = (&world, &begun, sender.clone());
            scope.spawn(move || {
                let target = format!("/good.jpg?w={}&format=webp", 400 + i);
                let mut client = world.connect();
                begun.wait();
                let answer = client.call(&Request::get(&target));
                sender.send(answer).expect("the test waits");
            });
        }
    });
    drop(sender);
    let (made, refused): (Vec<_>, Vec<_>) = receiver.iter().partition(|a| a.status == 200);
    assert!(
        !made.is_empty() && !refused.is_empty(),
        "{} made, {refused:?}",
        made.len()
    );
    for answer in &made {
        assert_eq!(decoded(answer).0, ImageFormat::WebP);
    }
    for answer in &refused {
        answer.assert_status(503);
        assert!(answer.header("retry-after").is_some(), "{answer:?}");
    }
}
