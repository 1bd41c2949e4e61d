//! A running gate with a shop behind it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rustix::process::{Rlimit, Signal};
use serde_json::Value;
use tempfile::TempDir;

use crate::artifacts;
use crate::certificates::{Handshake, connect_tls};
use crate::client::Client;
use crate::h2c::H2;
use crate::packaged::Running;
use crate::process::Process;
use crate::records::Records;
use crate::request::Request;
use crate::response::Response;
use crate::seen::Seen;
use crate::setup::write;
use crate::shop::Shop;
use crate::wait::until;

/// A gate and its shop, in a temporary folder. Both are stopped when it is dropped.
///
/// What must hold after any traffic is checked then: every answer that a client of the test read
/// bears a request id that has a record with the same status; every record is one JSON object;
/// every 500 has its reason in its record; nothing has panicked.
pub struct World {
    gate: Process,
    /// The shop at origin `shop`.
    pub shop: Shop,
    /// The second shop, where there is one.
    pub other_shop: Option<Shop>,
    dir: TempDir,
    config: String,
    components: PathBuf,
    listeners: BTreeMap<String, SocketAddr>,
    admin: Option<SocketAddr>,
    records: Records,
    /// What the gateway component writes to standard error, where a host keeps it in a file.
    errors: Option<PathBuf>,
    seen: Seen,
    unchecked: bool,
}

impl World {
    pub(crate) fn new(
        mut gate: Process,
        shop: Shop,
        other_shop: Option<Shop>,
        dir: TempDir,
        config: String,
        components: PathBuf,
    ) -> Self {
        gate.wait_line("readiness", |line| {
            (message(line)? == "ready").then_some(())
        });
        let mut listeners = BTreeMap::new();
        let mut admin = None;
        for line in gate.stderr() {
            let Ok(event) = serde_json::from_str::<Value>(&line) else {
                continue;
            };
            let Some(address) = event["address"].as_str().and_then(|text| text.parse().ok()) else {
                continue;
            };
            match (event["message"].as_str(), event["listener"].as_str()) {
                (Some("listening"), Some(name)) => {
                    listeners.entry(name.to_owned()).or_insert(address);
                }
                (Some("admin"), _) => admin = Some(address),
                _ => {}
            }
        }
        assert!(admin.is_some(), "no admin address in the log");
        let records = Records::Alone(dir.path().join("records.jsonl"));
        let world = Self {
            gate,
            shop,
            other_shop,
            dir,
            config,
            components,
            listeners,
            admin,
            records,
            errors: None,
            seen: Seen::new(),
            unchecked: false,
        };
        until("readiness", || {
            (world.admin("/readyz").status == 200).then_some(())
        });
        world
    }

    /// A gate that is an app and runs already: listener `public`, no admin address.
    pub(crate) fn of_app(
        running: Running,
        shop: Shop,
        other_shop: Option<Shop>,
        dir: TempDir,
        config: String,
        components: PathBuf,
    ) -> Self {
        Self {
            gate: running.process,
            shop,
            other_shop,
            dir,
            config,
            components,
            listeners: [("public".to_owned(), running.address)].into(),
            admin: None,
            seen: Seen::stored_before_the_record(running.records.clone()),
            records: running.records,
            errors: running.errors,
            unchecked: false,
        }
    }

    /// The address of a listener.
    ///
    /// # Panics
    /// Where there is none of this name.
    #[must_use]
    pub fn listener(&self, name: &str) -> SocketAddr {
        *self
            .listeners
            .get(name)
            .unwrap_or_else(|| panic!("no listener {name} in the log"))
    }

    /// The answers read so far, for clients that are not made here.
    #[must_use]
    pub fn seen(&self) -> Seen {
        self.seen.clone()
    }

    /// A connection to listener `public`.
    #[must_use]
    pub fn connect(&self) -> Client {
        Client::connect(self.listener("public"), self.seen())
    }

    /// A TLS connection to listener `tls`.
    ///
    /// # Errors
    /// Where the handshake fails.
    pub fn connect_tls(
        &self,
        host: &str,
        config: std::sync::Arc<tokio_rustls::rustls::ClientConfig>,
    ) -> std::io::Result<(Client, Handshake)> {
        connect_tls(self.listener("tls"), host, config, self.seen())
    }

    /// An HTTP/2 connection by prior knowledge to listener `public`.
    #[must_use]
    pub fn h2(&self) -> H2 {
        H2::connect(self.listener("public"), self.seen())
    }

    /// A request on a connection of its own.
    #[must_use]
    pub fn send(&self, request: &Request) -> Response {
        self.connect().call(request)
    }

    /// A GET request to `shop.test` on a connection of its own.
    #[must_use]
    pub fn get(&self, target: &str) -> Response {
        self.send(&Request::get(target))
    }

