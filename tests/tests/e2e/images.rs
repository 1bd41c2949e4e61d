//! Pictures: sizes, formats, negotiation, and files that are not what they seem.

use std::sync::mpsc;

use image::{GenericImageView as _, ImageFormat};
use lockgate_tests::origin::RawOrigin;
use lockgate_tests::{Request, Response, Setup, World, image_files};

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

/// What `response` shows, decoded: format, width, height.
fn decoded(response: &Response) -> (ImageFormat, u32, u32) {
    response.assert_status(200);
    let format = image::guess_format(&response.body).expect("a picture");
    let picture = image::load_from_memory_with_format(&response.body, format).expect("decodable");
    let expected = format!(
        "image/{}",
        format.extensions_str()[0].replace("jpg", "jpeg")
    );
    assert_eq!(response.header("content-type"), Some(expected.as_str()));
    let (width, height) = picture.dimensions();
    (format, width, height)
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
        ("/large.jpg", "image/jpeg", vec![0xFF; 300_000]),
    ]);
    let config = format!(
        r#"
[origins.raw]
url = "http://{}"
{more}
[sites.shop]
hosts = ["shop.test"]
[[sites.shop.routes]]
path = "/{{name}}"
origin = "raw"
image = {{ }}
"#,
        origin.address
    );
    Setup::new(&config).start()
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
fn a_source_beyond_the_limit_is_413() {
    let Some(world) = raw_world("[image]\nsource_bytes_max = 200000\npixels_max = 100000") else {
        return;
    };
    world.get("/large.jpg?w=64").assert_status(413);
    let pixels = world.get("/good.jpg?w=64");
    assert!([413, 422].contains(&pixels.status), "{pixels:?}");
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
