//! Rules that read more than the head, on the way to the next component and back.

use http::{HeaderMap, HeaderName, HeaderValue};
use lockgate_shell::inspection::{Blocked, Inspected, InspectionPlan, Reading, is_text};
use lockgate_spin_shell::body::{BodyFaultCell, ClientBody, Flow};
use lockgate_spin_shell::clock::{micros_since, monotonic_ns};
use lockgate_spin_shell::inspection::{Held, hold, hold_response};
use lockgate_wire::{Inspection, Stage, Verdict, VerdictBody, leave_unread};
use spin_sdk::http::IntoResponse as _;
use spin_sdk::wasip3::http::types::{
    ErrorCode, Fields, Method, Request, RequestOptions, Response, Scheme,
};
use spin_sdk::wasip3::wit_future;

use super::bindings::lockgate::policy::decisions;
use super::{Call, Outcome, Reply, loaded};

impl Call {
    /// Lets a request through to the next component, with the rules that read more than its head.
    pub(super) async fn pass(
        &mut self,
        request: Request,
        verdict: &[u8],
    ) -> Result<Outcome, ErrorCode> {
        let (Ok(document), Ok(verdict)) = (loaded(), Verdict::parse(verdict)) else {
            let cause = "the policy was lost";
            return Ok(Outcome::Answer(self.problem(500, "policy_failed", cause)));
        };
        let site = usize::from(verdict.seen.site);
        let plan = document.inspections.get(site).and_then(Option::as_ref);
        let rules_bytes = document.rules_body_bytes.get(site).copied().flatten();
        let Some(reading) = Reading::new(plan, rules_bytes.filter(|_| verdict.seen.waits)) else {
            let response = spin_sdk::http::next(request).await?.into_response()?;
            return Ok(Outcome::Response(response));
        };
        let begun_ns = monotonic_ns();
        let without_coding = plan.is_some_and(|plan| plan.responses);
        let parts = Parts::of(&request, without_coding);
        let mut held = None;
        if self.has_body {
            let length = self.content_length();
            let body = ClientBody::new(request, length, self.bytes_in.clone());
            // How long a body may be is for the next component to say.
            held = match hold(body, reading, u64::MAX, document.body_pace).await {
                Ok(held) => held,
                Err(fault) => {
                    self.blocked = true;
                    let mut reply = self.problem(fault.status, fault.code, &fault.cause);
                    if verdict.seen.waits {
                        reply = self.unread().unwrap_or(reply);
                    }
                    return Ok(Outcome::Answer(reply));
                }
            };
        }
        let waits = verdict.seen.waits;
        if let Some(reply) = self.inspect(plan, held.as_ref(), waits, begun_ns) {
            self.blocked = true;
            return Ok(Outcome::Answer(reply));
        }
        let fault = BodyFaultCell::default();
        let body = held.map(|held| held.body.send_on(u64::MAX, fault));
        let request = parts.request(body);
        let response = spin_sdk::http::next(request).await?.into_response()?;
        match plan {
            Some(plan) => self.inspect_response(plan, response).await,
            None => Ok(Outcome::Response(response)),
        }
    }

    /// The body is not going to be read: rules that wait for it count as not matching, and the others go on
    /// in their order; what they answer, where one blocks. That of `runtime-host/src/gate/unread.rs`.
    pub(super) fn unread(&mut self) -> Option<Reply> {
        // It was written for this request.
        let _ = leave_unread(&mut self.asked);
        let bytes = decisions::decide(&self.asked);
        let verdict = Verdict::parse(&bytes).ok()?;
        self.rules = Some((verdict.seen.rule, verdict.seen.counted));
        match &verdict.body {
            VerdictBody::Answer(answer) if verdict.seen.stage == Stage::Firewall => {
                self.blocked = true;
                Some(self.reply(answer))
            }
            _ => None,
        }
    }

    fn content_length(&self) -> Option<u64> {
        let value = self.head.field("content-length")?;
        std::str::from_utf8(value).ok()?.parse().ok()
    }

    /// Asks the rules; what they answer, where they refuse.
    fn inspect(
        &mut self,
        plan: Option<&InspectionPlan>,
        held: Option<&Held>,
        waits: bool,
        begun_ns: u64,
    ) -> Option<Reply> {
        let body = held.map(|held| held.body.held());
        // One that is waited for and has no bytes is one of none.
        let body = body.or(waits.then_some(&[]));
        let whole = held.is_none_or(|held| held.whole);
        let program_bytes = held.and_then(|held| held.program_bytes);
        let bytes = decisions::inspect(&self.asked, &self.id, body, whole, program_bytes);
        let found = match Inspection::parse(&bytes) {
            Ok(found) => found,
            Err(error) => return Some(self.problem(500, "policy_failed", &error.to_string())),
        };
        if let Some(rules) = &found.rules {
            self.rules = Some((rules.rule, rules.counted));
            if let Some(answer) = &rules.answer {
                return Some(self.reply(answer));
            }
        }
        plan.and_then(|_| self.note(&found, begun_ns))
    }

