//! Answers that change nothing.

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http_body_util::Full;
use lockgate_versions::audit::Fault;
use lockgate_versions::{RulePath, Store, StoreError, VersionInfo};
use serde_json::{Value, json};

use super::target::Target;
use super::{Answer, json_answer, problem, store_error};
use crate::versions::Versions;

/// The answer to a target that changes nothing.
pub(super) fn answer(target: &Target, versions: &Versions) -> Answer {
    let answered = versions.with(|store| match target {
        Target::List { before, limit } => Ok(json_answer(&list(store, *before, *limit))),
        Target::Version(number) => version(store, *number).map(|version| json_answer(&version)),
        Target::File(number, path) => file(store, *number, path),
        Target::Audit { after, limit } => {
            audit(store, *after, *limit).map(|audit| json_answer(&audit))
        }
        // These change something.
        Target::Draft | Target::Push | Target::Publish(_) | Target::Rollback => {
            Ok(problem(StatusCode::INTERNAL_SERVER_ERROR, "internal", ""))
        }
    });
    answered
        .flatten()
        .unwrap_or_else(|error| store_error(&error))
}

fn list(store: &Store, before: u64, limit: usize) -> Value {
    let mut older = store
        .versions()
        .rev()
        .skip_while(|info| info.version >= before);
    let shown: Vec<Value> = older
        .by_ref()
        .take(limit)
        .map(|info| summary(store, info))
        .collect();
    json!({
        "current": store.current().map(|info| json!({ "version": info.version, "digest": info.digest })),
        "versions": shown,
        "more": older.next().is_some(),
        "damaged": store.damaged(),
        "bytes": store.bytes(),
        "audit": head(store),
    })
}

/// The last entry of the audit log, and where it was tampered with.
fn head(store: &Store) -> Value {
    let head = store.audit_head();
    json!({ "seq": head.seq, "hash": head.hash, "fault": store.audit_fault().map(Fault::to_string) })
}

/// A version without its files.
pub(super) fn summary(store: &Store, info: &VersionInfo) -> Value {
    let in_force = store
        .current()
        .is_some_and(|current| current.version == info.version);
    json!({
        "version": info.version,
        "time": info.time,
        "author": info.author,
        "message": info.message,
        "digest": info.digest,
        "parent": info.parent,
        "in_force": in_force,
        "draft": !in_force && !store.was_in_force(info.version),
    })
}

fn version(store: &Store, number: u64) -> Result<Value, StoreError> {
    let mut version = summary(store, store.version(number)?);
    let files = store.files(number)?.into_iter();
    let files: Vec<Value> = files
        .map(|(path, bytes, sha256)| json!({ "path": path, "bytes": bytes, "sha256": sha256 }))
        .collect();
    if let Value::Object(version) = &mut version {
        version.insert("files".to_owned(), Value::Array(files));
    }
    Ok(version)
}

fn file(store: &Store, number: u64, path: &RulePath) -> Result<Answer, StoreError> {
    let Some(bytes) = store.file(number, path)? else {
        let detail = format!("version {number} has no file {path}");
        return Ok(problem(StatusCode::NOT_FOUND, "file_unknown", &detail));
    };
    let mut response = super::respond(StatusCode::OK, "application/octet-stream", String::new());
    *response.body_mut() = Full::new(Bytes::from(bytes));
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    let no_sniffing = HeaderName::from_static("x-content-type-options");
    headers.insert(no_sniffing, HeaderValue::from_static("nosniff"));
    Ok(response)
}

fn audit(store: &Store, after: u64, limit: usize) -> Result<Value, StoreError> {
    let lines = store.audit_lines(after, limit)?;
    Ok(json!({ "head": head(store), "lines": lines.lines, "more": lines.more }))
}
