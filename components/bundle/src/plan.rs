//! What is fixed for a route, and the limits that it names.

use lockgate_auth::Requirements;
use serde::{Deserialize, Serialize};

use crate::ImageRoute;

/// What is done with the requests of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoutePlan {
    /// Index in [`crate::Bundle::sites`].
    pub site: u16,
    /// The name; stable over bundles.
    pub name: String,
    /// Who answers.
    pub action: Action,
    /// Start of the canonical path that is taken off for the origin, without `/` at its end;
    /// empty takes nothing off.
    pub strip_prefix: String,
    /// What is then put before it; the same form.
    pub add_prefix: String,
    /// What the request must bring along.
    pub sign_in: Option<RouteSignIn>,
    /// Indexes in [`crate::Bundle::limits`], those of the site included, ascending, none twice.
    pub limits: Vec<u16>,
    /// Who may get a stored response; `None` stores none.
    pub cache: Option<Audience>,
    /// How pictures are made.
    pub image: Option<ImageRoute>,
}

/// Who answers the requests of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// The origin, which the host knows by the route's index; or where a route has none and its
    /// image says `upload`: the host, with the body of the request.
    Origin,
    /// The gate itself.
    Respond {
        /// 200 to 599.
        status: u16,
        /// The body.
        body: String,
        /// The value of Content-Type.
        content_type: String,
    },
}

/// The sign-in of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteSignIn {
    /// Index in [`crate::Bundle::sign_ins`].
    pub index: u16,
    /// Scopes and claims.
    pub requirements: Requirements,
}

/// Who may get a stored response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Audience {
    /// Everybody who may use the route.
    Shared,
    /// The subject that it was made for.
    Private,
}

/// A limit. Its windows belong to the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// The name; stable over bundles.
    pub name: String,
    /// What requests are counted by: each combination of these.
    pub key: Vec<KeyPart>,
}

/// What requests are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum KeyPart {
    /// The client's address; of IPv6 the first 64 bits.
    Client,
    /// The subject of the token; the client where there is none.
    Token,
    /// The route.
    Route,
    /// The site.
    Site,
}
