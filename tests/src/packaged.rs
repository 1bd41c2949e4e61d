//! The gateway as a Spin app: what `Setup` describes, as the files and the manifest that a
//! developer would write by hand, run by our host or by Spin.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use lockgate_shell::spin::variable_name;
use serde_json::Value;
use toml::Table;

use crate::artifacts::Artifacts;
use crate::client::Client;
use crate::process::Process;
use crate::records::Records;
use crate::request::Request;
use crate::seen::Seen;
use crate::wait::until;
use crate::way::{self, Way};

/// An app in a folder.
pub(crate) struct Packaged<'a> {
    artifacts: &'a Artifacts,
    dir: &'a Path,
    /// The component that takes the longest to compile.
    heaviest: PathBuf,
    /// What the gate's configuration reads of its environment, and the app's variables.
    environment: Vec<(String, String)>,
}

/// A host that serves the app.
pub(crate) struct Running {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
    pub(crate) records: Records,
    /// What the gateway writes to standard error, where the host keeps it in a file.
    pub(crate) errors: Option<PathBuf>,
}

impl<'a> Packaged<'a> {
    /// Makes the app of `gateway.toml` in `dir`: the built policy and the manifest. `None` where
    /// the components are not built.
    ///
    /// # Panics
    /// Where the configuration has faults.
    pub(crate) fn new(
        artifacts: &'a Artifacts,
        dir: &'a Path,
        config: &str,
        environment: &[(String, String)],
    ) -> Option<Self> {
        let gateway = artifacts.composed("gateway.wasm")?;
        let image = artifacts.composed("image-http.wasm")?;
        build_policy(artifacts, dir, environment);
        let config: Table = config.parse().expect("the configuration is TOML");
        let secrets = secrets(&config, dir, environment);
        let manifest = manifest(&config, &secrets, &gateway, &image);
        crate::setup::write(&dir.join("spin.toml"), &manifest);
        let variables = secrets.into_iter().map(|(variable, text)| {
            let name = format!("SPIN_VARIABLE_{}", variable.to_ascii_uppercase());
            (name, text)
        });
        Some(Self {
            artifacts,
            dir,
            heaviest: if has_pictures(&config) {
                image
            } else {
                gateway
            },
            environment: environment.iter().cloned().chain(variables).collect(),
        })
    }

    /// The component that takes the longest to compile.
    pub(crate) fn heaviest(&self) -> &Path {
        &self.heaviest
    }

    /// Starts the app and waits until it answers.
    ///
    /// # Panics
    /// Where it does not start.
    pub(crate) fn start(&self, way: Way) -> Running {
        match way {
            Way::Native => unreachable!("a native gate is no app"),
            Way::Portable => self.start_portable(),
            Way::Spin => self.start_spin(),
        }
    }

    fn start_portable(&self) -> Running {
        let mut command = Command::new(&self.artifacts.lockgate);
        command
            .args(["up", "--portable"])
            .arg(self.dir.join("spin.toml"))
            .args(["--listen", "127.0.0.1:0"])
            .arg("--records")
            .arg(self.dir.join("host.jsonl"))
            .arg("--state-dir")
            .arg(self.dir.join("state"))
            .arg("--store")
            .arg(&self.artifacts.store)
            .env("LOCKGATE_LOG", "info")
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        let mut process = Process::start("lockgate up", &mut command);
        let address = process.wait_line("an address", |line| {
            let event: Value = serde_json::from_str(line).ok()?;
            (event["message"] == "listening").then(|| event["address"].as_str()?.parse().ok())?
        });
        process.wait_line("readiness", |line| line.contains("\"ready\"").then_some(()));
        Running {
            records: Records::InLog(process.stderr_lines(), self.dir.join("host.jsonl")),
            process,
            address,
            errors: None,
        }
    }

    fn start_spin(&self) -> Running {
        let spin = way::spin().expect("LOCKGATE_E2E_WAY=spin, but there is no `spin` on PATH");
        let address = free_address();
        let logs = self.dir.join("logs");
        let mut command = Command::new(spin);
        command
            .args(["up", "--quiet", "--from"])
            .arg(self.dir.join("spin.toml"))
            .args(["--listen", &address.to_string()])
            .arg("--state-dir")
            .arg(self.dir.join("state"))
            .arg("--log-dir")
            .arg(&logs)
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        let mut process = Process::start("spin up", &mut command).ended_by_a_request();
        process.wait_line("readiness", |line| {
            line.contains(&format!("http://{address}")).then_some(())
        });
        until("the app's health", || {
            let mut client = Client::connect(address, Seen::ignored());
            let health = client.call(&Request::get("/.well-known/spin/health"));
            (health.status == 200).then_some(())
        });
        Running {
            process,
            address,
            records: Records::Among(logs.join("gateway_stdout.txt")),
            errors: Some(logs.join("gateway_stderr.txt")),
        }
    }
}

