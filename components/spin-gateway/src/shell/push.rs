//! A new policy, by whoever has the token: `lockgate policy push --spin URL`.
//!
//! `PUT /.lockgate/policy` with a package puts it in force; `?package=DIGEST` without a body does
//! so with one that was pushed before; `GET` says which one is. Without the variable `push_token`
//! there is no such route: the path is the policy's to decide on, as any other.

use lockgate_record::Stage;
use lockgate_shell::Package;
use spin_sdk::wasip3::http::types::Request;
use spin_sdk::wasip3::wit_bindgen::StreamResult;

use super::answer::{Body, Reply};
use super::call::Call;
use super::fetch::{self, CHUNK_BYTES};
use super::refused::{Fields, Refused, add};
use super::state;
use crate::push::{self, PACKAGE_BYTES_MAX};

/// The packages that were pushed, one digest a line, the newest first.
const HISTORY_KEY: &str = "lockgate/policy/history";

/// How many of them are kept.
const HISTORY_MAX: usize = 10;

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
    let unavailable =
        |cause: String| Refused::new(503, "store_unavailable", cause).at(Stage::Respond);
    let (bytes, digest) = match query.strip_prefix("package=") {
        Some(digest) if is_digest(digest) => {
            let stored = state::stored_package(digest).await;
            let missing = |cause| {
                let refused = Refused::new(404, "package_not_found", cause).at(Stage::Respond);
                refused.detail("The store does not hold this package.")
            };
            (stored.map_err(missing)?, digest.to_owned())
        }
        Some(_) => return Err(rejected("package is no SHA-256 in hexadecimal")),
        None => {
            let bytes = receive(call, request).await?;
            let digest = push::package_digest(&bytes);
            (bytes, digest)
        }
    };
    let package = Package::from_bytes(&bytes).map_err(|error| rejected(error.to_string()))?;
    // Loaded here before anybody else gets to see it: a bad one changes nothing.
    let loaded = state::load(package, digest.clone()).await;
    loaded.map_err(rejected)?;
    let store = state::store().await.map_err(unavailable)?;
    let set = |key: String, value: Vec<u8>| {
        let store = store.clone();
        async move {
            store
                .set(key, value)
                .await
                .map_err(|error| unavailable(error.to_string()))
        }
    };
    set(push::package_key(&digest), bytes).await?;
    set(push::CURRENT_KEY.to_owned(), digest.clone().into_bytes()).await?;
    let history = store
        .get(HISTORY_KEY)
        .await
        .ok()
        .flatten()
        .unwrap_or_default();
    let history = String::from_utf8(history).unwrap_or_default();
    let mut lines: Vec<&str> = vec![&digest];
    lines.extend(
        history
            .lines()
            .filter(|line| *line != digest && is_digest(line)),
    );
    let dropped = lines.split_off(lines.len().min(HISTORY_MAX));
    set(HISTORY_KEY.to_owned(), lines.join("\n").into_bytes()).await?;
    for digest in dropped {
        let _ = store.delete(push::package_key(digest)).await;
    }
    say().await
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
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
    let (mut stream, end) = fetch::consume_request(request);
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
