//! The component: one request, one picture.

use lockgate_shell::problem;
use wasip3::http::types::{ErrorCode, Fields, Method, Request, Response};
use wasip3::wit_bindgen::StreamResult;
use wasip3::{spawn, wit_future, wit_stream};

use self::bindings::lockgate::image::image;
use crate::options::Options;
use crate::tag;
use lockgate_image_options::Format;

/// The pixels, which the composed file brings along.
#[allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::indexing_slicing,
    reason = "the bindings are generated; what they mean stands in wit/image.wit"
)]
mod bindings {
    wasip3::wit_bindgen::generate!({
        inline: "
            package lockgate:image-http;
            world http { import lockgate:image/image@0.1.0; }
        ",
        path: "../../wit/image.wit",
        world: "lockgate:image-http/http",
        runtime_path: "::wasip3::wit_bindgen::rt",
        generate_all,
    });
}

/// What the host calls.
#[allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "the export is generated"
)]
mod export {
    wasip3::http::service::export!(ImageHttp);
    pub(super) struct ImageHttp;
}

/// How much is read of a body at once, bytes.
const CHUNK_BYTES: usize = 64 * 1024;

impl wasip3::exports::http::handler::Guest for export::ImageHttp {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        Ok(match picture(request).await {
            Ok(Made { tag, picture: None }) => answer(304, None, Some(&tag), Vec::new()),
            Ok(Made {
                tag,
                picture: Some(picture),
            }) => {
                let media_type = media_type(picture.format);
                answer(200, Some(media_type), Some(&tag), picture.bytes)
            }
            Err(refused) => refused.answer(),
        })
    }
}

/// What became of a request.
struct Made {
    tag: String,
    /// `None`: the client has it.
    picture: Option<image::Rendered>,
}

/// Why there is no picture. The codes are those of the host.
struct Refused {
    status: u16,
    code: &'static str,
    cause: String,
}

impl Refused {
    fn new(status: u16, code: &'static str, cause: impl Into<String>) -> Self {
        Self {
            status,
            code,
            cause: cause.into(),
        }
    }

    fn from_component(error: image::Error) -> Self {
        use image::ErrorCode as Code;
        let (status, code) = match error.code {
            Code::UnsupportedFormat => (415, "image_unsupported"),
            Code::Truncated | Code::Corrupt => (422, "image_corrupt"),
            Code::TooManyPixels | Code::DimensionTooLarge | Code::SourceTooLarge => {
                (413, "image_too_large")
            }
            Code::BadOptions => (400, "image_options_invalid"),
            Code::BadIntermediate | Code::Internal => (500, "image_failed"),
        };
        Self::new(status, code, error.message)
    }

    fn answer(self) -> Response {
        let title = problem::title(self.status);
        let body = serde_json::json!({
            "title": title, "status": self.status, "code": self.code, "cause": self.cause,
        });
        answer(
            self.status,
            Some(problem::CONTENT_TYPE),
            None,
            body.to_string().into_bytes(),
        )
    }
}

