//! One component of an app: what it is given, and its instances.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use anyhow::Context as _;
use futures_channel::oneshot;
use lockgate_config::Fault;
use tokio::sync::Semaphore;
use wasmtime::Trap;
use wasmtime::component::{InstancePre, Linker};
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::handler::ProxyPre;
use wasmtime_wasi_http::{p2, p3};

use crate::app::App;
use crate::body::Answered;
use crate::budget::Stopped;
use crate::engine;
use crate::files::{self, Mounted};
use crate::instance::InstanceState;
use crate::keyvalue::Labels;
use crate::manifest::{self, Settings};
use crate::outbound::{AllowedHosts, OutboundClient};
use crate::redis;
use crate::variables;
use crate::workers::{self, Asked, Ended, Seat, Workers};
use lockgate_sandbox::{Sandbox, precompiled};

/// What a component has. There is nothing else.
pub(crate) struct Given {
    /// Its id.
    pub id: Arc<str>,
    /// Its environment variables.
    pub environment: Vec<(String, String)>,
    /// The folders that it may read.
    pub mounts: Vec<Mounted>,
    /// Its variables.
    pub variables: BTreeMap<String, String>,
    /// The hosts that it may reach.
    pub hosts: Arc<AllowedHosts>,
    /// Its connections to them.
    pub client: OutboundClient,
    /// Its places for connections to Redis.
    pub redis_places: Arc<Semaphore>,
    /// The labels of its key-value stores.
    pub key_value_stores: Vec<String>,
    /// The labels of its databases.
    pub sqlite_databases: Vec<String>,
    /// All key-value stores of the app.
    pub stores: Labels,
    /// Where the app's databases are.
    pub state_folder: Option<PathBuf>,
    /// What it may spend.
    pub settings: Settings,
}

/// What all components of an app are made with.
pub(crate) struct Workshop<'a> {
    pub(crate) sandbox: &'a Sandbox,
    pub(crate) linker: &'a Linker<InstanceState>,
    pub(crate) store: &'a Path,
    pub(crate) folder: &'a Path,
    pub(crate) scratch: &'a Path,
    pub(crate) variables: &'a BTreeMap<String, String>,
    pub(crate) stores: Labels,
    pub(crate) state_folder: Option<PathBuf>,
    pub(crate) app: Arc<OnceLock<Weak<App>>>,
}

/// A component that answers requests.
pub struct Runner {
    /// Its id.
    pub id: Arc<str>,
    /// The first eight bytes of the digest of its `.wasm` file.
    pub tag: [u8; 8],
    workers: Arc<Workers>,
    in_flight: Arc<Semaphore>,
}

/// How long the end of an instance may take to tell why.
const TELLING_TIMEOUT: Duration = Duration::from_millis(500);

/// Why a component gave no answer.
#[derive(Debug)]
pub enum NoAnswer {
    /// `requests_in_flight_max` is reached.
    Busy,
    /// No head of an answer within `timeout_ms`.
    Timeout,
    /// It computed for `cpu_ms_max` without waiting, or another request in its instance did.
    Cpu(String),
    /// It trapped, ran out of memory, or answered with an error.
    Failed(String),
}

impl NoAnswer {
    /// Status and stable code of the answer to the client.
    #[must_use]
    pub fn told(&self) -> (u16, &'static str) {
        match self {
            Self::Busy => (503, "component_busy"),
            Self::Timeout => (504, "component_timeout"),
            Self::Cpu(_) => (500, "component_cpu_exceeded"),
            Self::Failed(_) => (500, "component_failed"),
        }
    }

    /// What the operator should know.
    #[must_use]
    pub fn cause(self) -> String {
        match self {
            Self::Busy => "requests_in_flight_max of the component is reached".to_owned(),
            Self::Timeout => "the component gave no answer within its timeout_ms".to_owned(),
            Self::Cpu(cause) | Self::Failed(cause) => cause,
        }
    }
}

impl Runner {
    /// Sends a request to an instance and waits for the head of its answer.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn answer(
        &self,
        request: http::Request<WasiBody>,
    ) -> Result<http::Response<Answered>, NoAnswer> {
        let Ok(place) = self.in_flight.clone().try_acquire_owned() else {
            return Err(NoAnswer::Busy);
        };
        let seat = Seat::new(place);
        let (sender, receiver) = oneshot::channel();
        let asked = Asked {
            request,
            seat: seat.clone(),
            answer: sender,
        };
        // Also where the client leaves.
        let waiting = Waiting(&seat);
        let time = self.workers.workshop.given.settings.timeout;
        let answer = tokio::time::timeout(time, self.workers.ask(asked, receiver)).await;
        drop(waiting);
        let response = match answer {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(no_answer(&error, &seat).await),
            Err(_) => {
                seat.expire();
                return Err(NoAnswer::Timeout);
            }
        };
        // One that announces another answer, or is none, would mix up answers on the connection.
        let status = response.status().as_u16();
        if !(200..600).contains(&status) {
            return Err(NoAnswer::Failed(format!(
                "it answered with status {status}"
            )));
        }
        Ok(response.map(|body| Answered::new(body, seat)))
    }
}

/// Somebody waits for the head of an answer.
struct Waiting<'a>(&'a Seat);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.set_answered();
    }
}

