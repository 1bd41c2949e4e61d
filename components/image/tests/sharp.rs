//! Every operation beside Sharp's, on small pictures of every kind: `cargo xtask differences`.
//!
//! The environment says where Sharp is installed (`LOCKGATE_SHARP`, a folder with
//! `node_modules/sharp`); without it the test is skipped. With `LOCKGATE_SHARP_WRITE` naming a
//! file the table is written there. Pictures of both side by side are left in the test's folder.

#![allow(
    clippy::disallowed_methods,
    reason = "a test writes files and starts Sharp"
)]

#[path = "sharp/cases.rs"]
mod cases;
mod common;
#[path = "sharp/compare.rs"]
mod compare;
#[path = "sharp/sources.rs"]
mod sources;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use cases::{CASES, Case, On};
use compare::{Difference, Sheet, difference};
use image::RgbaImage;
use lockgate_image::{Limits, Options, OutputFormat, transform};
use sources::Source;

/// A case on a source, and what came of it.
struct Try {
    case: &'static Case,
    source: &'static str,
    ours: RgbaImage,
    file: String,
}

#[test]
fn operations_are_near_sharp() {
    let Some(installed) = std::env::var_os("LOCKGATE_SHARP").map(PathBuf::from) else {
        eprintln!("SKIPPED: operations_are_near_sharp: run `cargo xtask differences`");
        return;
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sharp");
    std::fs::create_dir_all(&folder).unwrap();
    let (tries, list) = ours(&folder);
    std::fs::write(folder.join("cases.json"), list).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sharp/make.mjs");
    let made = Command::new("node")
        .arg(script)
        .arg(&folder)
        .current_dir(installed)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "{said}");
    let version = String::from_utf8_lossy(&made.stdout).trim().to_owned();

    let mut table = heading(&version);
    let mut wrong = Vec::new();
    for case in CASES {
        let mut rows = Vec::new();
        let mut sheet = Sheet::default();
        for tried in tries.iter().filter(|tried| std::ptr::eq(tried.case, case)) {
            let theirs = image::open(folder.join(&tried.file)).unwrap().to_rgba8();
            sheet.add(&tried.ours, &theirs);
            rows.push((tried.source, difference(&tried.ours, &theirs)));
        }
        sheet.save(&folder.join(format!("sheet {}.png", case.name)));
        line(&mut table, case, &rows);
        for (source, found) in &rows {
            if !found.same_size || found.mean > case.mean_max || found.most > case.most_max {
                wrong.push(format!("{} of {source}: {found:?}", case.name));
            }
        }
    }
    if let Some(file) = std::env::var_os("LOCKGATE_SHARP_WRITE") {
        std::fs::write(file, table).unwrap();
    } else {
        println!("{table}");
    }
    for tried in tries {
        // Ours as well, for whoever looks closer.
        tried
            .ours
            .save(folder.join(format!("ours-{}", tried.file)))
            .unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Our pictures, and the list for Sharp.
fn ours(folder: &Path) -> (Vec<Try>, String) {
    let mark = sources::mark();
    std::fs::write(folder.join("mark.png"), &mark).unwrap();
    let all = sources::all();
    let bordered = [Source {
        name: "bordered.png",
        bytes: sources::bordered(),
        size: (120, 90),
    }];
    let formats = sources::formats();
    let drawing = [sources::drawing()];
    for source in all.iter().chain(&bordered).chain(&formats).chain(&drawing) {
        std::fs::write(folder.join(source.name), &source.bytes).unwrap();
    }
    let mut tries = Vec::new();
    let mut list = Vec::new();
    for (number, case) in CASES.iter().enumerate() {
        let on: Vec<&Source> = match case.on {
            On::Bordered => bordered.iter().collect(),
            On::Formats => formats.iter().collect(),
            On::Drawing => drawing.iter().collect(),
            on => all.iter().filter(|source| takes(on, source)).collect(),
        };
        for source in on {
            let mut options = Options::parse(case.options).unwrap();
            options.format = Some(OutputFormat::Png);
            let made = transform(&source.bytes, Some(&mark), &options, &Limits::default());
            let made =
                made.unwrap_or_else(|error| panic!("{} {}: {error}", case.name, source.name));
            let file = format!("{number}-{}.png", source.name);
            let (width, height) = (made.width, made.height);
            let corners = format!("corners-{width}-{height}.svg");
            if case.calls.contains("@corners.svg") {
                let svg = format!(
                    "<svg width='{width}' height='{height}'><rect width='{width}' \
                     height='{height}' rx='12' ry='12'/></svg>"
                );
                std::fs::write(folder.join(&corners), svg).unwrap();
            }
            let calls = case
                .calls
                .replace("@corners.svg", &format!("@{corners}"))
                .replace("\"W-53\"", &width.saturating_sub(53).to_string())
                .replace("\"H-35\"", &height.saturating_sub(35).to_string());
            let mut given = source.name.to_owned();
            if let Some(format) = case.written {
                options.format = Some(format);
                let written = transform(&source.bytes, None, &options, &Limits::default());
                let kind = format.media_type().trim_start_matches("image/");
                given = format!("{number}-{}.{kind}", source.name);
                std::fs::write(folder.join(&given), written.unwrap().bytes).unwrap();
            }
            list.push(format!(
                r#"{{"source":"{given}","steps":{calls},"output":"{file}"}}"#
            ));
            tries.push(Try {
                case,
                source: source.name,
                ours: common::pixels(&made),
                file,
            });
        }
    }
    (tries, format!("[{}]", list.join(",\n")))
}

fn takes(on: On, source: &Source) -> bool {
    let area = source.size.0 > 1 && source.size.1 > 1;
    let opaque = !source.name.contains("alpha");
    let inks = source.name.contains("cmyk");
    match on {
        On::Inks => inks,
        _ if inks => false,
        On::Colours => area && !source.name.contains("grey") && !source.name.contains("deep"),
        On::All => true,
        On::Areas => area,
        On::Opaque => area && opaque,
        On::Scenes => {
            area && opaque
                && !["deep", "palette"]
                    .iter()
                    .any(|n| source.name.starts_with(n))
        }
        On::Bordered | On::Formats | On::Drawing => false,
    }
}

fn heading(version: &str) -> String {
    format!(
        "# Pictures beside Sharp's\n\n\
         Written by `cargo xtask differences`, which fails where a bound is passed. Compared with \
         {version}; both write PNG. Sources: small pictures in colour, with alpha, grey, of 16 \
         bits, with a palette, CMYK, turned by EXIF, of odd sizes, a row and a column; GIF, TIFF, \
         AVIF, lossy WebP, JPEG of half the colour, SVG \
         (`components/image/tests/sharp/sources.rs`). The rows from *JPEG* on are what we write in \
         that format, read by Sharp, beside what we write as PNG.\n\n\
         A difference is in steps of 255 in a channel, colours weighted by alpha. *Mean* is that \
         of the worst source; *99 %* is what 99 of 100 channels stay within on the worst source; \
         in brackets the bound. Sizes are equal everywhere but where it is said.\n\n\
         | operation | options | sources | mean | 99 % | largest | worst |\n\
         |---|---|---|---|---|---|---|\n"
    )
}

fn line(table: &mut String, case: &Case, rows: &[(&str, Difference)]) {
    let worst = rows
        .iter()
        .max_by(|(_, one), (_, other)| one.mean.total_cmp(&other.mean));
    let Some((source, worst)) = worst else {
        return;
    };
    let most = rows.iter().map(|(_, found)| found.most).max().unwrap_or(0);
    let largest = rows.iter().map(|(_, found)| found.largest).max();
    let sizes = rows.iter().filter(|(_, found)| !found.same_size).count();
    let sizes = match sizes {
        0 => String::new(),
        count => format!(", {count} of another size"),
    };
    let options = match case.options {
        "" => "none".to_owned(),
        options => format!("`{options}`"),
    };
    writeln!(
        table,
        "| {} | {options} | {}{sizes} | {:.2} ({:.1}) | {most} ({}) | {} | {source} |",
        case.name,
        rows.len(),
        worst.mean,
        case.mean_max,
        case.most_max,
        largest.unwrap_or(0),
    )
    .unwrap();
}
