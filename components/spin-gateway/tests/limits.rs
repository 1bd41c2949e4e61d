//! Limits in SQLite and in Redis say what the host's limiter says, request by request.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use lockgate_limits::{
    Cells, Charge, Decision, LimitSpec, Limiter, Row, RowKey, StoredLimits, Window,
};
use lockgate_spin_gateway::{redis, sql};
use proptest::prelude::*;
use rusqlite::{Connection, params_from_iter, types::Value};

/// A moment of 2026, nanoseconds since 1970.
const START_NS: u64 = 1_790_000_000_000_000_000;

/// A request: how long after the one before, nanoseconds, and what it charges.
#[derive(Debug, Clone)]
struct Asked {
    after_ns: u64,
    charges: Vec<(u16, u8, u32)>,
}

fn specs() -> impl Strategy<Value = Vec<LimitSpec>> {
    let window = (
        1_u32..20,
        1_u64..100_000_000_000,
        proptest::option::of(1_u32..20),
    );
    let windows = proptest::collection::vec(window, 1..4);
    proptest::collection::vec(windows, 1..4).prop_map(|limits| {
        let limit = |(number, windows): (usize, Vec<(u32, u64, Option<u32>)>)| {
            let mut periods = Vec::new();
            let windows = windows.into_iter().filter(|(requests, per_ns, _)| {
                let fresh = !periods.contains(per_ns) && *per_ns >= u64::from(*requests);
                periods.push(*per_ns);
                fresh
            });
            let window = |(requests, per_ns, burst)| Window {
                requests,
                per: Duration::from_nanos(per_ns),
                burst,
            };
            LimitSpec {
                scope: "s".to_owned(),
                name: format!("limit-{number}"),
                windows: windows.map(window).collect(),
            }
        };
        limits.into_iter().enumerate().map(limit).collect()
    })
}

fn requests() -> impl Strategy<Value = Vec<Asked>> {
    let charge = (0_u16..3, 0_u8..3, 0_u32..4);
    let asked = (
        0_u64..20_000_000_000,
        proptest::collection::vec(charge, 1..4),
    );
    let asked = asked.prop_map(|(after_ns, charges)| Asked { after_ns, charges });
    proptest::collection::vec(asked, 1..40)
}

/// A store: the clock, the rows, and each row's time before the charge.
type ChargeRows<'a> = &'a mut dyn FnMut(u64, &[Row]) -> (u64, Vec<u64>);

/// Plays the requests against the limiter and a store.
fn compare(specs: &[LimitSpec], requests: &[Asked], store: ChargeRows<'_>) {
    if specs.iter().any(|spec| spec.windows.is_empty()) {
        return;
    }
    let limiter = Limiter::new(specs, Arc::new(Cells::new(1 << 14, [1, 2, 3, 4]))).unwrap();
    let stored = StoredLimits::new(specs).unwrap();
    let mut now_ns = START_NS;
    for asked in requests {
        now_ns += asked.after_ns;
        let charges: Vec<_> = asked
            .charges
            .iter()
            .filter(|(limit, ..)| usize::from(*limit) < specs.len())
            .map(|(limit, key, cost)| Charge {
                limit: *limit,
                key: std::slice::from_ref(key),
                cost: *cost,
            })
            .collect();
        let expected = limiter.charge(now_ns, &charges).unwrap();
        let rows = stored.rows(&charges).unwrap();
        let (clock_ns, tats_ns) = store(now_ns, &rows);
        let decision = stored.decide(clock_ns, &charges, &rows, &tats_ns).unwrap();
        assert_eq!(decision, expected, "{asked:?}");
    }
}

