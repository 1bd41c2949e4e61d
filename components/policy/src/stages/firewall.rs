//! Firewall: the rules of the site, in their order.

use std::borrow::Cow;

use lockgate_bundle::Site;
use lockgate_firewall::{Action, Body, Charge, Firewall, Match, View};
use lockgate_normalise::Field;
use lockgate_normalise::headers::lines;
use lockgate_wire::{Answer, Counted, NONE, RateCharge, Seen, Stage};

use super::normalise::{Request, mapped};
use crate::call::Call;
use crate::exit::Exit;
use crate::policy::NumberedRules;

/// What the rules say of a request.
pub(crate) struct Said<'r> {
    /// The rule that ended the evaluation, or [`NONE`].
    pub(crate) rule: u16,
    /// Rules that matched and only count.
    pub(crate) counted: Counted,
    /// What the host counts.
    pub(crate) charges: Vec<RateCharge<'r>>,
    /// They stopped at one that looks at the body.
    pub(crate) waits: bool,
    /// The answer of the one that blocks.
    pub(crate) answer: Option<Answer<'r>>,
}

pub(crate) fn run<'r, 'i>(
    call: Call<'r, 'i>,
    site: &Site,
    request: &Request<'r, 'i>,
    seen: &mut Seen<'r>,
) -> Result<(), Exit<'r>> {
    seen.stage = Stage::Firewall;
    let Some(said) = ask(call, site, request, without_body(call))? else {
        return Ok(());
    };
    note(said, seen).map_or(Ok(()), |answer| Err(Exit::Answer(Box::new(answer))))
}

/// A later stage refuses a request whose body rules wait for. Nobody will read it, so they go on
/// without: what blocks or counts by the head does so whoever would have refused the request behind it.
pub(crate) fn settle<'r, 'i>(
    call: Call<'r, 'i>,
    site: &Site,
    request: &Request<'r, 'i>,
    refused: Exit<'r>,
    seen: &mut Seen<'r>,
) -> Exit<'r> {
    let Exit::Answer(refused) = refused else {
        // It goes on, and may be refused then.
        return refused;
    };
    if !seen.waits {
        return Exit::Answer(refused);
    }
    let said = match ask(call, site, request, Body::Never) {
        Ok(Some(said)) => said,
        Ok(None) => return Exit::Answer(refused),
        Err(fault) => return fault,
    };
    let Some(blocked) = note(said, seen) else {
        return Exit::Answer(refused);
    };
    seen.stage = Stage::Firewall;
    Exit::Answer(Box::new(Answer {
        remember: refused.remember,
        remember_briefly: refused.remember_briefly,
        ..blocked
    }))
}

/// What is there of a body before it is read.
pub(crate) fn without_body(call: Call<'_, '_>) -> Body<'static> {
    match (call.input.has_body(), call.input.body_unread()) {
        (false, _) => Body::Absent,
        (true, false) => Body::Later,
        (true, true) => Body::Never,
    }
}

/// Notes what the rules say; the answer of the one that blocks.
fn note<'r>(said: Said<'r>, seen: &mut Seen<'r>) -> Option<Answer<'r>> {
    seen.rule = said.rule;
    seen.counted = said.counted;
    seen.charges = said.charges;
    seen.waits = said.waits;
    said.answer
}

/// Asks the rules of a site; `None` where it has none.
pub(crate) fn ask<'r, 'i>(
    call: Call<'r, 'i>,
    site: &Site,
    request: &Request<'r, 'i>,
    body: Body<'_>,
) -> Result<Option<Said<'r>>, Exit<'r>> {
    let Some(index) = site.firewall else {
        return Ok(None);
    };
    let Some(firewall) = call.policy.firewalls.get(usize::from(index)) else {
        // A bundle that names no such firewall is not loaded; let nothing through all the same.
        return Err(Exit::answer(
            500,
            "policy_fault",
            "The gate is misconfigured.",
        ));
    };
    let decision = with_view(call, &firewall.rules, request, body, |view| {
        firewall.rules.decide(view)
    });
    let mut counted = Counted::default();
    for one in &decision.counted {
        counted.push(number(firewall, one.rule));
    }
    let mut said = Said {
        rule: NONE,
        counted,
        charges: charges(call, firewall, &decision.charges),
        waits: decision.waiting,
        answer: None,
    };
    if let Some(terminal) = &decision.terminal {
        said.rule = number(firewall, terminal.rule);
        if terminal.action == Action::Block {
            said.answer = Some(blocked(call, firewall, terminal));
        }
    }
    Ok(Some(said))
}

