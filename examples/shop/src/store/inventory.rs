//! Stock per product.

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use crate::store::StoreError;

/// The stock of one product, in pieces.
#[derive(Debug, Serialize)]
pub(crate) struct Stock {
    pub(crate) product_id: u32,
    pub(crate) stock: u32,
}

/// What is in stock.
pub(crate) fn get(connection: &mut Connection, product_id: u32) -> Result<Stock, StoreError> {
    connection
        .prepare_cached("SELECT stock FROM inventory WHERE product_id = ?")?
        .query_row([product_id], |row| row.get(0))
        .optional()?
        .map(|stock| Stock { product_id, stock })
        .ok_or(StoreError::NoProduct(product_id))
}

/// Sets the stock.
pub(crate) fn set(connection: &mut Connection, wanted: Stock) -> Result<Stock, StoreError> {
    let changed = connection
        .prepare_cached("UPDATE inventory SET stock = ? WHERE product_id = ?")?
        .execute(params![wanted.stock, wanted.product_id])?;
    if changed == 0 {
        return Err(StoreError::NoProduct(wanted.product_id));
    }
    Ok(wanted)
}
