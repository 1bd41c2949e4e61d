//! A Spin app run by `lockgate up`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use tempfile::TempDir;

use crate::artifacts::{self, Artifacts};
use crate::client::Client;
use crate::h2c::H2;
use crate::process::Process;
use crate::records::records_of;
use crate::request::Request;
use crate::response::Response;
use crate::seen::Seen;
use crate::setup::write;
use crate::wait::until;

/// What every manifest of the tests opens with.
const OPENING: &str = "spin_manifest_version = 2\n[application]\nname = \"app\"\n";

/// An app to start: its manifest, files and environment. `{p2}` and `{p3}` in the manifest stand
/// for the test components of WASI 0.2 and 0.3.
#[derive(Default)]
pub struct AppSetup {
    manifest: String,
    files: Vec<(String, String)>,
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
    /// A configuration and the folder that its policy is built in.
    policy: Option<(String, String)>,
    /// Files that are written after that.
    late_files: Vec<(String, String)>,
}

impl AppSetup {
    /// An app with this manifest after the opening of all tests.
    #[must_use]
    pub fn new(manifest: &str) -> Self {
        Self {
            manifest: manifest.to_owned(),
            ..Self::default()
        }
    }

    /// A file beside the manifest.
    #[must_use]
    pub fn file(mut self, name: &str, content: &str) -> Self {
        self.files.push((name.to_owned(), content.to_owned()));
        self
    }

    /// An environment variable of the host.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// More arguments of `lockgate up`; `{dir}` stands for the manifest's folder.
    #[must_use]
    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments = arguments.iter().map(ToString::to_string).collect();
        self
    }

    /// Builds the policy of a configuration beside the manifest.
    #[must_use]
    pub fn policy(mut self, config: &str, folder: &str) -> Self {
        self.policy = Some((config.to_owned(), folder.to_owned()));
        self
    }

    /// A file beside the manifest, written after the policy was built.
    #[must_use]
    pub fn after_policy(mut self, name: &str, content: &str) -> Self {
        self.late_files.push((name.to_owned(), content.to_owned()));
        self
    }

    /// Starts the app and waits until it is ready; `None` where nothing is built.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn start(&self) -> Option<App> {
        let artifacts = artifacts::find()?;
        let dir = self.prepare(artifacts)?;
        let mut command = self.command(artifacts, dir.path());
        // Compiling takes seconds of both cores: the first of the tests does it for the others.
        static STARTING: Mutex<()> = Mutex::new(());
        let starting = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut process = Process::start("lockgate up", &mut command);
        let address = process.wait_line("an address", |line| {
            let event: Value = serde_json::from_str(line).ok()?;
            (event["message"] == "listening").then(|| event["address"].as_str()?.parse().ok())?
        });
        process.wait_line("readiness", |line| line.contains("\"ready\"").then_some(()));
        drop(starting);
        Some(App {
            process,
            address,
            dir,
            seen: Seen::new(),
        })
    }

    /// Runs `lockgate up --check`.
    ///
    /// # Panics
    /// Where the binary does not start.
    #[must_use]
    pub fn check(&self) -> Option<Output> {
        let artifacts = artifacts::find()?;
        let dir = self.prepare(artifacts)?;
        let mut command = self.command(artifacts, dir.path());
        Some(command.arg("--check").output().expect("lockgate starts"))
    }

    fn prepare(&self, artifacts: &Artifacts) -> Option<TempDir> {
        let dir = tempfile::Builder::new()
            .prefix("lockgate-app-")
            .tempdir()
            .expect("a folder");
        let manifest = whole_manifest(artifacts, &self.manifest)?;
        write(&dir.path().join("spin.toml"), &manifest);
        for (name, content) in &self.files {
            write(&dir.path().join(name), content);
        }
        if let Some((config, folder)) = &self.policy {
            let built = Command::new(&artifacts.lockgate)
                .args(["policy", "build", "--config"])
                .arg(dir.path().join(config))
                .arg("--out")
                .arg(dir.path().join(folder))
                .output()
                .expect("lockgate starts");
            assert!(
                built.status.success(),
                "{}",
                String::from_utf8_lossy(&built.stderr)
            );
        }
        for (name, content) in &self.late_files {
            write(&dir.path().join(name), content);
        }
        Some(dir)
    }

    fn command(&self, artifacts: &Artifacts, dir: &Path) -> Command {
        let mut command = Command::new(&artifacts.lockgate);
        command
            .arg("up")
            .arg(dir.join("spin.toml"))
            .args(["--listen", "127.0.0.1:0"])
            .arg("--records")
            .arg(dir.join("records.jsonl"))
            .arg("--store")
            .arg(&artifacts.store)
            .args(
                self.arguments
                    .iter()
                    .map(|argument| argument.replace("{dir}", &dir.to_string_lossy())),
            )
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .env("LOCKGATE_LOG", "info");
        command
    }
}

