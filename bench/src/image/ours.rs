//! `dist/image.wasm` in this process, called as the gate's image pool calls it: a fresh instance
//! for each picture, on one thread.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use lockgate_config::types::ImagePool as Config;
use lockgate_host::image::{ImageComponent, Memory, Plan, Rendered, Step};
use lockgate_sandbox::{Sandbox, precompiled};
use sha2::{Digest as _, Sha256};

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
        let plan = plan(options);
        let mut last = None;
        let begun = cpu::of_this_thread();
        for _ in 0..repeat {
            let wall = Duration::from_millis(PATIENCE_MS);
            match self.component.transform(source, &plan, wall) {
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

    /// Makes a page's pictures of one source, as the gate does: the digest of the source, then
    /// each through what is kept of the earlier ones. CPU time of the thread for all, ms.
    ///
    /// # Errors
    /// What the component says of one.
    pub(super) fn ladder(&self, source: &[u8], options: &[String]) -> Result<(f64, Vec<Rendered>)> {
        let memory = Memory::new(Config::default().ladder_bytes_max, Duration::from_secs(60));
        let (site, wall) = ("bench".into(), Duration::from_millis(PATIENCE_MS));
        let mut made = Vec::with_capacity(options.len());
        let begun = cpu::of_this_thread();
        let digest = Sha256::digest(source).into();
        for options in options {
            let (source, plan) = ((source, digest), plan(options));
            let step = self
                .component
                .transform_with(&memory, &site, source, &plan, wall);
            match step {
                Ok(Step::Done(picture)) => made.push(picture),
                Ok(Step::Wait(_)) => bail!("nobody else makes a picture"),
                Err(error) => bail!("image.wasm: {}", error.cause()),
            }
        }
        let spent = cpu::of_this_thread() - begun;
        Ok((spent.as_secs_f64() * 1e3, made))
    }
}

/// Of a route as it comes.
fn plan(options: &str) -> Plan {
    Plan {
        options: options.to_owned(),
        negotiated: false,
        overlay: None,
        limits: (&Config::default()).into(),
    }
}
