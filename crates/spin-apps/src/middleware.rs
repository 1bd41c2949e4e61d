//! Middleware: a component in front of another, `dependencies.middleware` of a trigger. It imports
//! `wasi:http/handler` and so hands a request on. Each runs in instances of its own and has what
//! its own table gives it, nothing of the component behind it.

use std::pin::Pin;

use wasmtime::component::{Accessor, Linker, Resource};
use wasmtime_wasi_http::p3::bindings::http::client::HostWithStore;
use wasmtime_wasi_http::p3::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::p3::{Request, Response};
use wasmtime_wasi_http::{WasiHttp, WasiHttpView as _};

use crate::instance::InstanceState;

/// The interface by which a middleware hands on.
const HANDLER: &str = "wasi:http/handler@0.3.0";

type Answer = Result<Resource<Response>, ErrorCode>;

type Handing<'a> = Pin<Box<dyn Future<Output = wasmtime::Result<(Answer,)>> + Send + 'a>>;

/// Offers the interface to components. One that has nothing behind it gets an error.
///
/// # Errors
/// Where it is offered already.
pub(crate) fn add_to_linker(linker: &mut Linker<InstanceState>) -> wasmtime::Result<()> {
    linker.instance(HANDLER)?.func_wrap_concurrent(
        "handle",
        |accessor, (request,): (Resource<Request>,)| {
            Box::pin(hand_on(accessor, request)) as Handing<'_>
        },
    )
}

async fn hand_on(
    accessor: &Accessor<InstanceState>,
    request: Resource<Request>,
) -> wasmtime::Result<(Answer,)> {
    let http = accessor.with_getter::<WasiHttp>(InstanceState::http);
    // Read by `send_request`, which the next line calls before it waits for anything.
    accessor.with(|mut access| access.get().hooks.hands_on = true);
    let answer = <WasiHttp as HostWithStore<InstanceState>>::send(&http, request).await;
    // Where it was not read the component's next request is one of its own all the same.
    accessor.with(|mut access| access.get().hooks.hands_on = false);
    Ok((match answer {
        Ok(response) => Ok(response),
        Err(error) => Err(error.downcast()?),
    },))
}
