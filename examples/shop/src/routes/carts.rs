//! `/carts`: a cart belongs to the customer who made it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;

use crate::conditional::uncached;
use crate::extract::{Customer, Json, Path};
use crate::problem::Problem;
use crate::routes::App;
use crate::store::carts;

const QUANTITY_MAX: u32 = 99;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewQuantity {
    quantity: u32,
}

/// Makes an empty cart: 201 with its address.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    Customer(customer): Customer,
) -> Result<Response, Problem> {
    let cart = app
        .store
        .run(move |connection| carts::create(connection, customer))
        .await?;
    let mut response = uncached(StatusCode::CREATED, &cart);
    if let Ok(location) = HeaderValue::try_from(format!("/carts/{}", cart.id)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// A cart with its lines and total.
pub(super) async fn get(
    State(app): State<Arc<App>>,
    Customer(customer): Customer,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let cart = app
        .store
        .run(move |connection| carts::get(connection, &id, &customer))
        .await?;
    Ok(uncached(StatusCode::OK, &cart))
}

/// Sets how many of a product are in the cart.
pub(super) async fn put_item(
    State(app): State<Arc<App>>,
    Customer(customer): Customer,
    Path((id, product_id)): Path<(String, u32)>,
    Json(NewQuantity { quantity }): Json<NewQuantity>,
) -> Result<Response, Problem> {
    if !(1..=QUANTITY_MAX).contains(&quantity) {
        let detail = format!("quantity is 1 to {QUANTITY_MAX}.");
        return Err(Problem::invalid("invalid_quantity", detail));
    }
    set_item(app, customer, id, product_id, quantity).await
}

/// Takes a product out of the cart.
pub(super) async fn delete_item(
    State(app): State<Arc<App>>,
    Customer(customer): Customer,
    Path((id, product_id)): Path<(String, u32)>,
) -> Result<Response, Problem> {
    set_item(app, customer, id, product_id, 0).await
}

async fn set_item(
    app: Arc<App>,
    customer: String,
    id: String,
    product_id: u32,
    quantity: u32,
) -> Result<Response, Problem> {
    app.store.product(product_id)?;
    let cart = app
        .store
        .run(move |connection| carts::set_item(connection, &id, &customer, product_id, quantity))
        .await?;
    Ok(uncached(StatusCode::OK, &cart))
}
