//! Answers to changes: their bodies read and handed to the reloader.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use hyper::body::Incoming;
use lockgate_versions::{RulePath, Snapshot};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::{Semaphore, oneshot};

use super::target::Target;
use super::{Answer, busy, json_answer, problem, refused};
use crate::admin::body;
use crate::versions::change::{Change, Changed, Rules, make};
use crate::versions::{Holder, Versions};

/// Bodies that are read and taken apart at once: each may hold some 50 MiB of memory for a moment.
static BODIES: Semaphore = Semaphore::const_new(2);

/// The body of a change.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asked {
    /// Why.
    message: String,
    /// The digest of the version that it was made from.
    base: Option<String>,
    /// Change whatever is in force.
    force: bool,
    /// The files of a new version: all of them.
    files: Option<Vec<File>>,
    /// The version to go back to.
    version: Option<u64>,
}

/// A file, as text or as base64.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    path: RulePath,
    text: Option<String>,
    base64: Option<String>,
}

/// The answer to a change. Whoever asks has the role for it.
pub(super) async fn answer(
    target: Target,
    body: Incoming,
    holder: Holder,
    versions: &Arc<Versions>,
) -> Answer {
    // Never closed, so there is always a place to come.
    let Ok(place) = BODIES.acquire().await else {
        return busy();
    };
    let bytes = match body::read(body).await {
        Ok(bytes) => bytes,
        Err((status, code)) => return problem(status, code, "the body was not read"),
    };
    let read = move || change(&target, &bytes, holder);
    let change = match tokio::task::spawn_blocking(read).await {
        Ok(Ok(change)) => change,
        Ok(Err(detail)) => return problem(StatusCode::BAD_REQUEST, "bad_request", &detail),
        Err(_) => return busy(),
    };
    drop(place);
    let (reply, replied) = oneshot::channel();
    let worker = versions.clone();
    let asked = versions.ask(Box::new(move |reloader| {
        // One that has gone away finds what came of it in the list.
        let _ = reply.send(make(reloader, &worker, change));
    }));
    if !asked {
        return busy();
    }
    match replied.await {
        Ok(Ok(changed)) => json_answer(&told(&changed)),
        Ok(Err(refusal)) => refused(&refusal),
        Err(_) => busy(),
    }
}

/// What a body asks for; the error says what is wrong with it.
fn change(target: &Target, body: &[u8], holder: Holder) -> Result<Change, String> {
    let asked: Asked = match body {
        [] => Asked::default(),
        body => serde_json::from_slice(body)
            .map_err(|error| format!("the body is not as it should be: {error}"))?,
    };
    let is_push = matches!(target, Target::Push | Target::Draft);
    if asked.files.is_some() != is_push {
        let reason = if is_push {
            "`files` is missing"
        } else {
            "`files` is for new versions"
        };
        return Err(reason.to_owned());
    }
    if asked.version.is_some() && *target != Target::Rollback {
        return Err("`version` is for the way back".to_owned());
    }
    let rules = match target {
        Target::Draft => Rules::Draft(snapshot(asked.files.unwrap_or_default())?),
        Target::Push => Rules::Push(snapshot(asked.files.unwrap_or_default())?),
        Target::Publish(version) => Rules::Publish(*version),
        Target::Rollback => Rules::Rollback(asked.version),
        other => return Err(format!("{other:?} changes nothing")),
    };
    Ok(Change {
        holder,
        rules,
        message: asked.message,
        base: asked.base,
        force: asked.force,
    })
}

fn snapshot(files: Vec<File>) -> Result<Snapshot, String> {
    let mut read = Vec::with_capacity(files.len());
    for file in files {
        let bytes = match (file.text, file.base64) {
            (Some(text), None) => text.into_bytes(),
            (None, Some(text)) => STANDARD
                .decode(text)
                .map_err(|error| format!("the bytes of {}: {error}", file.path))?,
            _ => {
                return Err(format!(
                    "{} has not exactly one of `text` and `base64`",
                    file.path
                ));
            }
        };
        read.push((file.path, bytes));
    }
    Snapshot::from_files(read).map_err(|error| error.to_string())
}

fn told(changed: &Changed) -> serde_json::Value {
    json!({
        "version": changed.version.version,
        "digest": changed.version.digest,
        "in_force": changed.in_force,
        "unchanged": changed.unchanged,
        "bundle": changed.bundle,
        "took_ms": changed.took_ms,
        "audit": { "seq": changed.head.seq, "hash": changed.head.hash },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use lockgate_config::types::AdminRole;

    fn asked(target: &Target, body: &str) -> Result<Change, String> {
        let holder = Holder {
            name: "alice".to_owned(),
            role: AdminRole::Publish,
        };
        change(target, body.as_bytes(), holder)
    }

    #[test]
    fn files_come_as_text_or_base64() {
        let body = r#"{"message":"m","base":"b","files":[{"path":"a.toml","text":"x"},{"path":"b.txt","base64":"/w=="}]}"#;
        let change = asked(&Target::Push, body).unwrap();
        assert_eq!(
            (change.message.as_str(), change.base.as_deref()),
            ("m", Some("b"))
        );
        let Rules::Push(snapshot) = change.rules else {
            panic!("not a push");
        };
        let files: Vec<(&str, &[u8])> = snapshot
            .files()
            .map(|(path, bytes)| (path.as_str(), bytes))
            .collect();
        assert_eq!(files, [("a.toml", b"x".as_slice()), ("b.txt", b"\xff")]);
    }

    #[test]
    fn bodies_that_ask_for_something_else_are_refused() {
        for (target, body) in [
            (Target::Push, ""),
            (Target::Push, "{}"),
            (Target::Push, "[]"),
            (Target::Push, r#"{"files":[],"surprise":1}"#),
            (Target::Push, r#"{"files":[{"path":"../a","text":""}]}"#),
            (Target::Push, r#"{"files":[{"path":"a"}]}"#),
            (
                Target::Push,
                r#"{"files":[{"path":"a","text":"","base64":""}]}"#,
            ),
            (Target::Push, r#"{"files":[{"path":"a","base64":"?"}]}"#),
            (
                Target::Push,
                r#"{"files":[{"path":"a","text":""},{"path":"a","text":""}]}"#,
            ),
            (
                Target::Push,
                r#"{"files":[{"path":"a","text":""},{"path":"a/b","text":""}]}"#,
            ),
            (Target::Push, r#"{"files":[],"version":1}"#),
            (Target::Publish(1), r#"{"files":[]}"#),
            (Target::Rollback, r#"{"version":-1}"#),
        ] {
            assert!(asked(&target, body).is_err(), "{target:?} {body}");
        }
        assert!(asked(&Target::Rollback, "").is_ok());
        assert!(asked(&Target::Rollback, r#"{"version":3,"force":true}"#).is_ok());
    }
}
