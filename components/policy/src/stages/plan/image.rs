//! The picture that a request asks for, from its address and Accept.
//!
//! What an address may look like and what a route allows is read by `lockgate-image-address`.
//! Options belong to the gate and are not forwarded. Those of the same meaning become the same
//! canonical text, so they share one cache entry.

use lockgate_bundle::RoutePlan;
use lockgate_bundle::image::sign::KEY_BYTES_MIN;
use lockgate_bundle::image::{self as address, Form, ImageRoute, Keys, Place, plain};
use lockgate_normalise::headers::lines;
use lockgate_normalise::{Field, ImageAccept, ImageFormat};

use crate::call::Call;
use crate::exit::Exit;
use crate::stages::normalise::Request;

/// What is to be done with a picture.
#[derive(Debug, Clone, Default)]
pub(super) struct Picture<'r> {
    /// Canonical text of what to make; `None` hands on what the origin gives.
    pub(super) options: Option<&'r str>,
    /// The format was chosen by Accept.
    pub(super) negotiated: bool,
    /// Where the source is.
    pub(super) place: Place,
}

/// The secrets of a route's signatures.
#[derive(Default)]
pub(crate) struct ImageKeys {
    keys: Vec<Vec<u8>>,
    salts: Vec<Vec<u8>>,
}

impl ImageKeys {
    /// Finds the secrets that a route names.
    pub(crate) fn load(
        route: &RoutePlan,
        secret: &impl Fn(&str) -> Option<Vec<u8>>,
    ) -> Result<Self, String> {
        let Some(image) = &route.image else {
            return Ok(Self::default());
        };
        let find = |names: &[String]| -> Result<Vec<Vec<u8>>, String> {
            let found = |name: &String| {
                let bytes = secret(name).filter(|bytes| !bytes.is_empty());
                bytes.ok_or_else(|| format!("route {:?}: there is no secret {name:?}", route.name))
            };
            names.iter().map(found).collect()
        };
        let keys = find(&image.keys)?;
        let own = matches!(image.form, Form::Query | Form::Segment(_));
        if own && keys.iter().any(|key| key.len() < KEY_BYTES_MIN) {
            let name = &route.name;
            return Err(format!(
                "route {name:?}: a key of its pictures has fewer than {KEY_BYTES_MIN} bytes"
            ));
        }
        Ok(Self {
            keys,
            salts: find(&image.salts)?,
        })
    }
}

/// The pieces of a canonical query that are no options.
pub(super) fn forwarded<'q>(
    route: &'q ImageRoute,
    query: &'q str,
) -> impl Iterator<Item = &'q str> + use<'q> {
    query
        .split('&')
        .filter(|piece| !piece.is_empty() && !plain::is_ours(route, piece))
}

/// Chooses the picture. Refuses with 400 `image_options_invalid`, which says what is allowed, and
/// with 403 where a signature is missing, wrong or too old.
pub(super) fn choose<'r>(
    call: Call<'r, '_>,
    route: &'r ImageRoute,
    index: u16,
    request: &Request<'r, '_>,
) -> Result<Picture<'r>, Exit<'r>> {
    let none = ImageKeys::default();
    let keys = call.policy.image_keys.get(usize::from(index));
    let keys = keys.unwrap_or(&none);
    let accept = accept(call, request);
    let takes = |format| accept.named(format).is_some_and(|quality| quality > 0);
    let chosen = address::choose(
        route,
        Keys {
            keys: &keys.keys,
            salts: &keys.salts,
        },
        &address::Request {
            raw_path: raw_path(call.input.target),
            path: request.path,
            query: request.query,
            now_s: call.input.now_ms / 1000,
            takes_webp: takes(ImageFormat::Webp),
            takes_avif: takes(ImageFormat::Avif),
            dimension_max: call.policy.image_dimension_max,
        },
    );
    let keep = |text: String| str::from_utf8(call.keep.bytes(text.into_bytes())).unwrap_or("");
    match chosen {
        Ok(picture) => Ok(Picture {
            options: picture.options.map(keep),
            negotiated: picture.negotiated,
            place: picture.place,
        }),
        Err(refusal) => Err(Exit::answer(
            refusal.status,
            refusal.code,
            keep(refusal.detail),
        )),
    }
}

/// What the client takes. `image/*` and `*/*` do not count: clients send them without knowing it.
fn accept(call: Call<'_, '_>, request: &Request<'_, '_>) -> ImageAccept {
    let headers = &request.canonical.headers;
    if headers.is_repeated(Field::Accept) {
        ImageAccept::parse(lines(call.input.headers(), Field::Accept))
    } else {
        ImageAccept::parse(headers.get(Field::Accept))
    }
}

/// The path of a target as it came, be it in origin or in absolute form (RFC 9112 section 3.2).
fn raw_path(target: &[u8]) -> &str {
    let target = str::from_utf8(target).unwrap_or_default();
    let origin = match target.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => {
            rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/")
        }
        _ => target,
    };
    origin.split_once('?').map_or(origin, |(path, _)| path)
}
