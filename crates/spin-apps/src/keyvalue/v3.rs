//! `spin:key-value/key-value@3.0.0`: the same, without keeping the instance from other work.

use wasmtime::component::{Accessor, FutureReader, HasSelf, Resource, StreamReader};

use super::{Closed, Opened, open};
use crate::bindings::spin::key_value::key_value::{Error, Host, HostStore, HostStoreWithStore};
use crate::instance::InstanceState;

impl Host for InstanceState {}

impl HostStore for InstanceState {
    async fn drop(&mut self, store: Resource<Opened>) -> wasmtime::Result<()> {
        self.table.delete(store)?;
        Ok(())
    }
}

type Own = HasSelf<InstanceState>;

fn opened<T>(accessor: &Accessor<T, Own>, store: &Resource<Opened>) -> wasmtime::Result<Opened> {
    accessor.with(|mut access| Ok(access.get().table.get(store)?.clone()))
}

impl<T> HostStoreWithStore<T> for Own {
    async fn open(
        accessor: &Accessor<T, Self>,
        label: String,
    ) -> wasmtime::Result<Result<Resource<Opened>, Error>> {
        accessor.with(|mut access| {
            Ok(open(access.get(), &label).map_err(|closed| match closed {
                Closed::Denied => Error::AccessDenied,
                Closed::Full => Error::StoreTableFull,
                Closed::Other(text) => Error::Other(text),
            }))
        })
    }

    async fn get(
        accessor: &Accessor<T, Self>,
        store: Resource<Opened>,
        key: String,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        let store = opened(accessor, &store)?;
        Ok(store
            .stores
            .get(store.label, key)
            .await
            .map_err(Error::Other))
    }

    async fn set(
        accessor: &Accessor<T, Self>,
        store: Resource<Opened>,
        key: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), Error>> {
        let store = opened(accessor, &store)?;
        let done = store.stores.set(store.label, vec![(key, value)]).await;
        Ok(done.map_err(Error::Other))
    }

    async fn delete(
        accessor: &Accessor<T, Self>,
        store: Resource<Opened>,
        key: String,
    ) -> wasmtime::Result<Result<(), Error>> {
        let store = opened(accessor, &store)?;
        let done = store.stores.delete(store.label, vec![key]).await;
        Ok(done.map_err(Error::Other))
    }

    async fn exists(
        accessor: &Accessor<T, Self>,
        store: Resource<Opened>,
        key: String,
    ) -> wasmtime::Result<Result<bool, Error>> {
        let store = opened(accessor, &store)?;
        Ok(store
            .stores
            .exists(store.label, key)
            .await
            .map_err(Error::Other))
    }

    async fn get_keys(
        accessor: &Accessor<T, Self>,
        store: Resource<Opened>,
    ) -> wasmtime::Result<(StreamReader<String>, FutureReader<Result<(), Error>>)> {
        let store = opened(accessor, &store)?;
        let (keys, result) = match store.stores.keys(store.label).await {
            Ok(keys) => (keys, Ok(())),
            Err(fault) => (Vec::new(), Err(Error::Other(fault))),
        };
        accessor.with(|mut access| {
            let keys = StreamReader::new(&mut access, keys)?;
            let result = FutureReader::new(&mut access, async { wasmtime::error::Ok(result) })?;
            Ok((keys, result))
        })
    }
}
