//! What an instance holds between requests: the package in force, open stores, remembered tokens.
//!
//! An instance is made for about 128 requests. It reads the package from the key-value store, or
//! from its files where none was pushed, and asks once a second whether another one was. Nothing
//! here is of one request. No borrow of [`STATE`] outlives a statement, so none crosses an `await`.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use lockgate_limits::{LimitSpec, StoredLimits};
use lockgate_shell::inspection::InspectionPlan;
use lockgate_shell::spin::variable_name;
use lockgate_shell::{Document, Package, Programs};
use spin_sdk::key_value::Store;
use spin_sdk::sqlite::Connection;
use spin_sdk::variables;
use spin_sdk::wasip3::random::random;

use super::bindings::lockgate::policy::decisions;
use crate::entry::Slots;
use crate::memory::TokenMemory;
use crate::push;

/// Where the manifest mounts what `lockgate policy build` made.
const BUNDLE_FILE: &str = "/lockgate/policy.bundle";
const DOCUMENT_FILE: &str = "/lockgate/shell.json";
const PROGRAMS_FILE: &str = "/lockgate/policy.programs";

/// How often the store is asked for another package.
const CHECK_EVERY_MS: u64 = 1_000;

/// What keeps the key of recorded subjects.
const SUBJECT_KEY: &str = "lockgate/subject-key";

/// One loaded package.
pub(super) struct Generation {
    pub(super) document: Document,
    /// The limits, and behind them the two of [`Signature`].
    pub(super) limits: StoredLimits,
    pub(super) slots: Option<Slots>,
    pub(super) bundle_tag: [u8; 8],
    pub(super) component_tag: Option<[u8; 8]>,
}

/// The limits that a signature not seen before is charged to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Signature {
    Client,
    Gate,
}

impl Generation {
    /// How the site's program inspects requests, where it has one.
    pub(super) fn inspection(&self, site: u16) -> Option<&InspectionPlan> {
        let plan = self.document.inspections.get(usize::from(site));
        plan.and_then(Option::as_ref)
    }

    /// Bytes of a body that the site's own rules look at; `None` where none does.
    pub(super) fn rules_body_bytes(&self, site: u16) -> Option<u32> {
        let bytes = self.document.rules_body_bytes.get(usize::from(site));
        bytes.copied().flatten()
    }

    /// The index of a signature's limit.
    pub(super) fn signature_limit(&self, which: Signature) -> u16 {
        let first = u16::try_from(self.document.limits.len()).unwrap_or(u16::MAX);
        match which {
            Signature::Client => first,
            Signature::Gate => first.saturating_add(1),
        }
    }
}

#[derive(Default)]
struct State {
    generation: Option<Rc<Generation>>,
    /// The digest of the package in force; empty: that of the files.
    package: String,
    checked_ms: u64,
    /// A pushed package that could not be loaded, and why: it is not tried again.
    refused: Option<(String, String)>,
    tokens: TokenMemory,
    store: Option<Rc<Store>>,
    database: Option<Rc<Connection>>,
    #[cfg(feature = "redis")]
    redis: Option<Rc<spin_sdk::redis::Connection>>,
    #[cfg(feature = "redis")]
    redis_url: Option<Option<String>>,
    subject_key: Option<[u8; 32]>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

fn with<T>(use_it: impl FnOnce(&mut State) -> T) -> T {
    STATE.with_borrow_mut(use_it)
}

/// The package in force.
pub(super) async fn current(now_ms: u64) -> Result<Rc<Generation>, String> {
    let (loaded, due) = with(|state| {
        let due =
            state.generation.is_none() || now_ms.saturating_sub(state.checked_ms) >= CHECK_EVERY_MS;
        if due {
            state.checked_ms = now_ms;
        }
        (state.generation.clone(), due)
    });
    match loaded {
        Some(generation) if !due => Ok(generation),
        loaded => refresh(loaded).await,
    }
}

/// Loads what was pushed; without anything pushed, the files. What is in force stays where the
/// new one cannot be loaded.
async fn refresh(loaded: Option<Rc<Generation>>) -> Result<Rc<Generation>, String> {
    match pushed().await {
        Ok(Some(digest)) => {
            let known = with(|state| {
                let in_force = state.generation.is_some() && state.package == digest;
                let refused = state
                    .refused
                    .as_ref()
                    .is_some_and(|(bad, _)| *bad == digest);
                in_force || (refused && state.generation.is_some())
            });
            if !known && let Err(reason) = load_pushed(&digest).await {
                eprintln!("lockgate: the pushed package {digest} is not used: {reason}");
                with(|state| state.refused = Some((digest, reason)));
            }
        }
        Ok(None) => {}
        // A store that was not granted, or does not answer.
        Err(reason) if loaded.is_none() => {
            eprintln!("lockgate: the key-value store is not read: {reason}");
        }
        Err(_) => {}
    }
    if let Some(generation) = with(|state| state.generation.clone()) {
        return Ok(generation);
    }
    let package = Package::new(&file(DOCUMENT_FILE)?, file(BUNDLE_FILE)?)
        .map_err(|error| error.to_string())?;
    load(package, ProgramsIn::Files, String::new()).await
}

#[allow(
    clippy::disallowed_methods,
    reason = "under Spin the shell is the host: its files are mounted by the manifest"
)]
fn file(path: &str) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("{path}: {error}"))
}

