//! One picture, made by both sides: CPU time, bytes, and how near each is to the reference.

use std::cmp::Reverse;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::ours::{self, Ours};
use super::peer::{Ask, Peer};
use super::pixels::{Nearness, Part, Pixels};
use crate::groups::Bench;
use crate::report::Measured;
use crate::rounds::{median, round_to};

/// Sharp's quality, everywhere.
const QUALITY: u8 = 80;

/// Two files are equally long when they differ by no more than this.
const BYTES_TOLERANCE: f64 = 0.03;

/// Pictures of each side in a round.
const PER_ROUND: usize = 4;

/// A picture that both sides make.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    /// Of the shared pictures.
    pub(super) source: &'static str,
    /// What is asked for.
    pub(super) size: Size,
    /// The format of the output.
    pub(super) format: Format,
    /// By how many points of SSIMULACRA2 ours may lie below Sharp's.
    pub(super) points: f64,
}

/// The size of an output, in pixels.
#[derive(Clone, Copy, Debug)]
pub(super) enum Size {
    /// The height follows.
    Width(u32),
    /// Filled; what stands out is cut off on both sides.
    Cover(u32, u32),
}

/// The format of an output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Format {
    Jpeg,
    Webp,
    Avif,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Webp => "webp",
            Self::Avif => "avif",
        }
    }
}

impl Task {
    /// What Sharp is asked for: its defaults, but for the quality.
    pub(super) fn ask(&self, bench: &Bench) -> Result<Ask> {
        Ok(Ask {
            file: picture(bench, self.source)?,
            resize: match self.size {
                Size::Width(width) => json!({ "width": width }),
                Size::Cover(width, height) => {
                    json!({ "width": width, "height": height, "fit": "cover" })
                }
            },
            format: self.format.name(),
            options: json!({ "quality": QUALITY }),
        })
    }

    /// What we are asked for.
    pub(super) fn options(&self, quality: u8) -> String {
        let size = match self.size {
            Size::Width(width) => format!("w={width}"),
            Size::Cover(width, height) => format!("w={width},h={height},fit=cover"),
        };
        format!("{size},q={quality},f={}", self.format.name())
    }

    /// Measures it. The value is the ratio of CPU times at equal bytes; the conditions are those
    /// of the issue: equal bytes, and quality no lower than allowed.
    ///
    /// # Errors
    /// When one side does not make it.
    pub(super) fn measure(&self, bench: &Bench) -> Result<Vec<Measured>> {
        let ours = Ours::load(&bench.work)?;
        let mut peer = Peer::start(&bench.work)?;
        let ask = self.ask(bench)?;
        let source = fs::read(&ask.file).with_context(|| ask.file.display().to_string())?;
        // These warm up both sides as well.
        let theirs = peer.make(&ask, 2)?;
        let (quality, matched) = self.match_bytes(&ours, &source, theirs.bytes.len())?;
        let times = alternate(
            bench,
            || {
                Ok(ours
                    .make(&source, &self.options(quality), PER_ROUND)?
                    .cpu_ms)
            },
            || Ok(peer.make(&ask, PER_ROUND)?.cpu_ms),
        )?;
        let (ours_near, theirs_near) =
            self.compare(&ask, &mut peer, &matched.picture.bytes, &theirs.bytes)?;
        let by = matched.picture.bytes.len() as f64 / theirs.bytes.len() as f64;
        let points = ours_near.ssimulacra2 - theirs_near.ssimulacra2;
        let equal_bytes = (by - 1.0).abs() <= BYTES_TOLERANCE;
        eprintln!(
            "  {:.1} ms, Sharp {:.1} ms; quality {quality}: {by:.3} of its bytes, {points:+.2} points",
            median(times.ours.clone()),
            median(times.theirs.clone())
        );
        let mut detail = times.json();
        detail["sharp_quality"] = json!(QUALITY);
        detail["quality"] = json!(quality);
        detail["lockgate"] = output_json(&matched.picture.bytes, ours_near);
        detail["sharp"] = output_json(&theirs.bytes, theirs_near);
        detail["bytes_ratio"] = json!(round_to(by, 4));
        detail["ssimulacra2_difference"] = json!(round_to(points, 3));
        detail["width"] = json!(matched.picture.width);
        detail["height"] = json!(matched.picture.height);
        detail["conditions"] = json!({
            "equal_bytes": equal_bytes,
            "quality": points >= -self.points,
            "points_allowed": self.points,
        });
        detail["conditions_met"] = json!(equal_bytes && points >= -self.points);
        Ok(vec![times.measured(detail)])
    }

