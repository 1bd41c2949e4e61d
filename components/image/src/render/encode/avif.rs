//! AVIF: AV1 by rav1e on this thread, without assembly, in boxes of our own.
//!
//! rav1e tunes for the plain error: its psychovisual mode takes nearly twice as long, wins about a
//! tenth of a point of SSIMULACRA2, and takes cube roots, which are not the same on every machine.

use rav1e::prelude::{
    BlockSize, ChromaSampling, ColorDescription, ColorPrimaries, Config, Context, EncoderConfig,
    EncoderStatus, MatrixCoefficients, PartitionRange, PixelRange, SceneDetectionSpeed,
    SpeedSettings, TransferCharacteristics, Tune,
};

use super::Metadata;
use super::avif_boxes::{self, Coded, Parts};
use super::planes::Planes;
use crate::render::colour::rgb_to_ycbcr;
use crate::render::picture::Picture;
use crate::{Effort, ImageError, Model};

/// From this quality on colours keep their full resolution, as in a JPEG.
const FULL_CHROMA_QUALITY: u8 = 90;

/// A larger picture is made with `effort=fast`.
const NORMAL_PIXELS_MAX: u64 = 1_500_000;

/// Calls of the encoder for one frame; it takes a few.
const CALLS_MAX: usize = 16;

/// BT.709 primaries, sRGB's curve, BT.601 matrix (ITU-T H.273), which is what Sharp writes.
const SRGB: ColorDescription = ColorDescription {
    color_primaries: ColorPrimaries::BT709,
    transfer_characteristics: TransferCharacteristics::SRGB,
    matrix_coefficients: MatrixCoefficients::BT601,
};

/// The same matrix, colours as the profile says.
const PROFILED: ColorDescription = ColorDescription {
    color_primaries: ColorPrimaries::Unspecified,
    transfer_characteristics: TransferCharacteristics::Unspecified,
    ..SRGB
};

/// Alpha is a picture of its own.
///
/// # Errors
/// [`ImageError::Internal`].
pub(super) fn encode(
    picture: &Picture,
    metadata: Metadata<'_>,
    quality: u8,
    effort: Effort,
) -> Result<Vec<u8>, ImageError> {
    let size = (picture.width, picture.height);
    let description = if metadata.icc.is_empty() {
        SRGB
    } else {
        PROFILED
    };
    let frame = Frame {
        size,
        quality,
        speed: speed(effort, u64::from(size.0) * u64::from(size.1)),
        description: Some(description),
    };
    let channels = picture.model.channels();
    let pixels = picture.pixels.chunks_exact(channels);
    let colours = match picture.model {
        Model::Grey => frame.code(&[&picture.pixels])?,
        Model::GreyAlpha => {
            let grey: Vec<u8> = pixels.clone().filter_map(|p| p.first().copied()).collect();
            frame.code(&[&grey])?
        }
        Model::Rgb | Model::Rgba => {
            let ycbcr: Vec<u8> = pixels.clone().flat_map(to_ycbcr).collect();
            frame.code_colours(&ycbcr)?
        }
        Model::YCbCr => frame.code_colours(&picture.pixels)?,
        Model::Cmyk => return Err(ImageError::internal("inks in an AVIF")),
    };
    let alpha = if picture.model.has_alpha() {
        let alpha: Vec<u8> = pixels.filter_map(|p| p.last().copied()).collect();
        let frame = Frame {
            quality: alpha_quality(quality),
            description: None,
            ..frame
        };
        Some(frame.code(&[&alpha])?)
    } else {
        None
    };
    avif_boxes::file(&Parts {
        size,
        colours: &colours,
        alpha: alpha.as_ref(),
        codes: [
            description.color_primaries as u16,
            description.transfer_characteristics as u16,
            description.matrix_coefficients as u16,
        ],
        metadata,
    })
}

fn to_ycbcr(pixel: &[u8]) -> [u8; 3] {
    match *pixel {
        [r, g, b, ..] => rgb_to_ycbcr([r, g, b]),
        _ => [0; 3],
    }
}

/// Edges of what is cut out show errors more than colours do, and alpha costs few bytes.
fn alpha_quality(quality: u8) -> u8 {
    quality.midpoint(100)
}

