//! `dist/image.wasm` in this process, called as the gate's image pool calls it: a fresh instance
//! for each picture, on one thread.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use lockgate_config::types::ImagePool as Config;
use lockgate_host::image::{ImageComponent, Rendered};
use lockgate_sandbox::{Sandbox, precompiled};

use crate::cpu;
use crate::work::Work;

/// Longer than any picture takes: what is slow is told, not stopped.
const PATIENCE_MS: u64 = 60_000;

/// The component, linked.
pub(super) struct Ours {
    component: ImageComponent,
}

/// A picture that was asked for, and what it cost.
#[derive(Clone, Debug)]
pub(super) struct Made {
    /// CPU time of the thread for one picture, mean, ms: the instance, the copying, everything.
    pub(super) cpu_ms: f64,
    /// The last of them.
    pub(super) picture: Rendered,
}

impl Ours {
    /// Loads the component, compiled ahead if it was before.
    ///
    /// # Errors
    /// When it was not built, or does not fit.
    pub(super) fn load(work: &Work) -> Result<Self> {
        let sandbox = Sandbox::new()?;
        let (path, store) = (work.dist("image.wasm")?, work.subfolder("store")?);
        let loaded = precompiled::load(sandbox.engine(), &path, &store)?;
        let config = Config {
            deadline_ms: PATIENCE_MS,
            ..Config::default()
        };
        let component = ImageComponent::new(&sandbox, &loaded.component, &config)?;
        Ok(Self { component })
    }

    /// Makes a picture so often.
    ///
    /// # Errors
    /// What the component says of it.
    pub(super) fn make(&self, source: &[u8], options: &str, repeat: usize) -> Result<Made> {
        let mut last = None;
        let begun = cpu::of_this_thread();
        for _ in 0..repeat {
            let wall = Duration::from_millis(PATIENCE_MS);
            match self.component.transform(source, options, wall) {
                Ok(picture) => last = Some(picture),
                Err(error) => bail!("image.wasm: {}", error.cause()),
            }
        }
        let spent = cpu::of_this_thread() - begun;
        Ok(Made {
            cpu_ms: spent.as_secs_f64() * 1e3 / repeat as f64,
            picture: last.context("nothing was made")?,
        })
    }

    /// Makes a page's pictures of one source; CPU time of the thread for all of them, ms.
    ///
    /// # Errors
    /// What the component says of one.
    pub(super) fn ladder(&self, source: &[u8], options: &[String]) -> Result<(f64, Vec<Rendered>)> {
        let mut made = Vec::with_capacity(options.len());
        let mut cpu_ms = 0.0;
        for options in options {
            let one = self.make(source, options, 1)?;
            cpu_ms += one.cpu_ms;
            made.push(one.picture);
        }
        Ok((cpu_ms, made))
    }
}
