//! Caching headers, pictures, the benchmark's kilobyte, start and stop.

mod support;

use std::time::{Duration, Instant};

use support::{start, start_with};

#[test]
fn what_never_changes_is_not_sent_twice() {
    let shop = start();
    for target in [
        "/",
        "/products",
        "/products?query=a&page=1",
        "/products/7",
        "/kb1/9",
    ] {
        let first = shop.get(target);
        assert_eq!(first.status, 200);
        let age = if target == "/kb1/9" {
            "public, max-age=3600"
        } else {
            "public, max-age=60"
        };
        assert_eq!(first.header("cache-control"), Some(age), "{target}");
        let etag = first.header("etag").expect("an ETag");
        let modified = first.header("last-modified").expect("a date");
        for condition in [("If-None-Match", etag), ("If-Modified-Since", modified)] {
            let again = shop.get_with(target, &[condition]);
            assert_eq!(
                (again.status, again.body.len()),
                (304, 0),
                "{target} {condition:?}"
            );
            assert_eq!(again.header("etag"), Some(etag));
        }
        let other = shop.get_with(target, &[("If-None-Match", "\"other\"")]);
        assert_eq!(other.body, first.body);
        let head = shop.send("HEAD", target, &[], None);
        assert_eq!((head.status, head.header("etag")), (200, Some(etag)));
        assert!(head.body.is_empty());
        assert_eq!(
            head.header("content-length"),
            first.header("content-length")
        );
    }
}

#[test]
fn a_kilobyte_has_1024_bytes_and_the_usual_headers() {
    let shop = start_with(&[]);
    for n in [
        "1",
        "1000",
        "a-name-of-sixty-four-bytes-a-name-of-sixty-four-bytes-0123456789",
    ] {
        let answer = shop.get(&format!("/kb1/{n}"));
        assert_eq!((answer.status, answer.body.len()), (200, 1024));
        assert!(answer.body.starts_with(n.as_bytes()));
        assert_eq!(answer.header("content-length"), Some("1024"));
        assert!(
            (8..=10).contains(&answer.headers.len()),
            "{:?}",
            answer.headers
        );
    }
    let long = "n".repeat(65);
    shop.get(&format!("/kb1/{long}"))
        .assert_problem(404, "not_found");
}

#[test]
fn pictures_are_drawn_once_kept_as_files_and_look_like_pictures() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = folder.path().join("shop.db");
    let database = database.to_str().expect("a path in UTF-8");
    let options = [
        "--database",
        database,
        "--products",
        "4",
        "--brand",
        "Test",
        "--test-endpoints",
    ];
    let shop = start_with(&options);

    let jpeg = shop.get("/pictures/4.jpg");
    assert_eq!(jpeg.header("content-type"), Some("image/jpeg"));
    assert_eq!(jpeg.header("cache-control"), Some("public, max-age=3600"));
    assert_eq!(jpeg_size(&jpeg.body), Some((1600, 1200)));
    assert!(
        (60_000..700_000).contains(&jpeg.body.len()),
        "{} bytes",
        jpeg.body.len()
    );

    let png = shop.get("/pictures/4.png");
    assert_eq!(png.header("content-type"), Some("image/png"));
    let picture = image::load_from_memory(&png.body)
        .expect("a PNG")
        .to_rgba8();
    assert_eq!(picture.dimensions(), (1600, 1200));
    // The corners are clear, the middle is not, and the shadow is in between.
    assert_eq!(picture.get_pixel(0, 0).0[3], 0);
    assert_eq!(picture.get_pixel(800, 650).0[3], 255);
    assert!(
        picture
            .pixels()
            .filter(|pixel| (20..200).contains(&pixel.0[3]))
            .count()
            > 1000
    );
    let opaque = picture.pixels().filter(|pixel| pixel.0[3] == 255);
    let (low, high) = opaque.fold((255, 0), |(low, high), pixel| {
        let brightness = pixel.0[..3].iter().map(|c| u32::from(*c)).sum::<u32>() / 3;
        (low.min(brightness), high.max(brightness))
    });
    assert!(high - low > 100, "it is shaded: {low} to {high}");

    let etag = jpeg.header("etag").expect("an ETag");
    assert_eq!(
        shop.get_with("/pictures/4.jpg", &[("If-None-Match", etag)])
            .status,
        304
    );
    shop.get("/pictures/1.png")
        .assert_problem(404, "picture_not_found");
    for none in [
        "5.jpg",
        "04.jpg",
        "+4.jpg",
        "4.gif",
        "4",
        ".jpg",
        "..%2f4.jpg",
    ] {
        shop.get(&format!("/pictures/{none}"))
            .assert_problem(404, "picture_not_found");
    }

    // The next start finds the files: the same bytes, without drawing.
    assert_eq!(shop.terminate(), Some(0));
    let files = std::fs::read_dir(format!("{database}-pictures"))
        .expect("the folder")
        .count();
    assert_eq!(files, 2);
    let shop = start_with(&options);
    let begin = Instant::now();
    assert_eq!(shop.get("/pictures/4.jpg").body, jpeg.body);
    assert!(
        begin.elapsed() < Duration::from_millis(250),
        "{:?}",
        begin.elapsed()
    );
}

