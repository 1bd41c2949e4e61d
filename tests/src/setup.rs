//! What a test wants to start.

use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use crate::app::whole_manifest;
use crate::artifacts::{self, Artifacts};
use crate::packaged::Packaged;
use crate::process::Process;
use crate::shop::Shop;
use crate::wait::PATIENCE;
use crate::way::Way;
use crate::world::World;

/// What every configuration of the tests opens with. `{shop}` and the like are filled in.
const OPENING: &str = r#"
version = 1

[listeners.public]
addresses = ["127.0.0.1:0"]

[admin]
address = "127.0.0.1:0"

[record]
path = "records.jsonl"

[origins.shop]
url = "http://{shop}"

[origins.faults]
url = "http://{faults}"
first_byte_timeout_ms = 1000

"#;

/// A site that forwards everything to the shop.
pub const PLAIN_SITE: &str = r#"
[sites.shop]
hosts = ["shop.test"]
[[sites.shop.routes]]
path = "/"
origin = "shop"
[[sites.shop.routes]]
path = "/{*rest}"
origin = "shop"
"#;

/// Longest wait for a gate that is slow to start.
const SLOW_START: Duration = Duration::from_secs(240);

/// A gate to start: its configuration, files and environment.
#[derive(Clone, Default)]
pub struct Setup {
    config: String,
    files: Vec<(String, String)>,
    environment: Vec<(String, String)>,
    policy: Option<std::path::PathBuf>,
    second_shop: bool,
    app: Option<String>,
    slow: bool,
}

impl Setup {
    /// A gate with this configuration after the opening of all tests (listener `public`, admin
    /// address, `records.jsonl`, origins `shop` and `faults`). `{shop}`, `{faults}` and
    /// `{other_shop}` stand for addresses.
    #[must_use]
    pub fn new(config: &str) -> Self {
        Self {
            config: config.to_owned(),
            ..Self::default()
        }
    }

    /// A file beside the configuration.
    #[must_use]
    pub fn file(mut self, name: &str, content: &str) -> Self {
        self.files.push((name.to_owned(), content.to_owned()));
        self
    }

    /// An environment variable of the gate.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Another `policy.wasm`.
    #[must_use]
    pub fn policy(mut self, path: &Path) -> Self {
        self.policy = Some(path.to_owned());
        self
    }

    /// A Spin app whose components can be origins. The manifest comes after the opening of all
    /// tests, see [`AppSetup`](crate::AppSetup).
    #[must_use]
    pub fn app(mut self, manifest: &str) -> Self {
        self.app = Some(manifest.to_owned());
        self
    }

    /// A second shop, of another brand, at `{other_shop}`.
    #[must_use]
    pub fn second_shop(mut self) -> Self {
        self.second_shop = true;
        self
    }

    /// Waits minutes for the gate to be ready: it has much to compile.
    #[must_use]
    pub fn slow_to_start(mut self) -> Self {
        self.slow = true;
        self
    }

    /// Starts everything and waits until the gate is ready, in the way that `LOCKGATE_E2E_WAY`
    /// names; `None` where nothing is built, or the test is left out under that way.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn start(self) -> Option<World> {
        let way = Way::current();
        if way.leaves_out_this_test() {
            return None;
        }
        self.start_as(way)
    }

    /// The same in this very way.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn start_as(self, way: Way) -> Option<World> {
        let artifacts = artifacts::find()?;
        let dir = tempfile::Builder::new()
            .prefix("lockgate-test-")
            .tempdir()
            .expect("a folder");
        let shop = Shop::start(artifacts, "Harbour & Pine");
        let other_shop = self
            .second_shop
            .then(|| Shop::start(artifacts, "Northwall"));
        let mut config = format!("{OPENING}{}", self.config);
        config = config.replace("{shop}", &shop.address.to_string());
        config = config.replace("{faults}", &shop.faults.to_string());
        if let Some(other) = &other_shop {
            config = config.replace("{other_shop}", &other.address.to_string());
        }
        write(&dir.path().join("gateway.toml"), &config);
        for (name, content) in &self.files {
            write(&dir.path().join(name), content);
        }
        if way != Way::Native {
            let other = self.policy.is_some() || self.app.is_some();
            assert!(
                !other,
                "an app has the policy in it, and no other app beside it"
            );
            let app = Packaged::new(artifacts, dir.path(), &config, &self.environment)?;
            let components = artifacts.components.clone();
            let running = compile_once(app.heaviest(), || app.start(way), |_| ());
            return Some(World::of_app(
                running, shop, other_shop, dir, config, components,
            ));
        }
        let components = match &self.policy {
            None => artifacts.components.clone(),
            Some(policy) => {
                let components = dir.path().join("components");
                artifacts::link(policy, &components.join("policy.wasm")).expect("a link");
                let image = artifacts.components.join("image.wasm");
                artifacts::link(&image, &components.join("image.wasm")).expect("a link");
                components
            }
        };
        let mut command = gate_command(artifacts, dir.path(), &components);
        if let Some(app) = &self.app {
            let manifest = whole_manifest(artifacts, app)?;
            write(&dir.path().join("spin.toml"), &manifest);
            command.arg("--app").arg(dir.path().join("spin.toml"));
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let is_ready = |line: &str| line.contains("\"ready\"").then_some(());
        let patience = if self.slow { SLOW_START } else { PATIENCE };
        let mut gate = compile_once(
            &components.join("policy.wasm"),
            || Process::start("lockgate", &mut command),
            |gate| gate.wait_line_within(patience, "readiness", is_ready),
        );
        gate.wait_line_within(patience, "readiness", is_ready);
        Some(World::new(gate, shop, other_shop, dir, config, components))
    }
}

/// The command of a gate in `dir`.
fn gate_command(artifacts: &Artifacts, dir: &Path, components: &Path) -> Command {
    let mut command = Command::new(&artifacts.lockgate);
    command
        .arg("run")
        .arg("--config")
        .arg(dir.join("gateway.toml"))
        .arg("--components")
        .arg(components)
        .arg("--store")
        .arg(&artifacts.store)
        .env("LOCKGATE_LOG", "info");
    command
}

/// Compiling takes seconds of both cores: the first gate of this policy does it, those of the
/// other tests wait for it and find the compiled form in the store.
fn compile_once<T>(policy: &Path, start: impl FnOnce() -> T, wait: impl FnOnce(&mut T)) -> T {
    static COMPILED: OnceLock<Mutex<Vec<std::path::PathBuf>>> = OnceLock::new();
    let policy = std::fs::canonicalize(policy).unwrap_or(policy.to_owned());
    let mut compiled = match COMPILED.get_or_init(Mutex::default).lock() {
        Ok(compiled) => compiled,
        // Another test's gate did not start: it tells; this one tries for itself.
        Err(poisoned) => poisoned.into_inner(),
    };
    if compiled.contains(&policy) {
        drop(compiled);
        return start();
    }
    let mut gate = start();
    wait(&mut gate);
    compiled.push(policy);
    gate
}

/// Writes a file whole, its folder made where it is missing.
pub(crate) fn write(path: &Path, content: &str) {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).expect("a folder");
    }
    let unfinished = path.with_extension("unfinished");
    std::fs::write(&unfinished, content).expect("a file");
    std::fs::rename(&unfinished, path).expect("a file");
}