async fn pushed() -> Result<Option<String>, String> {
    let value = store().await?.get(push::CURRENT_KEY).await;
    let value = value.map_err(|error| error.to_string())?;
    Ok(value.and_then(|value| String::from_utf8(value).ok()))
}

async fn load_pushed(digest: &str) -> Result<Rc<Generation>, String> {
    let bytes = stored_package(digest).await?;
    let (package, _) = Package::from_bytes(&bytes).map_err(|error| error.to_string())?;
    load(package, ProgramsIn::Store, digest.to_owned()).await
}

/// Where the programs of a package are that the policy does not hold yet.
#[derive(Debug, Clone, Copy)]
pub(super) enum ProgramsIn<'b> {
    /// Beside the files of the manifest.
    Files,
    /// Each under its digest in the key-value store.
    Store,
    /// In these bytes: the bundle, and its programs behind it.
    Bytes(&'b [u8]),
}

/// The bundle with its programs behind it.
async fn with_programs<'b>(
    document: &Document,
    mut bundle: Vec<u8>,
    programs: ProgramsIn<'b>,
) -> Result<Cow<'b, [u8]>, String> {
    match programs {
        ProgramsIn::Bytes(bytes) => return Ok(Cow::Borrowed(bytes)),
        ProgramsIn::Files => {
            let file = file(PROGRAMS_FILE)?;
            let programs = Programs::split(document, &file);
            programs.map_err(|error| format!("{PROGRAMS_FILE}: {error}"))?;
            bundle.extend_from_slice(&file);
        }
        ProgramsIn::Store => {
            let store = store().await?;
            for program in &document.programs {
                let image = store.get(push::program_key(&program.digest)).await;
                let image = image.map_err(|error| error.to_string())?;
                let image = image.filter(|image| image.len() == program.bytes as usize);
                let image = image.ok_or("the store does not hold its programs")?;
                bundle.extend_from_slice(&image);
            }
        }
    }
    Ok(Cow::Owned(bundle))
}

/// A package of the store, which must be what its name says.
pub(super) async fn stored_package(digest: &str) -> Result<Vec<u8>, String> {
    let bytes = store().await?.get(push::package_key(digest)).await;
    let bytes = bytes.map_err(|error| error.to_string())?;
    let bytes = bytes.ok_or("the store does not hold it")?;
    if push::package_digest(&bytes) != digest {
        return Err("the store holds other bytes under this name".to_owned());
    }
    Ok(bytes)
}

/// Puts a package in force in this instance, whole or not at all. `name` is its digest, empty for
/// that of the files.
pub(super) async fn load(
    package: Package,
    programs: ProgramsIn<'_>,
    name: String,
) -> Result<Rc<Generation>, String> {
    let Package {
        mut document,
        bundle,
    } = package;
    let mut secrets = Vec::with_capacity(document.secrets.len());
    for (name, encoding) in &document.secrets {
        let variable = variable_name("secret", name);
        let text = variables::get(&variable)
            .await
            .map_err(|error| format!("secrets.{name}: the variable {variable}: {error}"))?;
        let bytes = encoding
            .decode(&text)
            .map_err(|fault| format!("secrets.{name}: the variable {variable} {fault}"))?;
        secrets.push((name.clone(), bytes));
    }
    for (name, origin) in &mut document.origins {
        if let Some(url) = optional_variable(&variable_name("origin", name)).await {
            origin.url = url;
        }
    }
    let mut specs: Vec<LimitSpec> = document.limits.iter().map(LimitSpec::from).collect();
    let signatures = document.signatures;
    specs.push(per_second("client", signatures.per_client_per_s));
    specs.push(per_second("gate", signatures.per_s));
    let limits = StoredLimits::new(&specs).map_err(|error| error.to_string())?;
    let generation = Rc::new(Generation {
        limits,
        slots: Slots::new(document.cache.bytes_max, document.cache.object_bytes_max),
        bundle_tag: tag(&document.bundle).unwrap_or_default(),
        component_tag: tag(&document.component),
        document,
    });
    // From a load on without a pause: the policy and what goes with it change together.
    if let Err(reason) = decisions::load(&bundle, &secrets) {
        // The composed file may have the programs in it; if not, they are megabytes to read.
        if generation.document.programs.is_empty() {
            return Err(reason);
        }
        let whole = with_programs(&generation.document, bundle, programs).await?;
        decisions::load(&whole, &secrets)?;
    }
    with(|state| {
        state.generation = Some(generation.clone());
        state.package = name;
        state.tokens.clear();
    });
    Ok(generation)
}

