//! The entity tag of a picture, and the answer to a client that has it.

use bytes::Bytes;
use http::{HeaderValue, header};
use lockgate_http_cache::{Answer, Validators, conditional};
use lockgate_shell::picture::{about_the_output, guard_unasked};
use sha2::{Digest as _, Sha256};

use crate::gate::fetch::Fetched;
use crate::gate::lookup::request_info;
use crate::gate::path::Step;
use crate::http::ResponseBody;
use crate::image::memory::Digest;
use crate::image::{ImagePool, Plan};

/// The entity tag: of the source, of what is made of it, and of the component that makes it. The
/// same on every node of one version, known before the picture is made; where the component
/// changes, clients fetch anew what they have.
pub(super) fn of(pool: &ImagePool, digest: Digest, plan: &Plan) -> HeaderValue {
    let mut hash = Sha256::new();
    hash.update(digest);
    hash.update(pool.component_digest());
    hash.update([u8::from(plan.negotiated)]);
    if plan.sends_svg() {
        hash.update("svg");
    }
    if let Some(overlay) = &plan.overlay {
        hash.update(Sha256::digest(overlay));
    }
    hash.update(&plan.options);
    let hash = hash.finalize();
    let hexadecimal: String = hash
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    HeaderValue::from_str(&format!("\"{hexadecimal}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Whether the client has the picture with this tag.
fn has(step: &Step<'_>, tag: &HeaderValue) -> bool {
    let validators = Validators {
        status: 200,
        etag: Some(tag.as_bytes()),
        last_modified_s: None,
        date_s: step.pending.time_unix_ms / 1000,
    };
    let request = request_info(step.head);
    request.if_none_match.is_some() && conditional(&request, &validators) == Answer::NotModified
}

/// Makes a 304 of the answer where the client has the picture with this tag.
pub(super) fn answers_unchanged(step: &Step<'_>, fetched: &mut Fetched, tag: &HeaderValue) -> bool {
    if !has(step, tag) {
        return false;
    }
    let headers = &mut fetched.headers;
    about_the_output(headers);
    headers.insert(header::ETAG, tag.clone());
    headers.remove(header::CONTENT_TYPE);
    if step
        .route
        .image
        .as_ref()
        .is_some_and(|image| image.pass_svg)
    {
        guard_unasked(304, headers);
    }
    fetched.status = 304;
    fetched.body = ResponseBody::Full(Bytes::new());
    true
}
