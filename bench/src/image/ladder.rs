//! `ladder6`: the six widths that a page asks for, in JPEG and in WebP.

use std::fs;

use anyhow::Result;
use serde_json::json;

use super::ours::Ours;
use super::peer::Peer;
use super::task::{Format, Size, Task, Times, alternate};
use crate::groups::Bench;
use crate::report::Measured;
use crate::rounds::{median, round_to};

/// Widths, in the order in which a page names them.
const WIDTHS: [u32; 6] = [320, 480, 640, 960, 1280, 1920];

const QUALITY: u8 = 80;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Measured>> {
    let ours = Ours::load(&bench.work)?;
    let mut peer = Peer::start(&bench.work)?;
    let mut all = Times::default();
    let mut detail = json!({ "widths": WIDTHS, "quality": QUALITY });
    for (name, format) in [("jpeg", Format::Jpeg), ("webp", Format::Webp)] {
        let tasks = WIDTHS.map(|width| Task {
            source: "big.jpg",
            size: Size::Width(width),
            format,
            points: 1.0,
        });
        let source = fs::read(tasks[0].ask(bench)?.file)?;
        let (mut our_bytes, mut their_bytes) = (0, 0);
        let times = alternate(
            bench,
            || {
                let options = tasks.map(|task| task.options(QUALITY));
                let (cpu_ms, made) = ours.ladder(&source, &options)?;
                our_bytes = made.iter().map(|picture| picture.bytes.len()).sum();
                Ok(cpu_ms)
            },
            || {
                let (mut cpu_ms, mut bytes) = (0.0, 0);
                for task in &tasks {
                    let made = peer.make(&task.ask(bench)?, 1)?;
                    cpu_ms += made.cpu_ms;
                    bytes += made.bytes.len();
                }
                their_bytes = bytes;
                Ok(cpu_ms)
            },
        )?;
        let (mine, theirs) = (median(times.ours.clone()), median(times.theirs.clone()));
        eprintln!("  {name}: {mine:.1} ms, Sharp {theirs:.1} ms");
        detail[name] = times.json();
        detail[name]["ratio"] = json!(round_to(mine / theirs, 3));
        detail[name]["lockgate_bytes"] = json!(our_bytes);
        detail[name]["sharp_bytes"] = json!(their_bytes);
        all = all.plus(times);
    }
    Ok(vec![all.measured(detail)])
}

impl Times {
    /// Round by round.
    fn plus(self, other: Self) -> Self {
        let sum = |one: Vec<f64>, two: Vec<f64>| match one.is_empty() {
            true => two,
            false => one.iter().zip(two).map(|(a, b)| a + b).collect(),
        };
        Self {
            ours: sum(self.ours, other.ours),
            theirs: sum(self.theirs, other.theirs),
        }
    }
}
