//! The demo's addresses, and whether they are free.

use anyhow::{Context, Result, bail};
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};

/// Lockgate.
pub(super) const GATE: &str = "127.0.0.1:8080";
/// Lockgate's health, readiness and metrics.
pub(super) const ADMIN: &str = "127.0.0.1:9090";
/// The first shop.
pub(super) const SHOP_ONE: &str = "127.0.0.1:9000";
/// The second shop.
pub(super) const SHOP_TWO: &str = "127.0.0.1:9001";

/// Looks whether all of them can be listened on.
///
/// # Errors
/// Names each that cannot, and what to do.
pub(super) fn check_free() -> Result<()> {
    let mut busy = Vec::new();
    for address in [GATE, ADMIN, SHOP_ONE, SHOP_TWO] {
        if is_busy(address)? {
            busy.push(address);
        }
    }
    let Some(first) = busy.first() else {
        return Ok(());
    };
    let port = first.rsplit(':').next().unwrap_or(first);
    bail!(
        "in use already: {}. Stop what listens there (is another `cargo xtask up` running? \
         `ss -ltnp 'sport = :{port}'` shows it) and try again",
        busy.join(", ")
    )
}

fn is_busy(address: &str) -> Result<bool> {
    let parsed: SocketAddr = address.parse()?;
    match TcpListener::bind(parsed) {
        Ok(_) => Ok(false),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Ok(true),
        Err(error) => Err(error).with_context(|| format!("cannot listen on {address}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_busy_until_it_is_let_go() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        assert!(is_busy(&address).unwrap());
        drop(listener);
        assert!(!is_busy(&address).unwrap());
    }
}
