//! The API for rules, below `/rules/` of the admin address.
//!
//! | request | role | |
//! |---|---|---|
//! | `GET /rules/versions?limit=N&before=N` | read | the newest first, which is in force, the head of the audit log |
//! | `GET /rules/versions/N` | read | a version and its files |
//! | `GET /rules/versions/N/files/PATH` | read | the bytes of a file |
//! | `GET /rules/audit?after=N&limit=N` | read | lines of the audit log |
//! | `POST /rules/drafts` | edit | stores a version |
//! | `POST /rules/versions` | publish | stores a version and puts it in force |
//! | `POST /rules/versions/N/publish` | publish | puts a stored version in force |
//! | `POST /rules/rollback` | publish | goes back |
//!
//! Every request has `Authorization: Bearer TOKEN`. Where no token is configured there is no API. Errors are
//! problem JSON with a stable `code`; what was refused for the rules' own sake has `faults`.

mod changes;
mod reading;
mod target;

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ALLOW, AUTHORIZATION, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use lockgate_config::types::AdminRole;
use lockgate_versions::audit::Action;
use lockgate_versions::{Attempt, StoreError};
use serde_json::{Value, json};

use super::respond;
use crate::versions::change::Refusal;
use crate::versions::{Holder, Tokens, Versions, now_ms};
use target::{Target, Wrong};

/// Seconds after which it is worth trying again where too much waits.
const RETRY_S: &str = "5";

pub(super) type Answer = Response<Full<Bytes>>;

/// Whether a path belongs to this API, and the API is there.
pub(super) fn is_for(path: &str, versions: &Versions) -> bool {
    path.starts_with("/rules/") && !versions.tokens().is_empty()
}

/// Answers a request for a path of this API.
pub(super) async fn answer(request: Request<Incoming>, versions: &Arc<Versions>) -> Answer {
    let holder = match holder(&request, &versions.tokens()) {
        Ok(holder) => holder,
        Err(refused) => return *refused,
    };
    let target = match Target::of(request.method(), request.uri()) {
        Ok(target) => target,
        Err(Wrong::Path) => {
            return problem(
                StatusCode::NOT_FOUND,
                "not_found",
                "there is no such resource",
            );
        }
        Err(Wrong::Method(allowed)) => return method_not_allowed(allowed),
        Err(Wrong::Query(detail)) => return problem(StatusCode::BAD_REQUEST, "bad_query", &detail),
    };
    if let Some((action, version)) = target.change() {
        let needed = target.role();
        if holder.role < needed {
            return role_too_small(versions, holder, needed, action, version).await;
        }
        return changes::answer(target, request.into_body(), holder, versions).await;
    }
    off_thread(versions, move |versions| reading::answer(&target, versions)).await
}

/// Whose token a request has.
pub(super) fn holder(request: &Request<Incoming>, tokens: &Tokens) -> Result<Holder, Box<Answer>> {
    let given = request.headers().get(AUTHORIZATION);
    let token = given.and_then(|value| {
        let (scheme, token) = value.as_bytes().split_at_checked(7)?;
        scheme
            .eq_ignore_ascii_case(b"bearer ")
            .then(|| token.trim_ascii())
    });
    let holder = token.and_then(|token| tokens.holder(token).cloned());
    holder.ok_or_else(|| {
        let (code, challenge) = match token {
            None => ("token_required", "Bearer realm=\"lockgate\""),
            Some(_) => (
                "token_unknown",
                "Bearer realm=\"lockgate\", error=\"invalid_token\"",
            ),
        };
        let detail = "this asks for a token of admin.tokens: Authorization: Bearer TOKEN";
        let mut response = problem(StatusCode::UNAUTHORIZED, code, detail);
        let challenge = HeaderValue::from_static(challenge);
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        Box::new(response)
    })
}

