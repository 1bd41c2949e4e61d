//! Addresses of pictures in each of their forms, their rules and their signatures.

use image::ImageFormat;
use lockgate_image_address::sign;
use lockgate_tests::image_files::decoded;
use lockgate_tests::{RawOrigin, Request, Response, Setup, World};

const KEY: &str = "a key that signs nothing else, 32";

const SITE: &str = r#"
[secrets.pictures]
env = "PICTURE_KEY"

[secrets.thumbor]
env = "THUMBOR_KEY"

[secrets.imgproxy]
env = "IMGPROXY_KEY"
encoding = "hex"

[secrets.imgproxy_salt]
env = "IMGPROXY_SALT"
encoding = "hex"

[image_presets.card]
options = "w=120,h=120,fit=cover"

[sites.shop]
hosts = ["shop.test"]

[[sites.shop.routes]]
path = "/img/{options}/{*path}"
origin = "shop"
strip_prefix = "/img"
image = { presets = ["card"], widths = [100, 160, 320], round_up = true, auto_format = false }

[[sites.shop.routes]]
path = "/pictures/{name}"
origin = "shop"
image = { widths = [160], signed = "optional", keys = ["pictures"], only_options = true }

[[sites.shop.routes]]
path = "/signed/{name}"
origin = "shop"
strip_prefix = "/signed"
add_prefix = "/pictures"
image = { signed = "required", keys = ["pictures"] }

[[sites.shop.routes]]
path = "/thumbor/{*address}"
origin = "shop"
[sites.shop.routes.image]
address = "thumbor"
signed = "optional"
keys = ["thumbor"]
widths = [60]
heights = [40]
allow = ["g"]
auto_format = false

[[sites.shop.routes]]
path = "/imgproxy/{*address}"
origin = "shop"
[sites.shop.routes.image]
address = "imgproxy"
signed = "required"
keys = ["imgproxy"]
salts = ["imgproxy_salt"]
sources = [{ from = "https://old.example/images/", to = "/pictures/" }]
auto_format = false

[[sites.shop.routes]]
path = "/aws/{*address}"
origin = "shop"
[sites.shop.routes.image]
address = "aws"
sources = [{ from = "s3://photos/", to = "/pictures/" }]
auto_format = false
"#;

fn world() -> Option<World> {
    Setup::new(SITE)
        .env("PICTURE_KEY", KEY)
        .env("THUMBOR_KEY", "my-security-key")
        .env("IMGPROXY_KEY", "736563726574")
        .env("IMGPROXY_SALT", "68656c6c6f")
        .start()
}

#[track_caller]
fn refused(response: &Response, status: u16, code: &str, detail: &str) {
    let problem = response.assert_status(status).json();
    assert_eq!(problem["code"], code, "{problem}");
    let said = problem["detail"].as_str().unwrap_or_default();
    assert!(said.contains(detail), "{problem}");
}

/// What GET requests are refused with: target, status, code, and a part of the detail.
#[track_caller]
fn all_refused(world: &World, cases: &[(&str, u16, &str, &str)]) {
    for (target, status, code, detail) in cases {
        refused(&world.get(target), *status, code, detail);
    }
}

/// Whether caches are told that the answer depends on `Accept`.
fn varies_by_accept(response: &Response) -> bool {
    let vary = response.header_all("vary").to_ascii_lowercase();
    vary.contains("accept")
}

#[test]
fn options_stand_in_the_path_and_round_up() {
    let Some(world) = world() else { return };
    let first = world.get("/img/w=159,f=png/pictures/1.jpg");
    assert_eq!(decoded(&first), (ImageFormat::Png, 160, 120));
    // The next one of the list is one stored picture, in whatever order and spelling.
    for same in [
        "/img/f=png,w=160/pictures/1.jpg",
        "/img/width%3D101%2Cformat=png/pictures/1.jpg",
    ] {
        let again = world.get(same);
        assert!(again.is_hit(), "{same}: {again:?}");
        assert_eq!(again.body, first.body, "{same}");
    }
    let card = world.get("/img/preset=card/pictures/1.jpg");
    assert_eq!(decoded(&card), (ImageFormat::Jpeg, 120, 120));
    for (options, detail) in [
        (
            "widht=160",
            "there is no option widht; the nearest is width",
        ),
        ("w=0", "w takes a whole number of pixels from 1 to 8192"),
        ("w=160,fit=crop", "fit takes one of inside, cover"),
        ("w=160,blur=3", "blur must not be given here"),
        ("preset=nothing", "preset takes one of card"),
    ] {
        let answer = world.get(&format!("/img/{options}/pictures/1.jpg"));
        refused(&answer, 400, "image_options_invalid", detail);
    }
    // Only the segment is ours: what is not there is not there.
    world.get("/img/w=160/nothing/1.jpg").assert_status(404);
}

