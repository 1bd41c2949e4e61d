//! `/orders`: placing, cancelling and returning for customers; weight and shipping for logistics.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use crate::conditional::uncached;
use crate::extract::{Customer, Json, Path};
use crate::problem::Problem;
use crate::routes::App;
use crate::store::orders::{self, Order};
use crate::store::state::Action;

/// A parcel weighs this much, plus the padding of each piece. Grams.
const PARCEL_G: u64 = 120;
const PADDING_G: u64 = 15;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewOrder {
    cart_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shipment {
    carrier: String,
    tracking: String,
}

/// Orders what is in a cart: 201 with the order's address.
pub(super) async fn place(
    State(app): State<Arc<App>>,
    Customer(customer): Customer,
    Json(NewOrder { cart_id }): Json<NewOrder>,
) -> Result<Response, Problem> {
    let order = app
        .store
        .run(move |connection| orders::place(connection, &cart_id, &customer))
        .await?;
    let mut response = uncached(StatusCode::CREATED, &order);
    if let Ok(location) = HeaderValue::try_from(format!("/orders/{}", order.id)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// The caller's newest hundred orders.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Customer(customer): Customer,
) -> Result<Response, Problem> {
    let orders = app
        .store
        .run(move |connection| orders::list(connection, &customer))
        .await?;
    Ok(uncached(StatusCode::OK, &json!({ "items": orders })))
}

/// One order of the caller.
pub(super) async fn get(
    State(app): State<Arc<App>>,
    Customer(customer): Customer,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let order = app
        .store
        .run(move |connection| orders::get_own(connection, id, &customer))
        .await?;
    Ok(uncached(StatusCode::OK, &order))
}

/// Calls an order off that has not been shipped.
pub(super) async fn cancel(
    State(app): State<Arc<App>>,
    Customer(customer): Customer,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    undo(app, customer, id, Action::Cancel).await
}

/// Sends a shipped order back.
pub(super) async fn give_back(
    State(app): State<Arc<App>>,
    Customer(customer): Customer,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    undo(app, customer, id, Action::Return).await
}

async fn undo(
    app: Arc<App>,
    customer: String,
    id: i64,
    action: Action,
) -> Result<Response, Problem> {
    let order = app
        .store
        .run(move |connection| orders::undo(connection, id, &customer, action))
        .await?;
    Ok(uncached(StatusCode::OK, &order))
}

/// What the parcel weighs. For the staff: any order.
pub(super) async fn weight(
    State(app): State<Arc<App>>,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let order = app
        .store
        .run(move |connection| orders::get(connection, id))
        .await?;
    let (items_g, packaging_g) = weights(&order);
    let body = json!({
        "order_id": order.id,
        "items_g": items_g,
        "packaging_g": packaging_g,
        "total_g": items_g + packaging_g,
    });
    Ok(uncached(StatusCode::OK, &body))
}

fn weights(order: &Order) -> (u64, u64) {
    let pieces: u64 = order
        .items
        .iter()
        .map(|item| u64::from(item.quantity))
        .sum();
    let items_g = order
        .items
        .iter()
        .map(|item| u64::from(item.quantity) * u64::from(item.unit_weight_g));
    (items_g.sum(), PARCEL_G + PADDING_G * pieces)
}

/// Marks an order as handed to a carrier. For the staff: any order.
pub(super) async fn ship(
    State(app): State<Arc<App>>,
    Path(id): Path<i64>,
    Json(Shipment { carrier, tracking }): Json<Shipment>,
) -> Result<Response, Problem> {
    let valid = |text: &str| {
        (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control)
    };
    if !valid(&carrier) || !valid(&tracking) {
        let detail = "carrier and tracking have 1 to 64 characters without control characters.";
        return Err(Problem::invalid("invalid_shipment", detail));
    }
    let order = app
        .store
        .run(move |connection| orders::ship(connection, id, &carrier, &tracking))
        .await?;
    Ok(uncached(StatusCode::OK, &order))
}
