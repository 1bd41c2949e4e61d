//! `lockgate image`: addresses of pictures.

use std::time::SystemTime;

use anyhow::Context as _;
use clap::Subcommand;
use lockgate_bundle::Bundle;
use lockgate_bundle::image::{Form, ImageRoute, Signed, plain};
use lockgate_config::types::UPLOAD_METHOD;
use lockgate_normalise::path::canonical_path;
use lockgate_normalise::query::canonical_query;
use lockgate_route::{RouteMatch, Routes};

use super::ConfigArgs;
use super::config::print;
use crate::secrets;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Sign the address of a picture
    Sign(SignArgs),
}

#[derive(clap::Args)]
struct SignArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The address with its options: `https://shop.example/pictures/1.jpg?w=800`
    url: String,
    /// The secret that signs, one of the route's `keys`
    #[arg(long, value_name = "NAME")]
    key: String,
    /// How long the address is valid, in seconds; without it as long as the key is
    #[arg(long, value_name = "SECONDS")]
    ttl_s: Option<u64>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let Verb::Sign(args) = &args.verb;
    let loaded = lockgate_config::load(&args.config.sources())
        .map_err(|refused| anyhow::anyhow!("the configuration has faults:\n{refused}"))?;
    let compiled = lockgate_compile::compile(&loaded).map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("the configuration has faults:\n{}", faults.join("\n"))
    })?;
    let key = secrets::resolve_one(&loaded.config, &args.key)?;
    let now_s = SystemTime::UNIX_EPOCH
        .elapsed()
        .context("the clock stands before 1970")?
        .as_secs();
    let expires_s = args.ttl_s.map(|ttl_s| now_s.saturating_add(ttl_s));
    let signed = sign(&compiled.bundle, &args.url, (&args.key, &key), expires_s)?;
    print(&format!("{signed}\n"))
}

/// The address with its signature. `key` is name and bytes.
fn sign(
    bundle: &Bundle,
    url: &str,
    key: (&str, &[u8]),
    expires_s: Option<u64>,
) -> anyhow::Result<String> {
    let (origin, target) = split(url)?;
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let path = canonical_path(path.as_bytes()).map_err(|error| anyhow::anyhow!("{error}"))?;
    let query = query.map(|query| canonical_query(query.as_bytes()));
    let query = query
        .transpose()
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    let route = route(bundle, origin, &path)?;
    anyhow::ensure!(
        matches!(route.form, Form::Query | Form::Segment(_)),
        "the route has addresses of another service: sign them with its library"
    );
    anyhow::ensure!(route.signed != Signed::No, "the route has no signatures");
    anyhow::ensure!(
        route.keys.iter().any(|known| known == key.0),
        "{} is not one of the route's keys; there is: {}",
        key.0,
        route.keys.join(", ")
    );
    let signed = plain::sign(route, key.1, &path, query.as_deref(), expires_s)
        .map_err(|refusal| anyhow::anyhow!("{}", refusal.detail))?;
    Ok(format!("{origin}{signed}"))
}

/// Scheme and authority, then the target.
fn split(url: &str) -> anyhow::Result<(&str, &str)> {
    let expected = "give the whole address, such as https://shop.example/pictures/1.jpg?w=800";
    let (scheme, rest) = url.split_once("://").context(expected)?;
    anyhow::ensure!(matches!(scheme, "http" | "https"), expected);
    let path = rest.find('/').context(expected)?;
    Ok(url.split_at(scheme.len() + "://".len() + path))
}

fn route<'b>(bundle: &'b Bundle, origin: &str, path: &str) -> anyhow::Result<&'b ImageRoute> {
    let authority = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    let host = authority
        .rsplit_once(':')
        .map_or(authority, |(host, port)| {
            let digits = port.bytes().all(|byte| byte.is_ascii_digit());
            if digits { host } else { authority }
        });
    let host = host.to_ascii_lowercase();
    let routes = Routes::load(bundle.routes.clone()).map_err(|error| anyhow::anyhow!("{error}"))?;
    let site = routes
        .site(&host)
        .with_context(|| format!("no site has the host {host}"))?;
    // What is fetched, or what is sent.
    let found = ["GET", UPLOAD_METHOD].map(|method| match routes.route(site, method, path) {
        RouteMatch::Found { route, .. } => Some(route),
        _ => None,
    });
    let Some(route) = found.into_iter().flatten().next() else {
        anyhow::bail!("no route of the site has the path {path}");
    };
    let plan = bundle.plans.get(usize::from(route.0));
    let plan = plan.context("the route has no plan")?;
    let image = plan.image.as_ref();
    image.with_context(|| format!("the route {:?} makes no pictures", plan.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle() -> Bundle {
        let folder = tempfile::tempdir().expect("a folder");
        let base = folder.path().join("gateway.toml");
        let config = r#"
version = 1
[secrets.pictures]
env = "PICTURES"
[origins.shop]
url = "http://127.0.0.1:9000"
[sites.shop]
hosts = ["shop.example"]
[[sites.shop.routes]]
path = "/pictures/{name}"
origin = "shop"
image = { signed = "required", keys = ["pictures"] }
[[sites.shop.routes]]
path = "/plain/{name}"
origin = "shop"
image = { }
"#;
        std::fs::write(&base, config).expect("written");
        let loaded = lockgate_config::load(&lockgate_config::Sources {
            base,
            ..lockgate_config::Sources::default()
        });
        let loaded = loaded.unwrap_or_else(|refused| panic!("{refused}"));
        lockgate_compile::compile(&loaded).expect("compiled").bundle
    }

    #[test]
    fn an_address_is_signed_by_a_key_of_its_route() {
        let bundle = bundle();
        let key = ("pictures", &b"a key that signs nothing else"[..]);
        let url = "https://shop.example:8443/pictures/1.jpg?w=800";
        let signed = sign(&bundle, url, key, Some(5)).expect("signed");
        let (start, signature) = signed.split_once("&s=").expect("a signature");
        assert_eq!(start, format!("{url}&exp=5"));
        assert_eq!(signature.len(), 43);
        for (url, key, why) in [
            (url, "other", "not one of the route's keys"),
            (
                "https://shop.example/plain/1.jpg",
                "pictures",
                "has no signatures",
            ),
            (
                "https://shop.example/none",
                "pictures",
                "no route of the site",
            ),
            (
                "https://other.example/a",
                "pictures",
                "no site has the host",
            ),
            ("/pictures/1.jpg", "pictures", "give the whole address"),
            (
                "https://shop.example/pictures/1.jpg?w=x",
                "pictures",
                "w takes",
            ),
        ] {
            let error = sign(&bundle, url, (key, b"k"), None).expect_err(url);
            assert!(error.to_string().contains(why), "{url}: {error}");
        }
    }
}
