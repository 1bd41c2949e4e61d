//! Ready instances of one bundle.
//!
//! A call is synchronous, so no more instances are ever in use than there are threads that call:
//! the pool is filled for all of them, and a checkout is one pop from a stack. The instance that
//! was used last is taken first: its memory is still in the processor's caches, where taking turns
//! among all of them would find each one cold. The pool runs dry only after traps: replacements are
//! made one after the other by one thread, on idle cores only, however many trap, and then there
//! are [`SPARE`] more. An I/O thread that finds nothing gives its call to the inspection pool, whose
//! threads make an instance where there is still none.
//!
//! Who made the policy fail once will again. For [`WARY_FOR`] after a call that failed the pool is
//! wary: a call may take its whole deadline, and who calls should keep nobody waiting behind it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crossbeam_queue::ArrayQueue;
use parking_lot::Mutex;

use super::instance::{CallError, Instance, PolicyComponent, Secrets};
use lockgate_sandbox::priority::{Gives, give_way};

/// Instances beyond one a thread, made when a call has failed: those that loop or are being
/// replaced are missing meanwhile.
const SPARE: usize = 2;

/// How long a failed call is remembered.
const WARY_FOR: Duration = Duration::from_secs(10);

/// Instances that hold the same bundle.
pub struct Pool {
    ready: Ready,
    /// Those that failed, to be dropped: giving megabytes back to the system takes milliseconds,
    /// which no request should wait for.
    spoiled: ArrayQueue<Instance>,
    /// None where there is no policy.
    component: Option<Arc<PolicyComponent>>,
    bundle: Vec<u8>,
    secrets: Secrets,
    traps: Arc<AtomicU64>,
    /// Instances to replace. Whoever raises it from 0 starts the thread that brings it back.
    missing: AtomicUsize,
    made: Instant,
    /// Milliseconds from `made`; 0 while no call has failed.
    wary_until_ms: AtomicU64,
}

/// A bounded stack of instances.
struct Ready {
    instances: Mutex<Vec<Instance>>,
    max: usize,
}

impl Ready {
    fn new(max: usize) -> Self {
        Self {
            instances: Mutex::new(Vec::with_capacity(max)),
            max,
        }
    }

    fn pop(&self) -> Option<Instance> {
        self.instances.lock().pop()
    }

    /// One too many is dropped: the pool has what it needs.
    fn push(&self, instance: Instance) {
        let mut instances = self.instances.lock();
        if instances.len() < self.max {
            instances.push(instance);
        } else {
            drop(instances);
            drop(instance);
        }
    }

    fn is_full(&self) -> bool {
        self.instances.lock().len() >= self.max
    }
}

impl Pool {
    /// Makes `size` instances, in parallel.
    ///
    /// # Errors
    /// Where the component refuses the bundle.
    pub fn fill(
        component: Arc<PolicyComponent>,
        bundle: Vec<u8>,
        secrets: Secrets,
        size: usize,
        traps: Arc<AtomicU64>,
    ) -> anyhow::Result<Arc<Self>> {
        let pool = Self {
            ready: Ready::new(size.max(1) + SPARE),
            spoiled: ArrayQueue::new(size.max(1) + SPARE),
            component: Some(component),
            bundle,
            secrets,
            traps,
            missing: AtomicUsize::new(0),
            made: Instant::now(),
            wary_until_ms: AtomicU64::new(0),
        };
        let threads = std::thread::available_parallelism()
            .map_or(1, usize::from)
            .min(size.max(1));
        let made = AtomicU64::new(0);
        std::thread::scope(|scope| {
            let (made, pool) = (&made, &pool);
            let fill = move || -> anyhow::Result<()> {
                while made.fetch_add(1, Ordering::Relaxed) < size.max(1) as u64 {
                    pool.add()?;
                }
                Ok(())
            };
            let fillers: Vec<_> = (0..threads).map(|_| scope.spawn(fill)).collect();
            fillers.into_iter().try_for_each(|filler| {
                filler
                    .join()
                    .unwrap_or_else(|_| Err(anyhow::anyhow!("loading panicked")))
            })
        })?;
        Ok(Arc::new(pool))
    }

