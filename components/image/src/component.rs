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

    fn scale_bucket(info: wit::Info, options: wit::Options) -> Result<u8, wit::Error> {
        Ok(crate::scale_bucket(&info.into(), &options.into())? as u8)
    }

    fn decode_scaled(
        source: Vec<u8>,
        bucket: u8,
        limits: wit::Limits,
    ) -> Result<Vec<u8>, wit::Error> {
        let bucket = crate::Bucket::from_divisor(bucket)?;
        Ok(crate::decode_scaled(&source, bucket, &limits.into())?.to_bytes())
    }

    fn render(intermediate: Vec<u8>, options: wit::Options) -> Result<wit::Rendered, wit::Error> {
        let intermediate = crate::Intermediate::from_bytes(&intermediate)?;
        Ok(crate::render(&intermediate, &options.into())?.into())
    }

    fn transform(
        source: Vec<u8>,
        options: wit::Options,
        limits: wit::Limits,
    ) -> Result<wit::Rendered, wit::Error> {
        Ok(crate::transform(&source, &options.into(), &limits.into())?.into())
    }
}

impl From<wit::Limits> for crate::Limits {
    fn from(limits: wit::Limits) -> Self {
        Self {
            source_bytes_max: limits.source_bytes_max,
            pixels_max: limits.pixels_max,
            dimension_max: limits.dimension_max,
        }
    }
}

impl From<wit::Options> for crate::Options {
    fn from(options: wit::Options) -> Self {
        Self {
            width: options.width,
            height: options.height,
            fit: match options.fit {
                wit::Fit::Cover => crate::Fit::Cover,
                wit::Fit::Contain => crate::Fit::Contain,
                wit::Fit::Fill => crate::Fit::Fill,
                wit::Fit::Inside => crate::Fit::Inside,
                wit::Fit::Outside => crate::Fit::Outside,
            },
            quality: options.quality,
            format: options.format.into(),
            background: options.background.map(|c| crate::Colour {
                red: c.red,
                green: c.green,
                blue: c.blue,
            }),
            enlarge: options.enlarge,
        }
    }
}

impl From<wit::Format> for crate::Format {
    fn from(format: wit::Format) -> Self {
        match format {
            wit::Format::Jpeg => Self::Jpeg,
            wit::Format::Png => Self::Png,
            wit::Format::Webp => Self::Webp,
        }
    }
}

impl From<crate::Format> for wit::Format {
    fn from(format: crate::Format) -> Self {
        match format {
            crate::Format::Jpeg => Self::Jpeg,
            crate::Format::Png => Self::Png,
            crate::Format::Webp => Self::Webp,
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
        }
    }
}

impl From<wit::Info> for crate::Info {
    fn from(info: wit::Info) -> Self {
        Self {
            format: info.format.into(),
            width: info.width,
            height: info.height,
            orientation: info.orientation,
            has_alpha: info.has_alpha,
        }
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