async fn picture(request: Request) -> Result<Made, Refused> {
    if !matches!(request.get_method(), Method::Post) {
        return Err(Refused::new(405, "method_not_allowed", "POST the source"));
    }
    let target = request.get_path_with_query().unwrap_or_default();
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let options =
        Options::parse(query).map_err(|cause| Refused::new(400, "image_options_invalid", cause))?;
    let known = request.get_headers().get("if-none-match");
    let mut overlay = source(request, &options).await?;
    if overlay.len() < options.overlay_bytes {
        let cause = "the body ends inside the watermark";
        return Err(Refused::new(400, "image_options_invalid", cause));
    }
    let source = overlay.split_off(options.overlay_bytes);
    let overlay = (options.overlay_bytes > 0).then_some(overlay);
    let limits = image::Limits {
        source_bytes_max: options.source_bytes_max,
        pixels_max: options.pixels_max,
        dimension_max: u32::MAX,
        frames_max: options.frames_max,
        keep_truncated: options.keep_truncated,
    };
    let mut picture = options.picture;
    let may_pass = options.pass_svg && picture.only_sizes(options.negotiated);
    let may_move = options.negotiated && picture.format == Some(Format::Avif) && !picture.still;
    let info = (may_pass || may_move).then(|| image::probe(&source, limits));
    let info = info.transpose().map_err(Refused::from_component)?;
    // Whoever takes AVIF takes WebP, and what moves moves in that.
    if may_move && info.is_some_and(|info| info.frames > 1) {
        picture.format = Some(Format::Webp);
    }
    let passed = info.filter(|info| may_pass && matches!(info.format, image::Format::Svg));
    let picture = match passed {
        Some(_) => "svg".to_owned(),
        None => picture.to_string(),
    };
    let tag = tag::tag(&source, overlay.as_deref(), &picture);
    if tag::has(&known, &tag) {
        return Ok(Made { tag, picture: None });
    }
    if let Some(info) = passed {
        let picture = Some(image::Rendered {
            bytes: source,
            format: info.format,
            width: info.width,
            height: info.height,
        });
        return Ok(Made { tag, picture });
    }
    let made = image::transform(&source, overlay.as_deref(), &picture, limits);
    let picture = Some(made.map_err(Refused::from_component)?);
    Ok(Made { tag, picture })
}

/// The whole body, watermark and source, each under the limit of a source.
async fn source(request: Request, options: &Options) -> Result<Vec<u8>, Refused> {
    let overlay_bytes = options.overlay_bytes as u64;
    let bytes_max = options.source_bytes_max.saturating_add(overlay_bytes);
    let too_large = || {
        let cause = format!("too large a source: it is longer than {bytes_max} bytes");
        Refused::new(413, "image_too_large", cause)
    };
    let announced = request.get_headers().get("content-length");
    let announced = announced.first().and_then(|value| {
        let text = std::str::from_utf8(value).ok()?;
        text.parse::<u64>().ok()
    });
    let announced = announced.unwrap_or(0);
    if announced > bytes_max {
        return Err(too_large());
    }
    let (_, result) = wit_future::new(|| Ok(()));
    let (mut stream, end) = Request::consume_body(request, result);
    let mut source = Vec::with_capacity(usize::try_from(announced).unwrap_or(0).max(1));
    loop {
        if source.len() == source.capacity() {
            source.reserve(CHUNK_BYTES);
        }
        let (result, read) = stream.read(source).await;
        source = read;
        if source.len() as u64 > bytes_max {
            return Err(too_large());
        }
        if result == StreamResult::Dropped {
            break;
        }
    }
    let broken = |error| Refused::new(502, "origin_reset", format!("{error:?}"));
    end.await.map_err(broken)?;
    Ok(source)
}

fn media_type(format: image::Format) -> &'static str {
    match format {
        image::Format::Jpeg => "image/jpeg",
        image::Format::Png => "image/png",
        image::Format::Webp => "image/webp",
        image::Format::Avif => "image/avif",
        image::Format::Gif => "image/gif",
        image::Format::Svg => "image/svg+xml",
        image::Format::Tiff => "image/tiff",
        image::Format::Bmp => "image/bmp",
        image::Format::Json => "application/json",
    }
}

fn answer(status: u16, media_type: Option<&str>, tag: Option<&str>, body: Vec<u8>) -> Response {
    let fields = Fields::new();
    let length = (status != 304).then(|| body.len().to_string());
    for (name, value) in [
        ("content-type", media_type),
        ("etag", tag),
        ("content-length", length.as_deref()),
    ] {
        if let Some(value) = value {
            // All are proper fields.
            let _ = fields.append(name, value.as_bytes());
        }
    }
    let (mut to, contents) = wit_stream::new::<u8>();
    let (_, end) = wit_future::new(|| Ok(None));
    let (response, _sent) = Response::new(fields, Some(contents), end);
    let _ = response.set_status_code(status);
    spawn(async move {
        // Whatever is left was not wanted.
        let _ = to.write_all(body).await;
    });
    response
}