/// rav1e's quantiser, 0 to 255. Linear, as libheif has it, so that a quality is about Sharp's.
fn quantizer(quality: u8) -> u8 {
    let loss = u16::from(100_u8.saturating_sub(quality));
    u8::try_from(loss * 255 / 100).unwrap_or(u8::MAX)
}

/// What rav1e tries for a still picture of so many pixels. Found by hand at Sharp's bytes for its
/// qualities 80 and 50: directions in fine steps are worth up to 1.8 points of SSIMULACRA2 for a
/// quarter of the time, the filter CDEF no more than 0.4 for as much, preset 6 nothing at 80.
fn speed(effort: Effort, pixels: u64) -> SpeedSettings {
    // Its time grows by the pixels: a large picture has to be done before the deadline too.
    let fast = effort == Effort::Fast || pixels > NORMAL_PIXELS_MAX;
    let mut speed = SpeedSettings::from_preset(if fast { 9 } else { 8 });
    if fast {
        speed.partition.partition_range =
            PartitionRange::new(BlockSize::BLOCK_16X16, BlockSize::BLOCK_64X64);
        speed.prediction.fine_directional_intra = false;
    }
    speed.cdef = false;
    speed.scene_detection_mode = SceneDetectionSpeed::None;
    speed.rdo_lookahead_frames = 1;
    speed.multiref = false;
    speed
}

/// What the frames of a picture have in common.
#[derive(Clone, Copy)]
struct Frame {
    size: (u32, u32),
    quality: u8,
    speed: SpeedSettings,
    description: Option<ColorDescription>,
}

impl Frame {
    /// From interleaved YCbCr.
    fn code_colours(&self, ycbcr: &[u8]) -> Result<Coded, ImageError> {
        let full = self.quality >= FULL_CHROMA_QUALITY;
        let Planes { y, cb, cr } = Planes::new(ycbcr, self.size.0 as usize, full);
        self.code(&[&y, &cb, &cr])
    }

    /// From one plane, or from three; colours at half the resolution unless the planes are equally
    /// large.
    fn code(&self, planes: &[&[u8]]) -> Result<Coded, ImageError> {
        let (width, height) = (self.size.0 as usize, self.size.1 as usize);
        let (sampling, channels) = match planes {
            [_] => (ChromaSampling::Cs400, 1),
            [y, cb, _] if y.len() == cb.len() => (ChromaSampling::Cs444, 3),
            _ => (ChromaSampling::Cs420, 3),
        };
        let quantizer = quantizer(self.quality);
        let config = EncoderConfig {
            width,
            height,
            chroma_sampling: sampling,
            pixel_range: PixelRange::Full,
            color_description: self.description,
            still_picture: true,
            low_latency: true,
            quantizer: usize::from(quantizer),
            min_quantizer: quantizer,
            tune: Tune::Psnr,
            tiles: 1,
            speed_settings: self.speed,
            ..EncoderConfig::default()
        };
        let config = Config::new().with_encoder_config(config);
        let mut context: Context<u8> = config.new_context().map_err(ImageError::internal)?;
        let mut frame = context.new_frame();
        for (to, from) in frame.planes.iter_mut().zip(planes) {
            let stride = width.div_ceil(1 << to.cfg.xdec);
            to.copy_from_raw_u8(from, stride, 1);
        }
        context.send_frame(frame).map_err(ImageError::internal)?;
        context.flush();
        let header = context.container_sequence_header();
        let header = header.first_chunk().copied();
        Ok(Coded {
            header: header.ok_or_else(|| ImageError::internal("AV1 without a header"))?,
            units: units(&mut context)?,
            channels,
        })
    }
}

/// The only frame, without the temporal delimiter in front of it: a file has none
/// (AV1-ISOBMFF 1.2, section 2.4).
fn units(context: &mut Context<u8>) -> Result<Vec<u8>, ImageError> {
    const DELIMITER: [u8; 2] = [0x12, 0];
    for _ in 0..CALLS_MAX {
        match context.receive_packet() {
            Ok(packet) => {
                let units = packet.data.strip_prefix(&DELIMITER);
                return Ok(units.unwrap_or(&packet.data).to_vec());
            }
            Err(EncoderStatus::Encoded) => {}
            Err(status) => return Err(ImageError::internal(status)),
        }
    }
    Err(ImageError::internal("rav1e made no frame"))
}
