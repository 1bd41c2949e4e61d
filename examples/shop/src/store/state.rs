//! The states of an order and the changes that the shop allows.
//!
//! ```text
//! placed --ship--> shipped --return--> returned
//!   \---cancel--> cancelled
//! ```

use serde::Serialize;
use thiserror::Error;

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// Ordered, its stock reserved.
    Placed,
    /// Handed to a carrier.
    Shipped,
    /// Cancelled before shipping; restocked.
    Cancelled,
    /// Sent back after shipping; restocked.
    Returned,
}

/// What somebody wants to do with an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Hand it to a carrier.
    Ship,
    /// Call it off.
    Cancel,
    /// Send it back.
    Return,
}

/// Why an order's state does not allow an action.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is on its way, or was.
    #[error("The order has been shipped already.")]
    AlreadyShipped,
    /// Only what was shipped can be returned.
    #[error("The order has not been shipped yet; cancel it instead.")]
    NotShipped,
    /// It was cancelled.
    #[error("The order has been cancelled.")]
    Cancelled,
    /// It was returned.
    #[error("The order has been returned.")]
    Returned,
}

impl State {
    /// The state after `action`.
    ///
    /// # Errors
    /// If the shop does not allow it.
    pub(crate) fn after(self, action: Action) -> Result<Self, Refusal> {
        match (self, action) {
            (Self::Placed, Action::Ship) => Ok(Self::Shipped),
            (Self::Placed, Action::Cancel) => Ok(Self::Cancelled),
            (Self::Placed, Action::Return) => Err(Refusal::NotShipped),
            (Self::Shipped, Action::Return) => Ok(Self::Returned),
            (Self::Shipped, _) => Err(Refusal::AlreadyShipped),
            (Self::Cancelled, _) => Err(Refusal::Cancelled),
            (Self::Returned, _) => Err(Refusal::Returned),
        }
    }

    /// Whether the goods are back in stock.
    pub(crate) fn is_restocked(self) -> bool {
        matches!(self, Self::Cancelled | Self::Returned)
    }

    /// The name in the database and in answers.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Shipped => "shipped",
            Self::Cancelled => "cancelled",
            Self::Returned => "returned",
        }
    }

    /// The state of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Placed, Self::Shipped, Self::Cancelled, Self::Returned]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_table() {
        use {Action as A, Refusal as R, State as S};
        let table = [
            (
                S::Placed,
                [Ok(S::Shipped), Ok(S::Cancelled), Err(R::NotShipped)],
            ),
            (
                S::Shipped,
                [
                    Err(R::AlreadyShipped),
                    Err(R::AlreadyShipped),
                    Ok(S::Returned),
                ],
            ),
            (S::Cancelled, [Err(R::Cancelled); 3]),
            (S::Returned, [Err(R::Returned); 3]),
        ];
        for (state, expected) in table {
            let after = [A::Ship, A::Cancel, A::Return].map(|action| state.after(action));
            assert_eq!(after, expected, "{state:?}");
            assert_eq!(State::named(state.name()), Some(state));
        }
    }
}