#[test]
fn a_database_outlives_the_process_and_belongs_to_one_brand() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = folder.path().join("shop.db");
    let database = database.to_str().expect("a path in UTF-8");
    let shop = start_with(&["--database", database, "--brand", "One"]);
    let order = shop.order(&shop.cart_of(&[(1, 1)])).json();
    assert_eq!(shop.terminate(), Some(0));
    let shop = start_with(&["--database", database, "--brand", "One"]);
    assert_eq!(shop.get(&format!("/orders/{}", order["id"])).json(), order);
    drop(shop);
    let other = std::process::Command::new(env!("CARGO_BIN_EXE_lockgate-shop"))
        .args([
            "--listen",
            "127.0.0.1:0",
            "--database",
            database,
            "--brand",
            "Two",
        ])
        .output()
        .expect("it runs");
    assert!(!other.status.success());
    let error = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(
        error.contains("One") && error.contains("another file"),
        "{error}"
    );
}

#[test]
fn two_brands_are_two_shops() {
    let (home, outdoor) = (
        start_with(&["--brand", "Hearth", "--range", "home"]),
        start_with(&["--brand", "Northwall", "--range", "outdoor"]),
    );
    let (a, b) = (home.get("/"), outdoor.get("/"));
    let text = |answer: &support::Answer| String::from_utf8_lossy(&answer.body).into_owned();
    assert!(text(&a).contains("<title>Hearth</title>") && !text(&a).contains("Northwall"));
    assert!(text(&b).contains("<title>Northwall</title>"));
    assert!(text(&a).contains("src=\"/pictures/1.jpg\""));
    let hue = |html: &str| html.split("--hue:").nth(1).map(|rest| rest[..3].to_owned());
    assert_ne!(hue(&text(&a)), hue(&text(&b)));
    assert_ne!(
        home.get("/products/1").body,
        outdoor.get("/products/1").body
    );
    home.get("/_test/requests").assert_problem(404, "not_found");
    let typed = home.get("/?query=%22%3E%3Cscript%3E");
    assert!(!text(&typed).contains("<script>"));
}

#[test]
fn it_starts_at_once_and_stops_when_told() {
    let begin = Instant::now();
    let shop = start();
    assert_eq!(shop.get("/products/1").status, 200);
    // 200 ms on a quiet machine; tests may share theirs.
    assert!(
        begin.elapsed() < Duration::from_secs(2),
        "{:?}",
        begin.elapsed()
    );
    let _idle = std::net::TcpStream::connect(shop.address).expect("it accepts");
    assert_eq!(shop.terminate(), Some(0));
}

/// Width and height from the frame header of a JPEG (ITU T.81, B.2.2).
fn jpeg_size(bytes: &[u8]) -> Option<(u16, u16)> {
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8])?;
    loop {
        let (marker, length) = (
            *rest.get(1)?,
            u16::from_be_bytes([*rest.get(2)?, *rest.get(3)?]),
        );
        if matches!(marker, 0xc0..=0xc2) {
            let number = |at: usize| Some(u16::from_be_bytes([*rest.get(at)?, *rest.get(at + 1)?]));
            return Some((number(7)?, number(5)?));
        }
        rest = rest.get(2 + usize::from(length)..)?;
    }
}
