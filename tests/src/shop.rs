//! The demo shop, with its test endpoints and its fault listener.

use std::net::SocketAddr;
use std::process::Command;

use serde_json::Value;

use crate::artifacts::Artifacts;
use crate::client::Client;
use crate::process::Process;
use crate::request::Request;
use crate::seen::Seen;

/// A running shop.
pub struct Shop {
    _process: Process,
    /// Where it serves.
    pub address: SocketAddr,
    /// Where it breaks the protocol.
    pub faults: SocketAddr,
}

impl Shop {
    /// Starts a shop of this brand on free ports.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn start(artifacts: &Artifacts, brand: &str) -> Self {
        let mut command = Command::new(&artifacts.shop);
        command
            .args([
                "--listen",
                "127.0.0.1:0",
                "--fault-listen",
                "127.0.0.1:0",
                "--test-endpoints",
            ])
            .args(["--brand", brand, "--products", "8"]);
        let mut process = Process::start("lockgate-shop", &mut command);
        let (address, faults) = process.wait_line("the addresses", |line| {
            Some((
                address_after(line, " listens on ")?,
                address_after(line, " faults on ")?,
            ))
        });
        Self {
            _process: process,
            address,
            faults,
        }
    }

    /// How many requests for `path` (without query) reached it.
    ///
    /// # Panics
    /// Where it does not answer.
    #[must_use]
    pub fn requests(&self, method: &str, path: &str) -> u64 {
        let counts = self.counts();
        counts["by_path"][format!("{method} {path}")]
            .as_u64()
            .unwrap_or(0)
    }

    /// How many requests reached it.
    ///
    /// # Panics
    /// Where it does not answer.
    #[must_use]
    pub fn requests_total(&self) -> u64 {
        self.counts()["total"].as_u64().expect("a total")
    }

    fn counts(&self) -> Value {
        let mut client = Client::connect(self.address, Seen::ignored());
        client.send(&Request::get("/_test/requests").host("shop").to_bytes());
        client.read("GET").json()
    }
}

fn address_after(line: &str, words: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once(words)?;
    rest.split([',', ' ']).next()?.parse().ok()
}
