//! The shape of the configuration. The docstring of a field is its text in the reference page.

mod gateway;
pub(crate) mod grammar;
mod listener;
mod origin;
mod policy;
mod route;
mod rules;
mod server;
mod sign_in;
mod site;
mod store;
pub mod text;

pub use gateway::GatewayConfig;
pub use listener::{Admin, Listener};
pub use origin::{OriginServer, Secret, SecretEncoding, SecretSource};
pub use policy::{ImagePool, Policy};
pub use route::{
    CacheAudience, ClaimScalar, ClaimValues, Respond, Route, RouteAction, RouteCache, RouteImage,
};
pub use rules::{
    IpSet, PatternKind, Rule, RuleAction, RulesFile, Statement, UserAgentList, UserAgentPattern,
};
pub use server::{ClientAddressFrom, Http2, Server};
pub use sign_in::{Algorithm, SignIn, SignInKeys};
pub use site::{
    ImageFit, ImageFormat, ImagePreset, PathParameters, RateKey, RateLimit, RateWindow, Site,
};
pub use store::{AddressMask, Cache, Record};
pub use text::{Cidr, HeaderName, HeaderValue, HostPattern, Method, OriginUrl, PathPattern};
