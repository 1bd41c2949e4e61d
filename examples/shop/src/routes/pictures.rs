//! `GET /pictures/{id}.jpg` and, for some products, `.png`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::catalogue::{PRODUCTS_MODIFIED_S, has_cut_out};
use crate::conditional::Validators;
use crate::extract::Path;
use crate::pictures::files::Format;
use crate::problem::Problem;
use crate::routes::App;

/// A picture, drawn at the first request and kept.
pub(super) async fn get(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(file): Path<String>,
) -> Result<Response, Problem> {
    let none = || Problem::not_found("picture_not_found", "There is no such picture.");
    let (id, extension) = file.split_once('.').ok_or_else(none)?;
    let format = Format::of_extension(extension).ok_or_else(none)?;
    // `007.jpg` and `+7.jpg` would be second addresses of the same picture.
    let id: u32 = id
        .parse()
        .ok()
        .filter(|n: &u32| n.to_string() == id)
        .ok_or_else(none)?;
    let product = app.store.product(id).map_err(|_| none())?;
    if format == Format::Png && !has_cut_out(id) {
        return Err(none());
    }
    let tag = app.pictures.tag(product, format);
    let validators = Validators::new(tag, PRODUCTS_MODIFIED_S, "public, max-age=3600");
    if validators.unchanged_for(&headers) {
        return Ok(validators.not_modified());
    }
    let bytes = app
        .pictures
        .get(product, format)
        .await
        .map_err(Problem::internal)?;
    Ok(validators.respond(&headers, format.media_type(), || bytes))
}
