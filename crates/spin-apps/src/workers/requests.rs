//! The requests in an instance: taken, and polled with what the component does for them.

use std::future::{pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::stream::{FuturesUnordered, Stream as _};
use wasmtime::component::Accessor;
use wasmtime::{AsContextMut as _, Store};
use wasmtime_wasi_http::WasiHttpView as _;
use wasmtime_wasi_http::handler::{Prepared, Proxy};

use super::driver::{Shared, Status};
use super::{Asked, Queue, Seat};
use crate::instance::InstanceState;

/// Runs the instance until it takes no more requests and is done with those that it has.
///
/// # Errors
/// Where it trapped.
pub(super) async fn run(
    mut store: Store<InstanceState>,
    proxy: Proxy,
    shared: Arc<Shared>,
    queue: Arc<Queue>,
) -> wasmtime::Result<()> {
    let (proxy, shared) = (&proxy, &shared);
    let handler = match proxy {
        Proxy::P3(guest) => *guest.wasi_http_handler().func_handle().func(),
        Proxy::P2(guest) => *guest.wasi_http_incoming_handler().func_handle().func(),
    };
    let serve = async |accessor: &Accessor<InstanceState>| {
        let mut requests = pin!(FuturesUnordered::new());
        let mut taken = 0;
        poll_fn(|context: &mut Context<'_>| {
            loop {
                match requests.as_mut().poll_next(context) {
                    Poll::Ready(Some(result)) => {
                        let seat: Arc<Seat> = match result {
                            Ok(seat) => seat,
                            Err(error) => return Poll::Ready(Err(error)),
                        };
                        shared.leave(&seat);
                    }
                    Poll::Ready(None) | Poll::Pending => {}
                }
                let open = accessor
                    .poll_ready_for_concurrent_call(handler, context)
                    .is_ready();
                let takes = open && taken < shared.bounds.requests_max && !shared.is_expired();
                let asked = if takes && shared.has_room(requests.len()) {
                    shared.handed().or_else(|| queue.pop())
                } else {
                    None
                };
                if let Some(asked) = asked {
                    taken += 1;
                    requests.push(serve_one(accessor, proxy, shared, asked));
                    continue;
                }
                if !requests.is_empty() {
                    shared.set_status(Status::Requests, takes);
                    return Poll::Pending;
                }
                if accessor.poll_no_interesting_tasks(context).is_pending() {
                    shared.set_status(Status::AfterReturn, takes);
                    return Poll::Pending;
                }
                if !takes {
                    return Poll::Ready(Ok(()));
                }
                shared.set_status(Status::Idle, true);
                return Poll::Pending;
            }
        })
        .await
    };
    store.run_concurrent(serve).await?
}

/// One request, until the component has answered. Gives back its seat.
async fn serve_one(
    accessor: &Accessor<InstanceState>,
    proxy: &Proxy,
    shared: &Arc<Shared>,
    asked: Asked,
) -> wasmtime::Result<Arc<Seat>> {
    let Asked {
        request,
        seat,
        answer,
    } = asked;
    shared.enter(&seat);
    let prepared = accessor.with(|mut access| {
        Prepared::new(
            access.as_context_mut(),
            proxy,
            request,
            InstanceState::http,
            answer,
        )
    })?;
    // Who waits for the answer looks after its time.
    prepared.run(accessor, pending()).await?;
    Ok(seat)
}
