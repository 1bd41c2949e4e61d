//! Pictures: the image component behind `image.spin.internal` makes what the plan asks for of the
//! origin's answer.

use lockgate_record::Stage;
use lockgate_shell::picture::{
    SVG, about_an_svg, about_the_output, coding, describe, guard_unasked, watermark,
};
use lockgate_shell::{PictureLimits, Watermark};
use lockgate_spin_shell::body::{BodyEnd, CHUNK_BYTES};
use serde::Deserialize;
use spin_sdk::wasip3::http::client;
use spin_sdk::wasip3::http::types::{Method, RequestOptions};
use spin_sdk::wasip3::wit_bindgen::{StreamReader, StreamResult};
use spin_sdk::wasip3::{spawn, wit_stream};

use super::fetch::{self, Fetched, FetchedBody};
use super::path::Step;
use super::refused::Refused;
use super::{state, unix_ms, upload};

/// Where the image component is, unless the variable `image_url` says otherwise.
const IMAGE_URL: &str = "http://image.spin.internal";

/// The largest picture that is taken from it, bytes.
const PICTURE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Replaces a picture by the one that the plan asks for. Other answers (404, a redirect) pass as
/// they are.
pub(super) async fn transform(step: &mut Step<'_>, fetched: &mut Fetched) -> Result<(), Refused> {
    let pass_svg = step.route.image.as_ref();
    let pass_svg = pass_svg.is_some_and(|image| image.pass_svg);
    let Some(options) = step.plan.image else {
        if pass_svg {
            guard_unasked(fetched.status, &mut fetched.headers);
        }
        return Ok(());
    };
    if fetched.status != 200 {
        return Ok(());
    }
    if step.call.head.method() == b"HEAD" {
        describe(
            &mut fetched.headers,
            options,
            step.plan.negotiated,
            pass_svg,
        );
        fetched.body = FetchedBody::Full(Vec::new());
        return Ok(());
    }
    step.call.stage = Stage::Image;
    if let Some(coding) = coding(&fetched.headers) {
        let cause = format!("the origin sent the source with the coding {coding:?}");
        return Err(Refused::new(415, "image_unsupported", cause).at(Stage::Image));
    }
    let body = std::mem::replace(&mut fetched.body, FetchedBody::Full(Vec::new()));
    let FetchedBody::Stream(body, length) = body else {
        return Err(Refused::policy_failed("the source is no stream"));
    };
    let (stream, end) = body.into_flow();
    let asked = ask(step, options, stream, end, length).await;
    let made = asked.map_err(|other| match &fetched.brought {
        Some(fault) => upload::refused(fault, step.route.body_bytes_max, other),
        None => other,
    })?;
    let headers = &mut fetched.headers;
    about_the_output(headers);
    // Nothing is kept of what a request brings along: not here, and not by the client.
    if let Some(tag) = made.tag.filter(|_| fetched.brought.is_none()) {
        headers.insert(http::header::ETAG, tag);
    }
    match made.picture {
        Some((media_type, bytes)) => {
            if media_type == SVG {
                about_an_svg(headers);
            }
            headers.insert(http::header::CONTENT_TYPE, media_type);
            fetched.body = FetchedBody::Full(bytes);
        }
        None => {
            headers.remove(http::header::CONTENT_TYPE);
            if pass_svg {
                guard_unasked(304, headers);
            }
            fetched.status = 304;
            fetched.body = FetchedBody::Full(Vec::new());
        }
    }
    Ok(())
}

/// What the image component answers.
struct Made {
    /// The entity tag.
    tag: Option<http::HeaderValue>,
    /// Media type and bytes; `None`: the client has it.
    picture: Option<(http::HeaderValue, Vec<u8>)>,
}

/// Asks the image component; the source streams from the origin to it, behind the watermark.
async fn ask(
    step: &Step<'_>,
    options: &str,
    source: StreamReader<u8>,
    end: BodyEnd,
    length: Option<u64>,
) -> Result<Made, Refused> {
    let unavailable =
        |cause: String| Refused::new(503, "image_unavailable", cause).at(Stage::Image);
    let all = &step.generation.document.image;
    let Some(limits) = &step.route.image else {
        return Err(Refused::policy_failed("the plan's route makes no pictures"));
    };
    if let Some(length) = length
        && length > limits.source_bytes_max
    {
        let cause = format!("too large a source: it has {length} bytes");
        return Err(Refused::new(413, "image_too_large", cause).at(Stage::Image));
    }
    let overlay = match watermark(options) {
        Some(name) => overlay(step, limits, &name).await?,
        None => Vec::new(),
    };
    // Canonical text has no byte that means something else in a query.
    let target = format!(
        "/?{}&side_max={}&source_bytes_max={}&pixels_max={}&frames_max={}&keep_truncated={}\
         &pass_svg={}&negotiated={}&overlay_bytes={}",
        options.replace(',', "&"),
        all.dimension_max,
        limits.source_bytes_max,
        limits.pixels_max,
        limits.frames_max,
        u8::from(limits.keep_truncated),
        u8::from(limits.pass_svg),
        u8::from(step.plan.negotiated),
        overlay.len(),
    );
    let url = state::optional_variable("image_url").await;
    let url = url.as_deref().unwrap_or(IMAGE_URL);
    let length = length.map(|length| length.saturating_add(overlay.len() as u64));
    let length = length.map(|length| ("content-length".to_owned(), length.to_string().into()));
    let options = RequestOptions::new();
    let timeout_ns = all.timeout_ms.saturating_mul(1_000_000);
    // A host that does not keep a time has one of its own.
    let _ = options.set_first_byte_timeout(Some(timeout_ns));
    let body = Some(match overlay.is_empty() {
        true => (source, end),
        false => (behind(overlay, source), end),
    });
    let mut fields: Vec<(String, Vec<u8>)> = length.into_iter().collect();
    // It knows the tag once it has the source, and answers before it makes the picture.
    if !upload::is_upload(step.route) {
        let known = step.call.head.fields();
        let known = known.filter(|(name, _)| name.eq_ignore_ascii_case(b"if-none-match"));
        fields.extend(known.map(|(_, value)| ("if-none-match".to_owned(), value.to_vec())));
    }
    let request = fetch::outgoing(Method::Post, url, &target, fields, body, Some(options));
    let response = client::send(request.map_err(unavailable)?).await;
    let response = response.map_err(|error| unavailable(format!("{error:?}")))?;
    let answer = fetch::receive(response, unix_ms())?;
    let FetchedBody::Stream(body, length) = answer.body else {
        return Err(unavailable("the image component gave no body".to_owned()));
    };
    // Nothing of it was read: these are the component's own.
    let (stream, end) = body.into_flow();
    let bytes = collect(stream, end, length, PICTURE_BYTES_MAX)
        .await
        .map_err(unavailable)?;
    let media_type = answer.headers.get(http::header::CONTENT_TYPE);
    let picture = match (answer.status, media_type) {
        (200, Some(media_type)) => Some((media_type.clone(), bytes)),
        (304, _) => None,
        _ => return Err(refused(answer.status, &bytes)),
    };
    Ok(Made {
        tag: answer.headers.get(http::header::ETAG).cloned(),
        picture,
    })
}

