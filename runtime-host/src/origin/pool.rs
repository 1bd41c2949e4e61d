//! The kept connections of one origin.

use std::sync::{Arc, Weak};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::wire::Wire;

/// Connections that wait for a request, the one that waited longest first.
pub(super) struct Pool {
    idle: Mutex<Idle>,
    idle_max: usize,
    idle_timeout: Duration,
}

#[derive(Default)]
struct Idle {
    kept: Vec<(Instant, Wire)>,
    /// A task closes those that wait too long.
    swept: bool,
}

impl Pool {
    /// Keeps at most `idle_max` connections, each for `idle_timeout` at most.
    pub(super) fn new(idle_max: usize, idle_timeout: Duration) -> Arc<Self> {
        Arc::new(Self {
            idle: Mutex::default(),
            idle_max,
            idle_timeout,
        })
    }

    /// The connection that was used last and is still open.
    pub(super) fn take(&self) -> Option<Wire> {
        loop {
            let (since, mut wire) = self.idle.lock().kept.pop()?;
            // Looks whether the origin has closed it meanwhile.
            let mut context = Context::from_waker(Waker::noop());
            if since.elapsed() < self.idle_timeout && wire.is_ready(&mut context) {
                return Some(wire);
            }
        }
    }

    /// Keeps a connection for the next request.
    pub(super) fn put(self: &Arc<Self>, wire: Wire) {
        let mut idle = self.idle.lock();
        if idle.kept.len() >= self.idle_max {
            return;
        }
        idle.kept.push((Instant::now(), wire));
        if !idle.swept {
            idle.swept = true;
            tokio::spawn(sweep(Arc::downgrade(self), self.idle_timeout));
        }
    }

    /// Closes what waited too long or was closed by the origin; whether anything is left.
    fn close_idle(&self) -> bool {
        let mut idle = self.idle.lock();
        let mut context = Context::from_waker(Waker::noop());
        idle.kept.retain_mut(|(since, wire)| {
            since.elapsed() < self.idle_timeout && wire.is_ready(&mut context)
        });
        idle.swept = !idle.kept.is_empty();
        idle.swept
    }
}

/// Runs while connections wait.
async fn sweep(pool: Weak<Pool>, idle_timeout: Duration) {
    let period = (idle_timeout / 2).max(Duration::from_millis(10));
    loop {
        tokio::time::sleep(period).await;
        match pool.upgrade() {
            Some(pool) if pool.close_idle() => {}
            _ => return,
        }
    }
}
