//! The image pool with the real `image.wasm`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use lockgate_config::types::ImagePool as Config;
use lockgate_host::image::{Ask, ImageError, ImagePool, Plan, Rendered};
use lockgate_sandbox::{Sandbox, precompiled};
use sha2::{Digest as _, Sha256};

/// The component; `None` where it is not built, said on standard error.
fn component() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let target = std::env::current_exe()
        .unwrap()
        .ancestors()
        .nth(3)
        .unwrap()
        .to_path_buf();
    let places = [
        workspace.join("dist/image.wasm"),
        target.join("wasm32-wasip2/release/lockgate_image.wasm"),
    ];
    let found = places.into_iter().find(|path| path.is_file());
    if found.is_none() {
        let ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!ci, "image.wasm is not built: run `cargo xtask build`");
        eprintln!("SKIPPED: image.wasm is not built: run `cargo xtask build`");
    }
    found
}

/// A pool; compiled once for all tests, and once for all runs where the target folder stays.
fn pool(config: Config) -> Option<ImagePool> {
    static LOADED: OnceLock<Option<(Sandbox, precompiled::Loaded)>> = OnceLock::new();
    let loaded = LOADED.get_or_init(|| {
        let path = component()?;
        let sandbox = Sandbox::new().unwrap();
        let store = Path::new(env!("CARGO_TARGET_TMPDIR")).join("components");
        let loaded = precompiled::load(sandbox.engine(), &path, &store).unwrap();
        Some((sandbox, loaded))
    });
    let (sandbox, loaded) = loaded.as_ref()?;
    Some(ImagePool::new(sandbox, loaded, &config).unwrap())
}

fn one_thread() -> Config {
    Config {
        threads: 1,
        ..Config::default()
    }
}

/// An RGB picture as a PNG whose pixels are stored, not compressed (RFC 1951 §3.2.4).
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut pixels = Vec::new();
    for y in 0..height {
        pixels.push(0);
        pixels.extend((0..width).flat_map(|x| [x as u8, y as u8, (x ^ y) as u8]));
    }
    let mut zlib = vec![0x78, 0x01];
    let blocks = pixels.chunks(65_535);
    let last = blocks.len() - 1;
    for (number, block) in blocks.enumerate() {
        zlib.push(u8::from(number == last));
        zlib.extend((block.len() as u16).to_le_bytes());
        zlib.extend((!(block.len() as u16)).to_le_bytes());
        zlib.extend(block);
    }
    zlib.extend(adler32(&pixels).to_be_bytes());
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut file, b"IHDR", &header(width, height));
    chunk(&mut file, b"IDAT", &zlib);
    chunk(&mut file, b"IEND", &[]);
    file
}

fn header(width: u32, height: u32) -> Vec<u8> {
    [
        &width.to_be_bytes()[..],
        &height.to_be_bytes(),
        &[8, 2, 0, 0, 0],
    ]
    .concat()
}

fn chunk(file: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    let named = [&name[..], data].concat();
    file.extend((data.len() as u32).to_be_bytes());
    file.extend(&named);
    let crc = !named.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    });
    file.extend(crc.to_be_bytes());
}

fn adler32(bytes: &[u8]) -> u32 {
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    (high << 16) | low
}

/// Options with the limits of the default configuration.
fn plan(options: &str) -> Plan {
    Plan {
        options: options.to_owned(),
        negotiated: false,
        overlay: None,
        limits: (&Config::default()).into(),
    }
}

fn site() -> Arc<str> {
    "shop".into()
}

fn ask(source: &[u8], plan: &Plan) -> Ask {
    Ask {
        site: site(),
        source: Bytes::copy_from_slice(source),
        digest: Sha256::digest(source).into(),
        plan: plan.clone(),
        keep: true,
    }
}

async fn make(pool: &ImagePool, source: &[u8], plan: &Plan) -> Result<Rendered, ImageError> {
    let mut room = pool.room(&site(), 1)?;
    room.hold(source.len() as u64)?;
    pool.transform(ask(source, plan), room).await
}

