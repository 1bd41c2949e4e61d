//! A key-value store in Redis, with the keys as the component names them, as Spin keeps them.

use std::collections::BTreeSet;

use redis::{Cmd, FromRedisValue, RedisError, Value};
use tokio::sync::Mutex;

use super::store::{ANSWER_BYTES_MAX, Fault};
use crate::redis::server::{Connected, Server};

/// Keys that one step of a listing looks at.
const SCAN_COUNT: usize = 1_000;

/// Replaces a value where it is still what it was. `KEYS[1]`: the key. `ARGV`: `1` or `0` whether
/// there was a value, the value, the new one.
const SWAP: &str = r"
local found = redis.call('GET', KEYS[1])
local same = ARGV[1] == '0'
if found then same = ARGV[1] == '1' and found == ARGV[2] end
if same then redis.call('SET', KEYS[1], ARGV[3]) end
return same and 1 or 0
";

/// The store: one connection for all that use it, made when it is first needed and again where
/// it broke.
pub(super) struct RedisStore {
    server: Server,
    connected: Mutex<Option<Connected>>,
}

impl RedisStore {
    /// A store on a server.
    pub(super) fn new(server: Server) -> Self {
        Self {
            server,
            connected: Mutex::default(),
        }
    }

    async fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Fault> {
        let mut connection = {
            let mut connected = self.connected.lock().await;
            match connected.as_ref().filter(|connected| !connected.is_over()) {
                Some(connected) => connected.connection.clone(),
                None => {
                    let new = self.server.connect(None).await.map_err(|reason| {
                        tracing::warn!("the key-value store {} fails: {reason}", self.server);
                        reason
                    })?;
                    connected.insert(new).connection.clone()
                }
            }
        };
        let answer = connection.send_packed_command(command).await;
        let answer = answer.and_then(Value::extract_error);
        let read = answer.and_then(|answer| Ok(T::from_redis_value(answer)?));
        read.map_err(|error: RedisError| {
            tracing::warn!("the key-value store {} fails: {error}", self.server);
            error.to_string()
        })
    }

    pub(super) async fn get(&self, key: String) -> Result<Option<Vec<u8>>, Fault> {
        self.run(redis::cmd("GET").arg(key)).await
    }

    pub(super) async fn set(&self, values: Vec<(String, Vec<u8>)>) -> Result<(), Fault> {
        if values.is_empty() {
            return Ok(());
        }
        let mut command = redis::cmd("MSET");
        for (key, value) in values {
            command.arg(key).arg(value);
        }
        self.run(&command).await
    }

    pub(super) async fn delete(&self, keys: Vec<String>) -> Result<(), Fault> {
        if keys.is_empty() {
            return Ok(());
        }
        self.run(redis::cmd("DEL").arg(keys)).await.map(|_: i64| ())
    }

    pub(super) async fn exists(&self, key: String) -> Result<bool, Fault> {
        self.run(redis::cmd("EXISTS").arg(key)).await
    }

    pub(super) async fn keys(&self) -> Result<Vec<String>, Fault> {
        let (mut keys, mut bytes) = (BTreeSet::new(), 0);
        let mut cursor = "0".to_owned();
        loop {
            let mut command = redis::cmd("SCAN");
            command.arg(cursor).arg("COUNT").arg(SCAN_COUNT);
            let (next, found): (String, Vec<String>) = self.run(&command).await?;
            // Redis may name a key twice.
            for key in found {
                let length = key.len() + size_of::<String>();
                if keys.insert(key) {
                    bytes += length;
                }
            }
            if bytes > ANSWER_BYTES_MAX {
                return Err(format!("the keys have more than {ANSWER_BYTES_MAX} bytes"));
            }
            if next == "0" {
                return Ok(keys.into_iter().collect());
            }
            cursor = next;
        }
    }

    pub(super) async fn get_many(
        &self,
        keys: Vec<String>,
    ) -> Result<Vec<(String, Option<Vec<u8>>)>, Fault> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let values: Vec<Option<Vec<u8>>> = self.run(redis::cmd("MGET").arg(&keys)).await?;
        let lengths = values.iter().flatten().map(Vec::len);
        if lengths.sum::<usize>() > ANSWER_BYTES_MAX {
            return Err(format!(
                "the values have more than {ANSWER_BYTES_MAX} bytes"
            ));
        }
        Ok(keys.into_iter().zip(values).collect())
    }

    /// Adds to a decimal number, 0 where there is none.
    pub(super) async fn increment(&self, key: String, delta: i64) -> Result<i64, Fault> {
        self.run(redis::cmd("INCRBY").arg(key).arg(delta)).await
    }

    /// Replaces a value where it is still `old`; whether it was.
    pub(super) async fn swap(
        &self,
        key: String,
        old: Option<Vec<u8>>,
        new: Vec<u8>,
    ) -> Result<bool, Fault> {
        let there = if old.is_some() { "1" } else { "0" };
        let mut command = redis::cmd("EVAL");
        command.arg(SWAP).arg(1).arg(key).arg(there);
        self.run(command.arg(old.unwrap_or_default()).arg(new))
            .await
    }
}
