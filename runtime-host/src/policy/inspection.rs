//! The inspection pool: bounded threads for calls that can take more than about 100 µs, so that
//! nothing on an I/O thread waits for a signature.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_queue::ArrayQueue;
use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use lockgate_sandbox::priority::{Gives, give_way};

type Job = Box<dyn FnOnce() + Send>;

/// Why a job gave no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotRun {
    /// The queue is full.
    #[error("the inspection queue is full")]
    QueueFull,
    /// It waited or ran too long.
    #[error("the inspection pool did not answer in time")]
    TooLate,
    /// The job panicked, or the pool ended.
    #[error("the job panicked")]
    Panicked,
}

/// Threads and their queue. They end when the pool is dropped.
pub struct Inspection {
    shared: Arc<Shared>,
}

struct Shared {
    jobs: ArrayQueue<Job>,
    waiting: Mutex<bool>,
    wake: Condvar,
}

impl Inspection {
    /// Starts the threads, called `name` and a number. They give a share of a busy core.
    ///
    /// # Errors
    /// Where a thread does not start.
    pub fn start(name: &str, threads: usize, queue_max: usize) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            jobs: ArrayQueue::new(queue_max.max(1)),
            waiting: Mutex::new(false),
            wake: Condvar::new(),
        });
        for number in 0..threads.max(1) {
            let shared = shared.clone();
            std::thread::Builder::new()
                .name(format!("{name}-{number}"))
                .spawn(move || {
                    give_way(Gives::Share);
                    shared.work();
                })?;
        }
        Ok(Self { shared })
    }

    /// Runs `job` on a pool thread. A caller that goes away leaves a job that is skipped. A job
    /// that panics ends itself and no thread.
    ///
    /// # Errors
    /// [`NotRun::QueueFull`] at once; [`NotRun::Panicked`].
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NotRun> {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move || {
            if !sender.is_closed() {
                let _ = sender.send(job());
            }
        });
        self.shared.jobs.push(job).map_err(|_| NotRun::QueueFull)?;
        // Taken and released so that a thread between its last look and its wait is not missed.
        drop(self.shared.waiting.lock());
        self.shared.wake.notify_one();
        receiver.await.map_err(|_| NotRun::Panicked)
    }

    /// The same, waiting no longer than `wall` for queue and job together.
    ///
    /// # Errors
    /// [`NotRun`].
    pub async fn run_within<T: Send + 'static>(
        &self,
        wall: Duration,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NotRun> {
        tokio::time::timeout(wall, self.run(job))
            .await
            .unwrap_or(Err(NotRun::TooLate))
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
                // A panic is in the log by its hook; who waits is told by the channel it drops.
                let _ = catch_unwind(AssertUnwindSafe(job));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(queue_max: usize) -> Inspection {
        Inspection::start("test", 1, queue_max).unwrap()
    }

    #[tokio::test]
    async fn a_job_that_panics_ends_no_thread() {
        let pool = pool(4);
        for _ in 0..3 {
            let result: Result<(), _> = pool.run(|| panic!("asked to")).await;
            assert_eq!(result, Err(NotRun::Panicked));
        }
        assert_eq!(pool.run(|| 7).await, Ok(7));
    }

    #[tokio::test]
    async fn waiting_counts_and_what_nobody_waits_for_is_skipped() {
        let pool = pool(1);
        let (open, opened) = std::sync::mpsc::channel::<()>();
        let (begun, has_begun) = oneshot::channel();
        let blocking = pool.run(move || {
            let _ = begun.send(());
            opened.recv().is_ok()
        });
        let others = async {
            has_begun.await.unwrap();
            let skipped = || panic!("nobody waits for it");
            let late = pool.run_within(Duration::from_millis(20), skipped);
            assert_eq!(late.await, Err::<(), _>(NotRun::TooLate));
            // It still stands in the queue, which holds one.
            assert_eq!(pool.run(|| 1).await, Err(NotRun::QueueFull));
            open.send(()).unwrap();
        };
        let (blocked, ()) = tokio::join!(blocking, others);
        assert_eq!(blocked, Ok(true));
        // The thread takes the skipped one out in its own time.
        let mut last = pool.run(|| 2).await;
        while last == Err(NotRun::QueueFull) {
            tokio::task::yield_now().await;
            last = pool.run(|| 2).await;
        }
        assert_eq!(last, Ok(2));
    }
}
