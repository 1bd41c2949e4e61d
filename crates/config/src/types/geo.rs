//! Where clients are.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where clients are, for rules with `geo_match`, `country` and `asn`: databases in MaxMind's format
/// (`.mmdb`), such as GeoLite2 or those of DB-IP and IPinfo. A changed file is in force within a second.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Geo {
    /// The database with `country.iso_code`: of countries or of cities.
    #[schemars(extend("x-path" = "geo-database"))]
    pub country_database: Option<PathBuf>,
    /// The database with `autonomous_system_number`.
    #[schemars(extend("x-path" = "geo-database"))]
    pub asn_database: Option<PathBuf>,
}
