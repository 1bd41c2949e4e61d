//! Prints nanoseconds per operation: `cargo run --release -p lockgate-record --example bench_record`.

use std::hint::black_box;
use std::time::Instant;

use lockgate_record::{
    AddressMask, CacheState, LimitsState, Record, RecordSink, SinkOptions, Stage, Target,
};

const N: u32 = 1_000_000;

fn time(what: &str, mut f: impl FnMut()) {
    (0..N / 10).for_each(|_| f());
    let start = Instant::now();
    (0..N).for_each(|_| f());
    println!(
        "{what:<52} {:>7.1} ns",
        start.elapsed().as_nanos() as f64 / f64::from(N)
    );
}

fn main() -> std::io::Result<()> {
    let typical = Record {
        time_unix_ms: 1_795_235_069_007,
        id: "019aa4c2-7b1e-7c3a-9d51-0f2e8b7a6c55",
        trace: Some("4bf92f3577b34da6a3ce929d0e0e4736"),
        site: Some("shop"),
        route: Some("products"),
        client: Some([203, 0, 113, 77].into()),
        peer: Some([10, 0, 0, 1].into()),
        tls: Some("1.3"),
        http: "2",
        host: Some(b"shop.example"),
        path: b"/products/4711/pictures/front",
        query: Some(b"width=800&format=webp&q=80"),
        user_agent: Some(b"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"),
        status: 200,
        stage: Stage::Cache,
        subject: Some([7; 8]),
        limits: Some(LimitsState::Allowed),
        cache: Some(CacheState::Hit),
        bytes_out: 1_024,
        duration_us: 15,
        policy_us: 5,
        bundle: Some([1; 8]),
        component: Some([2; 8]),
        omitted: &["authorization", "cookie"],
        ..Record::default()
    };
    let mut line = Vec::new();
    typical.write_line(&mut line);
    println!("a typical record has {} bytes", line.len());
    time("write_line, typical", || {
        line.clear();
        black_box(&typical).write_line(&mut line);
        black_box(&line);
    });
    let masked = Record {
        address_mask: AddressMask::Subnet,
        client: Some("2001:db8::1".parse().expect("an address")),
        ..typical
    };
    time("write_line, IPv6, masked", || {
        line.clear();
        black_box(&masked).write_line(&mut line);
        black_box(&line);
    });
    let secret = Record {
        query: Some(b"width=800&access_token=abc&next=%2Fcb%3Fa%3Db"),
        ..typical
    };
    time("write_line, redacted query", || {
        line.clear();
        black_box(&secret).write_line(&mut line);
        black_box(&line);
    });
    let options = SinkOptions {
        buffer_bytes_max: 64 << 20,
        ..SinkOptions::default()
    };
    let sink = RecordSink::open(Target::File("/dev/null".into()), options)?;
    time("append to a sink (/dev/null)", || {
        sink.append(black_box(&typical))
    });
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..N).for_each(|_| sink.append(black_box(&typical))));
        }
    });
    println!(
        "{:<52} {:>7.1} ns",
        "append, two threads at once, per append",
        start.elapsed().as_nanos() as f64 / f64::from(N)
    );
    println!("lost: {}", sink.lost());
    Ok(())
}
