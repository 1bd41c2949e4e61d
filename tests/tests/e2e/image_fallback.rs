//! What is sent where the picture that was asked for is not made: the original where the route says
//! so, or one of less effort while too many wait.

use std::sync::{Barrier, mpsc};

use image::{GenericImageView as _, ImageFormat};
use lockgate_tests::origin::RawOrigin;
use lockgate_tests::{Request, Response, Setup, World, image_files};

const SVG: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg'><broken";

fn world(more: &str) -> Option<World> {
    let origin = RawOrigin::serve(vec![
        ("/original/good.jpg", "image/jpeg", image_files::jpeg()),
        ("/error/good.jpg", "image/jpeg", image_files::jpeg()),
        (
            "/original/cut.jpg",
            "image/jpeg",
            image_files::truncated_jpeg(),
        ),
        (
            "/error/cut.jpg",
            "image/jpeg",
            image_files::truncated_jpeg(),
        ),
        ("/original/huge.png", "image/png", image_files::huge_png()),
        ("/original/large.jpg", "image/jpeg", vec![0xFF; 300_000]),
        ("/original/text.jpg", "image/jpeg", b"no picture".repeat(9)),
        ("/original/page.html", "text/html", b"<script>".to_vec()),
        ("/original/bad.svg", "image/svg+xml", SVG.to_vec()),
        ("/brand/logo.png", "image/png", image_files::huge_png()),
    ]);
    let config = format!(
        r#"
[image_watermarks.logo]
path = "/brand/logo.png"
[origins.raw]
url = "http://{}"
{more}
[sites.shop]
hosts = ["shop.test"]
[[sites.shop.routes]]
path = "/original/{{name}}"
origin = "raw"
image = {{ fallback = "original", source_bytes_max = 200000, watermarks = ["logo"] }}
[[sites.shop.routes]]
path = "/error/{{name}}"
origin = "raw"
image = {{ formats = ["jpeg", "png", "webp", "avif"] }}
"#,
        origin.address
    );
    Setup::new(&config).start()
}

/// What `response` shows: format and width.
fn decoded(response: &Response) -> (ImageFormat, u32) {
    response.assert_status(200);
    let format = image::guess_format(&response.body).expect("a picture");
    let picture = image::load_from_memory_with_format(&response.body, format).expect("decodable");
    (format, picture.dimensions().0)
}

#[test]
fn the_original_is_sent_where_no_picture_can_be_made_of_it() {
    let Some(world) = world("") else { return };
    for (path, body, reason) in [
        (
            "/original/cut.jpg",
            image_files::truncated_jpeg(),
            "corrupt",
        ),
        ("/original/huge.png", image_files::huge_png(), "too_large"),
        ("/original/large.jpg", vec![0xFF; 300_000], "too_large"),
        ("/original/text.jpg", b"no picture".repeat(9), "unsupported"),
    ] {
        for _ in 0..2 {
            let answer = world.get(&format!("{path}?w=64"));
            assert_eq!(answer.assert_status(200).body, body, "{path}");
            let what = format!("original; reason={reason}");
            assert_eq!(answer.header("lockgate-image"), Some(what.as_str()));
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
            assert_eq!(
                answer.header("content-security-policy"),
                Some("default-src 'none'; sandbox")
            );
            assert!(!answer.is_hit(), "a later request may get the picture");
            let record = world.record(&answer);
            assert_eq!(record["image"], what.as_str(), "{record}");
            assert_eq!(record["stage"], "image", "{record}");
            assert!(record["cause"].is_string(), "{record}");
            assert!(record["code"].is_null(), "{record}");
        }
    }
    // What can be made is made.
    let made = world.get("/original/good.jpg?w=64&f=png");
    assert_eq!(decoded(&made), (ImageFormat::Png, 64));
    assert_eq!(made.header("lockgate-image"), None);
    assert!(world.record(&made)["image"].is_null());
}

#[test]
fn some_things_are_an_error_all_the_same() {
    let Some(world) = world("") else { return };
    for (target, status, code) in [
        // Where nobody asked for it.
        ("/error/cut.jpg?w=64", 422, "image_corrupt"),
        // The address is wrong.
        ("/original/cut.jpg?w=x", 400, "image_options_invalid"),
        ("/original/good.jpg?w=9000", 400, "image_options_invalid"),
        // Documents.
        ("/original/page.html?w=64", 415, "image_unsupported"),
        // Without its mark.
        ("/original/cut.jpg?w=64&wm=logo", 422, "image_corrupt"),
    ] {
        let answer = world.get(target);
        answer.assert_problem(status, code);
        assert_eq!(answer.header("lockgate-image"), None, "{target}");
    }
    let svg = world.get("/original/bad.svg?w=64");
    assert!([415, 422].contains(&svg.status), "{svg:?}");
}

/// As many answers to the targets in turn, with another width each, asked for at once.
fn flood(world: &World, targets: [&str; 2], count: u32, accept: &str) -> Vec<Response> {
    let begun = Barrier::new(count as usize);
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for (i, target) in (0..count).zip(targets.into_iter().cycle()) {
            let (begun, sender) = (&begun, sender.clone());
            scope.spawn(move || {
                let target = format!("{target}w={}", 400 + i);
                let mut client = world.connect();
                begun.wait();
                let request = Request::get(&target).header("Accept", accept);
                sender.send(client.call(&request)).expect("the test waits");
            });
        }
    });
    drop(sender);
    receiver.iter().collect()
}

#[test]
fn where_the_queue_is_full_the_original_is_sent() {
    let Some(world) = world("[image]\nthreads = 1\nqueue_max = 1") else {
        return;
    };
    let answers = flood(&world, ["/original/good.jpg?f=webp&"; 2], 24, "*/*");
    let original = Some("original; reason=queue_full");
    let (sent, made): (Vec<_>, Vec<_>) = answers
        .iter()
        .partition(|answer| answer.header("lockgate-image") == original);
    assert!(!sent.is_empty() && !made.is_empty(), "{}", sent.len());
    for answer in sent {
        assert_eq!(answer.assert_status(200).body, image_files::jpeg());
    }
    for answer in made {
        assert_eq!(decoded(answer).0, ImageFormat::WebP);
    }
}

#[test]
fn while_too_many_wait_less_effort_is_made_and_it_is_said() {
    let degrade = "[image]\nthreads = 1\nqueue_max = 64\n[image.degrade]\nqueue_percent = 5";
    let Some(world) = world(degrade) else { return };
    let targets = ["/error/good.jpg?f=jpeg&effort=small&", "/error/good.jpg?"];
    let answers = flood(&world, targets, 24, "image/avif,image/webp");
    let degraded: Vec<_> = answers
        .iter()
        .filter(|answer| answer.header("lockgate-image") == Some("degraded"))
        .collect();
    assert!(!degraded.is_empty(), "none of {}", answers.len());
    for answer in &degraded {
        let format = decoded(answer).0;
        // `auto` makes no AVIF.
        assert!(matches!(format, ImageFormat::WebP | ImageFormat::Jpeg));
        assert_eq!(answer.header("cache-control"), Some("max-age=30"));
        assert_eq!(world.record(answer)["image"], "degraded");
    }
    let _ = world.wait_log("pictures are made with less effort");
    let _ = world.wait_log("pictures are made with full effort again");
    // Alone it is made as it was asked for.
    let alone = world.get("/error/good.jpg?w=64&f=png");
    assert_eq!(decoded(&alone), (ImageFormat::Png, 64));
    assert_eq!(alone.header("lockgate-image"), None);
}