/// Spin takes no port 0. Nobody else is likely to be given this one before it is bound again.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound socket")
}

/// `lockgate policy build`, as before any `spin up`.
fn build_policy(artifacts: &Artifacts, dir: &Path, environment: &[(String, String)]) {
    let built = Command::new(&artifacts.lockgate)
        .args(["policy", "build", "--config"])
        .arg(dir.join("gateway.toml"))
        .arg("--component")
        .arg(artifacts.components.join("policy.wasm"))
        .arg("--out")
        .arg(dir.join("policy"))
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .output()
        .expect("lockgate starts");
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
}

/// The variables of the secrets that the configuration names, with their texts.
fn secrets(config: &Table, dir: &Path, environment: &[(String, String)]) -> Vec<(String, String)> {
    let text = |secret: &toml::Value| {
        let said = |key: &str| secret.get(key)?.as_str();
        if let Some(file) = said("file") {
            let text = std::fs::read_to_string(dir.join(file)).expect("the secret's file");
            return text.trim_end_matches(['\r', '\n']).to_owned();
        }
        let name = said("env").expect("a secret is in a file or in the environment");
        let set = environment.iter().find(|(known, _)| known == name);
        set.unwrap_or_else(|| panic!("{name} is not set")).1.clone()
    };
    tables(config, "secrets")
        .map(|(name, secret)| (variable_name("secret", name), text(secret)))
        .collect()
}

fn tables<'a>(
    config: &'a Table,
    key: &str,
) -> impl Iterator<Item = (&'a String, &'a toml::Value)> + use<'a> {
    let table = config.get(key).and_then(toml::Value::as_table);
    table.into_iter().flatten()
}

/// The manifest: `spin.toml` of the top folder, with what this configuration names.
fn manifest(config: &Table, secrets: &[(String, String)], gateway: &Path, image: &Path) -> String {
    let origins = tables(config, "origins").filter_map(|(_, origin)| origin.get("url")?.as_str());
    let mut hosts: BTreeSet<&str> = origins.collect();
    let pictures = has_pictures(config);
    if pictures {
        hosts.insert("http://image.spin.internal");
    }
    let mut out = String::from(
        "spin_manifest_version = 2\n[application]\nname = \"gateway\"\n\
         [[trigger.http]]\nroute = \"/...\"\ncomponent = \"gateway\"\n",
    );
    let mut add = |line: std::fmt::Arguments<'_>| {
        out.write_fmt(line).expect("memory takes it");
        out.push('\n');
    };
    add(format_args!("[variables]"));
    for (variable, _) in secrets {
        add(format_args!(
            "{variable} = {{ required = true, secret = true }}"
        ));
    }
    add(format_args!("[component.gateway]\nsource = {gateway:?}"));
    add(format_args!(
        "files = [{{ source = \"policy\", destination = \"/lockgate\" }}]"
    ));
    let hosts: Vec<_> = hosts.into_iter().collect();
    add(format_args!("allowed_outbound_hosts = {hosts:?}"));
    add(format_args!(
        "key_value_stores = [\"default\"]\nsqlite_databases = [\"default\"]"
    ));
    add(format_args!("[component.gateway.variables]"));
    for (variable, _) in secrets {
        add(format_args!("{variable} = \"{{{{ {variable} }}}}\""));
    }
    if pictures {
        add(format_args!(
            "[[trigger.http]]\nroute = {{ private = true }}\ncomponent = \"image\"\n\
             [component.image]\nsource = {image:?}"
        ));
    }
    out
}

/// Whether any route makes pictures. Spin reads the image component anew for every app: seconds in
/// all that those without pictures need not wait.
fn has_pictures(config: &Table) -> bool {
    let routes = tables(config, "sites").filter_map(|(_, site)| site.get("routes")?.as_array());
    routes.flatten().any(|route| route.get("image").is_some())
}
