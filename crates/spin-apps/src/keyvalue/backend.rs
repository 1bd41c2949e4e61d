//! Where the values of a label are kept: SQLite unless the runtime configuration says Redis.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;

use super::redis::RedisStore;
use super::store::{Fault, Stores};
use crate::manifest::{Component, StoreKind};

/// Where the values of one label are.
#[derive(Clone)]
pub(super) enum Backend {
    /// A file.
    Sqlite(Stores),
    /// A server.
    Redis(Arc<RedisStore>),
}

/// All stores of an app by their labels.
#[derive(Clone, Default)]
pub(crate) struct Labels(Arc<BTreeMap<String, Backend>>);

impl Labels {
    /// Opens what the components name: as `configured` says, the others in the file `default`.
    ///
    /// # Errors
    /// The file that cannot be opened.
    pub(crate) fn open<'a>(
        components: impl Iterator<Item = &'a Component>,
        configured: &BTreeMap<String, StoreKind>,
        default: &Path,
    ) -> anyhow::Result<Self> {
        let mut labels = BTreeMap::new();
        let mut file: Option<Stores> = None;
        for label in components.flat_map(|component| &component.key_value_stores) {
            let backend = match configured.get(label) {
                Some(StoreKind::Redis(server)) => {
                    Backend::Redis(Arc::new(RedisStore::new(server.clone())))
                }
                Some(StoreKind::Sqlite(path)) => Backend::Sqlite(open(path)?),
                None => {
                    let stores = match &file {
                        Some(stores) => stores.clone(),
                        None => open(default)?,
                    };
                    Backend::Sqlite(file.insert(stores).clone())
                }
            };
            labels.entry(label.clone()).or_insert(backend);
        }
        Ok(Self(Arc::new(labels)))
    }

    pub(super) fn get(&self, label: &str) -> Option<Backend> {
        self.0.get(label).cloned()
    }
}

fn open(file: &Path) -> anyhow::Result<Stores> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    Stores::open(file).with_context(|| file.display().to_string())
}

type Values = Vec<(String, Vec<u8>)>;
type Found = Vec<(String, Option<Vec<u8>>)>;

impl Backend {
    pub(super) async fn get(&self, store: Arc<str>, key: String) -> Result<Option<Vec<u8>>, Fault> {
        match self {
            Self::Sqlite(stores) => stores.get(store, key).await,
            Self::Redis(redis) => redis.get(key).await,
        }
    }

    pub(super) async fn set(&self, store: Arc<str>, values: Values) -> Result<(), Fault> {
        match self {
            Self::Sqlite(stores) => stores.set(store, values).await,
            Self::Redis(redis) => redis.set(values).await,
        }
    }

    pub(super) async fn delete(&self, store: Arc<str>, keys: Vec<String>) -> Result<(), Fault> {
        match self {
            Self::Sqlite(stores) => stores.delete(store, keys).await,
            Self::Redis(redis) => redis.delete(keys).await,
        }
    }

    pub(super) async fn exists(&self, store: Arc<str>, key: String) -> Result<bool, Fault> {
        match self {
            Self::Sqlite(stores) => stores.exists(store, key).await,
            Self::Redis(redis) => redis.exists(key).await,
        }
    }

    pub(super) async fn keys(&self, store: Arc<str>) -> Result<Vec<String>, Fault> {
        match self {
            Self::Sqlite(stores) => stores.keys(store).await,
            Self::Redis(redis) => redis.keys().await,
        }
    }

    pub(super) async fn get_many(
        &self,
        store: Arc<str>,
        keys: Vec<String>,
    ) -> Result<Found, Fault> {
        match self {
            Self::Sqlite(stores) => stores.get_many(store, keys).await,
            Self::Redis(redis) => redis.get_many(keys).await,
        }
    }

    /// Adds to a number, 0 where there is none.
    pub(super) async fn increment(
        &self,
        store: Arc<str>,
        key: String,
        delta: i64,
    ) -> Result<i64, Fault> {
        match self {
            Self::Sqlite(stores) => stores.increment(store, key, delta).await,
            Self::Redis(redis) => redis.increment(key, delta).await,
        }
    }

    /// Replaces a value where it is still `old`; whether it was.
    pub(super) async fn swap(
        &self,
        store: Arc<str>,
        key: String,
        old: Option<Vec<u8>>,
        new: Vec<u8>,
    ) -> Result<bool, Fault> {
        match self {
            Self::Sqlite(stores) => stores.swap(store, key, old, new).await,
            Self::Redis(redis) => redis.swap(key, old, new).await,
        }
    }
}
