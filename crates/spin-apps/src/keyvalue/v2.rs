//! `fermyon:spin/key-value@2.0.0`.

use wasmtime::component::Resource;

use super::{Closed, Opened, open};
use crate::bindings::fermyon::spin::key_value::{Error, Host, HostStore};
use crate::instance::InstanceState;

impl Host for InstanceState {}

impl HostStore for InstanceState {
    async fn open(&mut self, label: String) -> wasmtime::Result<Result<Resource<Opened>, Error>> {
        Ok(open(self, &label).map_err(|closed| match closed {
            Closed::Denied => Error::AccessDenied,
            Closed::Full => Error::StoreTableFull,
            Closed::Other(text) => Error::Other(text),
        }))
    }

    async fn get(
        &mut self,
        store: Resource<Opened>,
        key: String,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        let store = self.table.get(&store)?.clone();
        Ok(store
            .stores
            .get(store.label, key)
            .await
            .map_err(Error::Other))
    }

    async fn set(
        &mut self,
        store: Resource<Opened>,
        key: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), Error>> {
        let store = self.table.get(&store)?.clone();
        let done = store.stores.set(store.label, vec![(key, value)]).await;
        Ok(done.map_err(Error::Other))
    }

    async fn delete(
        &mut self,
        store: Resource<Opened>,
        key: String,
    ) -> wasmtime::Result<Result<(), Error>> {
        let store = self.table.get(&store)?.clone();
        let done = store.stores.delete(store.label, vec![key]).await;
        Ok(done.map_err(Error::Other))
    }

    async fn exists(
        &mut self,
        store: Resource<Opened>,
        key: String,
    ) -> wasmtime::Result<Result<bool, Error>> {
        let store = self.table.get(&store)?.clone();
        Ok(store
            .stores
            .exists(store.label, key)
            .await
            .map_err(Error::Other))
    }

    async fn get_keys(
        &mut self,
        store: Resource<Opened>,
    ) -> wasmtime::Result<Result<Vec<String>, Error>> {
        let store = self.table.get(&store)?.clone();
        Ok(store.stores.keys(store.label).await.map_err(Error::Other))
    }

    async fn drop(&mut self, store: Resource<Opened>) -> wasmtime::Result<()> {
        self.table.delete(store)?;
        Ok(())
    }
}
