//! The inspection pool: bounded threads for calls that can take more than about 100 µs, so that
//! nothing on an I/O thread waits for a signature.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_queue::ArrayQueue;
use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// The queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the inspection queue is full")]
pub struct Overloaded;

/// Threads and their queue. They end when the pool is dropped.
pub struct Inspection {
    shared: Arc<Shared>,
}

struct Shared {
    jobs: ArrayQueue<Job>,
    waiting: Mutex<bool>,
    wake: Condvar,
    queued: AtomicUsize,
}

/// Inspection gives way to the threads that serve.
const NICE: i32 = 5;

impl Inspection {
    /// Starts the threads, called `name` and a number.
    ///
    /// # Errors
    /// Where a thread does not start.
    pub fn start(name: &str, threads: usize, queue_max: usize) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            jobs: ArrayQueue::new(queue_max.max(1)),
            waiting: Mutex::new(false),
            wake: Condvar::new(),
            queued: AtomicUsize::new(0),
        });
        for number in 0..threads.max(1) {
            let shared = shared.clone();
            std::thread::Builder::new()
                .name(format!("{name}-{number}"))
                .spawn(move || {
                    give_way(NICE);
                    shared.work();
                })?;
        }
        Ok(Self { shared })
    }

    /// Runs `job` on a pool thread. A caller that goes away leaves a job that is skipped.
    ///
    /// # Errors
    /// [`Overloaded`] at once where the queue is full, or where the pool ended.
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Overloaded> {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move || {
            if !sender.is_closed() {
                let _ = sender.send(job());
            }
        });
        self.shared.jobs.push(job).map_err(|_| Overloaded)?;
        self.shared.queued.fetch_add(1, Ordering::Relaxed);
        // Taken and released so that a thread between its last look and its wait is not missed.
        drop(self.shared.waiting.lock());
        self.shared.wake.notify_one();
        receiver.await.map_err(|_| Overloaded)
    }

    /// Jobs that wait.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.shared.jobs.len()
    }
}

impl Shared {
    fn work(&self) {
        loop {
            if let Some(job) = self.jobs.pop() {
                job();
                continue;
            }
            let mut ended = self.waiting.lock();
            if *ended {
                return;
            }
            if self.jobs.is_empty() {
                self.wake.wait(&mut ended);
            }
        }
    }
}

impl Drop for Inspection {
    fn drop(&mut self) {
        *self.shared.waiting.lock() = true;
        self.shared.wake.notify_all();
    }
}

/// Lowers the calling thread's priority. Without the right to, it stays as it is.
pub(crate) fn give_way(nice: i32) {
    let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), nice);
}
