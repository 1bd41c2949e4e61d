//! One SQLite connection of a component.
//!
//! Who writes the statements is not trusted: SQLite's own ways out of a database are closed
//! ([`permits`]), and a statement has bounds in time and bytes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use tokio::sync::{Mutex, Semaphore};

/// The most that one statement gives back, in bytes.
const ROWS_BYTES_MAX: usize = 64 << 20;
/// The longest text or blob, in bytes: a function over two of them is one step.
const VALUE_BYTES_MAX: i32 = 8 << 20;
/// The longest statement, in bytes.
const STATEMENT_BYTES_MAX: i32 = 1 << 20;
/// The longest pattern of LIKE and GLOB, whose time is that of the text times the pattern.
const PATTERN_BYTES_MAX: i32 = 1_000;
/// Virtual machine steps between two looks at the clock.
const STEPS: i32 = 1_000;

/// Statements at work at the same time, of all components: each takes a thread.
static AT_WORK: Semaphore = Semaphore::const_new(64);

/// Waits for a thread, runs `work` on it.
async fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let place = AT_WORK.acquire().await.map_err(|error| error.to_string())?;
    let done = tokio::task::spawn_blocking(move || {
        // Also where whoever asked has gone: the thread is still at work.
        let _place = place;
        work()
    });
    done.await.map_err(|error| error.to_string())?
}

/// The PRAGMAs of a component: they tell of its database, or set what is kept in its file.
/// Others reach the whole process (`hard_heap_limit`, `temp_store_directory`), take memory of the
/// host (`cache_size`, `temp_store`), or let a damaged schema in (`writable_schema`).
const PRAGMAS: [&str; 19] = [
    "application_id",
    "collation_list",
    "compile_options",
    "defer_foreign_keys",
    "foreign_key_check",
    "foreign_key_list",
    "foreign_keys",
    "function_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "integrity_check",
    "optimize",
    "page_count",
    "quick_check",
    "table_info",
    "table_list",
    "table_xinfo",
    "user_version",
];

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
pub struct Connection(Arc<Mutex<Held>>);

/// Closed on a thread that may wait: closing writes the log back into the file.
struct Held(Option<rusqlite::Connection>);

impl Drop for Held {
    fn drop(&mut self) {
        let db = self.0.take();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn_blocking(move || drop(db));
        }
    }
}

impl Connection {
    /// Opens a file, and makes it where it is not there.
    ///
    /// # Errors
    /// What SQLite says.
    pub(crate) async fn open(file: &Path) -> Result<Self, String> {
        let file = file.to_owned();
        let db = on_thread(move || connect(&file).map_err(|error| error.to_string())).await?;
        Ok(Self(Arc::new(Mutex::new(Held(Some(db))))))
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
        // Taken before a thread is: who waits for a connection takes none.
        let mut held = self.0.clone().lock_owned().await;
        on_thread(move || match &mut held.0 {
            Some(db) => work(db).map_err(|error| error.to_string()),
            None => Err("the database is closed".to_owned()),
        })
        .await
    }
}

fn connect(file: &Path) -> rusqlite::Result<rusqlite::Connection> {
    let mut db = rusqlite::Connection::open(file)?;
    db.busy_timeout(Duration::from_secs(5))?;
    db.pragma_update(None, "journal_mode", "wal")?;
    db.pragma_update(None, "synchronous", "normal")?;
    // No other file: a component has the databases that it was given.
    db.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    db.set_limit(Limit::SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX)?;
    db.set_limit(Limit::SQLITE_LIMIT_SQL_LENGTH, STATEMENT_BYTES_MAX)?;
    db.set_limit(Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, PATTERN_BYTES_MAX)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, false)?;
    db.authorizer(Some(permits))?;
    Ok(db)
}

/// What a statement may do, asked by SQLite while it compiles one.
fn permits(context: AuthContext<'_>) -> Authorization {
    let permitted = match context.action {
        AuthAction::Attach { .. } | AuthAction::Detach { .. } | AuthAction::Unknown { .. } => false,
        AuthAction::Pragma { pragma_name, .. } => PRAGMAS
            .iter()
            .any(|known| pragma_name.eq_ignore_ascii_case(known)),
        // The first takes and calls pointers, whatever the configuration says, where they are
        // bound as parameters; the second loads native code.
        AuthAction::Function { function_name } => !["fts3_tokenizer", "load_extension"]
            .iter()
            .any(|denied| function_name.eq_ignore_ascii_case(denied)),
        _ => true,
    };
    if permitted {
        Authorization::Allow
    } else {
        Authorization::Deny
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

#[cfg(test)]
mod tests {
    use super::*;

    async fn run(db: &Connection, statement: &str, parameters: Vec<Value>) -> Result<Rows, String> {
        let time_max = Duration::from_millis(300);
        db.execute(statement.to_owned(), parameters, time_max).await
    }

    #[tokio::test]
    async fn a_statement_stays_in_its_database() {
        let folder = tempfile::tempdir().unwrap();
        let db = Connection::open(&folder.path().join("a.db")).await.unwrap();
        run(&db, "create table t (a)", Vec::new()).await.unwrap();
        run(&db, "insert into t values (?1)", vec![Value::Integer(7)])
            .await
            .unwrap();
        for allowed in [
            "select count(*), upper('x') from t",
            "pragma table_info(t)",
            "pragma user_version = 3",
            "select * from pragma_table_info('t')",
            "create virtual table f using fts5(body)",
            "begin",
            "commit",
        ] {
            let done = run(&db, allowed, Vec::new()).await;
            assert!(done.is_ok(), "{allowed}: {done:?}");
        }
        let other = folder.path().join("other.db");
        let other = other.display();
        for denied in [
            format!("attach '{other}' as o"),
            format!("vacuum into '{other}'"),
            "select fts3_tokenizer('simple')".to_owned(),
            "select hex(fts3_tokenizer(?1))".to_owned(),
            "select load_extension('x')".to_owned(),
            "pragma hard_heap_limit = 1".to_owned(),
            "pragma temp_store_directory = '/tmp'".to_owned(),
            "pragma cache_size = -10000000".to_owned(),
            "pragma writable_schema = on".to_owned(),
            "select * from pragma_database_list".to_owned(),
            "update sqlite_schema set sql = ''".to_owned(),
        ] {
            let text = vec![Value::Text("simple".to_owned())];
            let parameters = if denied.contains('?') {
                text
            } else {
                Vec::new()
            };
            let done = run(&db, &denied, parameters).await;
            assert!(done.is_err(), "{denied}: {done:?}");
        }
        assert!(!folder.path().join("other.db").exists());
    }

    #[tokio::test]
    async fn a_statement_without_end_ends() {
        let folder = tempfile::tempdir().unwrap();
        let db = Connection::open(&folder.path().join("a.db")).await.unwrap();
        let endless = "with recursive r(n) as (select 1 union all select n + 1 from r)
             select max(length(randomblob(1000000))) from r";
        let done = run(&db, endless, Vec::new()).await;
        assert!(done.is_err_and(|error| error.contains("interrupted")));
    }
}
