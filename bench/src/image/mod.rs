//! The figures of pictures: `image.wasm` beside Sharp, the keys and targets of the issue.

mod ladder;
mod ours;
mod peer;
mod pixels;
mod server;
mod ssim;
mod task;

use std::fs;

use anyhow::Result;
use serde_json::json;

use self::ours::Ours;
use self::task::{Format, Size, Task};
use crate::groups::{Bench, Benchmark, Group, figure, report};
use crate::peers;
use crate::report::{Measured, Target};
use crate::sharp;

/// Pictures beside Sharp's.
pub(crate) const BENCHMARK: Benchmark = Benchmark {
    name: "image",
    groups: GROUPS,
    prepare,
};

const JPEG800: Task = Task {
    source: "big.jpg",
    size: Size::Width(800),
    format: Format::Jpeg,
    points: 1.0,
};

/// A group of one figure, called like it.
macro_rules! group {
    ($key:literal, $what:literal, $target:expr, $measure:expr) => {
        Group {
            name: $key,
            figures: &[figure($key, $what, $target)],
            measure: $measure,
        }
    };
}

/// All groups, in the order measured. CPU times are of one thread.
const GROUPS: &[Group] = &[
    group!(
        "jpeg800",
        "CPU of big.jpg to 800 px, JPEG, at equal bytes, by that of Sharp",
        Target::AtMost(1.2),
        |bench| JPEG800.measure(bench)
    ),
    group!(
        "cover400",
        "CPU of big.jpg to 400 x 400, cover, JPEG, at equal bytes, by that of Sharp",
        Target::AtMost(1.2),
        |bench| Task {
            size: Size::Cover(400, 400),
            ..JPEG800
        }
        .measure(bench)
    ),
    group!(
        "thumb300",
        "CPU of mid.jpg to 300 px, JPEG, at equal bytes, by that of Sharp",
        Target::AtMost(1.15),
        |bench| Task {
            source: "mid.jpg",
            size: Size::Width(300),
            ..JPEG800
        }
        .measure(bench)
    ),
    group!(
        "prog800",
        "CPU of big_prog.jpg to 800 px, JPEG, at equal bytes, by that of Sharp",
        Target::AtMost(1.4),
        |bench| Task {
            source: "big_prog.jpg",
            ..JPEG800
        }
        .measure(bench)
    ),
    group!(
        "webp800",
        "CPU of big.jpg to 800 px, WebP, at equal bytes, by that of Sharp",
        Target::AtMost(2.0),
        |bench| Task {
            format: Format::Webp,
            ..JPEG800
        }
        .measure(bench)
    ),
    group!(
        "alphawebp",
        "CPU of alpha.png to 500 px, WebP, at equal bytes, by that of Sharp",
        Target::AtMost(0.8),
        |bench| Task {
            source: "alpha.png",
            size: Size::Width(500),
            format: Format::Webp,
            ..JPEG800
        }
        .measure(bench)
    ),
    group!(
        "fromwebp",
        "CPU of photo.webp to 800 px, JPEG, at equal bytes, by that of Sharp",
        Target::AtMost(1.6),
        |bench| Task {
            source: "photo.webp",
            ..JPEG800
        }
        .measure(bench)
    ),
    group!(
        "avif800",
        "CPU of big.jpg to 800 px, AVIF, at equal bytes, by that of Sharp",
        Target::AtMost(1.0),
        |bench| Task {
            format: Format::Avif,
            points: 2.0,
            ..JPEG800
        }
        .measure(bench)
    ),
    group!(
        "ladder6",
        "CPU of big.jpg to six widths from 320 to 1,920, JPEG and WebP, by that of Sharp's calls",
        Target::AtMost(0.5),
        ladder::measure
    ),
    group!(
        "peak_mb",
        "linear memory at the end of big.jpg to 800 px, input and output included, 10^6 bytes",
        Target::AtMost(12.0),
        peak
    ),
    group!(
        "rps_vs_sharp_server",
        "pictures a second through HTTP on both cores, to 512 px, by those of a Sharp server",
        Target::AtLeast(1.0),
        server::measure
    ),
];

/// A memory never shrinks: what it has at the end is the most that it had.
fn peak(bench: &Bench) -> Result<Vec<Measured>> {
    let source = fs::read(JPEG800.ask(bench)?.file)?;
    let ours = Ours::load(&bench.work)?;
    let make = |format| {
        let task = Task { format, ..JPEG800 };
        ours.make(&source, &task.options(80), 1)
    };
    let made = make(Format::Jpeg)?;
    let bytes = made.picture.memory_bytes;
    Ok(vec![Measured {
        value: bytes as f64 / 1e6,
        compared: None,
        unit: "MB",
        detail: json!({
            "bytes": bytes,
            "source_bytes": source.len(),
            "output_bytes": made.picture.bytes.len(),
            "bytes_for_webp": make(Format::Webp)?.picture.memory_bytes,
            "bytes_for_avif": make(Format::Avif)?.picture.memory_bytes,
        }),
    }])
}

fn prepare(bench: &Bench, groups: &[&Group]) {
    report(sharp::install(&bench.work).map(drop));
    if groups
        .iter()
        .any(|group| group.name == "rps_vs_sharp_server")
    {
        report(peers::ensure_program("nginx", "nginx-light").map(drop));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_those_of_the_issue() {
        let names: Vec<&str> = GROUPS.iter().map(|group| group.name).collect();
        assert_eq!(
            names,
            [
                "jpeg800",
                "cover400",
                "thumb300",
                "prog800",
                "webp800",
                "alphawebp",
                "fromwebp",
                "avif800",
                "ladder6",
                "peak_mb",
                "rps_vs_sharp_server",
            ]
        );
    }
}
