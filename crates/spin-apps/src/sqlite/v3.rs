//! `spin:sqlite/sqlite@3.1.0`.

use wasmtime::component::{Accessor, FutureReader, HasSelf, Resource, StreamReader};

use super::database::{Rows, Value};
use super::{Closed, Connection, allowed, keep, open};
use crate::bindings::spin::sqlite::sqlite::{
    self as wit, Error, Host, HostConnection, HostConnectionWithStore, QueryResult, RowResult,
};
use crate::instance::InstanceState;

impl From<wit::Value> for Value {
    fn from(value: wit::Value) -> Self {
        match value {
            wit::Value::Integer(number) => Self::Integer(number),
            wit::Value::Real(number) => Self::Real(number),
            wit::Value::Text(text) => Self::Text(text),
            wit::Value::Blob(blob) => Self::Blob(blob),
            wit::Value::Null => Self::Null,
        }
    }
}

impl From<Value> for wit::Value {
    fn from(value: Value) -> Self {
        match value {
            Value::Integer(number) => Self::Integer(number),
            Value::Real(number) => Self::Real(number),
            Value::Text(text) => Self::Text(text),
            Value::Blob(blob) => Self::Blob(blob),
            Value::Null => Self::Null,
        }
    }
}

impl From<Closed> for Error {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::Denied => Self::AccessDenied,
            Closed::Other(text) => Self::Io(text),
        }
    }
}

fn rows(rows: Vec<Vec<Value>>) -> Vec<RowResult> {
    rows.into_iter()
        .map(|row| RowResult {
            values: row.into_iter().map(wit::Value::from).collect(),
        })
        .collect()
}

impl Host for InstanceState {}

impl HostConnection for InstanceState {
    async fn open(
        &mut self,
        database: String,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        Ok(open(self, &database).await.map_err(Error::from))
    }

    async fn execute(
        &mut self,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<wit::Value>,
    ) -> wasmtime::Result<Result<QueryResult, Error>> {
        let connection = self.table.get(&connection)?.clone();
        let parameters = parameters.into_iter().map(Value::from).collect();
        let time_max = self.given.settings.timeout;
        let done = connection.execute(statement, parameters, time_max).await;
        Ok(done.map_err(Error::Io).map(|found: Rows| QueryResult {
            columns: found.columns,
            rows: rows(found.rows),
        }))
    }

    async fn last_insert_rowid(
        &mut self,
        connection: Resource<Connection>,
    ) -> wasmtime::Result<i64> {
        let connection = self.table.get(&connection)?.clone();
        Ok(connection.last_insert_rowid().await)
    }

    async fn changes(&mut self, connection: Resource<Connection>) -> wasmtime::Result<u64> {
        let connection = self.table.get(&connection)?.clone();
        Ok(connection.changes().await)
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

type Own = HasSelf<InstanceState>;

/// What `execute-async` gives: the columns, the rows as they come, and how it ended.
type Streamed = (
    Vec<String>,
    StreamReader<RowResult>,
    FutureReader<Result<(), Error>>,
);

fn opened<T>(
    accessor: &Accessor<T, Own>,
    connection: &Resource<Connection>,
) -> wasmtime::Result<Connection> {
    accessor.with(|mut access| Ok(access.get().table.get(connection)?.clone()))
}

impl<T> HostConnectionWithStore<T> for Own {
    async fn open_async(
        accessor: &Accessor<T, Self>,
        database: String,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        let file = match accessor.with(|mut access| allowed(access.get(), &database)) {
            Ok(file) => file,
            Err(closed) => return Ok(Err(closed.into())),
        };
        let connection = match Connection::open(&file).await {
            Ok(connection) => connection,
            Err(fault) => return Ok(Err(Error::Io(fault))),
        };
        accessor.with(|mut access| Ok(keep(access.get(), connection).map_err(Error::from)))
    }

    async fn execute_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<wit::Value>,
    ) -> wasmtime::Result<Result<Streamed, Error>> {
        let connection = opened(accessor, &connection)?;
        let parameters = parameters.into_iter().map(Value::from).collect();
        let time_max = accessor.with(|mut access| access.get().given.settings.timeout);
        let found = match connection.execute(statement, parameters, time_max).await {
            Ok(found) => found,
            Err(fault) => return Ok(Err(Error::Io(fault))),
        };
        accessor.with(|mut access| {
            let stream = StreamReader::new(&mut access, rows(found.rows))?;
            let ended = FutureReader::new(&mut access, async { wasmtime::error::Ok(Ok(())) })?;
            Ok(Ok((found.columns, stream, ended)))
        })
    }

    async fn last_insert_rowid_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
    ) -> wasmtime::Result<i64> {
        Ok(opened(accessor, &connection)?.last_insert_rowid().await)
    }

    async fn changes_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
    ) -> wasmtime::Result<u64> {
        Ok(opened(accessor, &connection)?.changes().await)
    }
}
