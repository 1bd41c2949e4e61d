//! A route: which requests it takes and what happens to them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::{HeaderName, HeaderValue, Method, PathPattern, RouteImage};

/// A route of a site.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[schemars(extend("x-none-with" = "image.upload"))]
pub struct Route {
    /// Name in records and metrics. Without it: the path.
    #[serde(default)]
    #[schemars(length(min = 1, max = 128))]
    pub name: Option<String>,
    /// Path: `/products/{id}` (one segment), `/img/{*rest}` (all that follows).
    pub path: PathPattern,
    /// Methods that it takes; GET brings HEAD along. Empty: all that no other route of the path
    /// has.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub methods: Vec<Method>,
    /// What is done with the request.
    #[serde(
        flatten,
        deserialize_with = "action",
        skip_serializing_if = "RouteAction::is_upload"
    )]
    pub action: RouteAction,
    /// Start of the path that is taken off before the request is forwarded.
    #[serde(default)]
    #[schemars(extend("x-format" = "path-prefix"))]
    pub strip_prefix: Option<String>,
    /// Start of the path that is put on before the request is forwarded.
    #[serde(default)]
    #[schemars(extend("x-format" = "path-prefix"))]
    pub add_prefix: Option<String>,
    /// The sign-in that a request needs. Without it: none.
    #[serde(default)]
    #[schemars(extend("x-ref" = "sign_in"))]
    pub sign_in: Option<String>,
    /// Scopes that the token must have, all of them: else 403.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Claims that the token must have, with one of the values: else 403.
    #[serde(default)]
    pub claims: BTreeMap<String, ClaimValues>,
    /// Rate limits of the route, besides those of the site.
    #[serde(default)]
    #[schemars(extend("x-ref" = "rate_limits", "uniqueItems" = true))]
    pub rate_limits: Vec<String>,
    /// How responses are cached. Without this table they are not, but for those of a route with
    /// `image`: these are shared, or private where the route needs a sign-in.
    #[serde(default)]
    pub cache: Option<RouteCache>,
    /// How pictures are transformed. Without this table they are not.
    #[serde(default)]
    pub image: Option<RouteImage>,
    /// Longest request body, in bytes. Without it: that of the server.
    #[serde(default)]
    #[schemars(range(max = 1_099_511_627_776u64))]
    pub body_bytes_max: Option<u64>,
    /// Header fields that are set on every response, by name: answers of the origin, of which
    /// they replace fields of the same name, of the cache and of the gate. A refusal keeps the
    /// fields that it has itself.
    #[serde(default)]
    #[schemars(extend("x-names" = "header-name"))]
    pub response_headers: BTreeMap<HeaderName, HeaderValue>,
}

impl Route {
    /// The name in records and metrics: `name`, or the path.
    #[must_use]
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(self.path.as_str())
    }

    /// The methods that it takes; empty: all that no other route of the path has.
    #[must_use]
    pub fn methods(&self) -> Vec<&str> {
        match &self.action {
            RouteAction::Upload => vec![UPLOAD_METHOD],
            _ => self.methods.iter().map(Method::as_str).collect(),
        }
    }
}

/// The method that brings a picture along.
pub const UPLOAD_METHOD: &str = "POST";

/// None is named where the request brings the picture along: the walk has seen to it.
fn action<'de, D: Deserializer<'de>>(from: D) -> Result<RouteAction, D::Error> {
    let named = Option::<RouteAction>::deserialize(from)?;
    Ok(named.unwrap_or(RouteAction::Upload))
}

/// What a route does with a request.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteAction {
    /// Name of the origin that the request is forwarded to.
    Origin(#[schemars(extend("x-ref" = "origins"))] String),
    /// Answer that the gate gives itself.
    Respond(Respond),
    /// Picture of what the request brings along: `image.upload`.
    #[serde(skip)]
    Upload,
}

impl RouteAction {
    /// Whether the request brings along what the answer is made of.
    #[must_use]
    pub fn is_upload(&self) -> bool {
        *self == Self::Upload
    }
}

/// An answer that the gate gives itself.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Respond {
    /// Status code.
    #[schemars(range(min = 200, max = 599))]
    pub status: u16,
    /// Body, as text.
    #[schemars(length(max = 65_536))]
    pub body: String,
    /// Value of `Content-Type`.
    pub content_type: HeaderValue,
}

impl Default for Respond {
    fn default() -> Self {
        Self {
            status: 200,
            body: String::new(),
            content_type: HeaderValue::text_plain(),
        }
    }
}

/// The values that a claim may have: one or a list of them.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ClaimValues {
    /// Exactly this value.
    One(ClaimScalar),
    /// Any of these values.
    Any(#[schemars(length(min = 1))] Vec<ClaimScalar>),
}

impl ClaimValues {
    /// The values as a slice.
    #[must_use]
    pub fn as_slice(&self) -> &[ClaimScalar] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Any(values) => values,
        }
    }
}

/// A value of a claim: text, a whole number, true or false.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ClaimScalar {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(String),
}

/// How the responses of a route are cached.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RouteCache {
    /// Who may get the stored response.
    pub audience: CacheAudience,
    /// How long a response is fresh when the origin says nothing about it, in seconds. Without
    /// it: such a response is not stored.
    #[serde(default)]
    #[schemars(range(min = 1, max = 31_536_000))]
    pub default_ttl_s: Option<u32>,
}

/// Who may get a stored response.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CacheAudience {
    /// Everybody who may use the route.
    Shared,
    /// Only the signed-in subject that it was made for.
    Private,
}
