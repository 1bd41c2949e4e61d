//! `spin:redis/redis@3.0.0`.

use redis::{Cmd, ErrorKind, FromRedisValue, RedisError, Value};
use wasmtime::component::{Accessor, HasSelf, Resource};

use super::{Closed, Opened, connect, keep};
use crate::bindings::spin::redis::redis::{
    Error, Host, HostConnection, HostConnectionWithStore, RedisParameter, RedisResult,
};
use crate::instance::InstanceState;

impl Host for InstanceState {}

impl HostConnection for InstanceState {
    async fn drop(&mut self, connection: Resource<Opened>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

type Own = HasSelf<InstanceState>;

/// What a component is told.
type Told<T> = wasmtime::Result<Result<T, Error>>;

impl From<Closed> for Error {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::Address => Self::InvalidAddress,
            Closed::Full => Self::TooManyConnections,
            Closed::Other(reason) => Self::Other(reason),
        }
    }
}

impl From<RedisError> for Error {
    fn from(error: RedisError) -> Self {
        let not_an_integer = error
            .detail()
            .is_some_and(|detail| detail.contains("not an integer"));
        let other_type = error.code() == Some("WRONGTYPE")
            || error.kind() == ErrorKind::UnexpectedReturnType
            || not_an_integer;
        if other_type {
            Self::TypeError
        } else {
            Self::Other(error.to_string())
        }
    }
}

/// Runs a command and reads its answer.
async fn run<T, A: FromRedisValue>(
    accessor: &Accessor<T, Own>,
    connection: &Resource<Opened>,
    command: &Cmd,
) -> Told<A> {
    let opened = accessor
        .with(|mut access| wasmtime::error::Ok(access.get().table.get(connection)?.clone()))?;
    let answer = match opened.run(command).await {
        Ok(answer) => answer,
        Err(error) => return Ok(Err(error.into())),
    };
    let answer = answer.extract_error().map_err(Error::from);
    Ok(answer.and_then(|answer| {
        A::from_redis_value(answer).map_err(|error| RedisError::from(error).into())
    }))
}

fn command(name: &str, arguments: &[&[u8]]) -> Cmd {
    let mut command = redis::cmd(name);
    for argument in arguments {
        command.arg(*argument);
    }
    command
}

/// A command with a key and texts.
fn on_texts(name: &str, key: Option<&str>, texts: &[String]) -> Cmd {
    let mut command = redis::cmd(name);
    for text in key.into_iter().chain(texts.iter().map(String::as_str)) {
        command.arg(text);
    }
    command
}

impl<T> HostConnectionWithStore<T> for Own {
    async fn open(accessor: &Accessor<T, Self>, address: String) -> Told<Resource<Opened>> {
        let given = accessor.with(|mut access| access.get().given.clone());
        let opened = match connect(&given, &address).await {
            Ok(opened) => opened,
            Err(closed) => return Ok(Err(closed.into())),
        };
        accessor.with(|mut access| Ok(keep(access.get(), opened).map_err(Error::from)))
    }

    async fn publish(
        accessor: &Accessor<T, Self>,
        connection: Resource<Opened>,
        channel: String,
        payload: Vec<u8>,
    ) -> Told<()> {
        let command = command("PUBLISH", &[channel.as_bytes(), &payload]);
        run(accessor, &connection, &command).await
    }

    async fn get(
        accessor: &Accessor<T, Self>,
        connection: Resource<Opened>,
        key: String,
    ) -> Told<Option<Vec<u8>>> {
        run(accessor, &connection, &command("GET", &[key.as_bytes()])).await
    }

    async fn set(
        accessor: &Accessor<T, Self>,
        connection: Resource<Opened>,
        key: String,
        value: Vec<u8>,
    ) -> Told<()> {
        let command = command("SET", &[key.as_bytes(), &value]);
        run(accessor, &connection, &command).await
    }

    async fn incr(
        accessor: &Accessor<T, Self>,
        connection: Resource<Opened>,
        key: String,
    ) -> Told<i64> {
        run(accessor, &connection, &command("INCR", &[key.as_bytes()])).await
    }

    async fn del(
        accessor: &Accessor<T, Self>,
        connection: Resource<Opened>,
        keys: Vec<String>,
    ) -> Told<u32> {
        if keys.is_empty() {
            return Ok(Ok(0));
        }
        run(accessor, &connection, &on_texts("DEL", None, &keys)).await
    }

    async fn sadd(
        accessor: &Accessor<T, Self>,
        connection: Resource<Opened>,
        key: String,
        values: Vec<String>,
    ) -> Told<u32> {
        if values.is_empty() {
            return Ok(Ok(0));
        }
        let command = on_texts("SADD", Some(&key), &values);
        run(accessor, &connection, &command).await
    }

    async fn smembers(
        accessor: &Accessor<T, Self>,
        connection: Resource<Opened>,
        key: String,
    ) -> Told<Vec<String>> {
        let command = command("SMEMBERS", &[key.as_bytes()]);
        run(accessor, &connection, &command).await
    }

    async fn srem(
        accessor: &Accessor<T, Self>,
        connection: Resource<Opened>,
        key: String,
        values: Vec<String>,
    ) -> Told<u32> {
        if values.is_empty() {
            return Ok(Ok(0));
        }
        let command = on_texts("SREM", Some(&key), &values);
        run(accessor, &connection, &command).await
    }

    async fn execute(
        accessor: &Accessor<T, Self>,
        connection: Resource<Opened>,
        name: String,
        arguments: Vec<RedisParameter>,
    ) -> Told<Vec<RedisResult>> {
        let mut command = redis::cmd(&name);
        for argument in arguments {
            match argument {
                RedisParameter::Int64(number) => command.arg(number),
                RedisParameter::Binary(bytes) => command.arg(bytes),
            };
        }
        let answer: Result<Value, Error> = run(accessor, &connection, &command).await?;
        Ok(answer.map(|answer| {
            let mut flat = Vec::new();
            flatten(answer, &mut flat);
            flat
        }))
    }
}

/// An answer as a list: the interface knows no nested ones.
fn flatten(value: Value, flat: &mut Vec<RedisResult>) {
    match value {
        Value::Nil => flat.push(RedisResult::Nil),
        Value::Int(number) => flat.push(RedisResult::Int64(number)),
        Value::Boolean(flag) => flat.push(RedisResult::Int64(i64::from(flag))),
        Value::BulkString(bytes) | Value::BigNumber(bytes) => {
            flat.push(RedisResult::Binary(bytes));
        }
        Value::Double(number) => flat.push(RedisResult::Binary(number.to_string().into_bytes())),
        Value::VerbatimString { text, .. } => flat.push(RedisResult::Binary(text.into_bytes())),
        Value::SimpleString(text) => flat.push(RedisResult::Status(text)),
        Value::Okay => flat.push(RedisResult::Status("OK".to_owned())),
        Value::Array(values) | Value::Set(values) | Value::Push { data: values, .. } => {
            for value in values {
                flatten(value, flat);
            }
        }
        Value::Map(entries) => {
            for (key, value) in entries {
                flatten(key, flat);
                flatten(value, flat);
            }
        }
        Value::Attribute { data, .. } => flatten(*data, flat),
        other => flat.push(RedisResult::Status(format!("{other:?}"))),
    }
}
