//! Less effort for each picture while too many wait, where the configuration says so.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use lockgate_config::types::{ImageDegrade, ImagePool as Config};
use lockgate_image_options::{Effort, Format, Options, Quality};

use super::Plan;

/// Whether pictures are made with less effort.
pub(super) struct Degrade {
    when: Option<ImageDegrade>,
    queue_max: u32,
    on: AtomicBool,
    waited_ms: AtomicU64,
}

/// What `auto` makes in place of AVIF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InPlaceOfAvif {
    /// WebP, else the format of the source.
    pub webp: bool,
    /// 1 to 100.
    pub quality: u8,
}

impl Degrade {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            when: config.degrade.clone(),
            queue_max: config.queue_max,
            on: AtomicBool::new(false),
            waited_ms: AtomicU64::new(0),
        }
    }

    /// A picture was begun that had waited so long.
    pub(super) fn waited(&self, time: Duration) {
        let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.waited_ms.store(ms, Ordering::Relaxed);
    }

    /// Whether there is to be less effort now that so many wait. When that changes it is logged,
    /// once.
    pub(super) fn look(&self, waiting: usize) -> bool {
        let Some(when) = &self.when else {
            return false;
        };
        let waited_ms = self.waited_ms.load(Ordering::Relaxed);
        let was = self.on.load(Ordering::Relaxed);
        let is = next(was, when, self.queue_max, waiting, waited_ms);
        let changed = was != is
            && self
                .on
                .compare_exchange(was, is, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if changed && is {
            tracing::warn!(waiting, waited_ms, "pictures are made with less effort");
        } else if changed {
            tracing::warn!(
                waiting,
                waited_ms,
                "pictures are made with full effort again"
            );
        }
        is
    }

    /// What [`Degrade::look`] found last.
    pub(super) fn is_on(&self) -> bool {
        self.on.load(Ordering::Relaxed)
    }
}

/// It begins above either bound and ends below half of both, so that it does not come and go with
/// each picture. Where nobody waits, how long the last one did is over.
fn next(was: bool, when: &ImageDegrade, queue_max: u32, waiting: usize, waited_ms: u64) -> bool {
    if waiting == 0 {
        return false;
    }
    let percent = (waiting as u64).saturating_mul(100);
    let many = u64::from(when.queue_percent) * u64::from(queue_max);
    if was {
        percent.saturating_mul(2) > many || waited_ms.saturating_mul(2) > when.wait_ms
    } else {
        percent > many || waited_ms > when.wait_ms
    }
}

impl Plan {
    /// The same with less effort; `None` where that makes no difference. What the address names
    /// stays: a format that `Accept` chose need not.
    #[must_use]
    pub fn degraded(&self, in_place: InPlaceOfAvif) -> Option<Self> {
        let mut options = Options::parse(&self.options).ok()?;
        if self.negotiated && options.format == Some(Format::Avif) {
            options.format = in_place.webp.then_some(Format::Webp);
            let quality = Quality::Fixed(in_place.quality);
            options.quality.get_or_insert(quality);
        }
        options.effort = Effort::Fast;
        let options = options.to_string();
        (options != self.options).then(|| Self {
            options,
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::plan::plan;

    fn degraded(options: &str, negotiated: bool, webp: bool) -> Option<String> {
        let in_place = InPlaceOfAvif { webp, quality: 70 };
        plan(options, negotiated)
            .degraded(in_place)
            .map(|plan| plan.options)
    }

    #[test]
    fn accept_chooses_no_avif_and_every_effort_is_fast() {
        for (options, negotiated, webp, expected) in [
            ("w=9,f=avif", true, true, "w=9,f=webp,q=70,effort=fast"),
            ("w=9,f=avif,q=40", true, true, "w=9,f=webp,q=40,effort=fast"),
            ("w=9,f=avif", true, false, "w=9,q=70,effort=fast"),
            ("w=9,f=avif", false, true, "w=9,f=avif,effort=fast"),
            (
                "f=jpeg,q=80,effort=small",
                false,
                true,
                "f=jpeg,q=80,effort=fast",
            ),
        ] {
            let made = degraded(options, negotiated, webp);
            assert_eq!(made.as_deref(), Some(expected), "{options}");
        }
        assert_eq!(degraded("f=avif,effort=fast", false, true), None);
    }

    #[test]
    fn it_begins_at_either_bound_and_ends_below_half_of_both() {
        let config = Config {
            queue_max: 10,
            degrade: Some(ImageDegrade {
                queue_percent: 50,
                wait_ms: 100,
            }),
            ..Config::default()
        };
        let degrade = Degrade::new(&config);
        let look = |waiting, waited_ms| {
            degrade.waited(Duration::from_millis(waited_ms));
            degrade.look(waiting)
        };
        assert!(!look(5, 100), "at the bounds");
        assert!(look(6, 0));
        assert!(look(3, 0));
        assert!(!look(2, 50));
        assert!(look(1, 101));
        assert!(look(1, 51));
        assert!(!look(1, 50));
        assert!(look(1, 101));
        assert!(!look(0, 101), "nobody waits");
        let off = Degrade::new(&Config::default());
        off.waited(Duration::from_secs(60));
        assert!(!off.look(1000) && !off.is_on());
    }
}
