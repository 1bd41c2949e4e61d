//! The gateway whose rules are changed or looked at.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;

use crate::cli::ConfigArgs;
use crate::cli::http::{Call, Reply};

/// How long a change may take: a Core Rule Set is compiled within it.
const TIMEOUT: Duration = Duration::from_secs(300);

#[derive(clap::Args)]
pub(crate) struct Remote {
    /// The gateway's admin address, `http://HOST:PORT`; without it the variable LOCKGATE_ADMIN, then that of the
    /// configuration
    #[arg(long, value_name = "URL")]
    admin: Option<String>,
    /// The file with the token; without it the variable LOCKGATE_TOKEN
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
}

/// A gateway and a token for it.
pub(crate) struct Gateway {
    url: String,
    token: String,
}

/// A version, as far as the commands need it.
pub(super) struct Version {
    pub(super) number: u64,
    pub(super) digest: String,
}

impl Remote {
    /// The gateway that is meant.
    ///
    /// # Errors
    /// Where address or token are nowhere.
    pub(crate) fn gateway(&self) -> anyhow::Result<Gateway> {
        let token = match &self.token_file {
            Some(file) => std::fs::read_to_string(file)
                .with_context(|| format!("cannot read {}", file.display()))?,
            None => std::env::var("LOCKGATE_TOKEN")
                .context("name the token: LOCKGATE_TOKEN, or --token-file")?,
        };
        Ok(Gateway {
            url: self.url()?,
            token: token.trim().to_owned(),
        })
    }

    fn url(&self) -> anyhow::Result<String> {
        if let Some(url) = &self.admin {
            return Ok(url.clone());
        }
        if let Ok(url) = std::env::var("LOCKGATE_ADMIN") {
            return Ok(url);
        }
        let address = lockgate_config::early(&self.config.sources()).admin;
        let address = address.context(
            "name the gateway: --admin, LOCKGATE_ADMIN, or a configuration with [admin]",
        )?;
        Ok(format!("http://{}", reachable(address)))
    }
}

/// An address to connect to for one to listen on.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

impl Gateway {
    /// An answer as JSON.
    ///
    /// # Errors
    /// Why the gateway refuses, in lines for people.
    pub(crate) fn get(&self, target: &str) -> anyhow::Result<Value> {
        json(&self.call("GET", target, b"")?)
    }

    /// An answer as bytes.
    ///
    /// # Errors
    /// Why the gateway refuses.
    pub(super) fn get_bytes(&self, target: &str) -> anyhow::Result<Vec<u8>> {
        Ok(self.call("GET", target, b"")?.body)
    }

    /// The answer to a change.
    ///
    /// # Errors
    /// Why the gateway refuses: the faults of rules, one after the other.
    pub(crate) fn post(&self, target: &str, body: &Value) -> anyhow::Result<Value> {
        json(&self.call("POST", target, body.to_string().as_bytes())?)
    }

    /// The version in force; `None` before there is any.
    ///
    /// # Errors
    /// Why the gateway refuses.
    pub(super) fn current(&self) -> anyhow::Result<Option<Version>> {
        let listed = self.get("/rules/versions?limit=1")?;
        let current = &listed["current"];
        Ok(current["version"].as_u64().map(|number| Version {
            number,
            digest: text(&current["digest"]).to_owned(),
        }))
    }

    /// The number that `name` stands for: a number, or `current`.
    ///
    /// # Errors
    /// Where it stands for none.
    pub(super) fn number(&self, name: &str) -> anyhow::Result<u64> {
        if name == "current" {
            let current = self.current()?;
            return Ok(current.context("no version is in force")?.number);
        }
        name.parse()
            .with_context(|| format!("{name:?} is neither a version's number nor `current`"))
    }

    fn call(&self, method: &str, target: &str, body: &[u8]) -> anyhow::Result<Reply> {
        let reply = Call {
            method,
            target,
            token: &self.token,
            content_type: "application/json",
            body,
            timeout: TIMEOUT,
        }
        .send(&self.url)?;
        anyhow::ensure!(reply.status == 200, "{}", refused(&reply));
        Ok(reply)
    }
}

fn json(reply: &Reply) -> anyhow::Result<Value> {
    serde_json::from_slice(&reply.body).context("the gateway's answer is no JSON")
}

/// A text of an answer; what is none is empty.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A text of an answer, without what terminals act on.
pub(super) fn shown(value: &Value) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text(value).chars().map(plain).collect()
}

/// Why a gateway refuses, for people.
fn refused(reply: &Reply) -> String {
    let problem: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let mut lines = match (text(&problem["code"]), text(&problem["detail"])) {
        ("", _) => vec![format!(
            "the gateway answers {}; are versions and tokens configured?",
            reply.status
        )],
        ("not_found", _) => {
            vec!["the gateway has no such API: it takes [admin.tokens], and [rule_versions] for versions of rules".to_owned()]
        }
        (code, detail) => vec![format!("{detail} ({code})")],
    };
    let faults = problem["faults"].as_array();
    lines.extend(
        faults
            .into_iter()
            .flatten()
            .map(|fault| text(fault).to_owned()),
    );
    lines.join("\n")
}

/// A path as a part of a request target: everything but the plainest characters percent-encoded.
pub(crate) fn encoded(path: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Formatting into a string does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_to_listen_on_is_one_to_connect_to() {
        for (listen, connect) in [
            ("0.0.0.0:9090", "127.0.0.1:9090"),
            ("[::]:9090", "[::1]:9090"),
            ("192.0.2.1:9090", "192.0.2.1:9090"),
        ] {
            assert_eq!(reachable(listen.parse().unwrap()).to_string(), connect);
        }
    }

    #[test]
    fn a_refusal_is_told_with_its_faults() {
        let reply = |body: &str| Reply {
            status: 422,
            body: body.as_bytes().to_vec(),
        };
        let told = refused(&reply(
            r#"{"code":"rules_refused","detail":"no","faults":["a.toml:1:2: x","b"]}"#,
        ));
        assert_eq!(told, "no (rules_refused)\na.toml:1:2: x\nb");
        assert!(refused(&reply("<html>")).contains("422"));
    }

    #[test]
    fn paths_are_encoded() {
        assert_eq!(encoded("lists/l\u{e4} b?.txt"), "lists/l%C3%A4%20b%3F.txt");
    }
}
