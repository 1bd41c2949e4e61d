//! `wasi:keyvalue@0.2.0-draft2`: store, atomics and batch.

use wasmtime::component::Resource;

use super::{Closed, Opened, Swap, open};
use crate::bindings::wasi::keyvalue::atomics::{self, CasError};
use crate::bindings::wasi::keyvalue::batch;
use crate::bindings::wasi::keyvalue::store::{Error, Host, HostBucket, KeyResponse};
use crate::instance::InstanceState;

impl Host for InstanceState {
    async fn open(&mut self, label: String) -> wasmtime::Result<Result<Resource<Opened>, Error>> {
        Ok(open(self, &label).map_err(|closed| match closed {
            Closed::Denied => Error::AccessDenied,
            Closed::Full => Error::Other("too many open handles".to_owned()),
            Closed::Other(text) => Error::Other(text),
        }))
    }
}

impl HostBucket for InstanceState {
    async fn get(
        &mut self,
        bucket: Resource<Opened>,
        key: String,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        let store = self.table.get(&bucket)?.clone();
        Ok(store
            .stores
            .get(store.label, key)
            .await
            .map_err(Error::Other))
    }

    async fn set(
        &mut self,
        bucket: Resource<Opened>,
        key: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), Error>> {
        let store = self.table.get(&bucket)?.clone();
        let done = store.stores.set(store.label, vec![(key, value)]).await;
        Ok(done.map_err(Error::Other))
    }

    async fn delete(
        &mut self,
        bucket: Resource<Opened>,
        key: String,
    ) -> wasmtime::Result<Result<(), Error>> {
        let store = self.table.get(&bucket)?.clone();
        let done = store.stores.delete(store.label, vec![key]).await;
        Ok(done.map_err(Error::Other))
    }

    async fn exists(
        &mut self,
        bucket: Resource<Opened>,
        key: String,
    ) -> wasmtime::Result<Result<bool, Error>> {
        let store = self.table.get(&bucket)?.clone();
        Ok(store
            .stores
            .exists(store.label, key)
            .await
            .map_err(Error::Other))
    }

    /// All keys at once; there is never a next page.
    async fn list_keys(
        &mut self,
        bucket: Resource<Opened>,
        cursor: Option<String>,
    ) -> wasmtime::Result<Result<KeyResponse, Error>> {
        if cursor.is_some() {
            return Ok(Err(Error::Other("there is no next page".to_owned())));
        }
        let store = self.table.get(&bucket)?.clone();
        let keys = store.stores.keys(store.label).await;
        Ok(keys
            .map(|keys| KeyResponse { keys, cursor: None })
            .map_err(Error::Other))
    }

    async fn drop(&mut self, bucket: Resource<Opened>) -> wasmtime::Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

impl batch::Host for InstanceState {
    async fn get_many(
        &mut self,
        bucket: Resource<Opened>,
        keys: Vec<String>,
    ) -> wasmtime::Result<Result<Vec<(String, Option<Vec<u8>>)>, Error>> {
        let store = self.table.get(&bucket)?.clone();
        let found = store.stores.get_many(store.label, keys).await;
        Ok(found.map_err(Error::Other))
    }

    async fn set_many(
        &mut self,
        bucket: Resource<Opened>,
        values: Vec<(String, Vec<u8>)>,
    ) -> wasmtime::Result<Result<(), Error>> {
        let store = self.table.get(&bucket)?.clone();
        Ok(store
            .stores
            .set(store.label, values)
            .await
            .map_err(Error::Other))
    }

    async fn delete_many(
        &mut self,
        bucket: Resource<Opened>,
        keys: Vec<String>,
    ) -> wasmtime::Result<Result<(), Error>> {
        let store = self.table.get(&bucket)?.clone();
        Ok(store
            .stores
            .delete(store.label, keys)
            .await
            .map_err(Error::Other))
    }
}

impl atomics::Host for InstanceState {
    async fn increment(
        &mut self,
        bucket: Resource<Opened>,
        key: String,
        delta: i64,
    ) -> wasmtime::Result<Result<i64, Error>> {
        let store = self.table.get(&bucket)?.clone();
        let sum = store.stores.increment(store.label, key, delta).await;
        Ok(sum.map_err(Error::Other))
    }

    async fn swap(
        &mut self,
        cas: Resource<Swap>,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), CasError>> {
        let Swap { store, key, seen } = self.table.delete(cas)?;
        let Opened { label, stores } = store.clone();
        let done = stores
            .swap(label.clone(), key.clone(), seen.into_inner(), value)
            .await;
        let again = match done {
            Ok(true) => return Ok(Ok(())),
            Ok(false) => stores.get(label, key.clone()).await,
            Err(fault) => Err(fault),
        };
        Ok(Err(match again {
            Ok(value) => CasError::CasFailed(self.table.push(Swap {
                store,
                key,
                seen: parking_lot::Mutex::new(value),
            })?),
            Err(fault) => CasError::StoreError(Error::Other(fault)),
        }))
    }
}

impl atomics::HostCas for InstanceState {
    async fn new(
        &mut self,
        bucket: Resource<Opened>,
        key: String,
    ) -> wasmtime::Result<Result<Resource<Swap>, Error>> {
        let store = self.table.get(&bucket)?.clone();
        let seen = store.stores.get(store.label.clone(), key.clone()).await;
        let swap = match seen {
            Ok(seen) => Swap {
                store,
                key,
                seen: parking_lot::Mutex::new(seen),
            },
            Err(fault) => return Ok(Err(Error::Other(fault))),
        };
        Ok(self
            .table
            .push(swap)
            .map_err(|_| Error::Other("too many open handles".to_owned())))
    }

    async fn current(
        &mut self,
        cas: Resource<Swap>,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        let swap = self.table.get(&cas)?;
        let (store, key) = (swap.store.clone(), swap.key.clone());
        match store.stores.get(store.label, key).await {
            Ok(value) => {
                self.table.get(&cas)?.seen.lock().clone_from(&value);
                Ok(Ok(value))
            }
            Err(fault) => Ok(Err(Error::Other(fault))),
        }
    }

    async fn drop(&mut self, cas: Resource<Swap>) -> wasmtime::Result<()> {
        self.table.delete(cas)?;
        Ok(())
    }
}
