//! From configuration to a running gate, and from a changed configuration to a new generation.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use anyhow::Context as _;
use lockgate_compile::Compiled;
use lockgate_config::{Instead, Loaded, Refused, Sources};
use lockgate_limits::Cells;
use lockgate_record::{RecordSink, SinkOptions, Target};

use crate::cache::MemoryCache;
use crate::gate::{Gate, Generation, Parts};
use crate::geo::Geo;
use crate::image::ImagePool;
use crate::metrics::Metrics;
use crate::origin::Origins;
use crate::policy::{Inspection, PolicyComponent, Pool, Secrets, Signatures, TokenMemory};
use crate::secrets;
use crate::spin::{self, App, Native};
use lockgate_sandbox::{Sandbox, precompiled};

/// The limits' cells, 16 bytes each: 1,048,576 of them are 16 MiB when all are touched.
const LIMIT_CELLS: usize = 1 << 20;

/// Where everything is.
#[derive(Clone)]
pub struct Options {
    /// The configuration's files and environment.
    pub sources: Sources,
    /// `policy.wasm`.
    pub policy: PathBuf,
    /// `image.wasm`; pictures need it.
    pub image: PathBuf,
    /// Where precompiled components are kept.
    pub store: PathBuf,
    /// An app whose components can be origins: `http://ID.spin.internal`.
    pub app: Option<Arc<App>>,
    /// The component of the app that the gate stands for. The app's other routes are served
    /// beside it.
    pub native: Option<Arc<Native>>,
}

impl Options {
    /// Loads the configuration, with what the command line says in place of it.
    ///
    /// # Errors
    /// Everything that is wrong with it, and the files that were read.
    pub fn load(&self) -> Result<Loaded, (anyhow::Error, Vec<PathBuf>)> {
        self.adapted(lockgate_config::load(&self.sources))
    }

    /// The same with other files in place of those of a folder.
    ///
    /// # Errors
    /// As [`Options::load`].
    pub fn load_instead(&self, instead: &Instead) -> Result<Loaded, (anyhow::Error, Vec<PathBuf>)> {
        self.adapted(lockgate_config::load_instead(&self.sources, instead))
    }

    fn adapted(
        &self,
        loaded: Result<Loaded, Refused>,
    ) -> Result<Loaded, (anyhow::Error, Vec<PathBuf>)> {
        let mut loaded =
            loaded.map_err(|refused| (anyhow::anyhow!("\n{refused}"), refused.files.clone()))?;
        if let Some(native) = &self.native
            && let Err(error) = native.adapt(&mut loaded.config)
        {
            return Err((error, loaded.files));
        }
        Ok(loaded)
    }
}

/// Makes gates and generations.
pub struct Starter {
    options: Options,
    component: Arc<PolicyComponent>,
    sandbox: Sandbox,
    traps: Arc<AtomicU64>,
    pool_size: usize,
}

/// What the current generation was made of, to keep what did not change.
pub struct Current {
    /// The configuration.
    pub loaded: Arc<Loaded>,
    bundle: Vec<u8>,
    secrets: Secrets,
    geo: Option<Arc<Geo>>,
}

/// A generation that is ready, and what it was made of.
pub struct Next {
    pub(crate) current: Current,
    pub(crate) generation: Generation,
}

impl Starter {
    /// Loads the policy component.
    ///
    /// # Errors
    /// Where it is missing or does not fit.
    pub fn new(options: Options, loaded: &Loaded) -> anyhow::Result<Self> {
        let sandbox = Sandbox::new()?;
        let memory = usize::try_from(loaded.config.policy.memory_bytes_max).unwrap_or(usize::MAX);
        let component = Arc::new(PolicyComponent::load(
            &sandbox,
            &options.policy,
            &options.store,
            memory,
        )?);
        let pool_size = worker_threads(loaded) + loaded.config.policy.inspection_threads as usize;
        Ok(Self {
            options,
            component,
            sandbox,
            traps: Arc::default(),
            pool_size,
        })
    }

    /// How often a policy call failed.
    #[must_use]
    pub fn traps(&self) -> Arc<AtomicU64> {
        self.traps.clone()
    }