fn per_second(name: &str, requests: u32) -> LimitSpec {
    LimitSpec {
        scope: "signatures".to_owned(),
        name: name.to_owned(),
        windows: vec![lockgate_limits::Window {
            requests: requests.max(1),
            per: std::time::Duration::from_secs(1),
            burst: None,
        }],
    }
}

/// A variable that is there and not empty.
pub(super) async fn optional_variable(name: &str) -> Option<String> {
    let value = variables::get(name).await.ok()?;
    (!value.is_empty()).then_some(value)
}

/// The first eight bytes of a hexadecimal digest.
fn tag(digest: &str) -> Option<[u8; 8]> {
    let number = u64::from_str_radix(digest.get(..16)?, 16).ok()?;
    Some(number.to_be_bytes())
}

/// The digest of the package in force; `None`: that of the files.
pub(super) fn package() -> Option<String> {
    with(|state| (!state.package.is_empty()).then(|| state.package.clone()))
}

/// The gateway's key-value store: the one that the variable `store` names, else `default`.
pub(super) async fn store() -> Result<Rc<Store>, String> {
    if let Some(store) = with(|state| state.store.clone()) {
        return Ok(store);
    }
    let label = optional_variable("store").await;
    let label = label.as_deref().unwrap_or("default");
    let store = Store::open(label).await;
    let store = Rc::new(store.map_err(|error| format!("the store {label:?}: {error}"))?);
    with(|state| state.store = Some(store.clone()));
    Ok(store)
}

/// The gateway's database: the one that the variable `database` names, else `default`.
pub(super) async fn database() -> Result<Rc<Connection>, String> {
    if let Some(database) = with(|state| state.database.clone()) {
        return Ok(database);
    }
    let label = optional_variable("database").await;
    let label = label.as_deref().unwrap_or("default");
    let database = Connection::open(label).await;
    let database = database.map_err(|error| format!("the database {label:?}: {error}"))?;
    let database = Rc::new(database);
    with(|state| state.database = Some(database.clone()));
    Ok(database)
}

/// Redis, where the variable `redis_url` names one.
#[cfg(feature = "redis")]
pub(super) async fn redis() -> Result<Option<Rc<spin_sdk::redis::Connection>>, String> {
    if let Some(redis) = with(|state| state.redis.clone()) {
        return Ok(Some(redis));
    }
    let Some(url) = redis_url().await else {
        return Ok(None);
    };
    let connection = spin_sdk::redis::Connection::open(url).await;
    let connection = connection.map_err(|error| format!("redis_url: {error}"))?;
    let connection = Rc::new(connection);
    with(|state| state.redis = Some(connection.clone()));
    Ok(Some(connection))
}

/// The variable `redis_url`; asked for once in an instance.
#[cfg(feature = "redis")]
async fn redis_url() -> Option<String> {
    if let Some(url) = with(|state| state.redis_url.clone()) {
        return url;
    }
    let url = optional_variable("redis_url").await;
    with(|state| state.redis_url = Some(url.clone()));
    url
}

/// A connection that failed is not used again.
#[cfg(feature = "redis")]
pub(super) fn forget_redis() {
    with(|state| state.redis = None);
}

/// Works on the tokens of this instance.
pub(super) fn tokens<T>(use_them: impl FnOnce(&mut TokenMemory) -> T) -> T {
    with(|state| use_them(&mut state.tokens))
}

/// The key of recorded subjects: made once and kept in the store, so that the records of all
/// instances agree; without a store it is this instance's own.
pub(super) async fn subject_key() -> [u8; 32] {
    if let Some(key) = with(|state| state.subject_key) {
        return key;
    }
    let fresh = random::get_random_bytes(32);
    let mut key = fresh.first_chunk::<32>().copied().unwrap_or_default();
    if let Ok(store) = store().await {
        let kept = store.get(SUBJECT_KEY).await.ok().flatten();
        match kept.and_then(|kept| kept.first_chunk::<32>().copied()) {
            Some(kept) => key = kept,
            None => {
                let _ = store.set(SUBJECT_KEY, key).await;
            }
        }
    }
    with(|state| state.subject_key = Some(key));
    key
}
