//! `dist/policy.wasm` in this process, called as the gate calls it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use lockgate_config::Sources;
use lockgate_host::policy::{HeldBody, Instance, PolicyComponent, Secrets};
use lockgate_sandbox::{Budget, Sandbox};
use lockgate_wire::{Facts, Inspection, NONE, Outcome, Verdict, VerdictBody, write_input};

use super::requests::{Head, Request};
use crate::cpu;
use crate::work::Work;

/// What every instance may grow to in all, bytes: the default of `policy.memory_bytes_max`.
const MEMORY_BYTES_MAX: usize = 256 << 20;

/// More than any request needs: what is slow is told, not stopped.
const BUDGET: Budget = Budget {
    cpu: Duration::from_secs(5),
    wall: Duration::from_secs(20),
};

/// 203.0.113.7, mapped.
const CLIENT: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 203, 0, 113, 7];

/// The component with a bundle.
pub(super) struct Policy {
    component: PolicyComponent,
    bundle: Vec<u8>,
}

/// An instance that judges requests.
pub(super) struct Judge {
    instance: Instance,
    input: Vec<u8>,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Judged {
    /// CPU time of the thread, µs.
    pub(super) us: f64,
    /// It may go on.
    pub(super) passed: bool,
    /// A native rule matched: one that decided or one that counts.
    pub(super) native: bool,
    /// What refused it, for people.
    pub(super) why: String,
}

/// Compiles `bench/firewall/gateway.toml` with these rule files in place of its own, paths from
/// the top of the checkout or complete.
///
/// # Errors
/// What is wrong with the configuration.
pub(super) fn bundle(work: &Work, name: &str, rules: &[&Path]) -> Result<Vec<u8>> {
    let paths = rules.iter().map(|path| work.root().join(path));
    let paths: Vec<_> = paths
        .map(|path| toml::Value::String(path.display().to_string()))
        .collect();
    let overlay = work.subfolder(name)?.join("overlay.toml");
    let text = format!("[sites.bench]\nrules = {}\n", toml::Value::Array(paths));
    fs::write(&overlay, text)?;
    let sources = Sources {
        base: work.own("firewall/gateway.toml"),
        overlays: vec![overlay],
        env: Vec::new(),
    };
    let loaded = match lockgate_config::load(&sources) {
        Ok(loaded) => loaded,
        Err(refused) => bail!("the configuration has faults:\n{refused}"),
    };
    match lockgate_compile::compile(&loaded) {
        Ok(compiled) => Ok(compiled.bytes),
        Err(faults) => {
            let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
            bail!("the configuration has faults:\n{}", lines.join("\n"))
        }
    }
}

impl Policy {
    /// Loads the component, compiled ahead if it was before.
    ///
    /// # Errors
    /// When it was not built, or does not fit.
    pub(super) fn new(work: &Work, bundle: Vec<u8>) -> Result<Self> {
        let sandbox = Sandbox::new()?;
        let store = work.subfolder("store")?;
        let path = work.dist("policy.wasm")?;
        let component = PolicyComponent::load(&sandbox, &path, &store, MEMORY_BYTES_MAX)?;
        Ok(Self { component, bundle })
    }

    /// Makes an instance.
    ///
    /// # Errors
    /// When it refuses the bundle.
    pub(super) fn judge(&self) -> Result<Judge> {
        let instance = self.component.instantiate(&self.bundle, &Secrets::new())?;
        let input = Vec::new();
        Ok(Judge { instance, input })
    }

