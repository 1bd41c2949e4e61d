//! A transaction: one request and its response, seen by the rules.

mod act;
mod body;
mod change;
mod clock;
mod compare;
mod expand;
mod full;
mod head;
mod look;
mod report;
mod response;
mod resume;
mod run;
mod sweep;
mod uri;
mod validate;

pub use resume::ResumeError;

use crate::engine::Engine;
use crate::matched::{Matched, Verdict};
use crate::program::{AuditEngine, BodyProcessor, EngineMode, LimitAction, Phase};
use crate::request::Request;
use crate::store::Tx;
use crate::workspace::{Item, Workspace};

/// A request and its response on their way through the phases of a program.
///
/// The order of calls: [`Transaction::new`], `run_phase(RequestHeaders)`,
/// [`Transaction::set_body`], `run_phase(RequestBody)`, [`Transaction::set_response`],
/// `run_phase(ResponseHeaders)`, [`Transaction::set_response_body`], `run_phase(ResponseBody)`,
/// `run_phase(Logging)`. What a caller has nothing to say about it leaves out. Once the verdict is
/// not to pass, only `Logging` still runs.
///
/// Nothing in it reads a clock or anything else from outside: the same calls give the same
/// answers.
#[derive(Debug)]
pub struct Transaction<'e> {
    pub(crate) engine: &'e Engine,
    pub(crate) workspace: Workspace,
    pub(crate) tx: Tx<'e>,
    state: State,
    verdict: Verdict,
    matched: Vec<Matched>,
    /// Reports past the bound.
    matched_more: u32,
    /// Grows when values come or go, so that what was found out about all of them is found anew.
    epoch: u32,
    /// What matched last.
    last: Option<Item>,
    /// The rule that is running: the head of its chain.
    running: Option<u32>,
    /// The highest severity (lowest number) that was reported.
    highest_severity: u8,
    /// Rules that were asked so far, chains as one.
    rules_asked: u32,
}

/// What `ctl` changes, and what is known of the bodies.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct State {
    mode: EngineMode,
    request_body_access: bool,
    response_body_access: bool,
    request_body_bytes_max: u32,
    response_body_bytes_max: u32,
    processor: BodyProcessor,
    force_request_body: bool,
    audit: AuditEngine,
    allowed: Option<Allowed>,
    unique_id: Vec<u8>,
    time_us: u64,
    duration_us: u64,
}

/// Which phases `allow` passes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
enum Allowed {
    Phase(Phase),
    Request,
    Transaction,
}

impl<'e> Transaction<'e> {
    /// Begins a transaction with the head of a request.
    #[must_use]
    pub fn new(engine: &'e Engine, request: &Request<'_>) -> Self {
        Self::with(engine, Workspace::default(), request)
    }

    /// As [`Transaction::new`], in memory that another transaction has left
    /// ([`Transaction::finish`]).
    #[must_use]
    pub fn with(engine: &'e Engine, workspace: Workspace, request: &Request<'_>) -> Self {
        let mut transaction = Self::empty(engine, workspace);
        transaction.set_head(request);
        transaction
    }

    fn empty(engine: &'e Engine, mut workspace: Workspace) -> Self {
        let settings = &engine.program.settings;
        let limits = &settings.limits;
        workspace.clear(engine);
        Self {
            engine,
            workspace,
            tx: Tx::new(
                engine.program.tx_names.len(),
                limits.tx_dynamic_max as usize,
            ),
            state: State {
                mode: settings.engine,
                request_body_access: settings.request_body_access,
                response_body_access: settings.response_body_access,
                request_body_bytes_max: limits.request_body_bytes_max,
                response_body_bytes_max: limits.response_body_bytes_max,
                processor: BodyProcessor::None,
                force_request_body: false,
                audit: AuditEngine::default(),
                allowed: None,
                unique_id: Vec::new(),
                time_us: 0,
                duration_us: 0,
            },
            verdict: Verdict::Pass,
            matched: Vec::new(),
            matched_more: 0,
            epoch: 1,
            last: None,
            running: None,
            highest_severity: 255,
            rules_asked: 0,
        }
    }

    /// What is decided so far.
    #[must_use]
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// The rules that have matched and report it, in the order of their matching.
    #[must_use]
    pub fn matched(&self) -> &[Matched] {
        &self.matched
    }

    /// How many reports there were past the bound (`matched_max`).
    #[must_use]
    pub fn matched_more(&self) -> u32 {
        self.matched_more
    }

    /// How many rules were asked so far, a chain as one: those that were skipped, or that `ctl` took away,
    /// were not.
    #[must_use]
    pub fn rules_asked(&self) -> u32 {
        self.rules_asked
    }

    /// Whether rules run, and whether they decide.
    #[must_use]
    pub fn mode(&self) -> EngineMode {
        self.state.mode
    }

    /// What the rules say about the audit log.
    #[must_use]
    pub fn audit(&self) -> AuditEngine {
        self.state.audit
    }

    /// The value of a TX variable (name in lower case), as text.
    #[must_use]
    pub fn tx(&self, name: &str) -> Option<Vec<u8>> {
        let value = match self.engine.slot_of(name.as_bytes()) {
            Some(slot) => self.tx.slot(slot),
            None => self.tx.named(&self.workspace.values, name.as_bytes()),
        };
        let mut text = Vec::new();
        self.write_tx(value, &mut text).then_some(text)
    }

    /// The TX variables with `score` in their names that are set, in the order of the program.
    pub fn scores(&self) -> impl Iterator<Item = (&'e str, i64)> {
        let names = self.engine.program.tx_names.iter().map(String::as_str);
        let scores = names.filter(|name| name.contains("score"));
        scores.filter_map(|name| {
            let text = self.tx(name)?;
            Some((name, crate::store::number_of(&text)))
        })
    }

    /// Bytes that were transformed and scanned so far, counted every time.
    #[must_use]
    pub fn work_bytes(&self) -> u64 {
        self.workspace.scans.work_bytes
    }

    /// Ends the transaction and gives its memory back.
    #[must_use]
    pub fn finish(self) -> Workspace {
        self.workspace
    }

    /// The limits of the memory and the work of this transaction are used up.
    fn is_exhausted(&self) -> bool {
        let limits = &self.engine.program.settings.limits;
        self.workspace.values.is_full() || self.workspace.scans.work_bytes > limits.work_bytes_max
    }

    /// Decides by a limit. Without force when rules decide nothing.
    fn reject(&mut self, action: LimitAction) {
        if action == LimitAction::Reject
            && self.state.mode == EngineMode::On
            && self.verdict.passes()
        {
            self.verdict = Verdict::Deny {
                status: 413,
                rule: 0,
            };
        }
    }
}