    /// The quality of ours whose file is nearest in length to `wanted`, and that picture.
    fn match_bytes(&self, ours: &Ours, source: &[u8], wanted: usize) -> Result<(u8, ours::Made)> {
        let (mut low, mut high) = (1, 100);
        let mut best: Option<(usize, u8, ours::Made)> = None;
        while low <= high {
            let quality = u8::midpoint(low, high);
            let made = ours.make(source, &self.options(quality), 1)?;
            let length = made.picture.bytes.len();
            let off = length.abs_diff(wanted);
            if best.as_ref().is_none_or(|(least, ..)| off < *least) {
                best = Some((off, quality, made));
            }
            if length > wanted {
                high = quality - 1;
            } else {
                low = quality + 1;
            }
        }
        let (_, quality, made) = best.context("no quality was tried")?;
        Ok((quality, made))
    }

    /// How near both outputs are to the reference.
    fn compare(
        &self,
        ask: &Ask,
        peer: &mut Peer,
        ours: &[u8],
        theirs: &[u8],
    ) -> Result<(Nearness, Nearness)> {
        let source = Pixels::open(&ask.file)?;
        let (ours, theirs) = (peer.decode(ours)?, peer.decode(theirs)?);
        ensure!(
            (ours.width, ours.height) == (theirs.width, theirs.height),
            "{} x {}, Sharp {} x {}",
            ours.width,
            ours.height,
            theirs.width,
            theirs.height
        );
        let (width, height) = (ours.width, ours.height);
        let references = self
            .parts(&source)
            .into_iter()
            .map(|part| source.resized(part, width, height))
            .collect::<Result<Vec<_>>>()?;
        // A cut may lie half a pixel to either side: each is compared with the cut that it made.
        let nearest = |picture: &Pixels| -> Result<Nearness> {
            let all = references.iter().map(|to| Nearness::of(picture, to));
            let mut all = all.collect::<Result<Vec<_>>>()?;
            all.sort_by_key(|nearness| Reverse((nearness.ssimulacra2 * 1e6) as i64));
            all.into_iter().next().context("there is no reference")
        };
        Ok((nearest(&ours)?, nearest(&theirs)?))
    }

    /// What of the source the output may show.
    fn parts(&self, source: &Pixels) -> Vec<Part> {
        let (width, height) = (source.width as f64, source.height as f64);
        let whole = Part {
            left: 0.0,
            top: 0.0,
            width,
            height,
        };
        let Size::Cover(across, down) = self.size else {
            return vec![whole];
        };
        let (across, down) = (f64::from(across), f64::from(down));
        let scale = (across / width).max(down / height);
        let centred = |kept: f64, of: f64| (of - kept) / 2.0;
        let (kept_width, kept_height) = (across / scale, down / scale);
        let mut parts = vec![Part {
            left: centred(kept_width, width),
            top: centred(kept_height, height),
            width: kept_width,
            height: kept_height,
        }];
        // Whole pixels of the whole picture scaled, cut out of it.
        let scaled = ((width * scale).round(), (height * scale).round());
        let steps = (width / scaled.0, height / scaled.1);
        let roundings: [fn(f64) -> f64; 2] = [f64::floor, f64::ceil];
        parts.extend(roundings.map(|rounded| Part {
            left: rounded(centred(across, scaled.0)) * steps.0,
            top: rounded(centred(down, scaled.1)) * steps.1,
            width: across * steps.0,
            height: down * steps.1,
        }));
        parts
    }
}

/// One of the shared pictures.
///
/// # Errors
/// When it is not there.
pub(super) fn picture(bench: &Bench, name: &str) -> Result<PathBuf> {
    let path = bench.work.root().join("../shared/images").join(name);
    ensure!(path.is_file(), "../shared/images/{name} is missing");
    Ok(path)
}

/// CPU times by round, ms.
#[derive(Clone, Debug, Default)]
pub(super) struct Times {
    pub(super) ours: Vec<f64>,
    pub(super) theirs: Vec<f64>,
}

/// Both sides in turn, round after round.
///
/// # Errors
/// As those of the sides.
pub(super) fn alternate(
    bench: &Bench,
    mut ours: impl FnMut() -> Result<f64>,
    mut theirs: impl FnMut() -> Result<f64>,
) -> Result<Times> {
    let mut times = Times::default();
    for _ in 0..bench.plan.rounds {
        times.ours.push(round_to(ours()?, 3));
        times.theirs.push(round_to(theirs()?, 3));
    }
    Ok(times)
}

impl Times {
    /// The ratio of the medians.
    pub(super) fn measured(&self, detail: Value) -> Measured {
        let (ours, theirs) = (median(self.ours.clone()), median(self.theirs.clone()));
        Measured {
            value: ours / theirs,
            compared: Some((ours, theirs)),
            unit: "ms",
            detail,
        }
    }

    /// All rounds.
    pub(super) fn json(&self) -> Value {
        json!({ "lockgate_rounds_ms": self.ours, "sharp_rounds_ms": self.theirs })
    }
}

fn output_json(bytes: &[u8], nearness: Nearness) -> Value {
    json!({
        "bytes": bytes.len(),
        "ssimulacra2": round_to(nearness.ssimulacra2, 3),
        "dssim": round_to(nearness.dssim, 6),
    })
}
