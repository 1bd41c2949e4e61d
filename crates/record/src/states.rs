//! The closed vocabularies of a record: stages, cache states, limits' states.

/// The stage that answered the request; the one list of stages reads top to bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The head was malformed or refused before it was understood.
    Normalise,
    /// No site, route or method matched, or the route itself answers.
    Route,
    /// A firewall rule.
    Firewall,
    /// Authentication or authorization.
    SignIn,
    /// A rate limit.
    Limits,
    /// A stored response.
    Cache,
    /// The image service.
    Image,
    /// An origin.
    Origin,
    /// A component of an app.
    Component,
    /// The gate itself while answering: overload, drain, a fault of ours.
    Respond,
}

impl Stage {
    /// The word in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normalise => "normalise",
            Self::Route => "route",
            Self::Firewall => "firewall",
            Self::SignIn => "sign_in",
            Self::Limits => "limits",
            Self::Cache => "cache",
            Self::Image => "image",
            Self::Origin => "origin",
            Self::Component => "component",
            Self::Respond => "respond",
        }
    }
}

/// What the cache had to do with the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CacheState {
    /// Answered from a stored response.
    Hit,
    /// Looked up, not found or stale; the new answer was not stored.
    Miss,
    /// Not looked up.
    Bypass,
    /// Looked up, not found; the new answer was stored.
    Stored,
}

impl CacheState {
    /// The word in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Bypass => "bypass",
            Self::Stored => "stored",
        }
    }
}

/// What the limits said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitsState<'a> {
    /// All were charged.
    Allowed,
    /// This one refused; none was charged.
    Limited(&'a str),
}
