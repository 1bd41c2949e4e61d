//! Times decoding at each scale, beside `jpeg-decoder` where it was built for this machine.
//!
//! `cargo run --release -p lockgate-jpeg --example jpeg_speed -- FILE...`; the same for
//! `wasm32-wasip2` under any host of WASI that gives it the files' folder.

#![allow(
    clippy::disallowed_methods,
    reason = "a measuring tool: it reads files and clocks"
)]

use std::error::Error;
use std::time::Instant;

use lockgate_jpeg::{Chroma, Options, Scale, decode};

const ROUNDS: u32 = 15;

fn main() -> Result<(), Box<dyn Error>> {
    for name in std::env::args().skip(1) {
        let source = std::fs::read(&name)?;
        println!("{name}: least of {ROUNDS} rounds, ms");
        for scale in Scale::ALL {
            let mut options = Options::new(scale);
            options.chroma = Chroma::AsStored;
            let planes = least(|| decode(&source, &options).map(|planes| planes.size.0))?;
            options.chroma = Chroma::LikeLuma;
            let like_luma = least(|| decode(&source, &options).map(|planes| planes.size.0))?;
            let pixels = least(|| decode(&source, &options).map(|planes| planes.interleave()))?;
            println!(
                "  {scale:?}: planes {planes:.1}, chroma like luma {like_luma:.1}, pixels {pixels:.1}"
            );
        }
    }
    Ok(())
}

fn least<T, E>(work: impl Fn() -> Result<T, E>) -> Result<f64, E> {
    let mut least = f64::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        std::hint::black_box(work()?);
        least = least.min(start.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(least)
}