    /// A fresh instance with another bundle, of the same component and with the same secrets. It belongs to no pool.
    ///
    /// # Errors
    /// Where the component refuses the bundle.
    pub fn instance_with(&self, bundle: &[u8]) -> anyhow::Result<Instance> {
        let Some(component) = &self.component else {
            anyhow::bail!("there is no policy");
        };
        component.instantiate(bundle, &self.secrets)
    }

    /// Whether a call has failed lately, so that the next may take long as well.
    #[must_use]
    pub fn is_wary(&self) -> bool {
        let until = self.wary_until_ms.load(Ordering::Relaxed);
        until != 0 && self.ms(Instant::now()) < until
    }

    fn ms(&self, at: Instant) -> u64 {
        u64::try_from(at.duration_since(self.made).as_millis()).unwrap_or(u64::MAX)
    }

    /// A pool for a gate without a policy: every call fails.
    #[must_use]
    pub fn none() -> Arc<Self> {
        Arc::new(Self {
            ready: Ready::new(1),
            spoiled: ArrayQueue::new(1),
            component: None,
            bundle: Vec::new(),
            secrets: Secrets::default(),
            traps: Arc::default(),
            missing: AtomicUsize::new(0),
            made: Instant::now(),
            wary_until_ms: AtomicU64::new(0),
        })
    }

    /// Runs `call` on a ready instance and puts it back, or replaces it where the call failed.
    /// Gives the call back where no instance is ready. Never makes one: for I/O threads.
    ///
    /// # Errors
    /// What the call said.
    pub fn try_with<T, C>(self: &Arc<Self>, call: C) -> Result<Result<T, CallError>, C>
    where
        C: FnOnce(&mut Instance) -> Result<T, CallError>,
    {
        match self.ready.pop() {
            Some(instance) => Ok(self.run(instance, call)),
            None => Err(call),
        }
    }

    /// The same, making an instance where none is ready: for threads that may take milliseconds.
    ///
    /// # Errors
    /// What the call said, or why no instance could be made.
    pub fn with<T>(
        self: &Arc<Self>,
        call: impl FnOnce(&mut Instance) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        self.try_with(call).unwrap_or_else(|call| {
            let instance = self.make().map_err(|error| CallError::Trapped {
                cause: format!("no instance could be made: {error:#}"),
                stderr: String::new(),
            })?;
            self.run(instance, call)
        })
    }

    fn run<T>(
        self: &Arc<Self>,
        mut instance: Instance,
        call: impl FnOnce(&mut Instance) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        let result = call(&mut instance);
        if result.is_ok() {
            self.ready.push(instance);
        } else {
            self.traps.fetch_add(1, Ordering::Relaxed);
            let until = self.ms(Instant::now() + WARY_FOR);
            self.wary_until_ms.store(until, Ordering::Relaxed);
            // Where there is no room it is dropped here: memory stays bounded.
            let _ = self.spoiled.push(instance);
            self.replace_in_background();
        }
        result
    }

    fn replace_in_background(self: &Arc<Self>) {
        if self.missing.fetch_add(1, Ordering::AcqRel) > 0 {
            // The thread that runs sees it.
            return;
        }
        let pool = self.clone();
        let spawned = std::thread::Builder::new()
            .name("policy-replace".to_owned())
            .spawn(move || {
                // On a machine that stays busy the inspection threads make what is missing.
                give_way(Gives::All);
                pool.replace_missing();
            });
        if let Err(error) = spawned {
            // The next trap tries again.
            self.missing.store(0, Ordering::Release);
            tracing::error!(%error, "no thread to replace a policy instance");
        }
    }

    /// Makes what is missing, one after the other, until the pool is full.
    fn replace_missing(&self) {
        loop {
            while let Some(spoiled) = self.spoiled.pop() {
                drop(spoiled);
            }
            while !self.ready.is_full() {
                if let Err(error) = self.add() {
                    let error = format!("{error:#}");
                    tracing::error!(error, "a policy instance was not replaced");
                    break;
                }
            }
            if self.missing.fetch_sub(1, Ordering::AcqRel) <= 1 {
                return;
            }
        }
    }

    fn add(&self) -> anyhow::Result<()> {
        self.ready.push(self.make()?);
        Ok(())
    }

    fn make(&self) -> anyhow::Result<Instance> {
        self.instance_with(&self.bundle)
    }
}