async fn role_too_small(
    versions: &Arc<Versions>,
    holder: Holder,
    needed: AdminRole,
    action: Action,
    version: Option<u64>,
) -> Answer {
    let needed = crate::versions::role_name(needed);
    let detail = format!(
        "this asks for the role `{needed}`; the token {:?} has `{}`",
        holder.name,
        holder.role_name()
    );
    let attempt = Attempt {
        time_ms: now_ms(),
        role: holder.role_name().to_owned(),
        actor: holder.name,
        action,
        version,
        digest: None,
        message: String::new(),
        reason: format!("the role is too small: this asks for `{needed}`"),
    };
    off_thread(versions, move |versions| {
        versions.note_refused(attempt);
        problem(StatusCode::FORBIDDEN, "role_too_small", &detail)
    })
    .await
}

/// Files are read and written off the I/O threads.
async fn off_thread(
    versions: &Arc<Versions>,
    work: impl FnOnce(&Versions) -> Answer + Send + 'static,
) -> Answer {
    let versions = versions.clone();
    let done = tokio::task::spawn_blocking(move || work(&versions)).await;
    done.unwrap_or_else(|_| {
        problem(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the gateway's log has the cause",
        )
    })
}

pub(super) fn method_not_allowed(allowed: &'static str) -> Answer {
    let mut response = problem(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "the resource has other methods",
    );
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

/// Too much waits already, or the gateway ends.
pub(super) fn busy() -> Answer {
    let mut response = problem(
        StatusCode::SERVICE_UNAVAILABLE,
        "busy",
        "other changes wait, or the gateway ends",
    );
    response
        .headers_mut()
        .insert(RETRY_AFTER, HeaderValue::from_static(RETRY_S));
    response
}

fn json_answer(value: &Value) -> Answer {
    respond(StatusCode::OK, "application/json", format!("{value}\n"))
}

/// An error as RFC 9457 problem JSON.
pub(super) fn problem(status: StatusCode, code: &str, detail: &str) -> Answer {
    problem_with(status, code, detail, json!({}))
}

/// The same with more members.
fn problem_with(status: StatusCode, code: &str, detail: &str, more: Value) -> Answer {
    let title = status.canonical_reason().unwrap_or("Error");
    let mut body =
        json!({ "title": title, "status": status.as_u16(), "code": code, "detail": detail });
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        body.extend(more);
    }
    respond(status, "application/problem+json", format!("{body}\n"))
}

/// The answer to a change that was refused.
fn refused(refusal: &Refusal) -> Answer {
    let detail = refusal.to_string();
    match refusal {
        Refusal::Conflict(current) => {
            let current = json!({ "version": current.version, "digest": current.digest });
            problem_with(
                StatusCode::CONFLICT,
                "version_conflict",
                &detail,
                json!({ "current": current }),
            )
        }
        Refusal::Folder(_) => problem(StatusCode::CONFLICT, "folder_refused", &detail),
        Refusal::Rules(faults) => problem_with(
            StatusCode::UNPROCESSABLE_ENTITY,
            "rules_refused",
            &detail,
            json!({ "faults": faults }),
        ),
        Refusal::NothingBefore => problem(StatusCode::CONFLICT, "nothing_before", &detail),
        Refusal::Draft(_) => problem(StatusCode::CONFLICT, "version_is_draft", &detail),
        Refusal::Store(error) => store_error(error),
    }
}

/// The answer where the store does not do what it is asked.
fn store_error(error: &StoreError) -> Answer {
    let (status, code) = match error {
        StoreError::NoVersion(_) => (StatusCode::NOT_FOUND, "version_unknown"),
        StoreError::Message(_) => (StatusCode::BAD_REQUEST, "bad_message"),
        StoreError::Snapshot(_) => (StatusCode::CONFLICT, "folder_refused"),
        StoreError::Edited(_) => (StatusCode::CONFLICT, "folder_changed"),
        StoreError::InUse(_) => (StatusCode::SERVICE_UNAVAILABLE, "versions_in_use"),
        StoreError::Full(_) => (StatusCode::INSUFFICIENT_STORAGE, "versions_full"),
        StoreError::AuditFull(_) => (StatusCode::INSUFFICIENT_STORAGE, "audit_full"),
        StoreError::Audit { .. } => (StatusCode::SERVICE_UNAVAILABLE, "audit_broken"),
        StoreError::Io { .. } | StoreError::Damaged(_) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "versions_failed")
        }
    };
    if status.is_server_error() {
        tracing::error!("versions of the rules: {error}");
    }
    problem(status, code, &error.to_string())
}
