//! `native_vs_portable`: the gateway as a hit, natively and as the composed component that runs
//! under Spin, both in our host, with the same configuration, the same policy and the same
//! request set.

use std::fs;
use std::process::Command;

use anyhow::{Result, ensure};
use serde_json::json;

use super::app::{self, App};
use super::{Bench, ratio, start_gate};
use crate::caller::Caller;
use crate::gate::{Configuration, Options, PORT};
use crate::peers;
use crate::report::Measured;
use crate::requests::VARIANTS;
use crate::rounds::{Contender, alternate, warm_up};
use crate::work::Work;

/// The token secret, as a variable of the app.
const SECRET: &str = "SPIN_VARIABLE_SECRET_BENCH";

/// With limits, and without: those of the component are counted in SQLite, on disk.
const FORMS: [Form; 2] = [
    Form {
        limits: true,
        native: ("native", PORT),
        portable: ("portable", PORT + 1),
    },
    Form {
        limits: false,
        native: ("native-unlimited", PORT + 2),
        portable: ("portable-unlimited", PORT + 3),
    },
];

#[derive(Clone, Copy)]
struct Form {
    limits: bool,
    native: (&'static str, u16),
    portable: (&'static str, u16),
}

impl Form {
    fn native(&self, work: &Work) -> Options {
        let (name, port) = self.native;
        Options {
            port,
            limits: self.limits,
            overlay: Some(work.own("spin/cache.toml")),
            ..Options::new(name)
        }
    }

    fn portable(&self, work: &Work) -> Result<app::Options> {
        let (name, port) = self.portable;
        let secret = fs::read_to_string(work.own("token-secret.txt"))?;
        Ok(app::Options {
            name,
            manifest: work.folder().join(format!("app-{name}/spin.toml")),
            port,
            arguments: vec!["--portable".to_owned()],
            environment: vec![(SECRET.to_owned(), secret.trim_end().to_owned())],
        })
    }
}

/// Builds the policies and lays them beside the component.
///
/// # Errors
/// When a part is not built or not right.
pub(super) fn prepare(work: &Work) -> Result<()> {
    for form in FORMS {
        let folder = work.fresh_subfolder(&format!("app-{}", form.portable.0))?;
        let configuration = Configuration::write(work, &form.native(work))?;
        let mut command = Command::new(work.dist("lockgate")?);
        command
            .args(["policy", "build"])
            .args(configuration.arguments)
            .arg("--component")
            .arg(work.dist("policy.wasm")?)
            .arg("--out")
            .arg(folder.join("policy"));
        app::run(&mut command, "lockgate policy build")?;
        fs::copy(work.dist("gateway.wasm")?, folder.join("gateway.wasm"))?;
        app::lay_manifest(work, "gateway.toml", &folder)?;
        app::precompile(work, &form.portable(work)?)?;
    }
    Ok(())
}

pub(super) fn measure(bench: &Bench) -> Result<Vec<Measured>> {
    let work = &bench.work;
    let _shop = peers::shop(work)?;
    let [limited, unlimited] = FORMS;
    let native = start_gate(bench, &limited.native(work))?;
    let portable = App::start(work, &limited.portable(work)?)?;
    let native_unlimited = start_gate(bench, &unlimited.native(work))?;
    let portable_unlimited = App::start(work, &unlimited.portable(work)?)?;
    let contenders = [
        bench.contender("native", &native)?,
        portable.contender(bench, "portable")?,
        bench.contender("native, no limits", &native_unlimited)?,
        portable_unlimited.contender(bench, "portable, no limits")?,
    ];
    for contender in &contenders {
        warm_up(contender)?;
    }
    let hits = contenders
        .iter()
        .map(|contender| hit_percent(bench, contender))
        .collect::<Result<Vec<f64>>>()?;
    let series = alternate(&contenders, &bench.plan)?;
    let [native, portable, native_unlimited, portable_unlimited] = series.as_slice() else {
        anyhow::bail!("no rounds");
    };
    let mut measured = ratio(native, portable, &series);
    measured.detail["without_limits"] =
        json!(native_unlimited.cpu_us() / portable_unlimited.cpu_us());
    measured.detail["hit_percent"] = json!(hits);
    Ok(vec![measured])
}

/// How many of the URLs are answered from the cache. The component's has slots, and of two URLs
/// with the same slot it keeps one.
fn hit_percent(bench: &Bench, contender: &Contender<'_>) -> Result<f64> {
    const HITS_PERCENT_MIN: f64 = 95.0;
    let mut caller = Caller::new(contender.address);
    let mut hits = 0;
    for number in 0..VARIANTS {
        let (_, head) = caller.ask(bench.requests.get(number))?;
        hits += usize::from(head.windows(4).any(|four| four == b";hit"));
    }
    let percent = 100.0 * hits as f64 / VARIANTS as f64;
    ensure!(
        percent >= HITS_PERCENT_MIN,
        "only {percent} % of the answers of {} come from the cache",
        contender.name
    );
    Ok(percent)
}
