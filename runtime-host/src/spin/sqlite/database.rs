//! One SQLite connection of a component.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;

/// The most that one statement gives back, in bytes.
const ROWS_BYTES_MAX: usize = 64 << 20;
/// The longest text or blob, in bytes.
const VALUE_BYTES_MAX: i32 = 64 << 20;
/// Virtual machine steps between two looks at the clock.
const STEPS: i32 = 100_000;

/// A value of either interface.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// An integer.
    Integer(i64),
    /// A float.
    Real(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
    /// Nothing.
    Null,
}

/// What a statement gave.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<Value>>,
}

/// An open database.
#[derive(Clone)]
#[allow(unreachable_pub, reason = "generated code exports it again")]
pub struct Connection(Arc<Mutex<rusqlite::Connection>>);

impl Connection {
    /// Opens a file, and makes it where it is not there.
    ///
    /// # Errors
    /// What SQLite says.
    pub(crate) async fn open(file: &Path) -> Result<Self, String> {
        let file = file.to_owned();
        let opened = tokio::task::spawn_blocking(move || -> rusqlite::Result<_> {
            let db = rusqlite::Connection::open(file)?;
            db.busy_timeout(Duration::from_secs(5))?;
            db.pragma_update(None, "journal_mode", "wal")?;
            db.pragma_update(None, "synchronous", "normal")?;
            // No other file: a component has the databases that it was given.
            db.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
            db.set_limit(Limit::SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX)?;
            Ok(db)
        });
        let db = opened
            .await
            .map_err(|error| error.to_string())?
            .map_err(|error| error.to_string())?;
        Ok(Self(Arc::new(Mutex::new(db))))
    }

    /// Runs one statement, for `time_max` at most.
    ///
    /// # Errors
    /// What SQLite says.
    pub(crate) async fn execute(
        &self,
        statement: String,
        parameters: Vec<Value>,
        time_max: Duration,
    ) -> Result<Rows, String> {
        self.run(move |db| {
            let begun = std::time::Instant::now();
            db.progress_handler(STEPS, Some(move || begun.elapsed() > time_max))?;
            execute(db, &statement, &parameters)
        })
        .await
        .and_then(|rows| {
            rows.ok_or_else(|| format!("the rows have more than {ROWS_BYTES_MAX} bytes"))
        })
    }

    /// `last_insert_rowid()`.
    pub(crate) async fn last_insert_rowid(&self) -> i64 {
        self.run(|db| Ok(db.last_insert_rowid())).await.unwrap_or(0)
    }

    /// `changes()`.
    pub(crate) async fn changes(&self) -> u64 {
        self.run(|db| Ok(db.changes())).await.unwrap_or(0)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut rusqlite::Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        let db = self.0.clone();
        match tokio::task::spawn_blocking(move || work(&mut db.lock())).await {
            Ok(result) => result.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// `None` where the rows are too many bytes.
fn execute(
    db: &rusqlite::Connection,
    statement: &str,
    parameters: &[Value],
) -> rusqlite::Result<Option<Rows>> {
    let mut statement = db.prepare_cached(statement)?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut found = statement.query(rusqlite::params_from_iter(parameters))?;
    let (mut rows, mut bytes) = (Vec::new(), 0);
    while let Some(row) = found.next()? {
        let mut values = Vec::with_capacity(columns.len());
        for column in 0..columns.len() {
            let value = match row.get_ref(column)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(number) => Value::Integer(number),
                ValueRef::Real(number) => Value::Real(number),
                ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
                ValueRef::Blob(blob) => Value::Blob(blob.to_vec()),
            };
            bytes += size_of::<Value>()
                + match &value {
                    Value::Text(text) => text.len(),
                    Value::Blob(blob) => blob.len(),
                    _ => 0,
                };
            values.push(value);
        }
        if bytes > ROWS_BYTES_MAX {
            return Ok(None);
        }
        rows.push(values);
    }
    Ok(Some(Rows { columns, rows }))
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        let value = match self {
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(blob) => ValueRef::Blob(blob),
            Self::Null => ValueRef::Null,
        };
        Ok(rusqlite::types::ToSqlOutput::Borrowed(value))
    }
}
