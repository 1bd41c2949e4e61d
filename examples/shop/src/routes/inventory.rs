//! `GET` and `PUT /inventory/{product_id}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use crate::conditional::uncached;
use crate::extract::{Json, Path};
use crate::problem::Problem;
use crate::routes::App;
use crate::store::inventory::{self, Stock};

const STOCK_MAX: u32 = 1_000_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewStock {
    stock: u32,
}

/// What is in stock.
pub(super) async fn get(
    State(app): State<Arc<App>>,
    Path(product_id): Path<u32>,
) -> Result<Response, Problem> {
    let stock = app
        .store
        .run(move |connection| inventory::get(connection, product_id))
        .await?;
    Ok(uncached(StatusCode::OK, &stock))
}

/// Sets the stock.
pub(super) async fn put(
    State(app): State<Arc<App>>,
    Path(product_id): Path<u32>,
    Json(NewStock { stock }): Json<NewStock>,
) -> Result<Response, Problem> {
    if stock > STOCK_MAX {
        return Err(Problem::invalid(
            "invalid_stock",
            format!("stock is 0 to {STOCK_MAX}."),
        ));
    }
    let wanted = Stock { product_id, stock };
    let stock = app
        .store
        .run(move |connection| inventory::set(connection, wanted))
        .await?;
    Ok(uncached(StatusCode::OK, &stock))
}
