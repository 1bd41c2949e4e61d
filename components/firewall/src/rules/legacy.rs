//! The question of a caller that knows address and User-Agent alone.

use std::net::IpAddr;

use super::{Action, Firewall, Match, View, Why};

/// What such a caller hands over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// The client's address, as the trusted proxies tell it. IPv4-mapped IPv6 counts as IPv4.
    pub client_ip: IpAddr,
    /// The value of the User-Agent field; `None` without one. Of several fields the caller hands over the
    /// values joined by `, ` (RFC 9110 section 5.3), so that none can hide behind another.
    pub user_agent: Option<&'a [u8]>,
}

/// What the rules say of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The `block` or `allow` that ended the evaluation; `None` when no rule did.
    pub terminal: Option<Terminal>,
    /// The `count` rules that matched on the way, in order. Does not allocate while it is empty.
    pub counted: Vec<Counted>,
}

/// The rule that ended the evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    /// Index of the rule, for [`Firewall::rule`].
    pub rule: u32,
    /// [`Action::Block`] or [`Action::Allow`].
    pub action: Action,
    /// The HTTP status to answer with when it is a block.
    pub status: u16,
    /// Why it matched.
    pub cause: Cause,
}

/// A `count` rule that matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Index of the rule, for [`Firewall::rule`].
    pub rule: u32,
    /// Why it matched.
    pub cause: Cause,
}

/// Why a rule matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The client's address is, or is not, in the set.
    Address,
    /// This pattern of the list matched: the lowest index of those that do.
    Pattern(u32),
    /// The User-Agent is longer than [`crate::useragent::USER_AGENT_BYTES_MAX`] bytes.
    Oversize,
    /// Anything else, such as that there is no User-Agent.
    Presence,
}

impl Cause {
    /// The pattern's index, if a pattern is the cause.
    #[must_use]
    pub fn pattern(self) -> Option<u32> {
        match self {
            Self::Pattern(index) => Some(index),
            Self::Address | Self::Oversize | Self::Presence => None,
        }
    }

    fn of(matched: &Match) -> Self {
        match matched.why {
            Why::Address => Self::Address,
            Why::UserAgent(index) => Self::Pattern(index),
            Why::Oversize => Self::Oversize,
            _ => Self::Presence,
        }
    }
}

impl Firewall {
    /// [`Firewall::decide`] for rules of addresses and User-Agents: nothing else of the request is there,
    /// which is right for `GET /` only. Rules of other fields need [`Firewall::decide`].
    #[must_use]
    pub fn evaluate(&self, request: &Request<'_>) -> Outcome {
        let line: [(&[u8], &[u8]); 1] = [(b"user-agent", request.user_agent.unwrap_or_default())];
        let decision = self.decide(&View {
            client_ip: request.client_ip,
            headers: &line,
            ..View::empty()
        });
        let counted = decision.counted.iter();
        Outcome {
            terminal: decision.terminal.as_ref().map(|matched| Terminal {
                rule: matched.rule,
                action: matched.action,
                status: matched.status,
                cause: Cause::of(matched),
            }),
            counted: counted
                .map(|matched| Counted {
                    rule: matched.rule,
                    cause: Cause::of(matched),
                })
                .collect(),
        }
    }
}