#[test]
fn auto_is_said_to_vary_and_nothing_else_is() {
    let Some(world) = world() else { return };
    let ask = |options: &str, accept: &str| {
        let target = format!("/img/w=100{options}/pictures/2.jpg");
        world.send(&Request::get(&target).header("Accept", accept))
    };
    let webp = ask(",f=auto", "image/avif,image/webp");
    assert_eq!(decoded(&webp).0, ImageFormat::WebP);
    assert!(varies_by_accept(&webp), "{webp:?}");
    let jpeg = ask(",f=auto", "image/png");
    assert_eq!(decoded(&jpeg).0, ImageFormat::Jpeg);
    assert!(varies_by_accept(&jpeg), "{jpeg:?}");
    let named = ask(",f=webp", "image/png");
    assert_eq!(decoded(&named).0, ImageFormat::WebP);
    assert_eq!(named.header("vary"), None, "{named:?}");
    assert_eq!(named.body, webp.body);
}

#[test]
fn a_signature_frees_of_the_lists_for_a_time() {
    let Some(world) = world() else { return };
    all_refused(
        &world,
        &[
            ("/signed/1.jpg?w=160", 403, "image_signature_missing", ""),
            (
                "/pictures/1.jpg?w=77",
                400,
                "image_options_invalid",
                "w takes one of 160",
            ),
            (
                "/pictures/1.jpg?w=160&sized=1",
                400,
                "image_options_invalid",
                "there is no option sized",
            ),
        ],
    );
    let signed = |target: &str, expires: &str| {
        let path = target.split('?').next().unwrap_or_default();
        let message = format!("lockgate-image-1\n{path}\n\nw=77\n{expires}");
        let signature = sign::made(KEY.as_bytes(), message.as_bytes());
        let expires = match expires {
            "" => String::new(),
            second => format!("&exp={second}"),
        };
        format!("{target}{expires}&s={signature}")
    };
    for target in ["/pictures/1.jpg?w=77", "/signed/1.jpg?w=77"] {
        let first = world.get(&signed(target, ""));
        assert_eq!(decoded(&first).1, 77, "{target}");
        let later = world.get(&signed(target, "4000000000"));
        assert!(
            later.is_hit(),
            "the signature is no part of the key: {later:?}"
        );
        let ended = world.get(&signed(target, "1600000000"));
        refused(&ended, 403, "image_signature_expired", "");
        let changed = signed(target, "4000000000").replace("w=77", "w=78");
        refused(&world.get(&changed), 403, "image_signature_invalid", "");
    }
}

#[test]
fn the_command_line_signs() {
    let config = SITE.replace("env = \"PICTURE_KEY\"", "file = \"picture-key.txt\"");
    let setup = Setup::new(&config).file("picture-key.txt", KEY);
    let setup = setup.env("THUMBOR_KEY", "a").env("IMGPROXY_KEY", "00");
    let Some(world) = setup.env("IMGPROXY_SALT", "00").start() else {
        return;
    };
    let sign = |key: &str, url: &str| {
        let config = [
            "--config",
            "gateway.toml",
            "--key",
            key,
            "--ttl-s",
            "60",
            url,
        ];
        let output = world.lockgate(&[&["image", "sign"], &config[..]].concat());
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (
            output.status.success(),
            text(output.stdout),
            text(output.stderr),
        )
    };
    let (_, signed, said) = sign("pictures", "http://shop.test/signed/1.jpg?w=77");
    let target = signed.trim_end().strip_prefix("http://shop.test");
    let target = target.unwrap_or_else(|| panic!("{signed}{said}"));
    assert_eq!(decoded(&world.get(target)).1, 77, "{target}");
    let (signs, _, said) = sign("nothing", "http://shop.test/signed/1.jpg?w=77");
    assert!(!signs && said.contains("secrets.nothing"), "{said}");
}