async fn refusal(pool: &ImagePool, source: &[u8], plan: &Plan) -> (u16, &'static str) {
    let made = make(pool, source, plan)
        .await
        .map(|rendered| rendered.bytes.len());
    let error = made.expect_err("refused");
    assert!(!error.cause().is_empty());
    (error.status(), error.code())
}

#[tokio::test]
async fn sizes_and_formats_come_out_as_asked() {
    let Some(pool) = pool(one_thread()) else {
        return;
    };
    let source = png(120, 80);
    for (plan, content_type, magic, size) in [
        (
            plan("w=60,f=jpeg,q=80"),
            "image/jpeg",
            &b"\xff\xd8\xff"[..],
            (60, 40),
        ),
        (
            plan("h=20,fit=cover,f=png"),
            "image/png",
            b"\x89PNG",
            (30, 20),
        ),
        (
            plan("w=50,h=50,fit=cover,f=webp,q=80"),
            "image/webp",
            b"RIFF",
            (50, 50),
        ),
        (plan("w=60,h=60,q=80"), "image/png", b"\x89PNG", (60, 40)),
        (plan("f=webp,q=80"), "image/webp", b"RIFF", (120, 80)),
        (plan("w=600,f=png"), "image/png", b"\x89PNG", (120, 80)),
    ] {
        let rendered = make(&pool, &source, &plan).await.unwrap();
        assert_eq!(rendered.content_type, content_type, "{plan:?}");
        assert!(rendered.bytes.starts_with(magic), "{plan:?}");
        assert_eq!((rendered.width, rendered.height), size, "{plan:?}");
        let again = make(&pool, &source, &plan).await.unwrap();
        assert_eq!(
            rendered.bytes, again.bytes,
            "the same bytes for ever: {plan:?}"
        );
    }
    assert_eq!(pool.counters().done.load(Ordering::Relaxed), 12);
}

#[tokio::test]
async fn no_side_is_longer_than_allowed() {
    let Some(pool) = pool(Config {
        dimension_max: 50,
        ..one_thread()
    }) else {
        return;
    };
    let (wide, tall) = (png(120, 20), png(20, 120));
    for (source, plan, size) in [
        (&wide, plan("f=png"), (50, 8)),
        (&wide, plan("h=20,f=png"), (50, 8)),
        (&tall, plan("w=20,f=png"), (8, 50)),
    ] {
        let rendered = make(&pool, source, &plan).await.unwrap();
        assert_eq!((rendered.width, rendered.height), size, "{plan:?}");
    }
    assert_eq!(
        refusal(&pool, &wide, &plan("w=51,f=png")).await,
        (400, "image_options_invalid")
    );
    // `outside` covers the box, and goes beyond it.
    assert_eq!(
        refusal(&pool, &wide, &plan("w=20,h=20,fit=outside,f=png")).await,
        (400, "image_options_invalid")
    );
}

#[tokio::test]
async fn bad_sources_have_their_answers() {
    let Some(pool) = pool(one_thread()) else {
        return;
    };
    let mut plan = plan("w=10,f=jpeg,q=80");
    plan.limits.source_bytes_max = 40_000;
    plan.limits.pixels_max = 5000;
    let good = png(60, 60);
    assert!(make(&pool, &good, &plan).await.is_ok());

    // The first stored block says a length that its complement contradicts.
    let mut flipped = good.clone();
    flipped[8 + 25 + 8 + 2 + 1] ^= 0xff;
    let mut huge = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut huge, b"IHDR", &header(60_000, 60_000));
    for (source, expected) in [
        (
            &b"<html><body>no picture</body></html>"[..],
            (415, "image_unsupported"),
        ),
        (b"", (415, "image_unsupported")),
        (&good[..5000], (422, "image_corrupt")),
        (&flipped, (422, "image_corrupt")),
        (&huge, (413, "image_too_large")),
        (&png(80, 80), (413, "image_too_large")),
        (&vec![0; 40_001], (413, "image_too_large")),
    ] {
        let start = &source[..source.len().min(20)];
        assert_eq!(refusal(&pool, source, &plan).await, expected, "{start:?}");
    }
    let mut odd = plan.clone();
    odd.options = "q=101".to_owned();
    assert_eq!(
        refusal(&pool, &good, &odd).await,
        (400, "image_options_invalid")
    );
    assert_eq!(pool.counters().failed.load(Ordering::Relaxed), 8);
    assert!(make(&pool, &good, &plan).await.is_ok(), "the pool goes on");
}

