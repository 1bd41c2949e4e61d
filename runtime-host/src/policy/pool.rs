//! Ready instances of one bundle.
//!
//! A call is synchronous, so no more instances are ever in use than there are threads that call:
//! the pool is filled for all of them, and a checkout is one pop from a lock-free queue. It runs
//! dry only after traps; a replacement is made in the background, and a caller that finds
//! nothing makes one itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_queue::ArrayQueue;

use super::instance::{CallError, Instance, PolicyComponent, Secrets};

/// Instances that hold the same bundle.
pub struct Pool {
    ready: ArrayQueue<Instance>,
    component: Arc<PolicyComponent>,
    bundle: Vec<u8>,
    secrets: Secrets,
    traps: Arc<AtomicU64>,
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
            ready: ArrayQueue::new(size.max(1)),
            component,
            bundle,
            secrets,
            traps,
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

    /// Runs `call` on a ready instance and puts it back, or replaces it where the call failed.
    ///
    /// # Errors
    /// What the call said, or why no instance could be made.
    pub fn with<T>(
        self: &Arc<Self>,
        call: impl FnOnce(&mut Instance) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        let mut instance = match self.ready.pop() {
            Some(instance) => instance,
            None => self.make().map_err(|error| CallError::Trapped {
                cause: format!("no instance could be made: {error:#}"),
                stderr: String::new(),
            })?,
        };
        let result = call(&mut instance);
        if result.is_ok() {
            // A full queue only means that the pool has what it needs.
            let _ = self.ready.push(instance);
        } else {
            self.traps.fetch_add(1, Ordering::Relaxed);
            drop(instance);
            self.replace_in_background();
        }
        result
    }

    fn replace_in_background(self: &Arc<Self>) {
        let pool = self.clone();
        let spawned = std::thread::Builder::new()
            .name("policy-replace".to_owned())
            .spawn(move || {
                if let Err(error) = pool.add() {
                    tracing::error!(
                        error = format!("{error:#}"),
                        "a policy instance was not replaced"
                    );
                }
            });
        if let Err(error) = spawned {
            tracing::error!(%error, "no thread to replace a policy instance");
        }
    }

    fn add(&self) -> anyhow::Result<()> {
        let _ = self.ready.push(self.make()?);
        Ok(())
    }

    fn make(&self) -> anyhow::Result<Instance> {
        self.component.instantiate(&self.bundle, &self.secrets)
    }
}