    /// Bytes of the bundle.
    pub(super) fn bundle_bytes(&self) -> usize {
        self.bundle.len()
    }
}

impl Judge {
    /// Takes a request through `decide` and `inspect`; only that is timed, with the writing of
    /// the input. Reading the head is the host's and done before.
    ///
    /// # Errors
    /// When a call fails.
    pub(super) fn inspect(&mut self, request: &Request) -> Result<Judged> {
        let head = request.head();
        let body = (!request.body.is_empty()).then_some(HeldBody {
            bytes: &request.body,
            whole: true,
            program_bytes: Some(u32::MAX),
        });
        let begun = cpu::of_this_thread();
        self.write(&head);
        let verdict = self.instance.decide(&self.input, BUDGET)?;
        let inspection = self.instance.inspect(&self.input, "bench", body, BUDGET)?;
        let spent = cpu::of_this_thread() - begun;
        let mut judged = judged(&verdict)?;
        judged.us = spent.as_secs_f64() * 1e6;
        let inspection = Inspection::parse(&inspection)?;
        if inspection.outcome != Outcome::Pass {
            let rules = inspection
                .findings
                .iter()
                .map(|finding| finding.rule.to_string());
            judged.passed = false;
            judged.why = format!("rules {}", rules.collect::<Vec<_>>().join(", "));
        }
        Ok(judged)
    }

    /// Takes requests through `decide` and `inspect`: the times of each, µs, and how many were
    /// refused. Fresh values are random, and now and then one reads like a command.
    ///
    /// # Errors
    /// When a call fails, or more than one in a hundred is refused.
    pub(super) fn inspect_all(&mut self, requests: &[Request]) -> Result<(Vec<f64>, usize)> {
        let mut times = Vec::with_capacity(requests.len());
        let mut refused = 0;
        for request in requests {
            let judged = self.inspect(request)?;
            times.push(judged.us);
            if !judged.passed {
                refused += 1;
                let target = String::from_utf8_lossy(&request.target);
                eprintln!("  {target} was refused: {}", judged.why);
                ensure!(
                    refused * 100 <= requests.len().max(100),
                    "too many are refused"
                );
            }
        }
        Ok((times, refused))
    }

    /// Takes a request through `decide` alone.
    ///
    /// # Errors
    /// When the call fails.
    pub(super) fn decide(&mut self, request: &Request) -> Result<Judged> {
        self.write(&request.head());
        let verdict = self.instance.decide(&self.input, BUDGET)?;
        judged(&verdict)
    }

    /// The same for many, one clock around all: the mean of a request, µs, and whether all passed.
    ///
    /// # Errors
    /// When a call fails.
    pub(super) fn decide_all(&mut self, heads: &[Head]) -> Result<(f64, bool)> {
        let mut verdicts = Vec::with_capacity(heads.len());
        let begun = cpu::of_this_thread();
        for head in heads {
            self.write(head);
            verdicts.push(self.instance.decide(&self.input, BUDGET)?);
        }
        let spent = cpu::of_this_thread() - begun;
        let mut passed = true;
        for verdict in &verdicts {
            passed &= judged(verdict)?.passed;
        }
        Ok((
            spent.as_secs_f64() * 1e6 / heads.len().max(1) as f64,
            passed,
        ))
    }

    fn write(&mut self, head: &Head) {
        let facts = Facts {
            now_ms: 1_780_000_000_000,
            peer: CLIENT,
            peer_port: 50_000,
            ..Facts::default()
        };
        write_input(
            &mut self.input,
            &facts,
            &head.ranges,
            &head.fields,
            &head.bytes,
        );
    }
}

fn judged(verdict: &[u8]) -> Result<Judged> {
    let verdict = Verdict::parse(verdict).context("the verdict cannot be read")?;
    let why = match &verdict.body {
        VerdictBody::Plan(_) => String::new(),
        VerdictBody::Answer(answer) => {
            format!("{} {}", answer.status, String::from_utf8_lossy(answer.code))
        }
        VerdictBody::Need(_) => "a signature is to be verified".to_owned(),
    };
    Ok(Judged {
        us: 0.0,
        passed: why.is_empty(),
        native: verdict.seen.rule != NONE || !verdict.seen.counted.as_slice().is_empty(),
        why,
    })
}
