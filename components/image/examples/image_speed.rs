//! Times the transforms natively and writes the outputs, to be looked at.
//!
//! `cargo run --release -p lockgate-image --example image_speed -- IMAGES [OUTPUT_FOLDER]`, where
//! IMAGES is a folder with big.jpg, big_prog.jpg, alpha.png and photo.webp.

#![allow(
    clippy::disallowed_methods,
    reason = "a measuring tool: it reads files and clocks"
)]

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use lockgate_image::{Limits, Options, OutputFormat, decode_scaled, probe, render, scale_bucket};

const ROUNDS: u32 = 15;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let images = arguments.next().ok_or("name the folder of images")?;
    let output = arguments.next();
    println!("least of {ROUNDS} rounds, ms: decode, render, both; bytes");
    for (name, format) in [
        ("big.jpg", OutputFormat::Jpeg),
        ("big.jpg", OutputFormat::Webp),
        ("big_prog.jpg", OutputFormat::Jpeg),
        ("mid.jpg", OutputFormat::Jpeg),
        ("alpha.png", OutputFormat::Webp),
        ("alpha.png", OutputFormat::Png),
        ("cutout.png", OutputFormat::Jpeg),
        ("photo.webp", OutputFormat::Jpeg),
    ] {
        let source = std::fs::read(images.join(name))?;
        let mut options = Options::new(format);
        options.width = Some(800);
        let limits = Limits::default();
        let bucket = scale_bucket(&probe(&source, &limits)?, &options)?;

        let (mut decode_ms, mut render_ms) = (f64::MAX, f64::MAX);
        let mut last = None;
        for _ in 0..ROUNDS {
            let start = Instant::now();
            let intermediate = decode_scaled(&source, bucket, &limits)?;
            decode_ms = decode_ms.min(ms(start.elapsed()));
            let start = Instant::now();
            last = Some(render(&intermediate, None, &options, &Limits::default())?);
            render_ms = render_ms.min(ms(start.elapsed()));
        }
        let Some(rendered) = last else { continue };
        let both = decode_ms + render_ms;
        let (width, height, bytes) = (rendered.width, rendered.height, rendered.bytes.len());
        println!(
            "{name:13} -> {width} x {height} {format:?}: {decode_ms:6.1} {render_ms:6.1} {both:6.1}  {bytes}"
        );
        if let Some(folder) = &output {
            let stem = name.replace('.', "_");
            let extension = format.media_type().trim_start_matches("image/");
            std::fs::write(folder.join(format!("{stem}.{extension}")), &rendered.bytes)?;
        }
    }
    Ok(())
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
