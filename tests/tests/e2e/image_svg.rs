//! An SVG is drawn, or sent as it is where the route says so and nothing but a size is asked for.

use image::{GenericImageView as _, ImageFormat};
use lockgate_tests::origin::RawOrigin;
use lockgate_tests::{Request, Response, Setup, World, image_files};

const SVG: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg' width='40' height='20'>\
    <script>alert(1)</script><rect width='40' height='20' fill='#06c'/></svg>";

/// The same, and the end is missing.
const CUT: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg' width='40' height='20'><rect";

const POLICY: &str =
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; sandbox";

fn world() -> Option<World> {
    let files = |folder: &str| {
        [("a.svg", SVG), ("cut.svg", CUT)].map(|(name, file)| {
            let path: &'static str = format!("/{folder}/{name}").leak();
            (path, "image/svg+xml", file.to_vec())
        })
    };
    let mut all = [files("pass"), files("draw")].concat();
    all.push(("/pass/a.jpg", "image/jpeg", image_files::jpeg()));
    let origin = RawOrigin::serve(all);
    let config = format!(
        r#"
[origins.raw]
url = "http://{}"
[image]
svg = "pass"
[sites.shop]
hosts = ["shop.test"]
[[sites.shop.routes]]
path = "/pass/{{name}}"
origin = "raw"
cache = {{ audience = "shared", default_ttl_s = 60 }}
image = {{}}
[[sites.shop.routes]]
path = "/draw/{{name}}"
origin = "raw"
image = {{ svg = "draw" }}
"#,
        origin.address
    );
    Setup::new(&config).start()
}

fn get(world: &World, target: &str) -> Response {
    world.send(&Request::get(target).header("Accept", "image/webp"))
}

/// What `response` shows: format, width, height.
fn decoded(response: &Response) -> (ImageFormat, u32, u32) {
    response.assert_status(200);
    assert_eq!(response.header("content-security-policy"), None);
    let format = image::guess_format(&response.body).expect("a picture");
    let picture = image::load_from_memory_with_format(&response.body, format).expect("decodable");
    let (width, height) = picture.dimensions();
    (format, width, height)
}

#[test]
fn it_is_sent_as_it_is_where_only_a_size_is_asked_for() {
    let Some(world) = world() else { return };
    for target in [
        "/pass/a.svg",
        "/pass/a.svg?w=80",
        "/pass/a.svg?w=80&h=80&q=50",
    ] {
        let answer = get(&world, target);
        answer.assert_status(200);
        assert_eq!(answer.body, SVG, "{target}");
        assert_eq!(answer.header("content-type"), Some("image/svg+xml"));
        assert_eq!(answer.header("content-security-policy"), Some(POLICY));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        // From the cache the same.
        let again = get(&world, target);
        assert!(again.is_hit(), "{again:?}");
        assert_eq!(again.header("content-security-policy"), Some(POLICY));
        // The client has it, and need not get it again.
        let tag = answer.header("etag").expect("a tag").to_owned();
        let request = Request::get(target).header("Accept", "image/webp");
        let unchanged = world.send(&request.header("If-None-Match", &tag));
        unchanged.assert_status(304);
    }
    let head = Request::new("HEAD", "/pass/a.svg?w=81").header("Accept", "image/webp");
    let head = world.send(&head);
    assert_eq!(head.header("content-type"), Some("image/svg+xml"));
}

#[test]
fn nothing_in_it_runs_where_no_picture_was_asked_for_either() {
    let Some(world) = world() else { return };
    // Without an option, from a client that gets no other format: what the origin serves.
    for method in ["GET", "HEAD"] {
        let request = Request::new(method, "/pass/a.svg").header("Accept", "*/*");
        let answer = world.send(&request);
        answer.assert_status(200);
        assert_eq!(answer.header("content-security-policy"), Some(POLICY));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
    // Pixels are left alone.
    let picture = world.send(&Request::get("/pass/a.jpg").header("Accept", "*/*"));
    picture.assert_status(200);
    assert_eq!(picture.header("content-security-policy"), None);
}

#[test]
fn what_asks_for_pixels_gets_pixels() {
    let Some(world) = world() else { return };
    let shown = |target: &str| decoded(&get(&world, target));
    assert_eq!(shown("/pass/a.svg?w=80&f=png"), (ImageFormat::Png, 80, 40));
    assert_eq!(
        shown("/pass/a.svg?w=80&blur=1"),
        (ImageFormat::WebP, 80, 40)
    );
    assert_eq!(shown("/pass/a.jpg?w=64"), (ImageFormat::WebP, 64, 48));
    assert_eq!(shown("/draw/a.svg?w=80"), (ImageFormat::WebP, 80, 40));
}

#[test]
fn what_is_no_svg_by_the_rules_is_not_sent() {
    let Some(world) = world() else { return };
    let refused = get(&world, "/pass/cut.svg?w=80");
    refused.assert_problem(422, "image_corrupt");
}
