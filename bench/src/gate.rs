//! Lockgate as a contender: `bench/gateway.toml` with an overlay that is made for the figure.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use lockgate_firewall::samples::crawlers;
use toml::{Table, Value};

use crate::process::{Launch, SERVER_CORE, Server};
use crate::work::Work;

/// The port that `bench/gateway.toml` names.
pub(crate) const PORT: u16 = 19_130;

/// A component may have to be compiled first.
const READY_LIMIT: Duration = Duration::from_secs(120);

/// How one Lockgate differs from another.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Names its folder and log.
    pub(crate) name: String,
    /// Listens there.
    pub(crate) port: u16,
    /// Entries of the User-Agent list.
    pub(crate) crawlers: usize,
    /// Routes in all; never fewer than the configuration has.
    pub(crate) routes: usize,
    /// Whether the 1 KB route is cached.
    pub(crate) cached: bool,
    /// Whether limits are charged.
    pub(crate) limits: bool,
    /// Another program than `dist/lockgate`.
    pub(crate) program: Option<PathBuf>,
    /// Further environment.
    pub(crate) environment: Vec<(String, String)>,
    /// The cores it may use, as taskset(1) takes them.
    pub(crate) cores: String,
    /// Another folder of components than `dist/`.
    pub(crate) components: Option<PathBuf>,
    /// Configuration that is laid over all other.
    pub(crate) overlay: Option<PathBuf>,
    /// Further arguments.
    pub(crate) arguments: Vec<String>,
}

impl Options {
    /// 1,500 entries, the configuration's own routes, cached; one core.
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            port: PORT,
            crawlers: 1_500,
            routes: 0,
            cached: true,
            limits: true,
            program: None,
            environment: Vec::new(),
            cores: SERVER_CORE.to_string(),
            components: None,
            overlay: None,
            arguments: Vec::new(),
        }
    }
}

/// A running Lockgate.
#[derive(Debug)]
pub(crate) struct Gate {
    /// Its process.
    pub(crate) server: Server,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Its decision records.
    pub(crate) record: PathBuf,
    /// When it was started.
    pub(crate) begun: Instant,
}

impl Gate {
    /// Starts it and waits until it says that it is ready.
    ///
    /// # Errors
    /// When it is not built or does not start.
    pub(crate) fn start(work: &Work, options: &Options) -> Result<Self> {
        let mut gate = Self::launch(work, options)?;
        wait_until_ready(&mut gate.server)?;
        Ok(gate)
    }

    /// Starts it and does not wait.
    ///
    /// # Errors
    /// When it is not built or cannot be started.
    pub(crate) fn launch(work: &Work, options: &Options) -> Result<Self> {
        let configuration = Configuration::write(work, options)?;
        let program = match &options.program {
            Some(program) => program.clone(),
            None => work.dist("lockgate")?,
        };
        let policy = work.dist("policy.wasm")?;
        let components = match &options.components {
            Some(components) => components,
            None => policy.parent().context("dist/ has no parent")?,
        };
        let mut launch = Launch::new(program)
            .args(["run"])
            .path("--components", components)
            .path("--store", &work.subfolder("store")?)
            .args(configuration.arguments)
            .args(options.arguments.clone());
        for (name, value) in &options.environment {
            launch = launch.env(name, value.clone());
        }
        let begun = Instant::now();
        let name = format!("lockgate-{}", options.name);
        let server = Server::start(&name, work.folder(), &options.cores, &launch)?;
        Ok(Self {
            server,
            address: SocketAddr::from(([127, 0, 0, 1], options.port)),
            record: configuration.record,
            begun,
        })
    }

    /// Milliseconds from its start until it was ready, as it logged them.
    pub(crate) fn start_ms(&self) -> Option<u64> {
        start_ms(&self.server)
    }
}

/// Milliseconds from the start of a Lockgate until it was ready, as it logged them.
pub(crate) fn start_ms(server: &Server) -> Option<u64> {
    server
        .log()
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find_map(|line| line.get("start_ms")?.as_u64())
}