/// The watermark of a name. The origin is asked in the gate's own name, each time: an instance here
/// keeps nothing.
async fn overlay(step: &Step<'_>, limits: &PictureLimits, name: &str) -> Result<Vec<u8>, Refused> {
    let unavailable = |cause: String| {
        let cause = format!("the watermark {name}: {cause}");
        Refused::new(502, "image_watermark_unavailable", cause).at(Stage::Image)
    };
    let path = match limits.watermarks.get(name) {
        Some(Watermark::Path(path)) => path,
        Some(Watermark::File(_)) => {
            return Err(unavailable("files are not read under Spin".to_owned()));
        }
        None => return Err(unavailable("there is none".to_owned())),
    };
    let origin = step.route.origin.as_ref();
    let origin = origin.and_then(|name| step.generation.document.origins.get(name));
    let origin = origin.ok_or_else(|| unavailable("the route has no origin".to_owned()))?;
    let fields = vec![
        ("accept".to_owned(), b"image/*".to_vec()),
        ("accept-encoding".to_owned(), b"identity".to_vec()),
    ];
    let request = fetch::outgoing(Method::Get, &origin.url, path, fields, None, None);
    let response = client::send(request.map_err(unavailable)?).await;
    let response = response.map_err(|error| unavailable(format!("{error:?}")))?;
    let answer = fetch::receive(response, unix_ms())?;
    if answer.status != 200 {
        return Err(unavailable(format!("{path} is answered {}", answer.status)));
    }
    let FetchedBody::Stream(body, length) = answer.body else {
        return Err(unavailable("it has no body".to_owned()));
    };
    let most = usize::try_from(limits.source_bytes_max).unwrap_or(usize::MAX);
    let (stream, end) = body.into_flow();
    let bytes = collect(stream, end, length, most).await;
    bytes.map_err(unavailable)
}

/// A stream of some bytes and then of another stream.
fn behind(first: Vec<u8>, mut rest: StreamReader<u8>) -> StreamReader<u8> {
    let (mut to, joined) = wit_stream::new::<u8>();
    spawn(async move {
        // Whoever does not read on does not want it.
        if !to.write_all(first).await.is_empty() {
            return;
        }
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        loop {
            let (result, read) = rest.read(chunk).await;
            let left = to.write_all(read).await;
            if !left.is_empty() || result == StreamResult::Dropped {
                return;
            }
            chunk = Vec::with_capacity(CHUNK_BYTES);
        }
    });
    joined
}

/// What the image component says of a picture that it does not make.
#[derive(Deserialize)]
struct Problem {
    code: String,
    #[serde(default)]
    cause: String,
}

fn refused(status: u16, body: &[u8]) -> Refused {
    let problem = serde_json::from_slice::<Problem>(body);
    let Ok(problem) = problem.map_err(|_| ()) else {
        let cause = format!("the image component answered {status}");
        return Refused::new(503, "image_unavailable", cause).at(Stage::Image);
    };
    let mut refused = Refused::new(status, "image_failed", problem.cause).at(Stage::Image);
    refused.code = problem.code.into();
    // Whoever wrote the address should know what is wrong with it.
    if refused.code == "image_options_invalid" {
        refused.detail = Some(refused.cause.clone());
    }
    refused
}

/// A whole body. The error is for the record.
async fn collect(
    mut stream: StreamReader<u8>,
    end: BodyEnd,
    length: Option<u64>,
    bytes_max: usize,
) -> Result<Vec<u8>, String> {
    let announced = usize::try_from(length.unwrap_or(0)).unwrap_or(usize::MAX);
    let mut body = Vec::with_capacity(announced.clamp(1, bytes_max.max(1)));
    loop {
        if body.len() == body.capacity() {
            body.reserve(CHUNK_BYTES);
        }
        let (result, read) = stream.read(body).await;
        body = read;
        if body.len() > bytes_max {
            return Err(format!("the picture is longer than {bytes_max} bytes"));
        }
        if result == StreamResult::Dropped {
            break;
        }
    }
    end.await.map_err(|error| format!("{error:?}"))?;
    Ok(body)
}
