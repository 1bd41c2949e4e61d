//! What a site's own rules say.

use std::fmt::Write as _;

use lockgate_firewall::{
    Action, Body, Came as Said, CompiledRule, Explained, Firewall, Match, Why, in_share,
};
use lockgate_wire::explanation::{
    Came, Canary, Excerpt, NativeRule, NativeRules, Place, Rate, escaped,
};

use crate::call::Call;
use crate::stages::firewall::{user_agent, with_view};
use crate::stages::normalise::Request;

/// All clients, in ten-thousandths.
const ALL: u16 = lockgate_firewall::ALL_CLIENTS;

/// Asks every rule.
pub(super) fn tell<'i>(
    call: Call<'_, 'i>,
    rules: &Firewall,
    request: &Request<'_, 'i>,
    body: Body<'_>,
) -> NativeRules {
    let told = with_view(call, rules, request, body, |view| rules.explain(view));
    let teller = Teller {
        call,
        rules,
        request,
        told: &told,
    };
    let said = (0..).zip(&told.rules);
    NativeRules {
        labels: told
            .decision
            .labels
            .iter()
            .filter_map(|label| rules.label(*label))
            .map(str::to_owned)
            .collect(),
        waits: told.decision.waiting,
        rules: said
            .filter_map(|(index, said)| Some(teller.rule(index, rules.rule(index)?, said)))
            .collect(),
    }
}

struct Teller<'t, 'r, 'i> {
    call: Call<'r, 'i>,
    rules: &'t Firewall,
    request: &'t Request<'r, 'i>,
    told: &'t Explained,
}

impl Teller<'_, '_, '_> {
    fn rule(&self, index: u32, rule: &CompiledRule, said: &Said) -> NativeRule {
        let client = self.request.canonical.client.address;
        let matched = match said {
            Said::Match(matched) => Some(matched),
            _ => None,
        };
        NativeRule {
            name: rule.name.clone(),
            priority: rule.priority,
            action: name(rule.action).to_owned(),
            came: came(said),
            status: (rule.action == Action::Block).then_some(rule.status),
            why: matched.map(|matched| self.why(matched)),
            place: matched.and_then(|matched| self.place(matched)),
            canary: (rule.canary < ALL).then(|| Canary {
                share: rule.canary,
                within: in_share(client, &rule.name, rule.canary),
            }),
            rate: self.rate(index, rule),
        }
    }

    /// The cause in words, with what it is about where that has no place.
    fn why(&self, matched: &Match) -> String {
        let client = &self.request.canonical.client;
        let place = self.call.input.place;
        match matched.why {
            Why::Address => format!("the client's address is {}", client.address),
            Why::Country => {
                let letters = place.country.unwrap_or_default();
                format!("the client's country is {}", escaped(&letters))
            }
            Why::Asn => {
                let number = place.asn.unwrap_or_default();
                format!("the client's autonomous system is {number}")
            }
            Why::Label(label) => {
                let label = self.rules.label(label).unwrap_or("?");
                format!("the request has the label {label}")
            }
            // Numbers of texts and patterns are those of the compiled form; what matched says more.
            Why::Text(_) => "it has the text".to_owned(),
            Why::Regex(_) => "it matches a regular expression".to_owned(),
            Why::UserAgent(_) => "the User-Agent is in the list".to_owned(),
            Why::Rate => "too many requests".to_owned(),
            why => why.to_string(),
        }
    }

    fn place(&self, matched: &Match) -> Option<Place> {
        if let Why::UserAgent(_) = matched.why {
            let agent = user_agent(self.call, self.request)?;
            return Some(Place {
                field: "header:user-agent".to_owned(),
                value: Excerpt::whole(&agent),
                ..Place::default()
            });
        }
        let place = matched.place.as_ref()?;
        let mut parts = place.input.split(", ").map(str::to_owned);
        Some(Place {
            field: parts.next().unwrap_or_default(),
            transformations: parts.collect(),
            name: escaped(&place.name),
            value: Excerpt::new(&place.excerpt, place.range, place.offset, place.length),
        })
    }

    /// Charges stand in the order of the rules, and the host's answers in the order of the charges.
    fn rate(&self, index: u32, rule: &CompiledRule) -> Option<Rate> {
        let rate = rule.rate.as_ref()?;
        let charges = &self.told.decision.charges;
        let at = charges.iter().position(|charge| charge.rule == index);
        let charge = at.and_then(|at| charges.get(at));
        let over = at.and_then(|at| self.call.input.over().nth(at));
        Some(Rate {
            limit: rate.limit,
            window_s: rate.window_s,
            counted: charge.is_some(),
            over: over.unwrap_or(false),
            key: charge
                .map(|charge| hexadecimal(&charge.key))
                .unwrap_or_default(),
        })
    }
}

fn came(said: &Said) -> Came {
    match said {
        Said::NotReached => Came::NotReached,
        Said::Expired => Came::Expired,
        Said::NoMatch => Came::NoMatch,
        Said::Waits => Came::WaitsForBody,
        Said::Match(matched) => match matched.action {
            Action::Block => Came::Blocks,
            Action::Allow => Came::Allows,
            Action::Count => Came::Counts,
            Action::Label => Came::Labels,
        },
    }
}

fn name(action: Action) -> &'static str {
    match action {
        Action::Block => "block",
        Action::Allow => "allow",
        Action::Count => "count",
        Action::Label => "label",
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing into a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