/// Waits until a Lockgate says that it is ready.
///
/// # Errors
/// When it ends or takes too long; the end of its log is shown.
pub(crate) fn wait_until_ready(server: &mut Server) -> Result<()> {
    let begun = Instant::now();
    while start_ms(server).is_none() {
        server.still_runs()?;
        ensure!(begun.elapsed() < READY_LIMIT, "Lockgate is not ready");
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// The files of a configuration.
#[derive(Debug)]
pub(crate) struct Configuration {
    /// `--config` and `--overlay`, for every subcommand that takes them.
    pub(crate) arguments: Vec<String>,
    /// Where records go.
    record: PathBuf,
}

impl Configuration {
    /// Writes what `options` ask for.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(crate) fn write(work: &Work, options: &Options) -> Result<Self> {
        let folder = work.subfolder(&format!("lockgate-{}", options.name))?;
        let patterns = crawlers(options.crawlers);
        let list: String = (0..)
            .map_while(|index| patterns.describe(index))
            .map(|line| line + "\n")
            .collect();
        fs::write(folder.join("crawlers.txt"), list)?;
        fs::copy(work.own("rules.toml"), folder.join("rules.toml"))?;
        let record = folder.join("record.jsonl");
        fs::write(&record, "")?;
        let config = work.own("gateway.toml");
        let base = fs::read_to_string(&config)?.parse::<Table>()?;
        let laid_over = folder.join("overlay.toml");
        fs::write(&laid_over, overlay(&base, options)?.to_string())?;
        let mut arguments = vec!["--config".to_owned(), config.display().to_string()];
        for path in std::iter::once(&laid_over).chain(&options.overlay) {
            arguments.extend(["--overlay".to_owned(), path.display().to_string()]);
        }
        Ok(Self { arguments, record })
    }
}

/// What is laid over the configuration.
fn overlay(base: &Table, options: &Options) -> Result<Table> {
    let site = base.get("sites").and_then(|sites| sites.get("bench"));
    let routes = site.and_then(|site| site.get("routes")?.as_array());
    let mut routes = routes.context("the site has no routes")?.clone();
    for route in routes.iter_mut().filter_map(Value::as_table_mut) {
        if !options.cached {
            route.remove("cache");
        }
        if !options.limits {
            route.remove("rate_limits");
        }
    }
    for number in routes.len()..options.routes {
        routes.push(Value::Table(filler(number)));
    }
    let strings = |texts: &[String]| texts.iter().cloned().map(Value::String).collect();
    let address = format!("127.0.0.1:{}", options.port);
    let mut overlay = Table::new();
    let mut put = |path: [&str; 3], value: Value| {
        let [first, second, third] = path;
        let outer = overlay
            .entry(first)
            .or_insert_with(|| Value::Table(Table::new()));
        let inner = match outer.as_table_mut() {
            Some(outer) if second.is_empty() => Some(outer),
            Some(outer) => outer
                .entry(second)
                .or_insert_with(|| Value::Table(Table::new()))
                .as_table_mut(),
            None => None,
        };
        inner.map(|inner| inner.insert(third.to_owned(), value));
    };
    put(
        ["listeners", "bench", "addresses"],
        Value::Array(strings(&[address])),
    );
    put(
        ["record", "", "path"],
        Value::String("record.jsonl".to_owned()),
    );
    put(
        ["sites", "bench", "rules"],
        Value::Array(strings(&["rules.toml".to_owned()])),
    );
    put(["sites", "bench", "routes"], Value::Array(routes));
    if !options.limits {
        put(["sites", "bench", "rate_limits"], Value::Array(Vec::new()));
    }
    Ok(overlay)
}

/// A route that no request of the set takes, some beside and some above `/kb1/{n}`.
fn filler(number: usize) -> Table {
    let path = match number % 4 {
        0 => format!("/kb1/{{n}}/part-{number}"),
        1 => format!("/shop-{number}/items/{{id}}"),
        2 => format!("/api/v{}/area-{number}/{{*rest}}", number % 3),
        _ => format!("/k{number}/{{a}}/of/{{b}}"),
    };
    let mut route = Table::new();
    route.insert("path".to_owned(), Value::String(path));
    route.insert("origin".to_owned(), Value::String("shop".to_owned()));
    route
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Table {
        include_str!("../gateway.toml").parse().unwrap()
    }

    #[test]
    fn an_overlay_has_the_routes_that_were_asked_for() {
        let mut options = Options::new("test");
        (options.routes, options.cached, options.port) = (1_000, false, 4711);
        let overlay = overlay(&base(), &options).unwrap();
        let routes = overlay["sites"]["bench"]["routes"].as_array().unwrap();
        assert_eq!(routes.len(), 1_000);
        assert_eq!(routes[0]["path"].as_str(), Some("/kb1/{n}"));
        assert!(routes[0].get("cache").is_none());
        assert_eq!(
            overlay["listeners"]["bench"]["addresses"][0].as_str(),
            Some("127.0.0.1:4711")
        );
        assert_eq!(overlay["record"]["path"].as_str(), Some("record.jsonl"));
        assert!(overlay.to_string().parse::<Table>().is_ok());
    }

    #[test]
    fn the_configurations_own_routes_stay_as_they_are() {
        let overlay = overlay(&base(), &Options::new("test")).unwrap();
        assert_eq!(
            overlay["sites"]["bench"]["routes"],
            base()["sites"]["bench"]["routes"]
        );
    }
}
