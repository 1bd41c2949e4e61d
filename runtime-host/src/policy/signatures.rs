//! The budget for signatures not seen before: so many a second in all, and of these a share that
//! one client may spend.

use std::sync::Arc;
use std::time::Duration;

use lockgate_config::types::Policy;
use lockgate_limits::{
    Cells, Charge, Decision, LimitSpec, Limiter, SingleLimit, SpecError, Window,
};

/// Why a signature is not verified now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// This client has spent its share; it has some again after this time.
    Client(Duration),
    /// All clients together have spent the budget.
    Gate,
}

/// The budget.
pub struct Signatures {
    all: SingleLimit,
    clients: Limiter,
}

impl Signatures {
    /// The budget of a configuration; the clients' shares are counted in `cells`.
    ///
    /// # Errors
    /// Where the share is out of range, which the configuration's own checks rule out.
    pub fn new(policy: &Policy, cells: Arc<Cells>) -> Result<Self, SpecError> {
        let all = policy.unseen_signatures_per_s;
        let share = match policy.unseen_signatures_per_client_per_s {
            0 => all.div_ceil(4),
            share => share,
        };
        let clients = LimitSpec {
            scope: "gate".to_owned(),
            name: "unseen-signatures".to_owned(),
            windows: vec![Window {
                requests: share,
                per: Duration::from_secs(1),
                burst: None,
            }],
        };
        Ok(Self {
            all: SingleLimit::new(all, all),
            clients: Limiter::new(&[clients], cells)?,
        })
    }

    /// Takes one unit for a client (IPv4 mapped; of IPv6 the first 64 bits count). What a client
    /// asks for beyond its share is not taken from the others.
    ///
    /// # Errors
    /// [`Spent`].
    pub fn take(&self, now_ns: u64, client: &[u8; 16]) -> Result<(), Spent> {
        let mapped = std::net::Ipv6Addr::from(*client).to_ipv4_mapped();
        let key = match &mapped {
            Some(_) => &client[..],
            None => &client[..8],
        };
        let charge = Charge {
            limit: 0,
            key,
            cost: 1,
        };
        if let Ok(Decision::Limited(limited)) = self.clients.charge(now_ns, &[charge]) {
            return Err(Spent::Client(limited.retry_after.unwrap_or_default()));
        }
        self.all.take().map_err(|_| Spent::Gate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(all: u32, share: u32) -> Signatures {
        let policy = Policy {
            unseen_signatures_per_s: all,
            unseen_signatures_per_client_per_s: share,
            ..Policy::default()
        };
        Signatures::new(&policy, Arc::new(Cells::new(1024, [1, 2, 3, 4]))).unwrap()
    }

    fn v6(text: &str) -> [u8; 16] {
        text.parse::<std::net::Ipv6Addr>().unwrap().octets()
    }

    #[test]
    fn a_client_spends_its_quarter_and_no_more() {
        let signatures = of(10, 0);
        let (one, two) = (v6("::ffff:192.0.2.1"), v6("::ffff:192.0.2.2"));
        for _ in 0..3 {
            assert_eq!(signatures.take(1, &one), Ok(()));
        }
        for _ in 0..50 {
            assert!(matches!(signatures.take(1, &one), Err(Spent::Client(_))));
        }
        assert_eq!(signatures.take(1, &two), Ok(()));
        // Its share comes back with time.
        assert_eq!(signatures.take(1_000_000_000, &one), Ok(()));
    }

    #[test]
    fn an_ipv6_network_is_one_client() {
        let signatures = of(10, 1);
        assert_eq!(signatures.take(1, &v6("2001:db8::1")), Ok(()));
        assert!(signatures.take(1, &v6("2001:db8::2")).is_err());
        assert_eq!(signatures.take(1, &v6("2001:db8:0:1::1")), Ok(()));
    }

    #[test]
    fn all_together_spend_the_budget() {
        let signatures = of(2, 0);
        let client = |n: u8| v6(&format!("::ffff:192.0.2.{n}"));
        assert_eq!(signatures.take(1, &client(1)), Ok(()));
        assert_eq!(signatures.take(1, &client(2)), Ok(()));
        assert_eq!(signatures.take(1, &client(3)), Err(Spent::Gate));
    }
}
