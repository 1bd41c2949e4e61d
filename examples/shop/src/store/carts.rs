//! Carts: made by a customer, filled, then turned into one order.

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use uuid::Uuid;

use crate::store::StoreError;

/// Different products in one cart.
pub(crate) const ITEMS_MAX: u32 = 50;

/// Carts that are kept; the oldest make room for new ones.
const CARTS_MAX: i64 = 100_000;

/// A cart as the customer sees it. Prices in euro cents.
#[derive(Debug, Serialize)]
pub(crate) struct Cart {
    pub(crate) id: String,
    pub(crate) customer: String,
    pub(crate) items: Vec<CartItem>,
    pub(crate) total_cents: u64,
    pub(crate) currency: &'static str,
    /// The order that the cart has become.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) order_id: Option<i64>,
}

/// One line of a cart.
#[derive(Debug, Serialize)]
pub(crate) struct CartItem {
    pub(crate) product_id: u32,
    pub(crate) name: String,
    pub(crate) quantity: u32,
    pub(crate) unit_price_cents: u32,
    #[serde(skip)]
    pub(crate) unit_weight_g: u32,
}

/// Makes an empty cart.
pub(crate) fn create(connection: &mut Connection, customer: String) -> Result<Cart, StoreError> {
    let id = Uuid::now_v7().simple().to_string();
    connection
        .prepare_cached("INSERT INTO carts (id, customer) VALUES (?, ?)")?
        .execute(params![id, customer])?;
    let newest = connection.last_insert_rowid();
    connection
        .prepare_cached("DELETE FROM carts WHERE serial <= ?")?
        .execute([newest - CARTS_MAX])?;
    Ok(Cart {
        id,
        customer,
        items: Vec::new(),
        total_cents: 0,
        currency: "EUR",
        order_id: None,
    })
}

/// A cart of this customer.
pub(crate) fn get(connection: &Connection, id: &str, customer: &str) -> Result<Cart, StoreError> {
    let order_id: Option<i64> = connection
        .prepare_cached("SELECT order_id FROM carts WHERE id = ? AND customer = ?")?
        .query_row([id, customer], |row| row.get(0))
        .optional()?
        .ok_or(StoreError::NoCart)?;
    let items: Vec<CartItem> = connection
        .prepare_cached(
            "SELECT p.id, p.name, i.quantity, p.price_cents, p.weight_g
             FROM cart_items i JOIN products p ON p.id = i.product_id
             WHERE i.cart_id = ? ORDER BY p.id",
        )?
        .query_map([id], |row| {
            Ok(CartItem {
                product_id: row.get(0)?,
                name: row.get(1)?,
                quantity: row.get(2)?,
                unit_price_cents: row.get(3)?,
                unit_weight_g: row.get(4)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    let total_cents = items
        .iter()
        .map(|item| u64::from(item.quantity) * u64::from(item.unit_price_cents))
        .sum();
    Ok(Cart {
        id: id.to_owned(),
        customer: customer.to_owned(),
        items,
        total_cents,
        currency: "EUR",
        order_id,
    })
}

/// Sets the quantity of a product; 0 takes it out. The caller has checked that the product exists.
pub(crate) fn set_item(
    connection: &mut Connection,
    id: &str,
    customer: &str,
    product_id: u32,
    quantity: u32,
) -> Result<Cart, StoreError> {
    let transaction = connection.transaction()?;
    let cart = get(&transaction, id, customer)?;
    if let Some(order_id) = cart.order_id {
        return Err(StoreError::CartOrdered(order_id));
    }
    if quantity == 0 {
        transaction
            .prepare_cached("DELETE FROM cart_items WHERE cart_id = ? AND product_id = ?")?
            .execute(params![id, product_id])?;
    } else {
        let is_new = cart.items.iter().all(|item| item.product_id != product_id);
        if is_new && cart.items.len() >= ITEMS_MAX as usize {
            return Err(StoreError::CartFull(ITEMS_MAX));
        }
        transaction
            .prepare_cached(
                "INSERT INTO cart_items (cart_id, product_id, quantity) VALUES (?, ?, ?)
                 ON CONFLICT DO UPDATE SET quantity = excluded.quantity",
            )?
            .execute(params![id, product_id, quantity])?;
    }
    let cart = get(&transaction, id, customer)?;
    transaction.commit()?;
    Ok(cart)
}
