//! The shape of the configuration. The docstring of a field is its text in the reference page.

mod crs;
mod gateway;
mod geo;
pub(crate) mod grammar;
mod image;
pub(crate) mod image_grammar;
mod listener;
mod lists;
mod origin;
mod policy;
mod route;
pub(crate) mod rule_grammar;
mod rules;
mod server;
mod sign_in;
mod site;
mod statement;
mod store;
pub mod text;
mod versions;

pub use crs::{Crs, CrsMode};
pub use gateway::GatewayConfig;
pub use geo::Geo;
pub use image::{
    ImageAddress, ImageFallback, ImageFit, ImageFormat, ImagePreset, ImageSigned, ImageSource,
    ImageSvg, ImageTruncated, ImageWatermark, RouteImage, WatermarkSource,
};
pub use listener::{Admin, Listener};
pub use lists::{IpSet, PatternKind, RegexSet, UserAgentList, UserAgentPattern};
pub use origin::{OriginServer, Secret, SecretEncoding, SecretSource};
pub use policy::{ImageDegrade, ImagePool, Policy};
pub use route::{
    CacheAudience, ClaimScalar, ClaimValues, Respond, Route, RouteAction, RouteCache, UPLOAD_METHOD,
};
pub use rules::{Rule, RuleAction, RuleGroup, RuleResponse, RulesFile, UnknownCoding};
pub use server::{ClientAddressFrom, Http2, Server};
pub use sign_in::{Algorithm, SignIn, SignInKeys};
pub use site::{PathParameters, RateKey, RateLimit, RateWindow, Site};
pub use statement::{
    ByteMatch, GeoMatch, Inspect, OversizeHandling, RateBased, RegexMatch, RegexSetMatch, Search,
    SizeComparison, SizeConstraint, Statement, Texts,
};
pub use store::{AddressMask, Cache, Record};
pub use text::{
    Cidr, Country, Date, FieldName, HeaderName, HeaderValue, HostPattern, ImageOption, Label,
    Method, OriginUrl, PathPattern, RateKeyName, Regex, TokenDigest, TransformationName,
};
pub use versions::{AdminRole, AdminToken, RuleVersions};
