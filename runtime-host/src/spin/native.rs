//! The gateway of an app on this host's own path: `[component.ID.tool.lockgate]` names its policy
//! and its configuration, and the gate stands for the composed component.
//!
//! What the component would be given counts: secrets and origins from its variables, origins only
//! where `allowed_outbound_hosts` allows them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use lockgate_compile::{Compiled, shell_document};
use lockgate_config::types::{Admin, GatewayConfig, OriginUrl};
use lockgate_shell::Document;
use lockgate_shell::spin::variable_name;
use lockgate_spin_apps::files::glob;
use lockgate_spin_apps::manifest::{Action, Component, Manifest, Mount, Placed, RouteSpec};
use lockgate_spin_apps::{AllowedHosts, variables};
use sha2::{Digest as _, Sha256};

use super::start;

/// Where the component finds its bundle.
const BUNDLE: &str = "/lockgate/policy.bundle";

/// What lies beside it.
const DOCUMENT: &str = "shell.json";

/// What the command line says in place of the configuration.
#[derive(Debug, Clone)]
pub struct CommandLine {
    /// Where the gate listens.
    pub listen: Vec<SocketAddr>,
    /// The address of health and metrics.
    pub admin: Option<SocketAddr>,
    /// Where records go.
    pub records: String,
    /// I/O threads; 0: as configured.
    pub threads: u32,
}

/// A component that the gate stands for.
pub struct Native {
    /// Its id.
    pub id: String,
    /// `policy.wasm`.
    pub policy: PathBuf,
    /// `image.wasm`.
    pub image: PathBuf,
    config: Placed<PathBuf>,
    variables: BTreeMap<String, String>,
    hosts: AllowedHosts,
    /// The bundle that the component would load.
    bundle: Option<PathBuf>,
    given: CommandLine,
}

impl Native {
    /// The component of a manifest that the gate stands for, where there is one.
    ///
    /// # Errors
    /// What is wrong, with its place in the manifest.
    pub fn of(manifest: &Manifest, given: CommandLine) -> anyhow::Result<Option<Self>> {
        let mut components = manifest.components.values();
        let found = components.find_map(|component| Some((component, component.native.as_ref()?)));
        let Some((component, files)) = found else {
            return Ok(None);
        };
        for other in components {
            if let Some(other) = &other.native {
                let reason = format!("the gate stands for {:?} already", component.id);
                anyhow::bail!("{}", other.policy.fault(reason));
            }
        }
        check_route(manifest, component, &files.policy)?;
        let file = |named: &Placed<String>| {
            let path = manifest.folder.join(&named.value);
            anyhow::ensure!(path.is_file(), "{}", named.fault("there is no such file"));
            Ok(path)
        };
        let policy = file(&files.policy)?;
        let image = match &files.image {
            Some(image) => file(image)?,
            None => policy.with_file_name("image.wasm"),
        };
        let values = variables::resolve(manifest, |key| std::env::var(key).ok())
            .map_err(|error| anyhow::anyhow!(error))?;
        Ok(Some(Self {
            id: component.id.clone(),
            policy,
            image,
            config: files.config.with(file(&files.config)?),
            hosts: AllowedHosts::of(component, &values)?,
            variables: variables::of(component, &values),
            bundle: mounted_bundle(component, &manifest.folder),
            given,
        }))
    }

    /// `gateway.toml`.
    #[must_use]
    pub fn config(&self) -> &Path {
        &self.config.value
    }

    /// Puts in what the command line says: the app is served where it says, without TLS.
    ///
    /// # Errors
    /// Never, unless the types change.
    pub fn adapt(&self, config: &mut GatewayConfig) -> anyhow::Result<()> {
        let given = &self.given;
        if given.threads > 0 {
            config.server.threads = given.threads;
        }
        let app = start::config(&given.listen, &given.records, config.server.threads)?;
        config.listeners = app.listeners;
        config.record.path = app.record.path;
        let tokens = config.admin.take().map(|admin| admin.tokens);
        config.admin = given.admin.map(|address| Admin {
            address,
            tokens: tokens.unwrap_or_default(),
        });
        for site in config.sites.values_mut() {
            (site.certificate, site.private_key) = (None, None);
        }
        Ok(())
    }

