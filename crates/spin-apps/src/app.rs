//! An app: its routes and its components, and requests between them.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use anyhow::Context as _;
use http::header::HOST;
use http_body_util::BodyExt;
use wasmtime_wasi_http::{Error, WasiBody};

use crate::component::{self, Runner, Workshop};
use crate::engine;
use crate::headers::{self, Matched, RouteFields};
use crate::keyvalue::Labels;
use crate::manifest::{Action, Manifest, Placed, RouteSpec, RuntimeConfig, StaticResponse};
use crate::outbound::told;
use crate::routes::{Pattern, Routes};
use crate::scratch::Scratch;
use crate::variables;

/// Where the app's own files are.
#[derive(Debug, Clone)]
pub struct Places {
    /// Precompiled components.
    pub store: PathBuf,
    /// Key-value stores and databases; made where something needs it. `.spin` beside the
    /// manifest unless given.
    pub state: Option<PathBuf>,
    /// Key-value stores elsewhere.
    pub runtime_config: RuntimeConfig,
}

/// What a route leads to.
#[derive(Clone)]
pub enum Target {
    /// A component.
    Component(Arc<Runner>),
    /// An answer of the manifest.
    Static(Arc<StaticResponse>),
    /// The gate, which stands for the component.
    Gate,
}

/// A running app.
pub struct App {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its routes.
    pub routes: Routes<Target>,
    components: BTreeMap<String, Arc<Runner>>,
    /// The gate stands for one of its components.
    with_gate: bool,
    /// Copies of files, for this process only.
    _scratch: Scratch,
}

impl App {
    /// Loads everything that the manifest names.
    ///
    /// # Errors
    /// What is wrong, with its place in the manifest.
    pub fn load(manifest: &Manifest, places: &Places) -> anyhow::Result<Arc<Self>> {
        let variables = variables::resolve(manifest, |key| std::env::var(key).ok())
            .map_err(|error| anyhow::anyhow!(error))?;
        let state = places.state.clone();
        let state = state.unwrap_or_else(|| manifest.folder.join(".spin"));
        let scratch = Scratch::new()?;
        let all = || manifest.components.values();
        let components = || all().filter(|component| component.native.is_none());
        let with_state = components().any(|component| !component.sqlite_databases.is_empty());
        if with_state {
            std::fs::create_dir_all(&state)
                .with_context(|| format!("cannot make the folder {}", state.display()))?;
        }
        let stores = Labels::open(
            components(),
            &places.runtime_config.key_value_stores,
            &state.join("sqlite_key_value.db"),
        )?;
        let sandbox = engine::new(manifest)?;
        let linker = engine::linker(&sandbox).map_err(anyhow::Error::from)?;
        let own = Arc::new(OnceLock::new());
        let workshop = Workshop {
            sandbox: &sandbox,
            linker: &linker,
            store: &places.store,
            folder: &manifest.folder,
            scratch: &scratch.0,
            variables: &variables,
            stores,
            state_folder: with_state.then(|| state.clone()),
            app: own.clone(),
        };
        let mut runners = BTreeMap::new();
        for component in components() {
            let runner = component::load(&workshop, component, None)?;
            runners.insert(component.id.clone(), Arc::new(runner));
        }
        let app = Arc::new(Self {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            routes: routes(manifest, &workshop, &runners)?,
            components: runners,
            with_gate: all().any(|component| component.native.is_some()),
            _scratch: scratch,
        });
        // Set once, here.
        let _ = own.set(Arc::downgrade(&app));
        Ok(app)
    }

    /// The component of this id.
    #[must_use]
    pub fn component(&self, id: &str) -> Option<Arc<Runner>> {
        self.components.get(id).cloned()
    }

    /// Whether the gate stands for one of its components.
    #[must_use]
    pub fn has_gate(&self) -> bool {
        self.with_gate
    }

    /// A request of one component to another: `http://ID.spin.internal`.
    ///
    /// # Errors
    /// What the asking component is told.
    pub async fn ask_component(
        &self,
        id: &str,
        request: http::Request<WasiBody>,
    ) -> Result<http::Response<WasiBody>, Error> {
        let Some(runner) = self.components.get(id) else {
            return Err(Error::DestinationNotFound);
        };
        let path = request.uri().path().to_owned();
        let matched = Matched {
            route: RouteFields::everything(),
            rest: &path,
            names: Vec::new(),
        };
        ask(runner, request, &matched).await
    }

    /// A request of a component to the app itself, by its public routes.
    ///
    /// # Errors
    /// What the asking component is told.
    pub async fn ask_self(
        &self,
        request: http::Request<WasiBody>,
    ) -> Result<http::Response<WasiBody>, Error> {
        let path = request.uri().path().to_owned();
        let Some(found) = self.routes.find(&path) else {
            return Err(Error::DestinationNotFound);
        };
        let Target::Component(runner) = found.target else {
            return Err(Error::DestinationUnavailable);
        };
        let matched = Matched {
            route: found.fields,
            rest: found.rest,
            names: found.names,
        };
        ask(runner, request, &matched).await
    }
}

/// The address that stands for a component that asks.
const CHAINED: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

async fn ask(
    runner: &Runner,
    mut request: http::Request<WasiBody>,
    matched: &Matched<'_>,
) -> Result<http::Response<WasiBody>, Error> {
    let authority = request.uri().authority().map(ToString::to_string);
    let authority = authority.unwrap_or_else(|| "localhost".to_owned());
    if let Ok(value) = http::HeaderValue::from_str(&authority) {
        request.headers_mut().insert(HOST, value);
    }
    headers::add(&mut request, &authority, matched, CHAINED);
    let answer = runner.answer(request).await;
    let answer = answer.map(|response| response.map(BodyExt::boxed_unsync));
    answer.map_err(|error| told(&runner.id, &error))
}

/// The first of a chain: each middleware in front of the one that the list names after it.
fn behind(
    manifest: &Manifest,
    workshop: &Workshop<'_>,
    middleware: &[Placed<String>],
    last: Arc<Runner>,
) -> anyhow::Result<Arc<Runner>> {
    let mut next = last;
    for id in middleware.iter().rev() {
        if let Some(component) = manifest.components.get(&id.value) {
            next = Arc::new(component::load(workshop, component, Some(next))?);
        }
    }
    Ok(next)
}

fn routes(
    manifest: &Manifest,
    workshop: &Workshop<'_>,
    runners: &BTreeMap<String, Arc<Runner>>,
) -> anyhow::Result<Routes<Target>> {
    let mut routes = Routes::default();
    for trigger in &manifest.triggers {
        let RouteSpec::Public(route) = &trigger.route else {
            continue;
        };
        let target = match &trigger.action {
            Action::Static(response) => Target::Static(Arc::new(response.clone())),
            Action::Component(id) => match runners.get(&id.value) {
                Some(runner) => {
                    let last = runner.clone();
                    Target::Component(behind(manifest, workshop, &trigger.middleware, last)?)
                }
                None => Target::Gate,
            },
        };
        let pattern = Pattern::parse(&route.value)
            .map_err(|reason| anyhow::anyhow!("{}", route.fault(reason)))?;
        routes.add(pattern, target).map_err(|same| {
            let reason = format!("matches the same paths as {same:?}, which stands above");
            anyhow::anyhow!("{}", route.fault(reason))
        })?;
    }
    Ok(routes)
}
