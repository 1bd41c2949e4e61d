//! `spin:redis`: connections of a component to a Redis server that `allowed_outbound_hosts` names.

pub(super) mod server;
mod v3;

use std::sync::Arc;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, RedisResult, Value};
use tokio::sync::OwnedSemaphorePermit;
use wasmtime::component::Resource;

use self::server::Server;
use super::component::Given;
use super::instance::InstanceState;

/// Connections that all instances of one component have at the same time.
pub(super) const CONNECTIONS_MAX: usize = 256;

/// A connection of its own: what a component selects or begins on it concerns nobody else.
#[derive(Clone)]
#[allow(unreachable_pub, reason = "generated code exports it again")]
pub struct Opened {
    connection: MultiplexedConnection,
    _place: Arc<OwnedSemaphorePermit>,
}

impl Opened {
    async fn run(&self, command: &Cmd) -> RedisResult<Value> {
        self.connection.clone().send_packed_command(command).await
    }
}

/// Why there is no connection.
enum Closed {
    Address,
    Full,
    Other(String),
}

async fn connect(given: &Given, url: &str) -> Result<Opened, Closed> {
    let server = Server::parse(url).map_err(|reason| {
        tracing::warn!(component = &*given.id, "a Redis URL is none: {reason}");
        Closed::Address
    })?;
    if !given
        .hosts
        .allows(server.scheme(), server.host(), server.port())
    {
        tracing::warn!(
            component = &*given.id,
            "a connection to {server} was refused: it is not in allowed_outbound_hosts"
        );
        return Err(Closed::Address);
    }
    let place = given.redis_places.clone().try_acquire_owned();
    let place = place.map_err(|_| Closed::Full)?;
    let connected = server.connect(Some(&given.hosts)).await.map_err(|reason| {
        tracing::info!(
            component = &*given.id,
            "no connection to {server}: {reason}"
        );
        Closed::Other(reason)
    })?;
    Ok(Opened {
        connection: connected.connection,
        _place: Arc::new(place),
    })
}

fn keep(state: &mut InstanceState, opened: Opened) -> Result<Resource<Opened>, Closed> {
    state.table.push(opened).map_err(|_| Closed::Full)
}