/// What a client is told of a rule that blocks. Not which: that would be a manual for getting
/// round it.
fn blocked<'r>(call: Call<'r, '_>, firewall: &NumberedRules, terminal: &Match) -> Answer<'r> {
    let answer = Answer {
        status: terminal.status,
        cause: call.keep.bytes(explain(firewall, terminal).into_bytes()),
        ..Answer::default()
    };
    match firewall.rules.response(terminal.rule) {
        Some(own) => Answer {
            body: call.keep.bytes(own.body.clone().into_bytes()),
            content_type: call.keep.bytes(own.content_type.clone().into_bytes()),
            ..answer
        },
        None => Answer {
            code: b"blocked",
            detail: b"The request was blocked.",
            ..answer
        },
    }
}

/// The keys lie one behind the other in one buffer.
fn charges<'r>(
    call: Call<'r, '_>,
    firewall: &NumberedRules,
    charges: &[Charge],
) -> Vec<RateCharge<'r>> {
    if charges.is_empty() {
        return Vec::new();
    }
    let keys = charges.iter().flat_map(|charge| &charge.key);
    let mut rest = call.keep.bytes(keys.copied().collect());
    let mut told = Vec::with_capacity(charges.len());
    for charge in charges {
        let (key, after) = rest.split_at_checked(charge.key.len()).unwrap_or_default();
        rest = after;
        told.push(RateCharge {
            rule: number(firewall, charge.rule),
            key,
        });
    }
    told
}

/// Asks `work` about the request as the rules see it.
pub(crate) fn with_view<'i, T>(
    call: Call<'_, 'i>,
    rules: &Firewall,
    request: &Request<'_, 'i>,
    body: Body<'_>,
    work: impl FnOnce(&View<'_>) -> T,
) -> T {
    let canonical = request.canonical;
    let input = call.input;
    let over: Vec<bool> = input.over().collect();
    let place = input.place;
    // The host looked up an address before it knew whether a proxy stands for the client.
    let placed = place.address == mapped(canonical.client.address);
    let view = View {
        client_ip: canonical.client.address,
        country: place.country.filter(|_| placed),
        asn: place.asn.filter(|_| placed),
        now_s: input.now_ms / 1000,
        over: &over,
        ..View::empty()
    };
    if !rules.reads_fields() {
        let user_agent = user_agent(call, request);
        let line: [(&[u8], &[u8]); 1] =
            [(b"user-agent", user_agent.as_deref().unwrap_or_default())];
        return work(&View {
            headers: &line,
            ..view
        });
    }
    let headers: Vec<(&[u8], &[u8])> = input.headers().collect();
    let fingerprint = input.tls_fingerprint;
    work(&View {
        method: input.method,
        host: canonical.host.name.as_bytes(),
        path: request.path.as_bytes(),
        target: input.target,
        query: request.query.map(str::as_bytes),
        headers: &headers,
        tls_fingerprint: (!fingerprint.is_empty()).then_some(fingerprint),
        body,
        ..view
    })
}

/// The rule's place among the rules of all firewalls.
fn number(firewall: &NumberedRules, rule: u32) -> u16 {
    u16::try_from(rule).map_or(NONE, |rule| firewall.first_rule.saturating_add(rule))
}

fn explain(firewall: &NumberedRules, matched: &Match) -> String {
    let rule = firewall.rules.rule(matched.rule);
    let name = rule.map_or("?", |rule| rule.name.as_str());
    match &matched.place {
        Some(place) => format!("rule {name}: {}: {place}", matched.why),
        None => format!("rule {name}: {}", matched.why),
    }
}

/// All User-Agent lines, joined: none hides behind another.
pub(crate) fn user_agent<'i>(
    call: Call<'_, 'i>,
    request: &Request<'_, 'i>,
) -> Option<Cow<'i, [u8]>> {
    let headers = &request.canonical.headers;
    if headers.is_repeated(Field::UserAgent) {
        let all: Vec<&[u8]> = lines(call.input.headers(), Field::UserAgent).collect();
        return Some(Cow::Owned(all.join(&b", "[..])));
    }
    headers.get(Field::UserAgent).map(Cow::Borrowed)
}
