//! Orders: stock is reserved and given back in the same transaction as the order's state changes.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use serde::Serialize;

use crate::store::state::{Action, State};
use crate::store::{StoreError, carts};

/// Orders in one list; the newest come first.
const LIST_MAX: u32 = 100;

/// An order with its lines. Prices in euro cents, times in RFC 3339 (UTC).
#[derive(Debug, Serialize)]
pub(crate) struct Order {
    pub(crate) id: i64,
    pub(crate) customer: String,
    pub(crate) state: State,
    pub(crate) items: Vec<OrderItem>,
    pub(crate) total_cents: u64,
    pub(crate) currency: &'static str,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) carrier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tracking: Option<String>,
}

/// One line of an order, as it was when it was placed.
#[derive(Debug, Serialize)]
pub(crate) struct OrderItem {
    pub(crate) product_id: u32,
    pub(crate) name: String,
    pub(crate) quantity: u32,
    pub(crate) unit_price_cents: u32,
    pub(crate) unit_weight_g: u32,
}

/// Turns a cart into an order: takes the stock of all lines, or of none.
pub(crate) fn place(
    connection: &mut Connection,
    cart_id: &str,
    customer: &str,
) -> Result<Order, StoreError> {
    let transaction = immediate(connection)?;
    let cart = carts::get(&transaction, cart_id, customer)?;
    if let Some(order_id) = cart.order_id {
        return Err(StoreError::CartOrdered(order_id));
    }
    if cart.items.is_empty() {
        return Err(StoreError::CartEmpty);
    }
    transaction
        .prepare_cached("INSERT INTO orders (customer, state) VALUES (?, ?)")?
        .execute(params![customer, State::Placed.name()])?;
    let order_id = transaction.last_insert_rowid();
    for item in &cart.items {
        take_stock(&transaction, item.product_id, item.quantity)?;
        transaction
            .prepare_cached(
                "INSERT INTO order_items
                 (order_id, product_id, name, quantity, unit_price_cents, unit_weight_g)
                 VALUES (?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                order_id,
                item.product_id,
                item.name,
                item.quantity,
                item.unit_price_cents,
                item.unit_weight_g
            ])?;
    }
    transaction
        .prepare_cached("UPDATE carts SET order_id = ? WHERE id = ?")?
        .execute(params![order_id, cart_id])?;
    let order = get(&transaction, order_id)?;
    transaction.commit()?;
    Ok(order)
}

fn take_stock(
    transaction: &Transaction<'_>,
    product_id: u32,
    wanted: u32,
) -> Result<(), StoreError> {
    let available: u32 = transaction
        .prepare_cached("SELECT stock FROM inventory WHERE product_id = ?")?
        .query_row([product_id], |row| row.get(0))?;
    if available < wanted {
        return Err(StoreError::OutOfStock {
            product_id,
            available,
            wanted,
        });
    }
    transaction
        .prepare_cached("UPDATE inventory SET stock = stock - ? WHERE product_id = ?")?
        .execute([wanted, product_id])?;
    Ok(())
}

/// An order, whoever placed it.
pub(crate) fn get(connection: &Connection, id: i64) -> Result<Order, StoreError> {
    let order = connection
        .prepare_cached(
            "SELECT customer, state, created_at, updated_at, carrier, tracking
             FROM orders WHERE id = ?",
        )?
        .query_row([id], |row| {
            let state: String = row.get(1)?;
            Ok(Order {
                id,
                customer: row.get(0)?,
                state: State::named(&state).unwrap_or(State::Cancelled),
                items: Vec::new(),
                total_cents: 0,
                currency: "EUR",
                created_at: row.get(2)?,
                updated_at: row.get(3)?,
                carrier: row.get(4)?,
                tracking: row.get(5)?,
            })
        })
        .optional()?;
    let mut order = order.ok_or(StoreError::NoOrder)?;
    order.items = items(connection, id)?;
    order.total_cents = order
        .items
        .iter()
        .map(|item| u64::from(item.quantity) * u64::from(item.unit_price_cents))
        .sum();
    Ok(order)
}

/// An order of this customer; somebody else's is as good as none.
pub(crate) fn get_own(
    connection: &Connection,
    id: i64,
    customer: &str,
) -> Result<Order, StoreError> {
    let order = get(connection, id)?;
    if order.customer == customer {
        Ok(order)
    } else {
        Err(StoreError::NoOrder)
    }
}

/// The customer's newest orders.
pub(crate) fn list(connection: &Connection, customer: &str) -> Result<Vec<Order>, StoreError> {
    let ids: Vec<i64> = connection
        .prepare_cached("SELECT id FROM orders WHERE customer = ? ORDER BY id DESC LIMIT ?")?
        .query_map(params![customer, LIST_MAX], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    ids.into_iter().map(|id| get(connection, id)).collect()
}

/// Cancels or returns a customer's own order and puts its goods back in stock.
pub(crate) fn undo(
    connection: &mut Connection,
    id: i64,
    customer: &str,
    action: Action,
) -> Result<Order, StoreError> {
    let transaction = immediate(connection)?;
    let order = get_own(&transaction, id, customer)?;
    change(&transaction, &order, action)?;
    let order = get(&transaction, id)?;
    transaction.commit()?;
    Ok(order)
}

/// Marks an order as handed to a carrier.
pub(crate) fn ship(
    connection: &mut Connection,
    id: i64,
    carrier: &str,
    tracking: &str,
) -> Result<Order, StoreError> {
    let transaction = immediate(connection)?;
    let order = get(&transaction, id)?;
    change(&transaction, &order, Action::Ship)?;
    transaction
        .prepare_cached("UPDATE orders SET carrier = ?, tracking = ? WHERE id = ?")?
        .execute(params![carrier, tracking, id])?;
    let order = get(&transaction, id)?;
    transaction.commit()?;
    Ok(order)
}

fn change(transaction: &Transaction<'_>, order: &Order, action: Action) -> Result<(), StoreError> {
    let state = order.state.after(action)?;
    transaction
        .prepare_cached(
            "UPDATE orders SET state = ?, updated_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
             WHERE id = ?",
        )?
        .execute(params![state.name(), order.id])?;
    if state.is_restocked() {
        for item in &order.items {
            transaction
                .prepare_cached("UPDATE inventory SET stock = stock + ? WHERE product_id = ?")?
                .execute([item.quantity, item.product_id])?;
        }
    }
    Ok(())
}

fn items(connection: &Connection, id: i64) -> Result<Vec<OrderItem>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT product_id, name, quantity, unit_price_cents, unit_weight_g
         FROM order_items WHERE order_id = ? ORDER BY product_id",
    )?;
    let rows = statement.query_map([id], |row| {
        Ok(OrderItem {
            product_id: row.get(0)?,
            name: row.get(1)?,
            quantity: row.get(2)?,
            unit_price_cents: row.get(3)?,
            unit_weight_g: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Locks for writing at once, so that two processes on one file cannot both read, then write.
fn immediate(connection: &mut Connection) -> Result<Transaction<'_>, StoreError> {
    Ok(connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
}
