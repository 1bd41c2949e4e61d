//! Several limits of several windows against a plain model: all are charged, or none.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use lockgate_limits::{
    CHARGES_MAX, Cells, Charge, ChargeError, Decision, LimitSpec, Limiter, SpecError, Window,
};
use proptest::prelude::*;

fn spec(name: &str, windows: &[(u32, u64, u32)]) -> LimitSpec {
    let window = |&(requests, per_ns, burst): &(u32, u64, u32)| Window {
        requests,
        per: Duration::from_nanos(per_ns),
        burst: Some(burst),
    };
    LimitSpec {
        scope: "s".into(),
        name: name.into(),
        windows: windows.iter().map(window).collect(),
    }
}

/// A token bucket counted in nanoseconds of credit, written without looking at GCRA.
#[derive(Clone)]
struct Bucket {
    credit_ns: i128,
    at_ns: u64,
}

fn refill(bucket: &mut Bucket, now_ns: u64, full_ns: i128) {
    bucket.credit_ns = (bucket.credit_ns + i128::from(now_ns - bucket.at_ns)).min(full_ns);
    bucket.at_ns = now_ns;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn agrees_with_token_buckets(
        specs in proptest::collection::vec(
            proptest::collection::vec((1_u32..20, 100_u64..5_000, 1_u32..12), 1..4), 1..4),
        requests in proptest::collection::vec(
            (0_u64..400, proptest::collection::vec((0_u16..4, 0_u8..3, 0_u32..4), 0..=CHARGES_MAX)),
            1..120),
    ) {
        let specs: Vec<LimitSpec> = specs
            .iter()
            .enumerate()
            .map(|(i, windows)| {
                // Different lengths within a limit, as it must be.
                let windows: Vec<_> = windows
                    .iter()
                    .enumerate()
                    .map(|(w, &(r, per, burst))| (r, per * 4 + w as u64, burst))
                    .collect();
                spec(&format!("l{i}"), &windows)
            })
            .collect();
        let limiter = Limiter::new(&specs, Arc::new(Cells::new(4096, [5, 6, 7, 8]))).unwrap();
        let mut model: BTreeMap<(u16, u8, usize), Bucket> = BTreeMap::new();
        let mut now_ns = 1;
        for (step, charges) in requests {
            now_ns += step;
            let charges: Vec<(u16, [u8; 1], u32)> = charges
                .into_iter()
                .map(|(limit, key, cost)| (limit % specs.len() as u16, [key], cost))
                .collect();
            let handed: Vec<Charge<'_>> = charges
                .iter()
                .map(|(limit, key, cost)| Charge { limit: *limit, key, cost: *cost })
                .collect();

            let mut after = model.clone();
            let mut fits = true;
            for (limit, key, cost) in &charges {
                for (w, window) in specs[usize::from(*limit)].windows.iter().enumerate() {
                    let interval = (window.per.as_nanos() as u64 / u64::from(window.requests)) as i128;
                    let full = interval * i128::from(window.burst());
                    let bucket = after
                        .entry((*limit, key[0], w))
                        .or_insert(Bucket { credit_ns: full, at_ns: now_ns });
                    refill(bucket, now_ns, full);
                    bucket.credit_ns -= interval * i128::from(*cost);
                    fits &= bucket.credit_ns >= 0;
                }
            }
            match limiter.charge(now_ns, &handed).unwrap() {
                Decision::Allowed(standings) => {
                    prop_assert!(fits, "the model refuses at {now_ns}");
                    model = after;
                    prop_assert_eq!(standings.len(), charges.len());
                    // The last charge of a key reports what is left after all of them.
                    if let (Some(s), Some((limit, key, _))) = (standings.last(), charges.last()) {
                        let left = specs[usize::from(*limit)].windows.iter().enumerate().map(|(w, window)| {
                            let interval = (window.per.as_nanos() as u64 / u64::from(window.requests)) as i128;
                            model[&(*limit, key[0], w)].credit_ns / interval
                        });
                        prop_assert_eq!(Some(i128::from(s.remaining)), left.min());
                    }
                }
                Decision::Limited(_) => prop_assert!(!fits, "the model allows at {now_ns}"),
            }
        }
    }
}

#[test]
fn a_refusal_names_the_longest_wait_and_charges_nothing() {
    let specs = [
        spec("a", &[(1, 100, 1)]),
        spec("b", &[(1, 10, 1), (1, 1_000, 1)]),
    ];
    let limiter = Limiter::new(&specs, Arc::new(Cells::new(64, [0; 4]))).unwrap();
    let b = Charge {
        limit: 1,
        key: b"k",
        cost: 1,
    };
    let a = Charge {
        limit: 0,
        key: b"k",
        cost: 1,
    };
    assert!(matches!(limiter.charge(1, &[b]), Ok(Decision::Allowed(_))));
    let Ok(Decision::Limited(l)) = limiter.charge(2, &[a, b]) else {
        panic!("b is spent")
    };
    assert_eq!((l.charge, l.standing.limit, l.standing.window), (1, 1, 1));
    assert_eq!(l.retry_after, Some(Duration::from_nanos(999)));
    // `a` was not charged by the refused request.
    assert!(matches!(limiter.charge(2, &[a]), Ok(Decision::Allowed(_))));
    let never = Charge { cost: 2, ..a };
    let Ok(Decision::Limited(l)) = limiter.charge(5_000, &[never, b]) else {
        panic!("2 > burst")
    };
    assert_eq!((l.charge, l.retry_after), (0, None));
}

