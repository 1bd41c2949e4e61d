//! Limits in SQLite: one statement charges every row of a request, or none.
//!
//! Spin hands one connection to all requests, so a transaction over several statements would mix
//! with those of others; a single statement is atomic by itself. What it computes stands at
//! [`lockgate_limits::Row`].

use std::fmt::Write as _;

/// Makes the table. Without a rowid the key is the table.
pub const CREATE: &str = "CREATE TABLE IF NOT EXISTS lockgate_limits \
    (key BLOB PRIMARY KEY, tat INTEGER NOT NULL) WITHOUT ROWID";

/// Deletes some rows whose time has passed: `?1` is the clock, `?2` a random key to start at.
pub const SWEEP: &str = "DELETE FROM lockgate_limits WHERE key IN \
    (SELECT key FROM lockgate_limits WHERE key > ?2 AND tat < ?1 LIMIT 500)";

/// Charges `rows` rows. Parameters: the clock, then for each row its key, cost and capacity. Gives
/// each row's key and new time, in any order, if all fit; else nothing, and nothing is written.
#[must_use]
pub fn charge(rows: usize) -> String {
    let mut text = String::with_capacity(512 + rows * 24);
    text.push_str("WITH asked(key, cost, capacity) AS (VALUES ");
    for row in 0..rows {
        let first = row * 3 + 2;
        let comma = if row == 0 { "" } else { ", " };
        // Writing to a string does not fail.
        let _ = write!(text, "{comma}(?{first}, ?{}, ?{})", first + 1, first + 2);
    }
    text.push_str(
        "), was AS MATERIALIZED (SELECT asked.key AS key, cost, capacity, \
           CASE WHEN stored.tat > ?1 + capacity + 60000000000 THEN ?1 \
           ELSE max(coalesce(stored.tat, 0), ?1) END AS tat \
         FROM asked LEFT JOIN lockgate_limits AS stored ON stored.key = asked.key) \
         INSERT INTO lockgate_limits (key, tat) SELECT key, tat + cost FROM was \
         WHERE NOT EXISTS (SELECT 1 FROM was WHERE tat + cost > ?1 + capacity) \
         ON CONFLICT (key) DO UPDATE SET tat = excluded.tat \
         RETURNING key, tat",
    );
    text
}

/// Reads the stored times of `rows` rows. Parameters: their keys. Gives key and time of those that
/// are there, in any order.
#[must_use]
pub fn read(rows: usize) -> String {
    let mut text = String::from("SELECT key, tat FROM lockgate_limits WHERE key IN (");
    for row in 1..=rows {
        let comma = if row == 1 { "" } else { ", " };
        let _ = write!(text, "{comma}?{row}");
    }
    text.push(')');
    text
}

/// A number as SQLite keeps it. Times in nanoseconds reach the end of it in 2262.
#[must_use]
pub fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number as SQLite kept it; one below 0 was not ours and counts as 0.
#[must_use]
pub fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
