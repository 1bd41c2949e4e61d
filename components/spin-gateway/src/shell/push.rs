//! A new policy, by whoever has the token: `lockgate policy push --spin URL`.
//!
//! `PUT /.lockgate/policy` with a package puts it in force; `?package=DIGEST` without a body does
//! so with one that was pushed before; `GET` says which one is. Without the variable `push_token`
//! there is no such route: the path is the policy's to decide on, as any other.

use lockgate_record::Stage;
use lockgate_shell::{Document, Package, PackageError, Programs};
use lockgate_spin_shell::body::{self, CHUNK_BYTES};
use spin_sdk::key_value::Store;
use spin_sdk::wasip3::http::types::Request;
use spin_sdk::wasip3::wit_bindgen::StreamResult;

use super::answer::{Body, Reply};
use super::call::Call;
use super::refused::{Fields, Refused, add};
use super::state::{self, ProgramsIn};
use crate::push::{self, PACKAGE_BYTES_MAX};

/// The packages that were pushed: see [`push::history`].
const HISTORY_KEY: &str = "lockgate/policy/history";

/// Whether the request was one of these.
pub(super) enum Outcome {
    Answered(Result<Reply, Refused>),
    NotOurs(Request),
}

pub(super) async fn run(call: &mut Call, request: Request) -> Outcome {
    let target = String::from_utf8_lossy(call.head.target()).into_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    if path != push::PATH {
        return Outcome::NotOurs(request);
    }
    let Some(token) = state::optional_variable("push_token").await else {
        return Outcome::NotOurs(request);
    };
    call.stage = Stage::Respond;
    if !push::is_authorized(call.head.field("authorization"), &token) {
        let cause = if token.len() < push::TOKEN_BYTES_MIN {
            format!("push_token is shorter than {} bytes", push::TOKEN_BYTES_MIN)
        } else {
            "the token is not push_token".to_owned()
        };
        let mut refused = Refused::new(401, "push_unauthorized", cause).at(Stage::SignIn);
        add(&mut refused.fields, "www-authenticate", "Bearer");
        return Outcome::Answered(Err(refused));
    }
    let result = match call.head.method() {
        b"GET" => say().await,
        b"PUT" => put(call, query, request).await,
        _ => {
            let mut refused = Refused::new(405, "method_not_allowed", "");
            add(&mut refused.fields, "allow", "GET, PUT");
            Err(refused.at(Stage::Respond))
        }
    };
    Outcome::Answered(result)
}

async fn put(call: &mut Call, query: &str, request: Request) -> Result<Reply, Refused> {
    let (bytes, pushed) = match query.strip_prefix("package=") {
        Some(digest) if push::is_digest(digest) => {
            let stored = state::stored_package(digest).await;
            let missing = |cause| {
                let refused = Refused::new(404, "package_not_found", cause).at(Stage::Respond);
                refused.detail("The store does not hold this package.")
            };
            (stored.map_err(missing)?, false)
        }
        Some(_) => return Err(rejected("package is no SHA-256 in hexadecimal")),
        None => (receive(call, request).await?, true),
    };
    let refuse = |error: PackageError| rejected(error.to_string());
    let (package, behind) = Package::from_bytes(&bytes).map_err(refuse)?;
    let (own, _) = bytes.split_at(bytes.len().saturating_sub(behind.len()));
    let digest = push::package_digest(own);
    let document = package.document.clone();
    let has_programs = pushed && !behind.is_empty();
    let programs = if has_programs {
        let programs = Programs::split(&document, behind).map_err(refuse)?;
        programs.check().map_err(refuse)?;
        programs
    } else {
        Programs::default()
    };
    // The bundle ends a package, and its programs stand behind that.
    let bundle_at = own.len().saturating_sub(package.bundle.len());
    let source = match bytes.get(bundle_at..) {
        Some(whole) if has_programs => ProgramsIn::Bytes(whole),
        _ => ProgramsIn::Store,
    };
    // Loaded here before anybody else gets to see it: a bad one changes nothing.
    let loaded = state::load(package, source, digest.clone()).await;
    loaded.map_err(rejected)?;
    keep(&digest, own, &document, &programs).await?;
    say().await
}

/// Keeps a package and its programs in the store, the package last: then it is in force.
async fn keep(
    digest: &str,
    package: &[u8],
    document: &Document,
    programs: &Programs<'_>,
) -> Result<(), Refused> {
    let store = state::store().await.map_err(unavailable)?;
    for (digest, image) in programs.iter() {
        let key = push::program_key(digest);
        if !matches!(store.exists(&key).await, Ok(true)) {
            set(&store, &key, image).await?;
        }
    }
    set(&store, &push::package_key(digest), package).await?;
    set(&store, push::CURRENT_KEY, digest.as_bytes()).await?;
    let history = store.get(HISTORY_KEY).await.ok().flatten();
    let history = String::from_utf8(history.unwrap_or_default()).unwrap_or_default();
    let named = document.programs.iter();
    let named = named.map(|program| program.digest.as_str());
    let (history, dropped) = push::history(&history, digest, named);
    set(&store, HISTORY_KEY, history.as_bytes()).await?;
    for key in dropped {
        let _ = store.delete(key).await;
    }
    Ok(())
}

async fn set(store: &Store, key: &str, value: &[u8]) -> Result<(), Refused> {
    let set = store.set(key, value).await;
    set.map_err(|error| unavailable(error.to_string()))
}

fn unavailable(cause: String) -> Refused {
    Refused::new(503, "store_unavailable", cause).at(Stage::Respond)
}

/// The pusher is the operator: they are told what is wrong.
fn rejected(reason: impl Into<String>) -> Refused {
    let reason = reason.into();
    Refused::new(422, "package_rejected", reason.clone())
        .at(Stage::Respond)
        .detail(reason)
}

async fn receive(call: &mut Call, request: Request) -> Result<Vec<u8>, Refused> {
    let too_large = || {
        let cause = format!("the package is longer than {PACKAGE_BYTES_MAX} bytes");
        Refused::new(413, "body_too_large", cause).at(Stage::Respond)
    };
    let announced = call.content_length().unwrap_or(0);
    if announced > PACKAGE_BYTES_MAX {
        return Err(too_large());
    }
    let (mut stream, end) = body::consume_request(request);
    let mut bytes = Vec::with_capacity(usize::try_from(announced).unwrap_or(0).max(1));
    loop {
        if bytes.len() == bytes.capacity() {
            bytes.reserve(CHUNK_BYTES);
        }
        let (result, read) = stream.read(bytes).await;
        bytes = read;
        if bytes.len() as u64 > PACKAGE_BYTES_MAX {
            return Err(too_large());
        }
        if result == StreamResult::Dropped {
            break;
        }
    }
    end.await
        .map_err(|error| Refused::new(400, "client_gone", format!("{error:?}")))?;
    call.bytes_in.set(bytes.len() as u64);
    Ok(bytes)
}

/// What is in force in this instance.
async fn say() -> Result<Reply, Refused> {
    let generation = state::current(super::unix_ms()).await;
    let bundle = generation
        .as_ref()
        .ok()
        .map(|generation| generation.document.bundle.as_str());
    let body = serde_json::json!({ "package": state::package(), "bundle": bundle });
    let mut fields = Fields::new();
    add(&mut fields, "content-type", "application/json");
    add(&mut fields, "cache-control", "no-store");
    Ok(Reply {
        status: 200,
        fields,
        body: Body::Full(format!("{body}\n").into_bytes()),
    })
}
