//! Every route of the shop, one file an area.

mod bench;
mod carts;
mod home;
mod inventory;
mod orders;
mod pictures;
mod products;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware;
use axum::routing::{get, post, put};
use bytes::Bytes;

use crate::catalogue::PRODUCTS_MODIFIED_S;
use crate::catalogue::theme::Theme;
use crate::conditional::Validators;
use crate::counts::{self, Counts};
use crate::options::Options;
use crate::pictures::files::Pictures;
use crate::problem::Problem;
use crate::store::{Store, StoreError};
use crate::testing;

/// Bytes of a JSON body.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// How long the catalogue may be cached.
const CATALOGUE_CACHE: &str = "public, max-age=60";

/// What the handlers share.
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) counts: Arc<Counts>,
    pub(crate) pictures: Pictures,
    pub(crate) theme: Theme,
    pub(crate) options: Options,
    /// The answer to `GET /products/{id}`, ready, by id from 1.
    pub(crate) product_answers: Vec<(Bytes, Validators)>,
}

impl App {
    /// Prepares what the handlers share; fails if the folder for pictures cannot be made.
    pub(crate) fn new(
        options: Options,
        store: Store,
        counts: Arc<Counts>,
    ) -> std::io::Result<Arc<Self>> {
        let theme = Theme::of_brand(&store.facts().brand, store.facts().range);
        let pictures = Pictures::new(&options, store.facts(), theme.clone())?;
        let answer = |product| {
            let body = Bytes::from(serde_json::to_vec(product).unwrap_or_default());
            let validators = Validators::of_body(&body, PRODUCTS_MODIFIED_S, CATALOGUE_CACHE);
            (body, validators)
        };
        let product_answers = store.products().iter().map(answer).collect();
        Ok(Arc::new(Self {
            store,
            counts,
            pictures,
            theme,
            options,
            product_answers,
        }))
    }
}

/// All routes. Whatever reaches the shop is counted, also what no route wants.
pub(crate) fn router(app: Arc<App>) -> Router {
    let counts = app.counts.clone();
    let mut router = Router::new()
        .route("/", get(home::page))
        .route("/products", get(products::search))
        .route("/products/{id}", get(products::one))
        .route(
            "/inventory/{product_id}",
            get(inventory::get).put(inventory::put),
        )
        .route("/carts", post(carts::create))
        .route("/carts/{id}", get(carts::get))
        .route(
            "/carts/{id}/items/{product_id}",
            put(carts::put_item).delete(carts::delete_item),
        )
        .route("/orders", post(orders::place).get(orders::list))
        .route("/orders/{id}", get(orders::get))
        .route("/orders/{id}/cancel", post(orders::cancel))
        .route("/orders/{id}/return", post(orders::give_back))
        .route("/orders/{id}/weight", get(orders::weight))
        .route("/orders/{id}/ship", post(orders::ship))
        .route("/pictures/{file}", get(pictures::get))
        .route("/kb1/{n}", get(bench::kilobyte));
    if app.options.test_endpoints {
        router = router.merge(testing::routes());
    }
    router
        .fallback(no_route)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(counts, counts::count))
        .with_state(app)
}

async fn no_route(uri: Uri) -> Problem {
    Problem::not_found("not_found", format!("There is nothing at {}.", uri.path()))
}

async fn wrong_method(method: Method, uri: Uri) -> Problem {
    let detail = format!("{method} is not possible at {}.", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}

/// The one translation from the store's errors to answers.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        use crate::store::state::Refusal;
        let detail = error.to_string();
        match error {
            StoreError::Sqlite(_) | StoreError::Stopping | StoreError::OtherShop(_) => {
                Self::internal(detail)
            }
            StoreError::NoProduct(_) => Self::not_found("product_not_found", detail),
            StoreError::NoCart => Self::not_found("cart_not_found", detail),
            StoreError::NoOrder => Self::not_found("order_not_found", detail),
            StoreError::CartOrdered(order_id) => {
                Self::conflict("cart_already_ordered", detail).with("order_id", order_id)
            }
            StoreError::CartEmpty => Self::conflict("cart_empty", detail),
            StoreError::CartFull(_) => Self::conflict("cart_full", detail),
            StoreError::OutOfStock {
                product_id,
                available,
                wanted,
            } => Self::conflict("out_of_stock", detail)
                .with("product_id", product_id)
                .with("available", available)
                .with("wanted", wanted),
            StoreError::Refused(refusal) => {
                let code = match refusal {
                    Refusal::AlreadyShipped => "order_already_shipped",
                    Refusal::NotShipped => "order_not_shipped",
                    Refusal::Cancelled => "order_cancelled",
                    Refusal::Returned => "order_returned",
                };
                Self::conflict(code, detail)
            }
        }
    }
}
