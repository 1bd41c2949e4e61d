//! `fermyon:spin/sqlite@2.0.0`.

use wasmtime::component::Resource;

use super::database::{Rows, Value};
use super::{Closed, Connection, open};
use crate::bindings::fermyon::spin::sqlite::{
    self as wit, Error, Host, HostConnection, QueryResult, RowResult,
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

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}
