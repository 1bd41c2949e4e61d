//! The component: calls into the policy, then an answer or the next component.

mod inspect;

use std::cell::{Cell, RefCell};
use std::io::Write as _;
use std::rc::Rc;

use lockgate_record::{AddressMask, Inspection, Record, Stage};
use lockgate_shell::inspection::Inspected;
use lockgate_shell::spin::{Head, client_address};
use lockgate_shell::{Document, Package, ids, problem};
use lockgate_spin_shell::clock::{micros_since, monotonic_ns, unix_ms};
use lockgate_spin_shell::{Peer, has_body, input, method_name};
use lockgate_wire::{Answer, Counted, NONE, Verdict, VerdictBody};
use spin_sdk::wasip3::http::types::{ErrorCode, Fields, Method, Request, Response, Scheme};
use spin_sdk::wasip3::random::random;
use spin_sdk::wasip3::{spawn, wit_future, wit_stream};

use self::bindings::lockgate::embedded::content;
use self::bindings::lockgate::policy::decisions;

/// The policy and its package, which the composed file brings along.
#[allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::indexing_slicing,
    reason = "the bindings are generated; what they mean stands in wit/policy.wit"
)]
mod bindings {
    spin_sdk::wit_bindgen::generate!({
        inline: "
            package lockgate:spin-waf;
            world waf {
                import lockgate:policy/decisions@0.1.0;
                import lockgate:embedded/content@0.1.0;
            }
        ",
        path: ["../../wit/policy.wit", "../../wit/embedded.wit"],
        world: "lockgate:spin-waf/waf",
        runtime_path: "::spin_sdk::wit_bindgen::rt",
        generate_all,
    });
}

/// What the host calls.
#[allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "the export is generated"
)]
mod export {
    spin_sdk::wasip3::http::service::export!(Waf);
    pub(super) struct Waf;
}

/// The host whose site takes requests for hosts that no site has.
const ANY_HOST: &str = "localhost";

impl spin_sdk::wasip3::exports::http::handler::Guest for export::Waf {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let mut call = Call::new(&request);
        let (verdict, outcome) = match call.decide() {
            Decided::Pass(verdict) => {
                let outcome = call.pass(request, &verdict).await?;
                (verdict, outcome)
            }
            Decided::Answer(answered) => (answered.verdict, Outcome::Answer(answered.reply)),
        };
        Ok(match outcome {
            Outcome::Response(response) => {
                call.record(&verdict, response.get_status_code(), None, "");
                response
            }
            Outcome::Answer(reply) => {
                call.record(&verdict, reply.status, reply.code.as_deref(), &reply.cause);
                reply.send()
            }
        })
    }
}

/// What a request comes to.
enum Outcome {
    /// Of the next component.
    Response(Response),
    /// Of the policy.
    Answer(Reply),
}

thread_local! {
    /// The package of this instance, or why there is none.
    static LOADED: RefCell<Option<Result<Rc<Document>, String>>> = const { RefCell::new(None) };
}

fn loaded() -> Result<Rc<Document>, String> {
    if let Some(loaded) = LOADED.with_borrow(Clone::clone) {
        return loaded;
    }
    let load = || {
        let content = content::get();
        let (package, _) = Package::from_bytes(&content).map_err(|error| error.to_string())?;
        decisions::load(&package.bundle, &[])?;
        Ok(Rc::new(package.document))
    };
    let loaded = load();
    LOADED.set(Some(loaded.clone()));
    loaded
}

/// A request, and what its record will say.
struct Call {
    head: Head,
    /// What the policy was asked last.
    asked: Vec<u8>,
    fields: Vec<(String, Vec<u8>)>,
    method: Method,
    target: String,
    peer: std::net::SocketAddr,
    tls: bool,
    started_ns: u64,
    now_ms: u64,
    id: String,
    has_body: bool,
    /// Of its body, counted while it is read.
    bytes_in: Rc<Cell<u64>>,
    /// What rules said that waited for the body, in place of what the verdict says of them.
    rules: Option<(u16, Counted)>,
    inspected: Option<Inspected>,
    /// Rules beyond the verdict refused it.
    blocked: bool,
}

enum Decided {
    /// The next component answers.
    Pass(Vec<u8>),
    Answer(Box<Answered>),
}

struct Answered {
    verdict: Vec<u8>,
    reply: Reply,
}