    /// Whether a configuration can be put in force.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, loaded: Loaded) -> anyhow::Result<()> {
        let (current, _) = self.prepare(loaded, None)?;
        self.fill(&current).map(|_| ())
    }

    /// The first generation, and the gate around it.
    ///
    /// # Errors
    /// What is wrong with the configuration's parts; names the part.
    pub fn gate(&self, loaded: Loaded) -> anyhow::Result<(Arc<Gate>, Current)> {
        let (current, compiled) = self.prepare(loaded, None)?;
        let config = &current.loaded.config;
        let pool = self.fill(&current)?;
        let cells = Arc::new(Cells::new(LIMIT_CELLS, seeds()));
        let origins = match &self.options.app {
            Some(app) => Origins::with_app(app.clone(), &config.origins),
            None => Origins::new(&config.origins),
        };
        let generation = self.generation(&current, &compiled, pool, cells.clone(), origins)?;
        let images = self.images(&current.loaded)?;
        let gate = Gate::new(Parts {
            generation,
            cells: cells.clone(),
            cache: MemoryCache::new(config.cache.bytes_max, config.cache.object_bytes_max),
            tokens: TokenMemory::new(config.policy.remembered_tokens_bytes_max),
            inspection: Inspection::start(
                "inspect",
                config.policy.inspection_threads as usize,
                config.policy.inspection_queue_max as usize,
            )?,
            signatures: Signatures::new(&config.policy, cells)?,
            images,
            records: open_records(&config.record)?,
            metrics: Metrics::new(),
            component_tag: lockgate_sandbox::tag(&self.component.digest),
            app: match self.options.native {
                Some(_) => self.options.app.clone(),
                None => None,
            },
        });
        Ok((gate, current))
    }

    /// The next generation of a changed configuration, not in force yet. What did not change is kept: the policy
    /// instances where bundle and secrets are the same, the origins' connections, all counters.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub fn next(&self, gate: &Gate, was: &Current, loaded: Loaded) -> anyhow::Result<Next> {
        let (current, compiled) = self.prepare(loaded, Some(was))?;
        let old = gate.generation();
        let pool = if current.bundle == was.bundle && current.secrets == was.secrets {
            old.pool.clone()
        } else {
            self.fill(&current)?
        };
        let origins = old.origins.updated(&current.loaded.config.origins);
        let generation = self.generation(&current, &compiled, pool, gate.cells.clone(), origins)?;
        Ok(Next {
            current,
            generation,
        })
    }

    fn prepare(
        &self,
        mut loaded: Loaded,
        was: Option<&Current>,
    ) -> anyhow::Result<(Current, Compiled)> {
        let native = self.options.native.as_deref();
        let compiled = lockgate_compile::compile_keeping(&loaded, Some(&self.options.store))
            .map_err(|faults| {
                anyhow::anyhow!(
                    "the configuration does not compile: {}",
                    faults_text(&faults)
                )
            })?;
        if let Some(native) = native {
            native.compare(&loaded.config, &compiled);
            // The variables' URLs are in no compiled form.
            native.give_origins(&mut loaded.config)?;
        }
        // A changed rule of a Core Rule Set is a changed configuration.
        loaded.files.extend(compiled.files.iter().cloned());
        let secrets = secrets::resolve_given(&loaded.config, |name| native?.secret(name))?;
        spin::start::check_origins(self.options.app.as_deref(), &loaded.config)?;
        let geo = Geo::open(&loaded.config.geo, was.and_then(|was| was.geo.as_ref()))?;
        let current = Current {
            loaded: Arc::new(loaded),
            bundle: compiled.bytes.clone(),
            secrets,
            geo,
        };
        Ok((current, compiled))
    }

    fn fill(&self, current: &Current) -> anyhow::Result<Arc<Pool>> {
        Pool::fill(
            self.component.clone(),
            current.bundle.clone(),
            current.secrets.clone(),
            self.pool_size,
            self.traps.clone(),
        )
    }

    fn generation(
        &self,
        current: &Current,
        compiled: &Compiled,
        pool: Arc<Pool>,
        cells: Arc<Cells>,
        origins: Origins,
    ) -> anyhow::Result<Generation> {
        Generation::new(
            &current.loaded,
            compiled,
            pool,
            cells,
            origins,
            current.geo.clone(),
            &current.secrets,
        )
    }

    fn images(&self, loaded: &Loaded) -> anyhow::Result<Option<ImagePool>> {
        let path = &self.options.image;
        let wanted = loaded
            .config
            .sites
            .values()
            .flat_map(|site| &site.routes)
            .any(|r| r.image.is_some());
        if !path.is_file() {
            if wanted {
                tracing::warn!(path = %path.display(), "no image component: image routes answer 503");
            }
            return Ok(None);
        }
        let component = precompiled::load(self.sandbox.engine(), path, &self.options.store)?;
        let pool = ImagePool::new(&self.sandbox, &component, &loaded.config.image)?;
        Ok(Some(pool))
    }
}

fn faults_text<T: std::fmt::Display>(faults: &[T]) -> String {
    faults
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}

/// I/O threads: as configured, or one a core.
#[must_use]
pub fn worker_threads(loaded: &Loaded) -> usize {
    threads(&loaded.config)
}

/// The same, of a configuration.
pub(crate) fn threads(config: &lockgate_config::types::GatewayConfig) -> usize {
    match config.server.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads as usize,
    }
}

pub(crate) fn open_records(config: &lockgate_config::types::Record) -> anyhow::Result<RecordSink> {
    let path = Path::new(&config.path);
    let target = if config.path == "-" {
        Target::Stdout
    } else {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        }
        Target::File(path.to_owned())
    };
    let options = SinkOptions {
        buffer_bytes_max: usize::try_from(config.buffer_bytes_max).unwrap_or(usize::MAX),
        ..SinkOptions::default()
    };
    RecordSink::open(target, options)
        .with_context(|| format!("cannot open {} for records", config.path))
}

/// Secret seeds of the limits' hashes, of this process only.
pub(crate) fn seeds() -> [u64; 4] {
    std::array::from_fn(|_| {
        let (high, low) = uuid::Uuid::new_v4().as_u64_pair();
        high ^ low
    })
}