#[test]
fn addresses_of_other_services_go_on_working() {
    let Some(world) = world() else { return };
    // Signed by libthumbor: HMAC-SHA-1 with `my-security-key`.
    let cropped = world.get("/thumbor/unsafe/60x40/smart/filters:format(png)/pictures/1.jpg");
    assert_eq!(decoded(&cropped), (ImageFormat::Png, 60, 40));
    let imgproxy = |rest: &str| {
        // The same HMAC in the same base64url, over the salt and the rest.
        let signature = sign::made(b"secret", format!("hello/{rest}").as_bytes());
        format!("/imgproxy/{signature}/{rest}")
    };
    let plain = imgproxy("rs:fit:77:0/plain/https://old.example/images/1.jpg@png");
    assert_eq!(decoded(&world.get(&plain)), (ImageFormat::Png, 77, 58));
    all_refused(
        &world,
        &[
            (
                "/thumbor/unsafe/61x40/pictures/1.jpg",
                400,
                "image_options_invalid",
                "w takes one of 60",
            ),
            (
                "/thumbor/unsafe/60x40/filters:noise(9)/pictures/1.jpg",
                400,
                "image_options_invalid",
                "the filter noise is not supported here",
            ),
            (
                "/thumbor/AAAAAAAAAAAAAAAAAAAAAAAAAAA=/61x40/pictures/1.jpg",
                403,
                "image_signature_invalid",
                "",
            ),
            (
                &imgproxy("rs:fit:77:0/plain/http://169.254.169.254/latest"),
                400,
                "image_source_refused",
                "",
            ),
            (
                &imgproxy("rs:fit:77:0/pix:9/plain/https://old.example/images/1.jpg"),
                400,
                "image_options_invalid",
                "pix:9",
            ),
            (
                "/imgproxy/insecure/w:9/plain/https://old.example/images/1.jpg",
                403,
                "image_signature_missing",
                "",
            ),
        ],
    );
    // {"bucket":"photos","key":"1.jpg","edits":{"resize":{"width":50,"height":50},"toFormat":"webp"}}
    let aws = world.get(
        "/aws/eyJidWNrZXQiOiJwaG90b3MiLCJrZXkiOiIxLmpwZyIsImVkaXRzIjp7InJlc2l6ZSI6eyJ3aWR0aCI6NTAs\
         ImhlaWdodCI6NTB9LCJ0b0Zvcm1hdCI6IndlYnAifX0=",
    );
    assert_eq!(decoded(&aws), (ImageFormat::WebP, 50, 50));
}

#[test]
fn a_watermark_is_fetched_once_and_laid_over() {
    let square = |colour: [u8; 3], side: u32| {
        let picture = image::RgbImage::from_pixel(side, side, image::Rgb(colour));
        let mut bytes = std::io::Cursor::new(Vec::new());
        let written = picture.write_to(&mut bytes, ImageFormat::Png);
        written.expect("memory takes it");
        bytes.into_inner()
    };
    let origin = RawOrigin::serve(vec![
        ("/white.png", "image/png", square([255; 3], 64)),
        ("/brand/logo.png", "image/png", square([255, 0, 0], 8)),
    ]);
    let watermarks = r#"
[image_watermarks.logo]
path = "/brand/logo.png"
[image_watermarks.gone]
path = "/brand/gone.png"
"#;
    let image = r#"watermarks = ["logo", "gone"], auto_format = false"#;
    let config = origin.picture_site(watermarks, "/{name}", image);
    let Some(world) = Setup::new(&config).start() else {
        return;
    };
    for place in ["southeast", "northwest"] {
        let marked = world.get(&format!("/white.png?wm=logo:{place}&f=png"));
        assert_eq!(decoded(&marked), (ImageFormat::Png, 64, 64));
        let picture = image::load_from_memory(&marked.body).expect("decodable");
        let picture = picture.to_rgb8();
        let (near, far) = match place {
            "southeast" => ((60, 60), (3, 3)),
            _ => ((3, 3), (60, 60)),
        };
        let red = picture.get_pixel(near.0, near.1).0;
        assert!(red[0] > 250 && red[1] < 5, "{place}: {red:?}");
        assert_eq!(picture.get_pixel(far.0, far.1).0, [255; 3], "{place}");
    }
    let other = world.get("/white.png?wm=brand/other.png");
    refused(&other, 400, "image_options_invalid", "wm takes one of logo");
    let gone = world.get("/white.png?wm=gone");
    refused(&gone, 502, "image_watermark_unavailable", "");
}
