//! Products in the database: loading and searching.

use rusqlite::{Connection, Row, params};
use serde::Serialize;

use crate::catalogue::{Product, picture_paths};
use crate::pictures::models::Kind;
use crate::store::StoreError;

/// Words of a search that count; more are ignored.
const WORDS_MAX: usize = 8;

/// A search, checked by the caller: `page` from 1, `per_page` from 1.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    pub(crate) query: String,
    pub(crate) category: String,
    pub(crate) page: u32,
    pub(crate) per_page: u32,
}

/// One page of a search.
#[derive(Debug, Serialize)]
pub(crate) struct Found {
    pub(crate) items: Vec<Product>,
    pub(crate) page: u32,
    pub(crate) per_page: u32,
    pub(crate) pages: u32,
    pub(crate) total: u32,
}

/// All products, by id.
pub(super) fn load(connection: &Connection) -> Result<Vec<Product>, StoreError> {
    let mut statement = connection.prepare("SELECT * FROM products ORDER BY id")?;
    let rows = statement.query_map([], product)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The page of products whose name or description has all words of the query (the last letters of a
/// word may be missing), best first. An empty query or category means all.
pub(crate) fn search(connection: &mut Connection, search: &Search) -> Result<Found, StoreError> {
    let words = match_expression(&search.query);
    if words.is_empty() && !search.query.trim().is_empty() {
        return Ok(found(search, Vec::new(), 0));
    }
    let (from, order) = if words.is_empty() {
        ("products p WHERE ?1 = ''", "p.id")
    } else {
        (
            "products_text t JOIN products p ON p.id = t.rowid WHERE products_text MATCH ?1",
            "t.rank, p.id",
        )
    };
    let condition = format!("{from} AND (?2 = '' OR p.category = ?2)");
    let total = connection
        .prepare_cached(&format!("SELECT count(*) FROM {condition}"))?
        .query_row(params![words, search.category], |row| row.get(0))?;
    let offset = u64::from(search.page - 1) * u64::from(search.per_page);
    let sql = format!("SELECT p.* FROM {condition} ORDER BY {order} LIMIT ?3 OFFSET ?4");
    let items = connection
        .prepare_cached(&sql)?
        .query_map(
            params![words, search.category, search.per_page, offset as i64],
            product,
        )?
        .collect::<Result<_, _>>()?;
    Ok(found(search, items, total))
}

fn found(search: &Search, items: Vec<Product>, total: u32) -> Found {
    let pages = total.div_ceil(search.per_page);
    Found {
        items,
        page: search.page,
        per_page: search.per_page,
        pages,
        total,
    }
}

/// Turns what a customer typed into an FTS5 expression: each word quoted, as a prefix, all wanted.
fn match_expression(query: &str) -> String {
    query
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(WORDS_MAX)
        .map(|word| format!("\"{word}\"*"))
        .collect::<Vec<_>>()
        .join(" ")
}

fn product(row: &Row<'_>) -> rusqlite::Result<Product> {
    let id = row.get("id")?;
    let kind: String = row.get("kind")?;
    Ok(Product {
        id,
        name: row.get("name")?,
        description: row.get("description")?,
        category: row.get("category")?,
        colour: row.get("colour")?,
        price_cents: row.get("price_cents")?,
        currency: "EUR",
        weight_g: row.get("weight_g")?,
        pictures: picture_paths(id),
        kind: Kind::named(&kind).unwrap_or(Kind::Mug),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_input_is_syntax() {
        assert_eq!(match_expression("red  mug"), "\"red\"* \"mug\"*");
        assert_eq!(
            match_expression("\" OR 1 NEAR(a* -- é"),
            "\"OR\"* \"1\"* \"NEAR\"* \"a\"* \"é\"*"
        );
        assert_eq!(match_expression("**"), "");
    }
}
