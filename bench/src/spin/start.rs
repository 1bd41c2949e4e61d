//! `cold_start_ms`: the app of the demo (gateway and pictures), its components compiled already.
//!
//! The first answer is that of `/health`: it goes through the policy and the limits, and needs no
//! origin. The state folder is empty at each start.

use anyhow::Result;
use serde_json::json;

use super::Bench;
use super::app::{self, App};
use crate::fetch::first_answer;
use crate::gate::start_ms;
use crate::report::Measured;
use crate::rounds::{median, round_to};
use crate::work::Work;

const STARTS: usize = 10;

const REQUEST: &[u8] = b"GET /health HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\n\r\n";

/// As it is, and as under Spin.
fn forms(work: &Work) -> [app::Options; 2] {
    let form = |name, arguments| app::Options {
        name,
        manifest: work.root().join("spin.toml"),
        port: crate::gate::PORT,
        arguments,
        environment: Vec::new(),
    };
    [
        form("start", Vec::new()),
        form("start-portable", vec!["--portable".to_owned()]),
    ]
}

/// Compiles what is not compiled yet.
///
/// # Errors
/// When the app is not right.
pub(super) fn prepare(work: &Work) -> Result<()> {
    for form in forms(work) {
        app::precompile(work, &form)?;
    }
    Ok(())
}

pub(super) fn measure(bench: &Bench) -> Result<Vec<Measured>> {
    let forms = forms(&bench.work);
    let (mut firsts, mut logged) = ([const { Vec::new() }; 2], [const { Vec::new() }; 2]);
    for _ in 0..if bench.quick { 3 } else { STARTS } {
        for (number, form) in forms.iter().enumerate() {
            let app = App::launch(&bench.work, form)?;
            let first = first_answer(app.address, REQUEST, app.begun)?;
            firsts[number].push(round_to(first.as_secs_f64() * 1e3, 2));
            logged[number].push(start_ms(&app.server));
        }
    }
    let [native, portable] = firsts;
    eprintln!(
        "  {:.1} ms, portable {:.1} ms",
        median(native.clone()),
        median(portable.clone())
    );
    Ok(vec![Measured {
        value: median(native.clone()),
        compared: None,
        unit: "ms",
        detail: json!({
            "starts_ms": native,
            "ready_logged_ms": logged[0],
            "portable_ms": median(portable.clone()),
            "portable_starts_ms": portable,
            "portable_ready_logged_ms": logged[1],
        }),
    }])
}
