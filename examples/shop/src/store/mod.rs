//! SQLite: one connection behind a lock, its work on blocking threads.

pub(crate) mod carts;
pub(crate) mod inventory;
pub(crate) mod orders;
pub(crate) mod products;
mod schema;
pub(crate) mod state;

use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::Connection;
use thiserror::Error;

use crate::catalogue::Product;
use crate::catalogue::theme::Range;
use crate::options::Options;
use crate::store::state::Refusal;

/// Why the store did not do what it was asked to.
#[derive(Debug, Error)]
pub(crate) enum StoreError {
    /// SQLite failed.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A blocking thread ended early; only when the process stops.
    #[error("the shop is stopping")]
    Stopping,
    /// The database was made for another shop.
    #[error("the file holds the shop {0}; give that brand, range and seed, or another file")]
    OtherShop(String),
    /// No such product.
    #[error("There is no product {0}.")]
    NoProduct(u32),
    /// No such cart, or not this customer's.
    #[error("There is no such cart.")]
    NoCart,
    /// No such order, or not this customer's.
    #[error("There is no such order.")]
    NoOrder,
    /// The cart has become an order.
    #[error("The cart has become order {0}.")]
    CartOrdered(i64),
    /// Nothing to order.
    #[error("The cart is empty.")]
    CartEmpty,
    /// The cart holds as many different products as it may.
    #[error("A cart holds at most {0} different products.")]
    CartFull(u32),
    /// Less in stock than wanted.
    #[error("Only {available} of product {product_id} in stock, {wanted} wanted.")]
    OutOfStock {
        /// The product.
        product_id: u32,
        /// What is left.
        available: u32,
        /// What the order asks for.
        wanted: u32,
    },
    /// The order's state does not allow it.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// The database with its products, which never change, held in memory as well.
#[derive(Clone)]
pub(crate) struct Store {
    connection: Arc<Mutex<Connection>>,
    products: Arc<Vec<Product>>,
    facts: ShopFacts,
}

/// What a database was made for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ShopFacts {
    pub(crate) brand: String,
    pub(crate) range: Range,
    pub(crate) seed: u64,
}

impl Store {
    /// Opens or makes the database.
    pub(crate) fn open(options: &Options) -> Result<Self, StoreError> {
        let mut connection = Connection::open(&options.database)?;
        let facts = schema::prepare(&mut connection, options)?;
        let products = products::load(&connection)?;
        Ok(Self {
            connection: Arc::new(Mutex::new(connection)),
            products: Arc::new(products),
            facts,
        })
    }

    /// What the shop in this database is.
    pub(crate) fn facts(&self) -> &ShopFacts {
        &self.facts
    }

    /// All products, by id from 1 upwards without gaps.
    pub(crate) fn products(&self) -> &[Product] {
        &self.products
    }

    /// One product.
    pub(crate) fn product(&self, id: u32) -> Result<&Product, StoreError> {
        let index = (id as usize)
            .checked_sub(1)
            .ok_or(StoreError::NoProduct(id))?;
        self.products.get(index).ok_or(StoreError::NoProduct(id))
    }

    /// Runs `work` with the connection, on a blocking thread.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let connection = self.connection.clone();
        tokio::task::spawn_blocking(move || work(&mut connection.lock()))
            .await
            .map_err(|_| StoreError::Stopping)?
    }
}
