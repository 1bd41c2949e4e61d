//! The shape of a file of cases.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A file of cases.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CaseFile {
    /// The cases, in order.
    pub cases: Vec<Case>,
}

/// A request, and what the rules must say of it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Case {
    /// What the case shows.
    pub title: String,
    /// The method.
    pub method: String,
    /// The request target: path and query.
    pub target: String,
    /// The host.
    pub host: String,
    /// Header fields, in order, each as `Name: value`. `Host` is there already.
    pub headers: Vec<String>,
    /// The value of User-Agent, instead of a line in `headers`.
    pub user_agent: Option<String>,
    /// The value of Content-Type, instead of a line in `headers`.
    pub content_type: Option<String>,
    /// The body.
    pub body: Option<String>,
    /// How often the body stands there, one behind the other: for long ones.
    pub body_times: u32,
    /// The client's address.
    pub client_ip: String,
    /// The client's country, two letters.
    pub country: Option<String>,
    /// The number of the client's autonomous system.
    pub asn: Option<u32>,
    /// The fingerprint of the TLS hello.
    pub tls_fingerprint: Option<String>,
    /// Rate-based rules whose count is over its limit.
    pub over: Vec<String>,
    /// The block or allow that must end the firewall; without it none must.
    pub rule: Option<String>,
    /// The rules that must count, in order.
    pub counted: Vec<String>,
    /// Labels that the request must have in the end; without them it is not looked at.
    pub labels: Option<Vec<String>>,
    /// Rules that must match by themselves, whether or not they are reached.
    pub matches: Vec<String>,
    /// Rules that must not match by themselves.
    pub not: Vec<String>,
    /// Texts that must be among the bytes that made a rule match, by rule.
    pub matched: BTreeMap<String, String>,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            title: String::new(),
            method: "GET".to_owned(),
            target: "/".to_owned(),
            host: "shop.test".to_owned(),
            headers: Vec::new(),
            user_agent: None,
            content_type: None,
            body: None,
            body_times: 1,
            client_ip: "198.51.100.9".to_owned(),
            country: None,
            asn: None,
            tls_fingerprint: None,
            over: Vec::new(),
            rule: None,
            counted: Vec::new(),
            labels: None,
            matches: Vec::new(),
            not: Vec::new(),
            matched: BTreeMap::new(),
        }
    }
}

impl Case {
    /// Every rule that the case says must match.
    pub fn must_match(&self) -> impl Iterator<Item = &str> {
        let named = self.rule.iter().chain(&self.counted).chain(&self.matches);
        named.chain(self.matched.keys()).map(String::as_str)
    }

    /// Whether the case says that nothing must match.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.must_match().next().is_none() && self.labels.as_ref().is_none_or(Vec::is_empty)
    }
}
