//! Key-value stores in one SQLite file, in the table that Spin keeps them in: an app takes its
//! data along from one host to the other.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension as _, params};
use tokio::sync::Semaphore;

/// The most that one call gives back, in bytes.
pub(super) const ANSWER_BYTES_MAX: usize = 64 << 20;

/// The stores of an app.
#[derive(Clone)]
pub(crate) struct Stores {
    connection: Arc<Mutex<Connection>>,
    /// Taken before a thread is: who waits for the connection takes none.
    turn: Arc<Semaphore>,
}

/// Why a call failed.
pub(super) type Fault = String;

impl Stores {
    /// Opens the file, and makes it where it is not there.
    ///
    /// # Errors
    /// Where it cannot be opened.
    pub(crate) fn open(file: &Path) -> anyhow::Result<Self> {
        let connection = Connection::open(file)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        // A crash of the machine may lose the last writes, never the file.
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "normal")?;
        connection.execute(
            "create table if not exists spin_key_value (
               store text not null, key text not null, value blob not null,
               primary key (store, key))",
            [],
        )?;
        Ok(Self {
            connection: Arc::new(Mutex::new(connection)),
            turn: Arc::new(Semaphore::new(1)),
        })
    }

    /// Runs `work` on a thread that may wait.
    ///
    /// # Errors
    /// What SQLite says.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Fault> {
        let turn = self.turn.clone().acquire_owned().await;
        let turn = turn.map_err(|error| error.to_string())?;
        let connection = self.connection.clone();
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work(&mut connection.lock())
        });
        let done = done.await;
        match done {
            Ok(result) => result.map_err(|error| {
                tracing::warn!("the key-value store failed: {error}");
                error.to_string()
            }),
            Err(error) => Err(error.to_string()),
        }
    }

    pub(super) async fn get(&self, store: Arc<str>, key: String) -> Result<Option<Vec<u8>>, Fault> {
        self.run(move |db| get(db, &store, &key)).await
    }

    pub(super) async fn set(
        &self,
        store: Arc<str>,
        values: Vec<(String, Vec<u8>)>,
    ) -> Result<(), Fault> {
        self.run(move |db| {
            let all = db.transaction()?;
            for (key, value) in &values {
                put(&all, &store, key, value)?;
            }
            all.commit()
        })
        .await
    }

    pub(super) async fn delete(&self, store: Arc<str>, keys: Vec<String>) -> Result<(), Fault> {
        self.run(move |db| {
            let all = db.transaction()?;
            for key in &keys {
                all.prepare_cached("delete from spin_key_value where store = ?1 and key = ?2")?
                    .execute(params![&*store, key])?;
            }
            all.commit()
        })
        .await
    }

    pub(super) async fn exists(&self, store: Arc<str>, key: String) -> Result<bool, Fault> {
        self.run(move |db| {
            db.prepare_cached("select 1 from spin_key_value where store = ?1 and key = ?2")?
                .exists(params![&*store, key])
        })
        .await
    }

    pub(super) async fn keys(&self, store: Arc<str>) -> Result<Vec<String>, Fault> {
        let (keys, whole) = self
            .run(move |db| {
                let mut statement = db.prepare_cached(
                    "select key from spin_key_value where store = ?1 order by key",
                )?;
                let mut rows = statement.query(params![&*store])?;
                let (mut keys, mut bytes) = (Vec::new(), 0);
                while let Some(row) = rows.next()? {
                    let key: String = row.get(0)?;
                    bytes += key.len() + size_of::<String>();
                    if bytes > ANSWER_BYTES_MAX {
                        return Ok((keys, false));
                    }
                    keys.push(key);
                }
                Ok((keys, true))
            })
            .await?;
        if whole {
            Ok(keys)
        } else {
            Err(format!("the keys have more than {ANSWER_BYTES_MAX} bytes"))
        }
    }

    pub(super) async fn get_many(
        &self,
        store: Arc<str>,
        keys: Vec<String>,
    ) -> Result<Vec<(String, Option<Vec<u8>>)>, Fault> {
        let found = self
            .run(move |db| {
                let (mut found, mut bytes) = (Vec::with_capacity(keys.len().min(1024)), 0);
                for key in keys {
                    let value = get(db, &store, &key)?;
                    bytes += key.len() + value.as_ref().map_or(0, Vec::len);
                    if bytes > ANSWER_BYTES_MAX {
                        return Ok(None);
                    }
                    found.push((key, value));
                }
                Ok(Some(found))
            })
            .await?;
        found.ok_or_else(|| format!("the values have more than {ANSWER_BYTES_MAX} bytes"))
    }

    /// Adds to a number of eight bytes, little-endian, 0 where there is none.
    pub(super) async fn increment(
        &self,
        store: Arc<str>,
        key: String,
        delta: i64,
    ) -> Result<i64, Fault> {
        self.run(move |db| {
            let all = db.transaction()?;
            let old = match get(&all, &store, &key)? {
                None => 0,
                Some(bytes) => match <[u8; 8]>::try_from(bytes) {
                    Ok(bytes) => i64::from_le_bytes(bytes),
                    Err(_) => return Ok(Err("the value is no number of eight bytes".to_owned())),
                },
            };
            let Some(new) = old.checked_add(delta) else {
                return Ok(Err("the number would overflow".to_owned()));
            };
            put(&all, &store, &key, &new.to_le_bytes())?;
            all.commit()?;
            Ok(Ok(new))
        })
        .await?
    }

    /// Replaces a value where it is still `old`; whether it was.
    pub(super) async fn swap(
        &self,
        store: Arc<str>,
        key: String,
        old: Option<Vec<u8>>,
        new: Vec<u8>,
    ) -> Result<bool, Fault> {
        self.run(move |db| {
            let all = db.transaction()?;
            if get(&all, &store, &key)? != old {
                return Ok(false);
            }
            put(&all, &store, &key, &new)?;
            all.commit()?;
            Ok(true)
        })
        .await
    }
}

fn get(db: &Connection, store: &str, key: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    db.prepare_cached("select value from spin_key_value where store = ?1 and key = ?2")?
        .query_row(params![store, key], |row| row.get(0))
        .optional()
}

fn put(db: &Connection, store: &str, key: &str, value: &[u8]) -> rusqlite::Result<()> {
    db.prepare_cached(
        "insert into spin_key_value (store, key, value) values (?1, ?2, ?3)
         on conflict (store, key) do update set value = excluded.value",
    )?
    .execute(params![store, key, value])
    .map(|_| ())
}
