//! Firewall: the rules of the site, in their order.

use std::borrow::Cow;

use lockgate_bundle::Site;
use lockgate_firewall::{Action, Cause, Request as Asked, Terminal};
use lockgate_normalise::Field;
use lockgate_normalise::headers::lines;
use lockgate_wire::{Seen, Stage};

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
    let user_agent = user_agent(call, request);
    let outcome = firewall.rules.evaluate(&Asked {
        client_ip: request.canonical.client.address,
        user_agent: user_agent.as_deref(),
    });
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
    let exit = Exit::answer(terminal.status, "blocked", "The request was blocked.");
    Err(exit.cause(cause))
}

/// The rule's place among the rules of all firewalls.
fn number(firewall: &NumberedRules, rule: u32) -> u16 {
    u16::try_from(rule).map_or(lockgate_wire::NONE, |rule| {
        firewall.first_rule.saturating_add(rule)
    })
}

fn explain(firewall: &NumberedRules, terminal: &Terminal) -> String {
    let rule = firewall.rules.rule(terminal.rule);
    let name = rule.map_or("?", |rule| rule.name.as_str());
    match terminal.cause {
        Cause::Address => format!("rule {name}: the client's address"),
        Cause::Pattern(index) => format!("rule {name}: User-Agent pattern {index}"),
        Cause::Oversize => format!("rule {name}: the User-Agent is too long to be looked at"),
        Cause::Presence => format!("rule {name}: whether there is a User-Agent"),
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