/// A manifest with its opening and the files of the test components; `None` where they are not
/// built.
pub(crate) fn whole_manifest(artifacts: &Artifacts, manifest: &str) -> Option<String> {
    let mut manifest = format!("{OPENING}{manifest}");
    for (name, crate_name) in [("{p2}", "lockgate_spin_p2"), ("{p3}", "lockgate_spin_p3")] {
        if manifest.contains(name) {
            let file = artifacts.component(&format!("{crate_name}.wasm"), crate_name)?;
            manifest = manifest.replace(name, &file.to_string_lossy());
        }
    }
    Some(manifest)
}

/// A running app, stopped when dropped. Every answer must have its record then.
pub struct App {
    process: Process,
    /// Where it listens.
    pub address: SocketAddr,
    dir: TempDir,
    seen: Seen,
}

impl App {
    /// A connection.
    #[must_use]
    pub fn connect(&self) -> Client {
        Client::connect(self.address, self.seen.clone())
    }

    /// An HTTP/2 connection by prior knowledge.
    #[must_use]
    pub fn h2(&self) -> H2 {
        H2::connect(self.address, self.seen.clone())
    }

    /// A request on a connection of its own.
    #[must_use]
    pub fn send(&self, request: &Request) -> Response {
        self.connect().call(request)
    }

    /// A GET request on a connection of its own.
    #[must_use]
    pub fn get(&self, target: &str) -> Response {
        self.send(&Request::get(target))
    }

    /// The text of a GET request's answer, which is a 200.
    #[must_use]
    pub fn text(&self, target: &str) -> String {
        self.get(target).assert_status(200).text()
    }

    /// The folder with `spin.toml`.
    #[must_use]
    pub fn dir(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    /// The record of an answer. Waits for it.
    ///
    /// # Panics
    /// Where it does not come.
    #[must_use]
    pub fn record(&self, response: &Response) -> Value {
        let id = response.id().to_owned();
        until(&format!("the record of {id}"), || {
            self.records().into_iter().find(|record| record["id"] == id)
        })
    }

    /// All decision records that are written so far.
    #[must_use]
    pub fn records(&self) -> Vec<Value> {
        records_of(&self.dir.path().join("records.jsonl"))
    }

    /// The host's log so far.
    #[must_use]
    pub fn logs(&self) -> Vec<String> {
        self.process.stderr()
    }
}

impl Drop for App {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let logs = self.logs();
            let shown = &logs[logs.len().saturating_sub(40)..];
            eprintln!("--- the host's log, its end\n{}\n---", shown.join("\n"));
            return;
        }
        for (id, status) in self.seen.all() {
            let id = id.unwrap_or_else(|| panic!("an answer {status} had no request id"));
            let record = until(&format!("the record of {id}"), || {
                self.records().into_iter().find(|record| record["id"] == id)
            });
            assert_eq!(record["status"], status, "{record}");
            if record["status"] == 500 {
                assert!(
                    record["cause"].is_string(),
                    "a 500 without a reason: {record}"
                );
            }
        }
    }
}
