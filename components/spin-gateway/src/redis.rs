//! Limits in Redis: one script charges every row of a request, or none.
//!
//! Numbers of Lua are floating point with 53 bits, too few for nanoseconds since 1970. So the
//! script reckons with pairs of seconds and nanoseconds, each far below that: exactly what
//! [`lockgate_limits::Row`] says. The clock is that of Redis, one for all nodes, unless one is
//! handed in.

use lockgate_limits::Row;

/// Nanoseconds of a second.
const SECOND: u64 = 1_000_000_000;

/// What every key in Redis starts with.
const PREFIX: &str = "lockgate:limit:";

/// `KEYS`: the rows. `ARGV`: the clock as seconds and nanoseconds (both empty: that of Redis),
/// then for each row cost and capacity, each as seconds and nanoseconds. Gives `1` or `0`, the
/// clock, then each row's time before the charge, all as `seconds:nanoseconds`.
pub const SCRIPT: &str = r"
local billion = 1000000000
local function less(as, an, bs, bn) return as < bs or (as == bs and an < bn) end
local function add(as, an, bs, bn)
  local s, n = as + bs, an + bn
  if n >= billion then return s + 1, n - billion end
  return s, n
end
local function text(s, n) return string.format('%.0f:%.0f', s, n) end
local now_s, now_n
if ARGV[1] == '' then
  local time = redis.call('TIME')
  now_s, now_n = tonumber(time[1]), tonumber(time[2]) * 1000
else
  now_s, now_n = tonumber(ARGV[1]), tonumber(ARGV[2])
end
local reply = {'1', text(now_s, now_n)}
local after = {}
for i, key in ipairs(KEYS) do
  local at = 4 * i - 1
  local end_s, end_n = add(now_s, now_n, tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]))
  local was_s, was_n = now_s, now_n
  local stored = redis.call('GET', key)
  if stored then
    local s, n = string.match(stored, '^(%d+):(%d+)$')
    if s then was_s, was_n = tonumber(s), tonumber(n) end
  end
  if less(was_s, was_n, now_s, now_n) then was_s, was_n = now_s, now_n end
  if less(end_s + 60, end_n, was_s, was_n) then was_s, was_n = now_s, now_n end
  reply[i + 2] = text(was_s, was_n)
  local next_s, next_n = add(was_s, was_n, tonumber(ARGV[at]), tonumber(ARGV[at + 1]))
  if less(end_s, end_n, next_s, next_n) then reply[1] = '0' end
  after[i] = {next_s, next_n}
end
if reply[1] == '1' then
  for i, key in ipairs(KEYS) do
    local next = after[i]
    local left_ms = (next[1] - now_s) * 1000 + 1000
    redis.call('SET', key, text(next[1], next[2]), 'PX', string.format('%.0f', left_ms))
  end
end
return reply
";

/// The arguments of `EVAL`. `now_ns`: the clock; `None`: that of Redis.
#[must_use]
pub fn arguments(rows: &[Row], now_ns: Option<u64>) -> Vec<Vec<u8>> {
    let number = |number: u64| number.to_string().into_bytes();
    let mut all = Vec::with_capacity(4 + rows.len() * 5);
    all.push(SCRIPT.as_bytes().to_vec());
    all.push(number(rows.len() as u64));
    for row in rows {
        let mut key = PREFIX.to_owned();
        for byte in row.key {
            use std::fmt::Write as _;
            // Writing to a string does not fail.
            let _ = write!(key, "{byte:02x}");
        }
        all.push(key.into_bytes());
    }
    let pair = |ns: u64| [number(ns / SECOND), number(ns % SECOND)];
    all.extend(now_ns.map_or([Vec::new(), Vec::new()], pair));
    for row in rows {
        all.extend(pair(row.cost_ns));
        all.extend(pair(row.capacity_ns));
    }
    all
}

/// What the script gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// All rows were charged.
    pub charged: bool,
    /// The clock, nanoseconds since 1970.
    pub now_ns: u64,
    /// Each row's time before the charge.
    pub tats_ns: Vec<u64>,
}

impl Reply {
    /// Reads the reply on `rows` rows; `None` where it is none.
    #[must_use]
    pub fn parse(texts: &[Vec<u8>], rows: usize) -> Option<Self> {
        let [charged, now, tats @ ..] = texts else {
            return None;
        };
        let charged = match charged.as_slice() {
            b"1" => true,
            b"0" => false,
            _ => return None,
        };
        let tats_ns: Vec<u64> = tats.iter().map(|text| time(text)).collect::<Option<_>>()?;
        let now_ns = time(now)?;
        (tats_ns.len() == rows).then_some(Self {
            charged,
            now_ns,
            tats_ns,
        })
    }
}

fn time(text: &[u8]) -> Option<u64> {
    let (seconds, nanos) = std::str::from_utf8(text).ok()?.split_once(':')?;
    let seconds: u64 = seconds.parse().ok()?;
    let nanos: u64 = nanos.parse().ok()?;
    seconds.checked_mul(SECOND)?.checked_add(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_read_and_others_refused() {
        let texts = |of: &[&str]| -> Vec<Vec<u8>> {
            of.iter().map(|text| text.as_bytes().to_vec()).collect()
        };
        let reply = Reply::parse(&texts(&["0", "1700000000:5", "1700000001:0"]), 1).unwrap();
        assert_eq!(
            reply,
            Reply {
                charged: false,
                now_ns: 1_700_000_000_000_000_005,
                tats_ns: vec![1_700_000_001_000_000_000],
            }
        );
        for bad in [
            &["1"][..],
            &["2", "1:1"],
            &["1", "1"],
            &["1", "1:1", "1:1"],
            &["1", "x:1"],
        ] {
            assert_eq!(Reply::parse(&texts(bad), 0), None, "{bad:?}");
        }
    }
}
