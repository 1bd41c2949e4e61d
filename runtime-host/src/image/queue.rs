//! The threads of the image pool and the pictures that wait for them: a line for each site, one
//! picture from each in turn, so that a site with many keeps no other waiting.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use lockgate_sandbox::priority::{Gives, give_way};
use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// How often an idle thread looks whether there is something to clear away.
const IDLE: Duration = Duration::from_secs(1);

/// The job panicked, or the pool ended.
#[derive(Debug)]
pub(super) struct NotRun;

/// Threads and their lines. They end when the queue is dropped. It has no bound of its own: whoever
/// takes a place in it has a [`super::Room`].
pub(super) struct Queue {
    shared: Arc<Shared>,
}

struct Shared {
    lines: Mutex<Lines>,
    wake: Condvar,
    /// Called by an idle thread; whether it is to be called again.
    clear: Box<dyn Fn() -> bool + Send + Sync>,
}

#[derive(Default)]
struct Lines {
    /// The next site first.
    sites: VecDeque<(Arc<str>, VecDeque<Job>)>,
    waiting: usize,
    ended: bool,
}

impl Queue {
    /// Starts the threads. `clear` is called now and then while they have nothing else to do, until
    /// it says that there is nothing left.
    ///
    /// # Errors
    /// Where a thread does not start.
    pub(super) fn start(
        threads: usize,
        clear: impl Fn() -> bool + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            lines: Mutex::default(),
            wake: Condvar::new(),
            clear: Box::new(clear),
        });
        for number in 0..threads.max(1) {
            let shared = shared.clone();
            std::thread::Builder::new()
                .name(format!("image-{number}"))
                .spawn(move || {
                    give_way(Gives::All);
                    shared.work();
                })?;
        }
        Ok(Self { shared })
    }

    /// Runs `job` on a thread when it is the turn of `site`. A caller that goes away leaves a job
    /// that is skipped. A job that panics ends itself and no thread.
    ///
    /// # Errors
    /// Where it panicked.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        site: &Arc<str>,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NotRun> {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move || {
            if !sender.is_closed() {
                let _ = sender.send(job());
            }
        });
        self.shared.lines.lock().add(site, job);
        self.shared.wake.notify_one();
        receiver.await.map_err(|_| NotRun)
    }

    /// Jobs that wait.
    pub(super) fn waiting(&self) -> usize {
        self.shared.lines.lock().waiting
    }
}

impl Lines {
    fn add(&mut self, site: &Arc<str>, job: Job) {
        self.waiting += 1;
        match self.sites.iter_mut().find(|(name, _)| name == site) {
            Some((_, line)) => line.push_back(job),
            None => self.sites.push_back((site.clone(), VecDeque::from([job]))),
        }
    }

    fn next(&mut self) -> Option<Job> {
        let (site, mut line) = self.sites.pop_front()?;
        let job = line.pop_front();
        if !line.is_empty() {
            self.sites.push_back((site, line));
        }
        self.waiting = self.waiting.saturating_sub(usize::from(job.is_some()));
        job
    }
}

impl Shared {
    fn work(&self) {
        let mut to_clear = true;
        loop {
            let mut lines = self.lines.lock();
            if let Some(job) = lines.next() {
                drop(lines);
                // A panic is in the log by its hook; who waits is told by the channel it drops.
                let _ = catch_unwind(AssertUnwindSafe(job));
                to_clear = true;
                continue;
            }
            if lines.ended {
                return;
            }
            if to_clear {
                let late = self.wake.wait_for(&mut lines, IDLE).timed_out();
                drop(lines);
                to_clear = !late || (self.clear)();
            } else {
                self.wake.wait(&mut lines);
            }
        }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.shared.lines.lock().ended = true;
        self.shared.wake.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_job_that_panics_ends_no_thread() {
        let queue = Queue::start(1, || false).unwrap();
        let site: Arc<str> = "one".into();
        for _ in 0..3 {
            assert!(queue.run(&site, || panic!("asked to")).await.is_err());
        }
        assert_eq!(queue.run(&site, || 7).await.unwrap(), 7);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_site_with_many_pictures_keeps_no_other_waiting() {
        let queue = Arc::new(Queue::start(1, || false).unwrap());
        let (open, opened) = mpsc::channel::<()>();
        let (begin, begun) = mpsc::channel::<()>();
        let (flood, shop): (Arc<str>, Arc<str>) = ("flood".into(), "shop".into());
        let done = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        let ask = |site: &Arc<str>, job: Job| {
            let (queue, site) = (queue.clone(), site.clone());
            tokio::spawn(async move { queue.run(&site, job).await.is_ok() })
        };
        let blocks = move || {
            begin.send(()).unwrap();
            opened.recv().unwrap();
        };
        tasks.push(ask(&flood, Box::new(blocks)));
        while begun.try_recv().is_err() {
            tokio::task::yield_now().await;
        }
        for (site, name, count) in [(&flood, "flood", 20), (&shop, "shop", 3)] {
            let before = queue.waiting();
            for _ in 0..count {
                let done = done.clone();
                tasks.push(ask(site, Box::new(move || done.lock().push(name))));
            }
            while queue.waiting() < before + count {
                tokio::task::yield_now().await;
            }
        }
        open.send(()).unwrap();
        for task in tasks {
            assert!(task.await.unwrap());
        }
        let done = done.lock();
        assert_eq!(done.len(), 23);
        let of_shop = done.iter().take(7).filter(|name| **name == "shop").count();
        assert_eq!(of_shop, 3, "{done:?}");
    }

    #[test]
    fn idle_threads_clear_away_until_nothing_is_left() {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let _queue = Queue::start(1, move || counted.fetch_add(1, Ordering::SeqCst) == 0).unwrap();
        std::thread::sleep(IDLE * 7 / 2);
        assert_eq!(calls.load(Ordering::SeqCst), 2);
    }
}