#[tokio::test]
async fn a_picture_beyond_deadline_or_memory_fails_alone() {
    let source = png(1600, 1200);
    let plan = plan("w=1500,f=webp,q=80");
    let Some(hurried) = pool(Config {
        deadline_ms: 1,
        ..one_thread()
    }) else {
        return;
    };
    let error = make(&hurried, &source, &plan).await.expect_err("too slow");
    assert_eq!((error.status(), error.code()), (500, "image_failed"));
    assert!(error.cause().contains("deadline_ms"), "{}", error.cause());

    let Some(narrow) = pool(Config {
        memory_bytes_max: 8 << 20,
        ..one_thread()
    }) else {
        return;
    };
    let error = make(&narrow, &source, &plan)
        .await
        .expect_err("too much memory");
    assert_eq!((error.status(), error.code()), (500, "image_failed"));
    // What the component said last is kept.
    assert!(
        error.cause().contains("memory allocation"),
        "{}",
        error.cause()
    );
    assert!(error.cause().len() < 5000, "{}", error.cause());
    for pool in [hurried, narrow] {
        assert_eq!(pool.counters().trapped.load(Ordering::Relaxed), 1);
        assert_eq!(
            refusal(&pool, b"text", &plan).await,
            (415, "image_unsupported")
        );
    }
}