#[test]
fn faults_of_the_caller_charge_nothing() {
    let limiter = Limiter::new(
        &[spec("a", &[(1, 100, 1)])],
        Arc::new(Cells::new(64, [0; 4])),
    )
    .unwrap();
    let a = Charge {
        limit: 0,
        key: b"k",
        cost: 1,
    };
    let unknown = Charge { limit: 1, ..a };
    assert_eq!(
        limiter.charge(1, &[a, unknown]),
        Err(ChargeError::UnknownLimit(1))
    );
    assert_eq!(limiter.charge(1, &[a; 9]), Err(ChargeError::TooMany(9)));
    assert_eq!(limiter.cells().live(1), 0);
    let twice = [spec("a", &[(1, 100, 1)]), spec("a", &[(2, 100, 1)])];
    assert!(matches!(
        Limiter::new(&twice, Arc::new(Cells::new(64, [0; 4]))),
        Err(SpecError::Duplicate(..))
    ));
}

#[test]
fn state_survives_a_reload_unless_the_window_changed() {
    let cells = Arc::new(Cells::new(1024, [1, 2, 3, 4]));
    let key = Charge {
        limit: 0,
        key: b"k",
        cost: 1,
    };
    let old = Limiter::new(
        &[spec("a", &[(2, 1_000, 2)]), spec("b", &[(1, 1_000, 1)])],
        cells.clone(),
    )
    .unwrap();
    assert!(matches!(
        old.charge(1, &[key, Charge { limit: 1, ..key }]),
        Ok(Decision::Allowed(_))
    ));

    // "b" moved to the front unchanged; "a" has a new burst; "a" of another scope is another.
    let mut elsewhere = spec("a", &[(2, 1_000, 2)]);
    elsewhere.scope = "t".into();
    let specs = [
        spec("b", &[(1, 1_000, 1)]),
        spec("a", &[(2, 1_000, 3)]),
        elsewhere,
    ];
    let new = Limiter::new(&specs, cells).unwrap();
    assert!(matches!(new.charge(2, &[key]), Ok(Decision::Limited(_))));
    for (limit, left) in [(1, 2), (2, 1)] {
        let Ok(Decision::Allowed(s)) = new.charge(2, &[Charge { limit, ..key }]) else {
            panic!()
        };
        assert_eq!(s[0].remaining, left);
    }
}

#[test]
fn a_full_table_errs_only_in_the_permissive_direction() {
    let cells = Arc::new(Cells::new(8, [1, 2, 3, 4]));
    assert_eq!(cells.capacity(), 8);
    let limiter = Limiter::new(&[spec("a", &[(1, 1_000, 1)])], cells.clone()).unwrap();
    for key in 0..9_u8 {
        let charge = [Charge {
            limit: 0,
            key: &[key],
            cost: 1,
        }];
        assert!(matches!(
            limiter.charge(1 + u64::from(key), &charge),
            Ok(Decision::Allowed(_))
        ));
    }
    assert_eq!((cells.evicted(), cells.live(10)), (1, 8));
    // The one that would have expired first gave way, all others are still held.
    for key in 1..9_u8 {
        let charge = [Charge {
            limit: 0,
            key: &[key],
            cost: 1,
        }];
        assert!(
            matches!(limiter.charge(20, &charge), Ok(Decision::Limited(_))),
            "{key}"
        );
    }
    // Expired cells give way uncounted.
    for key in 100..108_u8 {
        let charge = [Charge {
            limit: 0,
            key: &[key],
            cost: 1,
        }];
        assert!(matches!(
            limiter.charge(5_000, &charge),
            Ok(Decision::Allowed(_))
        ));
    }
    assert_eq!((cells.evicted(), cells.live(5_000)), (1, 8));
}

#[test]
fn threads_never_let_more_through_than_the_burst() {
    const BURST: u32 = 1_000;
    let specs = [
        spec("a", &[(1, 1 << 50, BURST)]),
        spec("b", &[(1, 1 << 50, BURST)]),
    ];
    let limiter = Limiter::new(&specs, Arc::new(Cells::new(1 << 14, [1, 2, 3, 4]))).unwrap();
    let allowed = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (limiter, allowed) = (&limiter, &allowed);
            scope.spawn(move || {
                for i in 0..2_000_u32 {
                    // Opposite orders and a third, changing shard: no deadlock.
                    let own = (i * 4 + thread).to_le_bytes();
                    let mut charges = [
                        Charge {
                            limit: 0,
                            key: b"k",
                            cost: 1,
                        },
                        Charge {
                            limit: 1,
                            key: b"k",
                            cost: 1,
                        },
                        Charge {
                            limit: 0,
                            key: &own,
                            cost: 1,
                        },
                    ];
                    if thread % 2 == 1 {
                        charges.reverse();
                    }
                    if matches!(limiter.charge(1, &charges), Ok(Decision::Allowed(_))) {
                        allowed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(allowed.into_inner(), BURST);
}