    /// Bytes on a connection of their own, and the first answer.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn raw(&self, bytes: &[u8]) -> Response {
        let mut client = self.connect();
        // The gate may refuse before it has read everything.
        let _ = client.try_send(bytes);
        client.read("GET")
    }

    /// The admin address.
    ///
    /// # Panics
    /// Where the gate has none.
    #[must_use]
    pub fn admin_address(&self) -> SocketAddr {
        self.admin.expect("a gate with an admin address")
    }

    /// An answer of the admin address.
    ///
    /// # Panics
    /// Where the gate has none.
    #[must_use]
    pub fn admin(&self, target: &str) -> Response {
        let mut client = Client::connect(self.admin_address(), Seen::ignored());
        client.call(
            &Request::get(target)
                .host("admin")
                .header("Connection", "close"),
        )
    }

    /// The text of `/metrics`.
    #[must_use]
    pub fn metrics(&self) -> String {
        self.admin("/metrics").assert_status(200).text()
    }

    /// The folder with `gateway.toml`.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The configuration that the gate was started with.
    #[must_use]
    pub fn config(&self) -> &str {
        &self.config
    }

    /// Replaces a file of the gate's folder in one step, as editors do.
    pub fn write(&self, name: &str, content: &str) {
        write(&self.dir.path().join(name), content);
    }

    /// All decision records that are written so far.
    ///
    /// # Panics
    /// Where a line is no JSON object.
    #[must_use]
    pub fn records(&self) -> Vec<Value> {
        self.records.all()
    }

    /// The record of an answer. Waits for it: records are written in batches.
    ///
    /// # Panics
    /// Where it does not come.
    #[must_use]
    pub fn record(&self, response: &Response) -> Value {
        self.record_of(response.id())
    }

    /// The record with this request id.
    ///
    /// # Panics
    /// Where it does not come.
    #[must_use]
    pub fn record_of(&self, id: &str) -> Value {
        until(&format!("the record of {id}"), || {
            self.records().into_iter().find(|record| record["id"] == id)
        })
    }

    /// The gate's log so far.
    #[must_use]
    pub fn logs(&self) -> Vec<String> {
        let mut logs = self.gate.stderr();
        let errors = self.errors.as_ref().map(std::fs::read).and_then(Result::ok);
        let errors = String::from_utf8_lossy(&errors.unwrap_or_default()).into_owned();
        logs.extend(errors.lines().map(str::to_owned));
        logs
    }

    /// Waits for a line of the gate's log that holds `text`.
    ///
    /// # Panics
    /// Where it does not come.
    #[must_use]
    pub fn wait_log(&self, text: &str) -> String {
        until(&format!("{text:?} in the log"), || {
            self.logs().into_iter().find(|line| line.contains(text))
        })
    }

    /// Sends the gate a signal.
    pub fn signal(&self, signal: Signal) {
        self.gate.signal(signal);
    }

    /// Lets the gate open `more` files beside those that it has open; its limit so far.
    #[must_use]
    pub fn limit_open_files(&self, more: u64) -> Rlimit {
        self.gate.limit_open_files(more)
    }

    /// Sets the gate's limit of open files.
    pub fn set_open_files(&self, limit: Rlimit) {
        self.gate.set_open_files(limit);
    }

    /// Waits until the gate has ended by itself; its exit code.
    #[must_use]
    pub fn wait_end(&mut self) -> Option<i32> {
        self.gate.wait_end().code()
    }

    /// Runs another command of `lockgate` in the gate's folder.
    ///
    /// # Panics
    /// Where the binary does not start.
    #[must_use]
    pub fn lockgate(&self, arguments: &[&str]) -> Output {
        let lockgate = &artifacts::find().expect("a world has artifacts").lockgate;
        let mut command = Command::new(lockgate);
        command.args(arguments).current_dir(self.dir.path());
        command.output().expect("lockgate starts")
    }

    /// The folder with the components in use.
    #[must_use]
    pub fn components(&self) -> &Path {
        &self.components
    }

    /// Gives up the check of records against answers, for a test that takes records away.
    pub fn without_final_check(&mut self) {
        self.unchecked = true;
    }

    fn check(&self) {
        let answered = self.seen.all();
        let mut records = Vec::new();
        until("the records of all answers", || {
            records = self.records();
            (records.len() >= answered.len()).then_some(())
        });
        let by_id: BTreeMap<&str, &Value> = records
            .iter()
            .filter_map(|record| Some((record["id"].as_str()?, record)))
            .collect();
        for (id, status) in answered {
            let id = id.unwrap_or_else(|| panic!("an answer {status} had no request id"));
            let late;
            let record = match by_id.get(id.as_str()) {
                Some(record) => *record,
                // Records of others came first.
                None => {
                    late = self.record_of(&id);
                    &late
                }
            };
            assert_eq!(
                record["status"], status,
                "the record tells another status: {record}"
            );
        }
        for record in self.records() {
            // An answer of the origin passes as it is; a 500 of the gate's own has its code.
            if record["status"] == 500 && record["code"].is_string() {
                let cause = record["cause"].as_str().unwrap_or_default();
                assert!(!cause.is_empty(), "a 500 without a reason: {record}");
            }
        }
        for line in self.logs() {
            // What a component said before it trapped is quoted in the line of its verdict.
            let quoted = line.contains("no verdict");
            assert!(
                quoted || !line.contains("panicked at"),
                "the gate panicked: {line}"
            );
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let logs = self.logs();
            let shown = &logs[logs.len().saturating_sub(40)..];
            eprintln!("--- the gate's log, its end\n{}\n---", shown.join("\n"));
        } else if !self.unchecked {
            self.check();
        }
    }
}

fn message(line: &str) -> Option<String> {
    let event: Value = serde_json::from_str(line).ok()?;
    event["message"].as_str().map(str::to_owned)
}