/// As the shell does it.
fn in_sqlite(connection: &Connection, now_ns: u64, rows: &[Row]) -> (u64, Vec<u64>) {
    if rows.is_empty() {
        return (now_ns, Vec::new());
    }
    let query = |statement: &str, parameters: Vec<Value>| -> BTreeMap<Vec<u8>, i64> {
        let mut statement = connection.prepare_cached(statement).unwrap();
        let found = statement.query_map(params_from_iter(parameters), |row| {
            Ok((row.get(0)?, row.get(1)?))
        });
        found.unwrap().map(Result::unwrap).collect()
    };
    let mut parameters = vec![Value::Integer(sql::integer(now_ns))];
    for row in rows {
        parameters.push(Value::Blob(row.key.to_vec()));
        parameters.push(Value::Integer(sql::integer(row.cost_ns)));
        parameters.push(Value::Integer(sql::integer(row.capacity_ns)));
    }
    let charged = query(&sql::charge(rows.len()), parameters);
    let time = |found: &BTreeMap<Vec<u8>, i64>, key: &RowKey| {
        found.get(&key[..]).map_or(0, |tat| sql::unsigned(*tat))
    };
    if charged.is_empty() {
        let keys = rows
            .iter()
            .map(|row| Value::Blob(row.key.to_vec()))
            .collect();
        let found = query(&sql::read(rows.len()), keys);
        return (
            now_ns,
            rows.iter().map(|row| time(&found, &row.key)).collect(),
        );
    }
    assert_eq!(charged.len(), rows.len(), "all or none");
    let before = |row: &Row| time(&charged, &row.key) - row.cost_ns;
    (now_ns, rows.iter().map(before).collect())
}

fn database() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute(sql::CREATE, []).unwrap();
    connection.execute(sql::CREATE, []).unwrap();
    connection
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn sqlite_says_what_the_limiter_says(specs in specs(), requests in requests()) {
        let connection = database();
        compare(&specs, &requests, &mut |now_ns, rows| in_sqlite(&connection, now_ns, rows));
    }
}

/// Redis, where this machine has it: a server of our own on a socket of our own.
struct Redis {
    server: std::process::Child,
    stream: std::os::unix::net::UnixStream,
    _folder: std::path::PathBuf,
}

