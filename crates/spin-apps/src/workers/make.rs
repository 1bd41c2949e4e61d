//! An instance is made.

use std::sync::Arc;

use wasmtime::Store;
use wasmtime_wasi_http::handler::Proxy;

use super::driver::{Bounds, Driver, Shared};
use super::requests;
use super::{Place, Workers};
use crate::instance::{InstanceState, new_store};
use crate::outbound::Hooks;

impl Workers {
    /// Makes an instance, ready for requests.
    ///
    /// # Errors
    /// Where it does not start; the text is for the operator.
    pub(super) async fn make(&self, place: Place) -> wasmtime::Result<Driver> {
        let (store, proxy) = self
            .instantiate()
            .await
            .map_err(|error| wasmtime::format_err!("no instance: {error:#}"))?;
        let settings = &self.workshop.given.settings;
        let concurrent = self.workshop.concurrent;
        let reused =
            settings
                .requests_per_instance_max
                .unwrap_or(if concurrent { 1_000 } else { 1 });
        let at_once = if concurrent {
            settings.concurrent_requests_max
        } else {
            1
        };
        let bounds = Bounds {
            requests_max: usize::try_from(reused).unwrap_or(usize::MAX),
            concurrent_max: usize::try_from(at_once).unwrap_or(usize::MAX),
            timeout: settings.timeout,
            stream_timeout: settings.stream_timeout,
        };
        let state = store.data();
        let shared = Arc::new(Shared::new(
            state.meter.clone(),
            state.stderr.clone(),
            self.workshop.given.id.clone(),
            bounds,
        ));
        let future = requests::run(store, proxy, shared.clone(), self.queue.clone());
        Ok(Driver::new(Box::pin(future), shared, place))
    }

    async fn instantiate(&self) -> wasmtime::Result<(Store<InstanceState>, Proxy)> {
        let workshop = &self.workshop;
        let app = workshop.app.get().cloned().unwrap_or_default();
        let hooks = Hooks::new(workshop.given.clone(), app, workshop.next.clone());
        let mut store = new_store(&workshop.sandbox, &workshop.given, hooks)?;
        let timeout = workshop.given.settings.timeout;
        let made = tokio::time::timeout(timeout, workshop.pre.instantiate_async(&mut store));
        match made.await {
            Ok(Ok(proxy)) => Ok((store, proxy)),
            Ok(Err(error)) => Err(error.context(store.data().stderr.tail())),
            Err(_) => wasmtime::bail!("the component did not start in time"),
        }
    }
}