async fn no_answer(error: &wasmtime::Error, seat: &Seat) -> NoAnswer {
    let trap = error.downcast_ref::<Trap>();
    // An error that the component answered with: its instance goes on. With every other the
    // instance is on its way out, and with it whoever can say why.
    let answered = error.is::<p2::bindings::http::types::ErrorCode>()
        || error.is::<p3::bindings::http::types::ErrorCode>()
        || error.is::<wasmtime_wasi_http::Error>();
    let told = if answered {
        None
    } else {
        let told = tokio::time::timeout(TELLING_TIMEOUT, seat.ended()).await;
        told.ok().flatten()
    };
    match told {
        Some(Ended {
            stopped: Some(Stopped::Cpu),
            cause,
            ..
        }) => NoAnswer::Cpu(cause),
        Some(Ended {
            stopped: Some(Stopped::Memory),
            cause,
            ..
        }) => NoAnswer::Failed(format!("memory_bytes_max is reached: {cause}")),
        Some(Ended { late: true, .. }) => NoAnswer::Timeout,
        Some(Ended { cause, .. }) => NoAnswer::Failed(cause),
        None if trap == Some(&Trap::Interrupt) => NoAnswer::Cpu(error.root_cause().to_string()),
        None => NoAnswer::Failed(error.root_cause().to_string()),
    }
}

/// Loads a component and gives it what the manifest says; `next` is behind it, where it is a
/// middleware.
///
/// # Errors
/// What is wrong, with its place in the manifest.
pub(crate) fn load(
    workshop: &Workshop<'_>,
    component: &manifest::Component,
    next: Option<Arc<Runner>>,
) -> anyhow::Result<Runner> {
    let told = |error: anyhow::Error| placed(&component.source.fault(format!("{error:#}")));
    let path = workshop.folder.join(&component.source.value);
    let engine = workshop.sandbox.engine();
    let loaded = precompiled::load(engine, &path, workshop.store).map_err(told)?;
    let missing = engine::missing_imports(workshop.sandbox, &loaded.component);
    if !missing.is_empty() {
        let reason = format!(
            "imports what lockgate does not have: {}",
            missing.join(", ")
        );
        return Err(placed(&component.source.fault(reason)));
    }
    let pre = workshop
        .linker
        .instantiate_pre(&loaded.component)
        .map_err(|error| told(error.into()))?;
    let (pre, concurrent) = handler(&loaded.component, pre, engine).map_err(told)?;
    let given = Arc::new(given(workshop, component)?);
    let settings = &given.settings;
    let in_flight = usize::try_from(settings.requests_in_flight_max).unwrap_or(1);
    let id = given.id.clone();
    let workers = Workers::new(workers::Workshop {
        sandbox: workshop.sandbox.clone(),
        pre,
        app: workshop.app.clone(),
        concurrent,
        given,
        next,
    });
    Ok(Runner {
        id,
        tag: lockgate_sandbox::tag(&loaded.digest),
        workers,
        in_flight: Arc::new(Semaphore::new(in_flight)),
    })
}

/// By which interface the component answers, and whether it can answer several at once.
fn handler(
    component: &wasmtime::component::Component,
    pre: InstancePre<InstanceState>,
    engine: &wasmtime::Engine,
) -> anyhow::Result<(ProxyPre<InstanceState>, bool)> {
    let exports: Vec<String> = component
        .component_type()
        .exports(engine)
        .map(|(name, _)| name.to_owned())
        .collect();
    let has = |name: &str| exports.iter().any(|export| export.starts_with(name));
    if has("wasi:http/handler@0.3.") {
        let pre = p3::bindings::ServicePre::new(pre).map_err(anyhow::Error::from)?;
        Ok((ProxyPre::P3(pre), true))
    } else if has("wasi:http/incoming-handler@0.2.") {
        let pre = p2::bindings::ProxyPre::new(pre).map_err(anyhow::Error::from)?;
        Ok((ProxyPre::P2(pre), false))
    } else {
        anyhow::bail!(
            "is no HTTP component that lockgate runs: it exports neither wasi:http/handler@0.3 \
             nor wasi:http/incoming-handler@0.2, but {exports:?}"
        )
    }
}

fn given(workshop: &Workshop<'_>, component: &manifest::Component) -> anyhow::Result<Given> {
    let hosts = Arc::new(AllowedHosts::of(component, workshop.variables)?);
    let mounts = files::prepare(component, workshop.folder, workshop.scratch)
        .with_context(|| format!("the files of component {:?}", component.id))?;
    Ok(Given {
        id: component.id.as_str().into(),
        environment: component.environment.clone(),
        mounts,
        variables: variables::of(component, workshop.variables),
        client: OutboundClient::new(hosts.clone()),
        hosts,
        redis_places: Arc::new(Semaphore::new(redis::CONNECTIONS_MAX)),
        key_value_stores: component.key_value_stores.clone(),
        sqlite_databases: component.sqlite_databases.clone(),
        stores: workshop.stores.clone(),
        state_folder: workshop.state_folder.clone(),
        settings: component.settings.clone(),
    })
}

fn placed(fault: &Fault) -> anyhow::Error {
    anyhow::anyhow!("{fault}")
}