impl Redis {
    #[allow(
        clippy::disallowed_methods,
        reason = "it waits for a server of the test, not in a decision"
    )]
    fn start() -> Option<Self> {
        let folder = std::env::temp_dir().join(format!("lockgate-redis-{}", std::process::id()));
        std::fs::create_dir_all(&folder).ok()?;
        let socket = folder.join("redis.sock");
        let mut command = std::process::Command::new("redis-server");
        command
            .args(["--port", "0", "--save", "", "--unixsocket"])
            .arg(&socket)
            .current_dir(&folder)
            .stdout(std::process::Stdio::null());
        let server = command.spawn().ok()?;
        for _ in 0..500 {
            if let Ok(stream) = std::os::unix::net::UnixStream::connect(&socket) {
                return Some(Self {
                    server,
                    stream,
                    _folder: folder,
                });
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("redis-server does not answer");
    }

    fn send(&mut self, arguments: &[Vec<u8>]) -> Vec<Vec<u8>> {
        use std::io::{BufRead as _, BufReader, Read as _, Write as _};
        let mut request = format!("*{}\r\n", arguments.len()).into_bytes();
        for argument in arguments {
            request.extend_from_slice(format!("${}\r\n", argument.len()).as_bytes());
            request.extend_from_slice(argument);
            request.extend_from_slice(b"\r\n");
        }
        self.stream.write_all(&request).unwrap();
        let mut reader = BufReader::new(&self.stream);
        let mut line = || {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            line.trim_end().to_owned()
        };
        let head = line();
        let Some(count) = head.strip_prefix('*') else {
            return vec![head.into_bytes()];
        };
        let count: usize = count.parse().unwrap();
        let mut texts = Vec::new();
        for _ in 0..count {
            let mut head = String::new();
            reader.read_line(&mut head).unwrap();
            let length: usize = head.trim_end().strip_prefix('$').unwrap().parse().unwrap();
            let mut text = vec![0; length + 2];
            reader.read_exact(&mut text).unwrap();
            text.truncate(length);
            texts.push(text);
        }
        texts
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = std::fs::remove_dir_all(&self._folder);
    }
}

#[test]
fn redis_says_what_the_limiter_says() {
    let Some(mut redis) = Redis::start() else {
        eprintln!("left out: there is no redis-server on PATH");
        return;
    };
    let mut eval = |now_ns: Option<u64>, rows: &[Row]| {
        let mut command = vec![b"EVAL".to_vec()];
        command.extend(redis::arguments(rows, now_ns));
        let texts = redis.send(&command);
        let reply = redis::Reply::parse(&texts, rows.len());
        reply.unwrap_or_else(|| panic!("{:?}", String::from_utf8_lossy(&texts[0])))
    };
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(100));
    let number = std::cell::Cell::new(0);
    let eval = std::cell::RefCell::new(&mut eval);
    let run = runner.run(&(specs(), requests()), |(mut specs, requests)| {
        // Keys outlive a case.
        number.set(number.get() + 1);
        for spec in &mut specs {
            spec.scope = format!("case-{}", number.get());
        }
        compare(&specs, &requests, &mut |now_ns, rows| {
            let reply = eval.borrow_mut()(Some(now_ns), rows);
            assert_eq!(reply.now_ns, now_ns);
            (reply.now_ns, reply.tats_ns)
        });
        Ok(())
    });
    run.unwrap();
    // With the clock of Redis itself.
    let spec = LimitSpec {
        scope: "clock".to_owned(),
        name: "limit".to_owned(),
        windows: vec![Window {
            requests: 2,
            per: Duration::from_secs(3600),
            burst: None,
        }],
    };
    let limits = StoredLimits::new(&[spec]).unwrap();
    let charges = [Charge {
        limit: 0,
        key: b"k",
        cost: 1,
    }];
    let rows = limits.rows(&charges).unwrap();
    let mut allowed = Vec::new();
    for _ in 0..3 {
        let reply = eval.borrow_mut()(None, &rows);
        assert!(reply.now_ns > 1_700_000_000_000_000_000);
        let decision = limits
            .decide(reply.now_ns, &charges, &rows, &reply.tats_ns)
            .unwrap();
        assert_eq!(matches!(decision, Decision::Allowed(_)), reply.charged);
        allowed.push(reply.charged);
    }
    assert_eq!(allowed, [true, true, false]);
}

/// Whether a row is charged, and its time before.
fn charged(connection: &Connection, now_ns: u64, row: Row) -> (bool, u64) {
    let (_, tats_ns) = in_sqlite(connection, now_ns, &[row]);
    let was_ns = row.was_ns(tats_ns[0], now_ns);
    (was_ns + row.cost_ns <= now_ns + row.capacity_ns, was_ns)
}

#[test]
fn a_clock_that_went_back_by_more_than_a_minute_starts_afresh() {
    let connection = database();
    let row = Row {
        key: [1; 16],
        cost_ns: 10,
        capacity_ns: 100,
    };
    for _ in 0..10 {
        assert!(charged(&connection, START_NS, row).0);
    }
    // The order in which instances read the clock gives nobody anything.
    assert!(!charged(&connection, START_NS - 1, row).0);
    assert!(!charged(&connection, START_NS - 60_000_000_000, row).0);
    let back_ns = START_NS - 60_000_000_001;
    assert_eq!(charged(&connection, back_ns, row), (true, back_ns));
    assert_eq!(charged(&connection, back_ns, row), (true, back_ns + 10));
}

#[test]
fn the_sweep_takes_only_rows_whose_time_has_passed() {
    let connection = database();
    for key in 0..100_u8 {
        let row = Row {
            key: [key; 16],
            cost_ns: 10,
            capacity_ns: 100,
        };
        in_sqlite(&connection, START_NS + u64::from(key), &[row]);
    }
    let now_ns = sql::integer(START_NS + 60);
    let sweep = || {
        connection
            .execute(sql::SWEEP, (now_ns, vec![0_u8; 1]))
            .unwrap()
    };
    assert_eq!(sweep(), 50);
    assert_eq!(sweep(), 0);
}
