//! `GET /products` and `GET /products/{id}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use serde::Deserialize;

use crate::catalogue::PRODUCTS_MODIFIED_S;
use crate::conditional::Validators;
use crate::extract::{Path, Query};
use crate::problem::Problem;
use crate::routes::{App, CATALOGUE_CACHE};
use crate::store::products::{Search, search as search_products};
use crate::store::{StoreError, products};

const QUERY_CHARS_MAX: usize = 100;
const PAGE_MAX: u32 = 10_000;
const PER_PAGE_MAX: u32 = 100;

/// The query string of a search; unknown parameters are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SearchParams {
    query: String,
    category: String,
    page: Option<u32>,
    per_page: Option<u32>,
}

impl SearchParams {
    /// Checks the limits and fills in what was left out.
    pub(super) fn check(self, per_page_default: u32) -> Result<Search, Problem> {
        let page = self.page.unwrap_or(1);
        let per_page = self.per_page.unwrap_or(per_page_default);
        let too_long = |text: &str| text.chars().count() > QUERY_CHARS_MAX;
        if too_long(&self.query) || too_long(&self.category) {
            let detail = format!("query and category have at most {QUERY_CHARS_MAX} characters.");
            return Err(Problem::bad_request("query_too_long", detail));
        }
        if !(1..=PAGE_MAX).contains(&page) || !(1..=PER_PAGE_MAX).contains(&per_page) {
            let detail = format!("page is 1 to {PAGE_MAX}, per_page 1 to {PER_PAGE_MAX}.");
            return Err(Problem::bad_request("invalid_page", detail));
        }
        Ok(Search {
            query: self.query,
            category: self.category,
            page,
            per_page,
        })
    }
}

/// Searches names and descriptions.
pub(super) async fn search(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Query(params): Query<SearchParams>,
) -> Result<Response, Problem> {
    let search = params.check(20)?;
    let found: products::Found = app
        .store
        .run(move |connection| search_products(connection, &search))
        .await?;
    let body = Bytes::from(serde_json::to_vec(&found).map_err(Problem::internal)?);
    let validators = Validators::of_body(&body, PRODUCTS_MODIFIED_S, CATALOGUE_CACHE);
    Ok(validators.respond(&headers, "application/json", || body))
}

/// One product; the answer lies ready.
pub(super) async fn one(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(id): Path<u32>,
) -> Result<Response, Problem> {
    let index = (id as usize).checked_sub(1);
    let (body, validators) = index
        .and_then(|index| app.product_answers.get(index))
        .ok_or(StoreError::NoProduct(id))?;
    Ok(validators.respond(&headers, "application/json", || body.clone()))
}