    /// Puts in the origins that variables name, and checks that the component may reach all.
    ///
    /// # Errors
    /// Names the first that it may not.
    pub fn give_origins(&self, config: &mut GatewayConfig) -> anyhow::Result<()> {
        for (name, origin) in &mut config.origins {
            let variable = variable_name("origin", name);
            if let Some(url) = self.variable(&variable) {
                origin.url = url.parse().map_err(|reason| {
                    let reason = format!("origins.{name}.url: the variable {variable}: {reason}");
                    anyhow::anyhow!("{}", self.config.fault(reason))
                })?;
            }
            if !allows(&self.hosts, &origin.url) {
                let reason = format!(
                    "origins.{name}.url: {} is not in component.{}.allowed_outbound_hosts",
                    origin.url, self.id
                );
                anyhow::bail!("{}", self.config.fault(reason));
            }
        }
        Ok(())
    }

    /// The variable that a secret comes from before its file or environment variable.
    #[must_use]
    pub fn secret(&self, name: &str) -> Option<&str> {
        self.variable(&variable_name("secret", name))
    }

    fn variable(&self, name: &str) -> Option<&str> {
        let value = self.variables.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }

    /// Warns where the component would load something else than what `config` was compiled to.
    pub fn compare(&self, config: &GatewayConfig, compiled: &Compiled) {
        let Some(file) = &self.bundle else {
            return;
        };
        let warn = |file: &Path, mounted: &str, compiled: &str| {
            tracing::warn!(
                file = %file.display(),
                mounted,
                config = %self.config.value.display(),
                compiled,
                "the component would decide by another configuration than the gate does here: \
                 `lockgate policy build` makes its files anew"
            );
        };
        match std::fs::read(file) {
            Ok(bytes) if digest(&bytes) != compiled.digest => {
                return warn(file, &digest(&bytes), &compiled.digest);
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(file = %file.display(), %error, "cannot be read");
                return;
            }
        }
        // What is not in the bundle: limits, cache rules, origins.
        let file = file.with_file_name(DOCUMENT);
        let mounted = std::fs::read(&file).unwrap_or_default();
        let component = Document::from_bytes(&mounted).map(|document| document.component);
        let ours = shell_document(config, compiled, &component.unwrap_or_default()).to_bytes();
        if let Ok(ours) = ours
            && ours != mounted
        {
            warn(&file, &digest(&mounted), &digest(&ours));
        }
    }
}

fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The gate answers all paths that no other route takes, so it can stand for nothing less.
fn check_route(
    manifest: &Manifest,
    component: &Component,
    policy: &Placed<String>,
) -> anyhow::Result<()> {
    let mut public = false;
    for trigger in &manifest.triggers {
        let leads_here =
            matches!(&trigger.action, Action::Component(id) if id.value == component.id);
        let between = trigger.middleware.iter();
        if let Some(id) = between.clone().find(|id| id.value == component.id) {
            anyhow::bail!("{}", id.fault("the gate cannot stand for a middleware"));
        }
        if !leads_here {
            continue;
        }
        if let Some(id) = trigger.middleware.first() {
            let reason = "the gate cannot stand for a component with middleware in front of it";
            anyhow::bail!("{}", id.fault(reason));
        }
        match &trigger.route {
            RouteSpec::Public(route) if route.value == "/..." => public = true,
            RouteSpec::Public(route) => {
                let reason = "the gate can only stand for a component at the route \"/...\"";
                anyhow::bail!("{}", route.fault(reason));
            }
            RouteSpec::Private => {}
        }
    }
    let reason = "the gate can only stand for a component at the public route \"/...\"";
    anyhow::ensure!(public, "{}", policy.fault(reason));
    Ok(())
}

fn allows(hosts: &AllowedHosts, url: &OriginUrl) -> bool {
    let host = url.host().to_ascii_lowercase();
    let host = if host.contains(':') {
        format!("[{host}]")
    } else {
        host
    };
    hosts.allows("http", &host, url.port())
}

/// The file that the component sees as its bundle.
fn mounted_bundle(component: &Component, folder: &Path) -> Option<PathBuf> {
    let bundle = BUNDLE.trim_start_matches('/');
    let place = |mount: &Mount| match mount {
        Mount::Pattern(pattern) => {
            let named = Path::new(bundle).starts_with(pattern);
            (named || glob::matches(pattern, bundle)).then(|| folder.join(bundle))
        }
        Mount::Place {
            source,
            destination,
        } => {
            let inner = Path::new(BUNDLE).strip_prefix(destination).ok()?;
            let source = folder.join(source);
            Some(if inner == Path::new("") {
                source
            } else {
                source.join(inner)
            })
        }
    };
    let mut files = component.files.iter();
    files.find_map(|mount| place(&mount.value).filter(|file| file.is_file()))
}