    /// Inspects the response where the request's inspection asked for it.
    async fn inspect_response(
        &mut self,
        plan: &InspectionPlan,
        response: Response,
    ) -> Result<Outcome, ErrorCode> {
        let state = match &mut self.inspected {
            Some(inspected) if !inspected.state.is_empty() => std::mem::take(&mut inspected.state),
            _ => return Ok(Outcome::Response(response)),
        };
        let begun_ns = monotonic_ns();
        let (status, fields) = (response.get_status_code(), response.get_headers());
        let lines = fields.copy_all();
        let most = usize::try_from(plan.response_body_bytes_max).unwrap_or(usize::MAX);
        let mut body = Vec::new();
        let mut response = response;
        if is_text(&headers(&lines)) {
            let fields = fields.clone();
            let (_, result) = wit_future::new(|| Ok(()));
            let flow = Response::consume_body(response, result);
            let (seen, begun) = hold_response(flow, most)
                .await
                .map_err(|cause| ErrorCode::InternalError(Some(cause)))?;
            body = seen;
            let (stream, end) = begun.into_flow();
            let (rebuilt, _sent) = Response::new(fields, Some(stream), end);
            let _ = rebuilt.set_status_code(status);
            response = rebuilt;
        }
        let answered = decisions::Response {
            status,
            fields: lines
                .into_iter()
                .map(|(name, value)| (name.into_bytes(), value))
                .collect(),
            body,
            duration_us: micros_since(self.started_ns),
        };
        let bytes = decisions::inspect_response(&state, &answered);
        let refused = match Inspection::parse(&bytes) {
            Ok(found) => self.note(&found, begun_ns),
            Err(error) => Some(self.problem(500, "policy_failed", &error.to_string())),
        };
        Ok(match refused {
            Some(reply) => {
                self.blocked = true;
                Outcome::Answer(reply)
            }
            None => Outcome::Response(response),
        })
    }

    /// Notes what was found for the record; the answer, where it refuses.
    fn note(&mut self, found: &Inspection<'_>, begun_ns: u64) -> Option<Reply> {
        let waited_us = u32::try_from(micros_since(begun_ns)).unwrap_or(u32::MAX);
        let noted = self.inspected.get_or_insert_with(Inspected::default);
        noted.add(found, waited_us);
        let blocked = Blocked::by(found)?;
        let mut reply = self.problem(blocked.status, Blocked::CODE, &blocked.cause);
        if let Some(location) = blocked.location {
            reply.fields.push(("location".to_owned(), location));
        }
        Some(reply)
    }
}

/// What a request is beside its body, for one like it.
struct Parts {
    method: Method,
    scheme: Option<Scheme>,
    authority: Option<String>,
    target: Option<String>,
    fields: Fields,
    options: Option<RequestOptions>,
}

impl Parts {
    /// `without_coding`: the next component is asked for texts that can be read.
    fn of(request: &Request, without_coding: bool) -> Self {
        let fields = request.get_headers().clone();
        if without_coding {
            // A host that takes no change of the field leaves responses with a coding unread.
            let _ = fields.set("accept-encoding", &[b"identity".to_vec()]);
        }
        Self {
            method: request.get_method(),
            scheme: request.get_scheme(),
            authority: request.get_authority(),
            target: request.get_path_with_query(),
            fields,
            options: request.get_options().map(|options| options.clone()),
        }
    }

    fn request(self, body: Option<Flow>) -> Request {
        let (contents, end) = match body {
            Some((contents, end)) => (Some(contents), end),
            None => (None, wit_future::new(|| Ok(None)).1),
        };
        let (request, _sent) = Request::new(self.fields, contents, end, self.options);
        // They are those of a request that came: no host refuses them.
        let _ = request.set_method(&self.method);
        let _ = request.set_scheme(self.scheme.as_ref());
        let _ = request.set_authority(self.authority.as_deref());
        let _ = request.set_path_with_query(self.target.as_deref());
        request
    }
}

fn headers(lines: &[(String, Vec<u8>)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    headers
}