struct Reply {
    status: u16,
    code: Option<String>,
    cause: String,
    fields: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Call {
    fn new(request: &Request) -> Self {
        let started_ns = monotonic_ns();
        let now_ms = unix_ms();
        let fields = request.get_headers().copy_all();
        let method = request.get_method();
        let target = request.get_path_with_query().unwrap_or_default();
        let authority = request.get_authority();
        let head = Head::new(method_name(&method), &target, authority.as_deref(), &fields);
        let entropy = random::get_random_bytes(10);
        let entropy = entropy.first_chunk::<10>().copied().unwrap_or_default();
        Self {
            peer: client_address(&fields),
            tls: matches!(request.get_scheme(), Some(Scheme::Https)),
            started_ns,
            now_ms,
            id: ids::new_request_id(now_ms, entropy),
            has_body: has_body(&method, &head),
            bytes_in: Rc::default(),
            rules: None,
            inspected: None,
            blocked: false,
            asked: Vec::new(),
            head,
            fields,
            method,
            target,
        }
    }

    fn decide(&mut self) -> Decided {
        if let Err(cause) = loaded() {
            return self.refused(Vec::new(), 503, "policy_not_loaded", cause);
        }
        let head = self.head.clone();
        let mut verdict = self.ask(&head);
        if unknown_host(&verdict) {
            let others = self.fields.iter();
            let others = others.filter(|(name, _)| !name.eq_ignore_ascii_case("host"));
            let others: Vec<_> = others.cloned().collect();
            let method = method_name(&self.method);
            verdict = self.ask(&Head::new(method, &self.target, Some(ANY_HOST), &others));
        }
        let mut waits = false;
        let reply = match Verdict::parse(&verdict) {
            Err(error) => {
                return self.refused(verdict.clone(), 500, "policy_failed", error.to_string());
            }
            Ok(parsed) => match &parsed.body {
                VerdictBody::Plan(plan) => {
                    waits = parsed.seen.waits;
                    plan.answer.as_ref().map(|answer| self.reply(answer))
                }
                VerdictBody::Answer(answer) => Some(self.reply(answer)),
                VerdictBody::Need(_) => {
                    let cause = "the policy asked twice".to_owned();
                    return self.refused(verdict.clone(), 500, "policy_failed", cause);
                }
            },
        };
        match reply {
            Some(mut reply) => {
                if waits {
                    reply = self.unread().unwrap_or(reply);
                }
                Decided::Answer(Box::new(Answered { verdict, reply }))
            }
            None => Decided::Pass(verdict),
        }
    }

    /// Asks the policy; a signature that it needs verified it may verify.
    fn ask(&mut self, head: &Head) -> Vec<u8> {
        let peer = Peer {
            address: self.peer,
            tls: self.tls,
        };
        self.asked = input(head, peer, self.now_ms, self.has_body, None);
        let verdict = decisions::decide(&self.asked);
        match Verdict::parse(&verdict) {
            Ok(Verdict {
                body: VerdictBody::Need(need),
                ..
            }) => decisions::resume(need.state, &[]),
            _ => verdict,
        }
    }

    /// An answer of the policy, as it is sent.
    fn reply(&self, answer: &Answer<'_>) -> Reply {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut fields: Vec<_> = answer
            .headers
            .iter()
            .map(|(name, value)| (text(name), value.to_vec()))
            .collect();
        fields.push(("x-request-id".to_owned(), self.id.clone().into_bytes()));
        if answer.code.is_empty() {
            fields.push(("content-type".to_owned(), answer.content_type.to_vec()));
            return Reply {
                status: answer.status,
                code: None,
                cause: String::new(),
                fields,
                body: answer.body.to_vec(),
            };
        }
        let detail = text(answer.detail);
        let detail = (!detail.is_empty()).then_some(detail);
        let code = text(answer.code);
        let body = problem::body(answer.status, &code, detail.as_deref(), &self.id);
        fields.push(("content-type".to_owned(), problem::CONTENT_TYPE.into()));
        fields.push(("cache-control".to_owned(), b"no-store".to_vec()));
        Reply {
            status: answer.status,
            code: Some(code),
            cause: text(answer.cause),
            fields,
            body: body.into_bytes(),
        }
    }

    fn refused(&self, verdict: Vec<u8>, status: u16, code: &str, cause: String) -> Decided {
        let reply = self.problem(status, code, &cause);
        Decided::Answer(Box::new(Answered { verdict, reply }))
    }

    /// A refusal.
    fn problem(&self, status: u16, code: &str, cause: &str) -> Reply {
        self.reply(&Answer {
            status,
            code: code.as_bytes(),
            cause: cause.as_bytes(),
            ..Answer::default()
        })
    }

    /// Writes the record on standard output. It says nothing of the body, which is not over yet.
    fn record(&self, verdict: &[u8], status: u16, code: Option<&str>, cause: &str) {
        let document = loaded().ok();
        let document = document.as_deref();
        let verdict = Verdict::parse(verdict).ok();
        let seen = verdict.as_ref().map(|verdict| &verdict.seen);
        let rule = |index: u16| {
            let rules = &document?.rules;
            rules.get(usize::from(index)).map(String::as_str)
        };
        let said = self.rules.or(seen.map(|seen| (seen.rule, seen.counted)));
        let counted = said
            .as_ref()
            .map_or(&[][..], |(_, counted)| counted.as_slice());
        let counted: Vec<&str> = counted
            .iter()
            .map(|index| rule(*index).unwrap_or("?"))
            .collect();
        let target = seen.map_or(self.head.target(), |seen| seen.target);
        let mut parts = target.splitn(2, |byte| *byte == b'?');
        let peer = self.peer.ip().to_canonical();
        let record = Record {
            time_unix_ms: self.now_ms,
            id: &self.id,
            client: Some(seen.map_or(peer, |seen| {
                std::net::Ipv6Addr::from(seen.client).to_canonical()
            })),
            peer: Some(peer),
            address_mask: match document {
                Some(document) if document.mask_client_address => AddressMask::Subnet,
                _ => AddressMask::None,
            },
            method: self.head.method(),
            host: self.head.field("host"),
            path: parts.next().unwrap_or_default(),
            query: parts.next(),
            user_agent: self.head.field("user-agent"),
            status,
            code,
            cause: (!cause.is_empty()).then_some(cause),
            stage: match seen.map(|seen| seen.stage) {
                _ if self.blocked => Stage::Firewall,
                Some(lockgate_wire::Stage::Normalise) => Stage::Normalise,
                Some(lockgate_wire::Stage::Route) => Stage::Route,
                Some(lockgate_wire::Stage::Firewall) => Stage::Firewall,
                Some(lockgate_wire::Stage::SignIn | lockgate_wire::Stage::Authorize) => {
                    Stage::SignIn
                }
                Some(lockgate_wire::Stage::Limits) => Stage::Limits,
                Some(lockgate_wire::Stage::Respond) | None => Stage::Respond,
            },
            rule: said
                .filter(|(ended, _)| *ended != NONE)
                .and_then(|(ended, _)| rule(ended)),
            counted: &counted,
            inspection: self.inspected.as_ref().map(|found| Inspection {
                rules: &found.rules,
                more: found.more,
                inbound_score: found.inbound_score,
                outbound_score: found.outbound_score,
                us: found.us,
            }),
            duration_us: micros_since(self.started_ns),
            ..Record::default()
        };
        let mut line = Vec::with_capacity(1024);
        record.write_line(&mut line);
        // Nobody is there to be told that a record is lost.
        let _ = std::io::stdout().lock().write_all(&line);
    }
}

impl Reply {
    fn send(mut self) -> Response {
        let length = self.body.len().to_string();
        self.fields
            .push(("content-length".to_owned(), length.into_bytes()));
        let fields = Fields::from_list(&self.fields).unwrap_or_else(|_| Fields::new());
        let (mut to, contents) = wit_stream::new::<u8>();
        let (_, end) = wit_future::new(|| Ok(None));
        let (response, _sent) = Response::new(fields, Some(contents), end);
        let _ = response.set_status_code(self.status);
        spawn(async move {
            // Whatever is left was not wanted.
            let _ = to.write_all(self.body).await;
        });
        response
    }
}

/// No site has the host that the request names.
fn unknown_host(verdict: &[u8]) -> bool {
    matches!(
        Verdict::parse(verdict),
        Ok(Verdict { seen, body: VerdictBody::Answer(answer) })
            if seen.site == NONE && answer.status == 421
    )
}