#[tokio::test]
async fn time_on_the_wall_includes_the_queue() {
    let Some(pool) = pool(Config {
        wall_clock_ms_max: 10,
        ..one_thread()
    }) else {
        return;
    };
    let source = png(1600, 1200);
    let begun = Instant::now();
    let slow = refusal(&pool, &source, &plan("w=1500,f=webp,q=80")).await;
    assert_eq!(slow, (503, "image_timeout"));
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(pool.counters().busy.load(Ordering::Relaxed), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_answers_at_once() {
    let Some(pool) = pool(Config {
        queue_max: 2,
        ..one_thread()
    }) else {
        return;
    };
    let pool = Arc::new(pool);
    let source = Bytes::from(png(1600, 1200));
    let start = || {
        let (pool, source) = (pool.clone(), source.clone());
        tokio::spawn(async move { make(&pool, &source, &plan("w=1500,f=webp,q=80")).await })
    };
    let first = start();
    // The thread has taken it.
    until(|| pool.queued() == 0).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    let waiting = [start(), start()];
    until(|| pool.queued() == 2).await;
    // It is answered without waiting: before there is a source.
    let error = pool.room(&site(), 1).map(drop).expect_err("full");
    assert_eq!((error.status(), error.code()), (503, "image_queue_full"));

    // Nobody computes for clients that left: only the first picture is made.
    for task in waiting {
        task.abort();
    }
    assert!(first.await.unwrap().is_ok());
    until(|| pool.queued() == 0).await;
    let small = make(&pool, &png(8, 8), &plan("w=4,f=png")).await;
    assert!(small.is_ok());
    let counters = pool.counters();
    assert_eq!(counters.done.load(Ordering::Relaxed), 2);
    assert_eq!(counters.busy.load(Ordering::Relaxed), 1);
}

#[test]
fn sources_have_one_bound_together() {
    let Some(pool) = pool(Config {
        queue_max: 2,
        sources_bytes_max: 100_000,
        ..one_thread()
    }) else {
        return;
    };
    let mut first = pool.room(&site(), 1).unwrap();
    first.hold(10_000).unwrap();
    first.hold(80_000).unwrap();
    first.hold(0).unwrap();
    let mut second = pool.room(&site(), 1).unwrap();
    let error = second.hold(40_000).expect_err("full");
    assert_eq!((error.status(), error.code()), (503, "image_sources_full"));
    // What was refused took nothing.
    second.hold(16_000).unwrap();
    drop(first);
    second.hold(90_000).unwrap();
    drop(second);
    let all = [(); 3].map(|()| pool.room(&site(), 1).unwrap());
    let error = pool.room(&site(), 1).map(drop).expect_err("full");
    assert_eq!((error.status(), error.code()), (503, "image_queue_full"));
    drop(all);
    assert!(pool.room(&site(), 1).is_ok());
    assert_eq!(pool.counters().busy.load(Ordering::Relaxed), 2);
}

/// Warm and cold, alone and at once: whatever is kept, an output is the same bytes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_changes_no_byte() {
    let cold = Config {
        ladder_bytes_max: 0,
        ..one_thread()
    };
    let two = Config {
        threads: 2,
        ladder_seconds: 600,
        ..Config::default()
    };
    let (Some(cold), Some(warm)) = (pool(cold), pool(two)) else {
        return;
    };
    let warm = Arc::new(warm);
    let source = png(640, 480);
    let mut plans = Vec::new();
    for format in ["jpeg", "png", "webp"] {
        let asked = [40, 80, 150, 300, 500, 640];
        plans.extend(asked.map(|width| plan(&format!("w={width},f={format}"))));
    }
    let digest = |rendered: &Rendered| Sha256::digest(&rendered.bytes);
    let mut expected = Vec::new();
    for plan in &plans {
        expected.push(digest(&make(&cold, &source, plan).await.unwrap()));
    }
    assert_eq!((cold.memory().bytes(), cold.memory().found()), (0, 0));
    for _ in 0..2 {
        let tasks = plans.iter().map(|plan| {
            let (pool, source, plan) = (warm.clone(), source.clone(), plan.clone());
            tokio::spawn(async move { make(&pool, &source, &plan).await })
        });
        let tasks: Vec<_> = tasks.collect();
        for (task, expected) in tasks.into_iter().zip(&expected) {
            let rendered = task.await.unwrap().unwrap();
            assert_eq!(digest(&rendered), *expected);
        }
    }
    // 36 pictures of at most four buckets: all the others found what was kept, or waited for it.
    assert!(warm.memory().found() >= 32, "{}", warm.memory().found());
    assert!(warm.memory().bytes() > 640 * 480 * 3);
}

#[tokio::test]
async fn sites_share_nothing() {
    let Some(pool) = pool(one_thread()) else {
        return;
    };
    let source = png(64, 64);
    let plan = plan("w=32,f=png");
    let first = make(&pool, &source, &plan).await.unwrap();
    let mut theirs = ask(&source, &plan);
    theirs.site = "other".into();
    let room = pool.room(&theirs.site, 2).unwrap();
    let second = pool.transform(theirs, room).await.unwrap();
    assert_eq!(first.bytes, second.bytes);
    assert_eq!(pool.memory().found(), 0);
    make(&pool, &source, &plan).await.unwrap();
    assert_eq!(pool.memory().found(), 1);
}

/// What the crate makes natively of a source, with the limits of the default configuration.
fn natively(source: &[u8], options: &str) -> Option<Vec<u8>> {
    let config = Config::default();
    let limits = lockgate_image::Limits {
        source_bytes_max: config.source_bytes_max,
        pixels_max: config.pixels_max,
        dimension_max: 30_000,
        frames_max: config.frames_max,
        keep_truncated: false,
    };
    let options = lockgate_image::Options::parse(options).unwrap();
    let options = options.within(config.dimension_max).unwrap();
    let made = lockgate_image::transform(source, None, &options, &limits);
    made.ok().map(|made| made.bytes)
}

/// What comes out of [`the_component_makes_the_bytes_that_the_crate_makes_natively`], SHA-256 of all
/// that is in one format: the same on every machine. A change of a codec, of a crate that makes the
/// sources or of a resize changes it, and then every cache and client fetches anew what they have.
const DIGESTS: &[(&str, &str)] = &[
    (
        "avif",
        "8c06b256257185f9dffff41811e8c838fc4ff9dbe379a20e3c046eba35f31cfc",
    ),
    (
        "gif",
        "6a3ae54dde855251829eb9211a3dd812f7cc5880b23349f83e1b1b82760d9fcc",
    ),
    (
        "jpeg",
        "c7aec62591fe369e8fb80ac31f97265c982ad58dad346b63eab32b96dc2ff1f9",
    ),
    (
        "json",
        "2122d2067164a6eae9cc71b8e6b40dd5a2024acf168808666db17473b1ddad84",
    ),
    (
        "png",
        "84c0e65342edba7bd7bfb0d284518855d7c97ff7ead98e6accfed3a65919b0ab",
    ),
    (
        "webp",
        "58c2e605e57915b351927aaf2fa8b22b0b75dcd1249283455e7e30992af548bd",
    ),
];

/// The sandbox changes no byte: neither its arithmetic nor its lanes are others than those of the
/// machine that this runs on.
#[tokio::test]
async fn the_component_makes_the_bytes_that_the_crate_makes_natively() {
    let Some(pool) = pool(one_thread()) else {
        return;
    };
    let odd = png(97, 61);
    let of_odd = |options| natively(&odd, options).expect("made");
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' width='60' height='40'>\
        <circle cx='25' cy='18' r='15' fill='#c03'/><path d='M3 37L50 9' stroke='#06c'/></svg>";
    let fixture = |name: &str| {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let path = workspace.join("components/image/tests/fixtures").join(name);
        std::fs::read(path).unwrap()
    };
    let sources = [
        ("png", odd.clone()),
        ("one row", png(64, 1)),
        ("jpeg", of_odd("f=jpeg,q=85")),
        ("progressive", of_odd("f=jpeg,q=85,effort=small")),
        ("4:4:4", of_odd("f=jpeg,q=95")),
        ("webp", of_odd("f=webp,q=75")),
        ("lossless", of_odd("f=webp,lossless=1")),
        ("rounded", of_odd("f=png,radius=20")),
        ("gif", of_odd("f=gif")),
        ("svg", svg.to_vec()),
        ("wide gamut", fixture("p3.jpg")),
        ("avif", fixture("alpha.avif")),
        ("turned", fixture("turned.avif")),
    ];
    let asked = [
        "f=jpeg,q=80",
        "w=40,f=jpeg,q=80",
        "w=40,f=jpeg,q=95",
        "w=24,f=jpeg,effort=small",
        "w=33,h=20,fit=cover,f=png",
        "w=40,h=40,fit=contain,bg=fc8,f=png,effort=small",
        "w=48,f=webp,q=70",
        "w=30,f=webp,lossless=1",
        "w=25,f=gif",
        "w=40,f=avif,q=60",
        "w=50,linear=1,sharpen=1,f=png",
        "w=50,gamma=2.2,f=webp,q=60",
        "w=60,rotate=30,bg=fff,f=jpeg,q=70",
        "w=120,enlarge=1,blur=2,f=png",
        "w=40,brightness=120,saturation=70,contrast=130,f=png",
        "w=20,h=20,fit=cover,g=attention,grayscale=1,f=jpeg,q=60",
        "w=40,pad=3:5,radius=8,f=webp,q=80",
        "w=32,f=jpeg,q=ssim0.97",
        "f=json",
    ];
    let mut made = 0;
    let mut digests = BTreeMap::<&str, Sha256>::new();
    for (name, source) in &sources {
        for options in asked {
            let native = natively(source, options);
            let in_wasm = make(&pool, source, &plan(options)).await;
            let in_wasm = in_wasm.map(|made| made.bytes.to_vec());
            made += usize::from(native.is_some());
            match (in_wasm, native) {
                (Ok(in_wasm), Some(native)) => {
                    assert!(in_wasm == native, "{name}: {options}: not the same bytes");
                    let (_, format) = options.split_once("f=").expect("a format");
                    let format = format.split(',').next().unwrap_or(format);
                    digests.entry(format).or_default().update(native);
                }
                (Err(_), None) => {}
                (in_wasm, native) => panic!(
                    "{name}: {options}: natively {}, in Wasm {:?}",
                    native.is_some(),
                    in_wasm.err()
                ),
            }
        }
    }
    let all = sources.len() * asked.len();
    assert!(made * 10 > all * 9, "{made} of {all} were made");
    let digests: Vec<(&str, String)> = digests
        .into_iter()
        .map(|(format, digest)| (format, format!("{:x}", digest.finalize())))
        .collect();
    let known: Vec<(&str, String)> = DIGESTS
        .iter()
        .map(|(format, digest)| (*format, (*digest).to_owned()))
        .collect();
    assert_eq!(digests, known);
}

async fn until(done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(20), "in vain");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
