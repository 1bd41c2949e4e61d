//! Firewall: the rules of the site, in their order.

use std::borrow::Cow;

use lockgate_bundle::Site;
use lockgate_firewall::{Action, Decision, Firewall, Match, View};
use lockgate_normalise::Field;
use lockgate_normalise::headers::lines;
use lockgate_wire::{Answer, Seen, Stage};

use super::normalise::Request;
use crate::call::Call;
use crate::exit::Exit;
use crate::policy::NumberedRules;

pub(crate) fn run<'r, 'i>(
    call: Call<'r, 'i>,
    site: &Site,
    request: &Request<'r, 'i>,
    seen: &mut Seen<'r>,
) -> Result<(), Exit<'r>> {
    seen.stage = Stage::Firewall;
    let Some(index) = site.firewall else {
        return Ok(());
    };
    let Some(firewall) = call.policy.firewalls.get(usize::from(index)) else {
        // A bundle that names no such firewall is not loaded; let nothing through all the same.
        return Err(Exit::answer(
            500,
            "policy_fault",
            "The gate is misconfigured.",
        ));
    };
    let outcome = decide(call, &firewall.rules, request);
    for counted in &outcome.counted {
        seen.counted.push(number(firewall, counted.rule));
    }
    let Some(terminal) = outcome.terminal else {
        return Ok(());
    };
    seen.rule = number(firewall, terminal.rule);
    if terminal.action != Action::Block {
        return Ok(());
    }
    // The client is not told which rule: that would be a manual for getting round it.
    let cause = call.keep.bytes(explain(firewall, &terminal).into_bytes());
    if let Some(own) = firewall.rules.response(terminal.rule) {
        let answer = Answer {
            status: terminal.status,
            body: call.keep.bytes(own.body.clone().into_bytes()),
            content_type: call.keep.bytes(own.content_type.clone().into_bytes()),
            cause,
            ..Answer::default()
        };
        return Err(Exit::Answer(Box::new(answer)));
    }
    let exit = Exit::answer(terminal.status, "blocked", "The request was blocked.");
    Err(exit.cause(cause))
}

/// What the rules say of the head. None of them reads a body: `lockgate-compile` refuses those.
fn decide<'i>(call: Call<'_, 'i>, rules: &Firewall, request: &Request<'_, 'i>) -> Decision {
    let canonical = request.canonical;
    let view = View {
        client_ip: canonical.client.address,
        now_s: call.input.now_ms / 1000,
        ..View::empty()
    };
    if !rules.reads_fields() {
        let user_agent = user_agent(call, request);
        let line: [(&[u8], &[u8]); 1] =
            [(b"user-agent", user_agent.as_deref().unwrap_or_default())];
        return rules.decide(&View {
            headers: &line,
            ..view
        });
    }
    let headers: Vec<(&[u8], &[u8])> = call.input.headers().collect();
    rules.decide(&View {
        method: call.input.method,
        host: canonical.host.name.as_bytes(),
        path: request.path.as_bytes(),
        target: call.input.target,
        query: request.query.map(str::as_bytes),
        headers: &headers,
        ..view
    })
}

/// The rule's place among the rules of all firewalls.
fn number(firewall: &NumberedRules, rule: u32) -> u16 {
    u16::try_from(rule).map_or(lockgate_wire::NONE, |rule| {
        firewall.first_rule.saturating_add(rule)
    })
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
fn user_agent<'i>(call: Call<'_, 'i>, request: &Request<'_, 'i>) -> Option<Cow<'i, [u8]>> {
    let headers = &request.canonical.headers;
    if headers.is_repeated(Field::UserAgent) {
        let all: Vec<&[u8]> = lines(call.input.headers(), Field::UserAgent).collect();
        return Some(Cow::Owned(all.join(&b", "[..])));
    }
    headers.get(Field::UserAgent).map(Cow::Borrowed)
}
