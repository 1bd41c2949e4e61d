//! `image_vs_sharp`: a 12-megapixel JPEG to 800 px, JPEG quality 80, nothing kept.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::{Bench, series_json, start_gate};
use crate::fetch::fetch;
use crate::gate::Options;
use crate::peers;
use crate::process::SERVER_CORE;
use crate::report::Measured;
use crate::requests::{RequestSet, signed_in};
use crate::rounds::alternate;
use crate::sharp;

const WIDTH: u16 = 800;

/// One picture at a time: CPU is the figure.
const CONNECTIONS: usize = 1;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Measured>> {
    peers::shared_picture(&bench.work)?;
    let _files = peers::files(&bench.work)?;
    let gate = start_gate(bench, &Options::new("image"))?;
    let sharp = sharp::start(&bench.work, SERVER_CORE)?;
    let target = format!("/pictures/big.jpg?w={WIDTH}&format=jpeg&q=80");
    let set = RequestSet::single(signed_in("GET", &target, None)?);
    let contenders = sharp::contenders(bench, &gate, &sharp, &set, CONNECTIONS)?;
    let mut sizes = Vec::new();
    for contender in &contenders {
        let answer = fetch(contender.address, set.get(0))?;
        let size = jpeg_size(&answer.body).context("the answer is no JPEG")?;
        ensure!(size.0 == WIDTH, "{} made {size:?}", contender.name);
        sizes.push(json!({
            "name": contender.name,
            "width": size.0,
            "height": size.1,
            "bytes": answer.body.len(),
        }));
    }
    let series = alternate(&contenders, &bench.plan)?;
    let [ours, theirs] = series.as_slice() else {
        anyhow::bail!("no rounds");
    };
    let mut detail = series_json(&series);
    detail["outputs"] = json!(sizes);
    Ok(vec![Measured {
        value: ours.cpu_us() / theirs.cpu_us(),
        compared: Some((ours.cpu_us() / 1e3, theirs.cpu_us() / 1e3)),
        unit: "ms",
        detail,
    }])
}

/// Width and height from the frame header (ITU-T T.81, B.2.2).
fn jpeg_size(bytes: &[u8]) -> Option<(u16, u16)> {
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8])?;
    loop {
        let [0xff, marker, high, low, segment @ ..] = rest else {
            return None;
        };
        let is_frame = matches!(marker, 0xc0..=0xcf) && ![0xc4, 0xc8, 0xcc].contains(marker);
        if is_frame {
            let number = |at: usize| {
                Some(u16::from_be_bytes([
                    *segment.get(at)?,
                    *segment.get(at + 1)?,
                ]))
            };
            return Some((number(3)?, number(1)?));
        }
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        rest = segment.get(length.checked_sub(2)?..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_header_is_found_behind_other_segments() {
        let mut jpeg = vec![0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2];
        jpeg.extend([0xff, 0xc0, 0, 17, 8, 0x02, 0x58, 0x03, 0x20, 3]);
        assert_eq!(jpeg_size(&jpeg), Some((800, 600)));
        for end in 0..jpeg.len() - 1 {
            assert_eq!(jpeg_size(&jpeg[..end]), None, "{end}");
        }
    }
}
