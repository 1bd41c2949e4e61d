//! Prints nanoseconds per operation: `cargo run --release -p lockgate-limits --example bench_limits`.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lockgate_limits::{Cells, Charge, Decision, LimitSpec, Limiter, SingleLimit, Window, fields};

fn time(what: &str, mut f: impl FnMut(u64)) {
    const N: u64 = 2_000_000;
    (0..N / 10).for_each(&mut f);
    let start = Instant::now();
    (0..N).for_each(&mut f);
    println!(
        "{what:<48} {:>7.1} ns",
        start.elapsed().as_nanos() as f64 / N as f64
    );
}

fn main() {
    let window = |requests, secs| Window {
        requests,
        per: Duration::from_secs(secs),
        burst: None,
    };
    let spec = |name: &str, windows| LimitSpec {
        scope: "shop".into(),
        name: name.into(),
        windows,
    };
    let specs = [
        spec(
            "client",
            vec![window(1_000_000, 1), window(100_000_000, 60)],
        ),
        spec("token", vec![window(1_000_000, 1)]),
        spec("route", vec![window(100_000_000, 1)]),
    ];
    let cells = Arc::new(Cells::new(1 << 20, [1, 2, 3, 4]));
    let limiter = Limiter::new(&specs, cells).expect("the specs are right");
    let keys: Vec<[u8; 16]> = (0..1_000_u128)
        .map(|i| (i * 0x9e37_79b9).to_le_bytes())
        .collect();
    let charges = |i: u64| {
        let key = &keys[(i % 1_000) as usize];
        [0, 1, 2].map(|limit| Charge {
            limit,
            key: if limit == 2 { b"/api" } else { key },
            cost: 1,
        })
    };
    time("charge: 1 limit, 1 window, 1000 keys", |i| {
        black_box(limiter.charge(i * 1_000, &charges(i)[1..2]).is_ok());
    });
    time("charge: 2 limits, 1000 keys", |i| {
        black_box(limiter.charge(i * 1_000, &charges(i)[1..]).is_ok());
    });
    time("charge: 3 limits, 4 windows, 1000 keys", |i| {
        black_box(limiter.charge(i * 1_000, &charges(i)).is_ok());
    });
    let mut out = Vec::with_capacity(256);
    let Ok(Decision::Allowed(standings)) = limiter.charge(u64::MAX / 2, &charges(0)) else {
        return println!("the limits are spent");
    };
    time("write RateLimit, RateLimit-Policy: 3 limits", |_| {
        out.clear();
        fields::write_rate_limit(&limiter, black_box(&standings), &mut out);
        fields::write_rate_limit_policy(&limiter, [0, 1, 2], &mut out);
        black_box(&out);
    });
    let single = SingleLimit::new(1_000_000_000, u32::MAX);
    time("SingleLimit::take", |_| {
        black_box(single.take().is_ok());
    });
}
