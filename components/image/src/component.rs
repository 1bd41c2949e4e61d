//! The WIT export: translates between `wit/image.wit` and the functions of this crate.

#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::indexing_slicing,
    reason = "the bindings are generated; what they mean stands in wit/image.wit"
)]

wit_bindgen::generate!({
    path: "../../wit/image.wit",
    world: "image-component",
    generate_all,
});

use exports::lockgate::image::image as wit;

struct Component;

export!(Component);

impl wit::Guest for Component {
    fn probe(source: Vec<u8>, limits: wit::Limits) -> Result<wit::Info, wit::Error> {
        Ok(crate::probe(&source, &limits.into())?.into())
    }

    fn scale_bucket(info: wit::Info, options: String) -> Result<u8, wit::Error> {
        let options = read(&options)?;
        Ok(crate::scale_bucket(&info.try_into()?, &options)? as u8)
    }

    fn decode_scaled(
        source: Vec<u8>,
        bucket: u8,
        limits: wit::Limits,
    ) -> Result<Vec<u8>, wit::Error> {
        let bucket = crate::Bucket::from_divisor(bucket)?;
        Ok(crate::decode_scaled(&source, bucket, &limits.into())?.to_bytes())
    }

    fn render(
        intermediate: Vec<u8>,
        overlay: Option<Vec<u8>>,
        options: String,
        limits: wit::Limits,
    ) -> Result<wit::Rendered, wit::Error> {
        let options = read(&options)?;
        let intermediate = crate::Intermediate::from_bytes(&intermediate)?;
        Ok(crate::render(&intermediate, overlay.as_deref(), &options, &limits.into())?.into())
    }

    fn transform(
        source: Vec<u8>,
        overlay: Option<Vec<u8>>,
        options: String,
        limits: wit::Limits,
    ) -> Result<wit::Rendered, wit::Error> {
        let options = read(&options)?;
        Ok(crate::transform(&source, overlay.as_deref(), &options, &limits.into())?.into())
    }
}

fn read(options: &str) -> Result<crate::Options, crate::ImageError> {
    Ok(crate::Options::parse(options)?)
}

impl From<wit::Limits> for crate::Limits {
    fn from(limits: wit::Limits) -> Self {
        Self {
            source_bytes_max: limits.source_bytes_max,
            pixels_max: limits.pixels_max,
            dimension_max: limits.dimension_max,
            frames_max: limits.frames_max,
            keep_truncated: limits.keep_truncated,
        }
    }
}

impl TryFrom<wit::Format> for crate::Format {
    type Error = crate::ImageError;

    fn try_from(format: wit::Format) -> Result<Self, Self::Error> {
        Ok(match format {
            wit::Format::Jpeg => Self::Jpeg,
            wit::Format::Png => Self::Png,
            wit::Format::Webp => Self::Webp,
            wit::Format::Avif => Self::Avif,
            wit::Format::Gif => Self::Gif,
            wit::Format::Svg => Self::Svg,
            wit::Format::Tiff => Self::Tiff,
            wit::Format::Bmp => Self::Bmp,
            wit::Format::Json => {
                return Err(crate::ImageError::internal("a source is never JSON"));
            }
        })
    }
}

impl From<crate::Format> for wit::Format {
    fn from(format: crate::Format) -> Self {
        match format {
            crate::Format::Jpeg => Self::Jpeg,
            crate::Format::Png => Self::Png,
            crate::Format::Webp => Self::Webp,
            crate::Format::Avif => Self::Avif,
            crate::Format::Gif => Self::Gif,
            crate::Format::Svg => Self::Svg,
            crate::Format::Tiff => Self::Tiff,
            crate::Format::Bmp => Self::Bmp,
        }
    }
}

impl From<crate::OutputFormat> for wit::Format {
    fn from(format: crate::OutputFormat) -> Self {
        match format {
            crate::OutputFormat::Jpeg => Self::Jpeg,
            crate::OutputFormat::Png => Self::Png,
            crate::OutputFormat::Webp => Self::Webp,
            crate::OutputFormat::Avif => Self::Avif,
            crate::OutputFormat::Gif => Self::Gif,
            crate::OutputFormat::Json => Self::Json,
        }
    }
}

impl From<crate::Info> for wit::Info {
    fn from(info: crate::Info) -> Self {
        Self {
            format: info.format.into(),
            width: info.width,
            height: info.height,
            orientation: info.orientation,
            has_alpha: info.has_alpha,
            frames: info.frames,
        }
    }
}

impl TryFrom<wit::Info> for crate::Info {
    type Error = crate::ImageError;

    fn try_from(info: wit::Info) -> Result<Self, Self::Error> {
        Ok(Self {
            format: info.format.try_into()?,
            width: info.width,
            height: info.height,
            orientation: info.orientation,
            has_alpha: info.has_alpha,
            frames: info.frames,
        })
    }
}

impl From<crate::Rendered> for wit::Rendered {
    fn from(rendered: crate::Rendered) -> Self {
        Self {
            bytes: rendered.bytes,
            format: rendered.format.into(),
            width: rendered.width,
            height: rendered.height,
        }
    }
}

impl From<crate::ImageError> for wit::Error {
    fn from(error: crate::ImageError) -> Self {
        use crate::ErrorCode;
        Self {
            code: match error.code() {
                ErrorCode::UnsupportedFormat => wit::ErrorCode::UnsupportedFormat,
                ErrorCode::Truncated => wit::ErrorCode::Truncated,
                ErrorCode::Corrupt => wit::ErrorCode::Corrupt,
                ErrorCode::TooManyPixels => wit::ErrorCode::TooManyPixels,
                ErrorCode::DimensionTooLarge => wit::ErrorCode::DimensionTooLarge,
                ErrorCode::SourceTooLarge => wit::ErrorCode::SourceTooLarge,
                ErrorCode::BadOptions => wit::ErrorCode::BadOptions,
                ErrorCode::BadIntermediate => wit::ErrorCode::BadIntermediate,
                ErrorCode::Internal => wit::ErrorCode::Internal,
            },
            message: error.to_string(),
        }
    }
}
