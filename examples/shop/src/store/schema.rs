//! The tables, and how a new database is filled.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::catalogue::invent;
use crate::catalogue::theme::{Range, Theme};
use crate::options::Options;
use crate::random::{Random, fnv1a};
use crate::store::{ShopFacts, StoreError};

const TABLES: &str = "
CREATE TABLE shop (brand TEXT NOT NULL, range TEXT NOT NULL, seed INTEGER NOT NULL);
CREATE TABLE products (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, description TEXT NOT NULL, category TEXT NOT NULL,
    colour TEXT NOT NULL, kind TEXT NOT NULL, price_cents INTEGER NOT NULL, weight_g INTEGER NOT NULL);
CREATE INDEX products_by_category ON products (category, id);
CREATE VIRTUAL TABLE products_text USING fts5 (
    name, description, content='products', content_rowid='id', tokenize='unicode61 remove_diacritics 2');
CREATE TABLE inventory (
    product_id INTEGER PRIMARY KEY REFERENCES products (id), stock INTEGER NOT NULL CHECK (stock >= 0));
CREATE TABLE carts (
    serial INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, customer TEXT NOT NULL, order_id INTEGER);
CREATE TABLE cart_items (
    cart_id TEXT NOT NULL REFERENCES carts (id) ON DELETE CASCADE,
    product_id INTEGER NOT NULL REFERENCES products (id),
    quantity INTEGER NOT NULL CHECK (quantity > 0), PRIMARY KEY (cart_id, product_id)) WITHOUT ROWID;
CREATE TABLE orders (
    id INTEGER PRIMARY KEY AUTOINCREMENT, customer TEXT NOT NULL, state TEXT NOT NULL,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
    carrier TEXT, tracking TEXT);
CREATE INDEX orders_by_customer ON orders (customer, id);
CREATE TABLE order_items (
    order_id INTEGER NOT NULL REFERENCES orders (id), product_id INTEGER NOT NULL, name TEXT NOT NULL,
    quantity INTEGER NOT NULL, unit_price_cents INTEGER NOT NULL, unit_weight_g INTEGER NOT NULL,
    PRIMARY KEY (order_id, product_id)) WITHOUT ROWID;
";

/// Sets the connection up and, if the database is new, makes the shop that `options` describe.
pub(super) fn prepare(
    connection: &mut Connection,
    options: &Options,
) -> Result<ShopFacts, StoreError> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(64);
    let transaction = connection.transaction()?;
    let facts = if transaction.table_exists(None, "shop")? {
        existing(&transaction, options)?
    } else {
        let range = options
            .range
            .unwrap_or_else(|| Range::of_brand(&options.brand));
        let seed = options
            .seed
            .unwrap_or_else(|| fnv1a(options.brand.as_bytes()));
        let facts = ShopFacts {
            brand: options.brand.clone(),
            range,
            seed,
        };
        fill(&transaction, &facts, options.products)?;
        facts
    };
    transaction.commit()?;
    Ok(facts)
}

fn existing(transaction: &Transaction<'_>, options: &Options) -> Result<ShopFacts, StoreError> {
    let facts = transaction
        .query_row("SELECT brand, range, seed FROM shop", [], |row| {
            let range: String = row.get(1)?;
            let range = if range == "home" {
                Range::Home
            } else {
                Range::Outdoor
            };
            Ok(ShopFacts {
                brand: row.get(0)?,
                range,
                seed: row.get::<_, i64>(2)? as u64,
            })
        })
        .optional()?;
    match facts {
        Some(facts)
            if facts.brand == options.brand
                && options.seed.is_none_or(|seed| seed == facts.seed)
                && options.range.is_none_or(|range| range == facts.range) =>
        {
            Ok(facts)
        }
        Some(facts) => Err(StoreError::OtherShop(format!("{facts:?}"))),
        None => Err(StoreError::OtherShop("without a name".to_owned())),
    }
}

fn fill(transaction: &Transaction<'_>, facts: &ShopFacts, count: u32) -> Result<(), StoreError> {
    transaction.execute_batch(TABLES)?;
    let range = match facts.range {
        Range::Home => "home",
        Range::Outdoor => "outdoor",
    };
    let shop = "INSERT INTO shop (brand, range, seed) VALUES (?, ?, ?)";
    transaction.execute(shop, params![facts.brand, range, facts.seed as i64])?;
    let theme = Theme::of_brand(&facts.brand, facts.range);
    let mut random = Random::new(facts.seed, 0x0073_746f_636b);
    let mut product = transaction.prepare(
        "INSERT INTO products (id, name, description, category, colour, kind, price_cents, weight_g)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    let mut stock =
        transaction.prepare("INSERT INTO inventory (product_id, stock) VALUES (?, ?)")?;
    for p in invent::products(count, facts.seed, facts.range, &theme) {
        let kind = p.kind.name();
        product.execute(params![
            p.id,
            p.name,
            p.description,
            p.category,
            p.colour,
            kind,
            p.price_cents,
            p.weight_g
        ])?;
        stock.execute(params![p.id, 5 + random.below(196) as u32])?;
    }
    transaction.execute(
        "INSERT INTO products_text (products_text) VALUES ('rebuild')",
        [],
    )?;
    Ok(())
}
