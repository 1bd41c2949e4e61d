//! The limits of a request, charged all or none in a store that all instances share.

use lockgate_limits::{Charge, Decision, Row, fields};
use lockgate_record::Stage;
use spin_sdk::sqlite::{Connection, Error, RowResult, Value};
use spin_sdk::wasip3::random::random;

use super::path::Step;
use super::refused::{Refused, add};
use super::state::{self, Generation};
use super::unix_ns;
use crate::sql;

/// One charge in so many also deletes rows whose time has passed.
const SWEEP_EVERY: u64 = 512;

/// Charges the plan's limits, and leaves the `RateLimit` fields for the response.
pub(super) async fn charge(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.plan.limits.is_empty() {
        return Ok(());
    }
    let limits = step.plan.limits.iter();
    let charges: Vec<_> = limits
        .map(|limit| Charge {
            limit: limit.limit,
            key: limit.key,
            cost: 1,
        })
        .collect();
    let decision = all_or_none(step.generation, &charges).await;
    let decision = decision.map_err(|cause| {
        Refused::new(503, "limits_unavailable", cause)
            .at(Stage::Limits)
            .retry_after_s(1)
    })?;
    let limits = &step.generation.limits;
    let value = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut value = Vec::with_capacity(128);
        write(&mut value);
        value
    };
    match decision {
        Decision::Allowed(standings) => {
            step.call.limits_charged = true;
            let names = || charges.iter().map(|charge| charge.limit);
            let standing = value(&|out| fields::write_rate_limit(limits, &standings, out));
            let policy = value(&|out| fields::write_rate_limit_policy(limits, names(), out));
            add(&mut step.fields, "ratelimit", standing);
            add(&mut step.fields, "ratelimit-policy", policy);
            Ok(())
        }
        Decision::Limited(limited) => {
            let standing = limited.standing;
            step.call.limited = Some(standing.limit);
            let mut refused = Refused::new(429, "rate_limited", String::new()).at(Stage::Limits);
            if let Some(after) = limited.retry_after {
                let after = value(&|out| fields::write_retry_after(after, out));
                add(&mut refused.fields, "retry-after", after);
            }
            let policy =
                value(&|out| fields::write_rate_limit_policy(limits, [standing.limit], out));
            let standing = value(&|out| fields::write_rate_limit(limits, &[standing], out));
            add(&mut refused.fields, "ratelimit", standing);
            add(&mut refused.fields, "ratelimit-policy", policy);
            Err(refused)
        }
    }
}

/// Charges in Redis where one is named, else in SQLite. The error is for the record.
pub(super) async fn all_or_none(
    generation: &Generation,
    charges: &[Charge<'_>],
) -> Result<Decision, String> {
    let limits = &generation.limits;
    let rows = limits.rows(charges).map_err(|error| error.to_string())?;
    let (now_ns, tats_ns) = match in_redis(&rows).await? {
        Some(found) => found,
        None => in_sqlite(&rows).await?,
    };
    let decision = limits.decide(now_ns, charges, &rows, &tats_ns);
    decision.map_err(|error| error.to_string())
}

/// The clock, and each row's time before the charge.
async fn in_sqlite(rows: &[Row]) -> Result<(u64, Vec<u64>), String> {
    let connection = state::database().await?;
    let now_ns = unix_ns();
    let mut parameters = vec![Value::Integer(sql::integer(now_ns))];
    for row in rows {
        parameters.push(Value::Blob(row.key.to_vec()));
        parameters.push(Value::Integer(sql::integer(row.cost_ns)));
        parameters.push(Value::Integer(sql::integer(row.capacity_ns)));
    }
    let statement = sql::charge(rows.len());
    let charged = match execute(&connection, &statement, parameters.clone()).await {
        Err(error) if error.contains("no such table") => {
            execute(&connection, sql::CREATE, Vec::new()).await?;
            execute(&connection, &statement, parameters).await?
        }
        other => other?,
    };
    let times = |found: &[RowResult], of: &dyn Fn(&Row, u64) -> u64| -> Vec<u64> {
        let time = |row: &Row| {
            let mut found = found.iter();
            let found = found.find(|found| found.get::<&[u8]>(0) == Some(&row.key[..]));
            found.map_or(0, |found| sql::unsigned(found.get::<i64>(1).unwrap_or(0)))
        };
        rows.iter().map(|row| of(row, time(row))).collect()
    };
    if charged.is_empty() {
        let keys = rows.iter().map(|row| Value::Blob(row.key.to_vec()));
        let found = execute(&connection, &sql::read(rows.len()), keys.collect()).await?;
        return Ok((now_ns, times(&found, &|_, stored_ns| stored_ns)));
    }
    if random::get_random_u64().is_multiple_of(SWEEP_EVERY) {
        let start = Value::Blob(random::get_random_bytes(16));
        let parameters = vec![Value::Integer(sql::integer(now_ns)), start];
        execute(&connection, sql::SWEEP, parameters).await?;
    }
    let before = |row: &Row, after_ns: u64| after_ns.saturating_sub(row.cost_ns);
    Ok((now_ns, times(&charged, &before)))
}

async fn execute(
    connection: &Connection,
    statement: &str,
    parameters: Vec<Value>,
) -> Result<Vec<RowResult>, String> {
    let said = |error: Error| error.to_string();
    let result = connection
        .execute(statement, parameters)
        .await
        .map_err(said)?;
    result.collect().await.map_err(said)
}

/// The clock of Redis, and each row's time before the charge; `None` where no Redis is named.
#[cfg(feature = "redis")]
async fn in_redis(rows: &[Row]) -> Result<Option<(u64, Vec<u64>)>, String> {
    use spin_sdk::redis::{RedisParameter, RedisResult};
    let Some(connection) = state::redis().await? else {
        return Ok(None);
    };
    let arguments = crate::redis::arguments(rows, None);
    let arguments = arguments.into_iter().map(RedisParameter::Binary);
    let reply = connection.execute("EVAL", arguments).await;
    let reply = reply.map_err(|error| {
        // A connection that failed is not used again.
        state::forget_redis();
        format!("Redis: {error}")
    })?;
    let texts: Vec<Vec<u8>> = reply
        .into_iter()
        .map(|result| match result {
            RedisResult::Binary(text) => text,
            RedisResult::Status(text) => text.into_bytes(),
            RedisResult::Int64(number) => number.to_string().into_bytes(),
            RedisResult::Nil => Vec::new(),
        })
        .collect();
    let reply = crate::redis::Reply::parse(&texts, rows.len());
    let reply = reply.ok_or("Redis: the script's reply is not understood")?;
    Ok(Some((reply.now_ns, reply.tats_ns)))
}

/// This build has no Redis.
#[cfg(not(feature = "redis"))]
async fn in_redis(_: &[Row]) -> Result<Option<(u64, Vec<u64>)>, String> {
    Ok(None)
}
