//! Why requests were refused: `GET /explain/ID`, and what would let one through: `POST /rules/exclusions/ID`.
//!
//! Both ask for a token of `admin.tokens`, of any role: they show bytes of requests. Where no token is configured they
//! do not exist. Neither changes anything.

use std::sync::Arc;

use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use lockgate_sandbox::priority::{Gives, give_way};
use serde::Serialize;
use tokio::sync::{Semaphore, SemaphorePermit, oneshot};

use super::respond;
use super::rules::{Answer, busy, holder, method_not_allowed, problem};
use crate::exclude::{self, Proposed, Refusal};
use crate::explain;
use crate::gate::findings::Kept;
use crate::gate::{Gate, Generation};
use crate::versions::Tokens;

/// Requests that a proposal is judged by, at most.
const OTHERS_MAX: usize = 1_000;

/// Longest id that is looked for, in bytes.
const ID_BYTES_MAX: usize = 256;

/// A proposal takes seconds of a core and memory for two programs: one at a time.
static ONE: Semaphore = Semaphore::const_new(1);

/// What is asked.
#[derive(Debug, PartialEq, Eq)]
enum Asked<'p> {
    Explain(&'p str),
    Exclude(&'p str),
}

impl<'p> Asked<'p> {
    fn of(path: &'p str) -> Option<Self> {
        let asked = match path.strip_prefix("/explain/") {
            Some(id) => Self::Explain(id),
            None => Self::Exclude(path.strip_prefix("/rules/exclusions/")?),
        };
        let id = asked.id();
        (!id.is_empty() && id.len() <= ID_BYTES_MAX && !id.contains('/')).then_some(asked)
    }

    fn id(&self) -> &'p str {
        match self {
            Self::Explain(id) | Self::Exclude(id) => id,
        }
    }

    fn method(&self) -> Method {
        match self {
            Self::Explain(_) => Method::GET,
            Self::Exclude(_) => Method::POST,
        }
    }
}

/// Whether a path belongs here, and there are tokens.
pub(super) fn is_for(path: &str, gate: &Gate) -> bool {
    Asked::of(path).is_some() && !Tokens::of(&gate.generation().config).is_empty()
}

/// Answers a request for such a path.
pub(super) async fn answer(request: Request<Incoming>, gate: &Arc<Gate>) -> Answer {
    let tokens = Tokens::of(&gate.generation().config);
    // Every role may read.
    if let Err(refused) = holder(&request, &tokens) {
        return *refused;
    }
    let Some(asked) = Asked::of(request.uri().path()) else {
        return problem(
            StatusCode::NOT_FOUND,
            "not_found",
            "there is no such resource",
        );
    };
    if *request.method() != asked.method() {
        return method_not_allowed(match asked {
            Asked::Explain(_) => "GET",
            Asked::Exclude(_) => "POST",
        });
    }
    let Some(kept) = gate.findings.get(asked.id()) else {
        let detail = "no request with this id is kept: no rule matched it, it was too long ago, or \
                      another gate answered it";
        return problem(StatusCode::NOT_FOUND, "request_unknown", detail);
    };
    match asked {
        Asked::Explain(_) => tell(gate, kept).await,
        Asked::Exclude(_) => propose(gate, kept).await,
    }
}

async fn tell(gate: &Arc<Gate>, kept: Arc<Kept>) -> Answer {
    match gate.explain(kept.clone()).await {
        Ok((now, generation)) => json(&explain::told(&kept, now, &generation.bundle_digest)),
        Err(refused) => {
            let status = StatusCode::from_u16(refused.status);
            let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            problem(status, &refused.code, &refused.cause)
        }
    }
}

async fn propose(gate: &Arc<Gate>, kept: Arc<Kept>) -> Answer {
    let Ok(turn) = ONE.try_acquire() else {
        return busy();
    };
    let others = gate.findings.newest(&kept.site, OTHERS_MAX);
    match on_own_thread(turn, gate.generation(), kept, others).await {
        Some(Ok(proposed)) => json(&proposed),
        Some(Err(refusal)) => {
            let status = match &refusal {
                Refusal::Passes | Refusal::Withheld | Refusal::Site(_) => StatusCode::CONFLICT,
                Refusal::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
            };
            problem(status, refusal.code(), &refusal.to_string())
        }
        None => problem(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the gateway's log has the cause",
        ),
    }
}

/// Compiling takes long: a thread that gives way to those that serve.
async fn on_own_thread(
    turn: SemaphorePermit<'static>,
    generation: Arc<Generation>,
    kept: Arc<Kept>,
    others: Vec<Arc<Kept>>,
) -> Option<Result<Proposed, Refusal>> {
    let (sender, receiver) = oneshot::channel();
    let work = move || {
        give_way(Gives::Share);
        let proposed = exclude::propose(&generation, &kept, &others);
        drop(turn);
        // Who asked may have gone.
        let _ = sender.send(proposed);
    };
    let thread = std::thread::Builder::new().name("exclude".to_owned());
    if let Err(error) = thread.spawn(work) {
        tracing::error!(%error, "no thread to propose an exclusion");
        return None;
    }
    receiver.await.ok()
}

fn json(value: &impl Serialize) -> Answer {
    match serde_json::to_string(value) {
        Ok(text) => respond(StatusCode::OK, "application/json", format!("{text}\n")),
        Err(error) => problem(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            &error.to_string(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_what_is_asked() {
        assert_eq!(Asked::of("/explain/a-1"), Some(Asked::Explain("a-1")));
        assert_eq!(
            Asked::of("/rules/exclusions/a-1"),
            Some(Asked::Exclude("a-1"))
        );
        let long = format!("/explain/{}", "x".repeat(300));
        for path in [
            "/explain",
            "/explain/",
            "/explain/a/b",
            "/rules/versions",
            "/livez",
            &long,
        ] {
            assert_eq!(Asked::of(path), None, "{path}");
        }
    }
}
