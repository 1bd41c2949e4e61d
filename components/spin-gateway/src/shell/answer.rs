//! Every exit passes here: what happened becomes a response, and its record is written when the
//! last byte is out. What is stored is stored before its record says so.

use std::time::{Duration, SystemTime};

use lockgate_shell::problem;
use lockgate_spin_shell::body::{Begun, CHUNK_BYTES};
use lockgate_wire::Verdict;
use spin_sdk::wasip3::http::types::{ErrorCode, Fields, Response, Trailers};
use spin_sdk::wasip3::wit_bindgen::{FutureWriter, StreamResult, StreamWriter};
use spin_sdk::wasip3::{spawn, wit_future, wit_stream};

use super::call::Call;
use super::record;
use super::refused::{Fields as Lines, Refused, add};
use super::route_fields;
use super::store::Draft;
use super::unix_ms;

/// An answer.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) fields: Lines,
    pub(super) body: Body,
}

/// Its body.
pub(super) enum Body {
    /// None, and no length of one.
    None,
    /// All of it.
    Full(Vec<u8>),
    /// All of it, and how it is stored.
    Kept(Vec<u8>, Option<Box<Draft>>),
    /// On its way.
    Stream(Box<Streamed>),
}

/// A body on its way.
pub(super) struct Streamed {
    pub(super) body: Begun,
    /// Bytes, where announced.
    pub(super) length: Option<u64>,
    /// How it is stored when it has come whole.
    pub(super) draft: Option<Draft>,
}

/// Makes the response and lets its body follow.
pub(super) async fn send(mut call: Call, result: Result<Reply, Refused>) -> Response {
    let reply = match result {
        Ok(reply) => reply,
        Err(refused) => problem_reply(&mut call, refused),
    };
    call.status = reply.status;
    let mut lines = reply.fields;
    let head_only = call.head.method() == b"HEAD";
    let (length, body) = match reply.body {
        body if matches!(reply.status, 204 | 304) => (None, body),
        Body::None => (None, Body::None),
        Body::Full(bytes) => (Some(bytes.len() as u64), Body::Full(bytes)),
        Body::Kept(bytes, draft) => (Some(bytes.len() as u64), Body::Kept(bytes, draft)),
        // To HEAD an origin announces a body that does not come, which Spin does not let pass.
        Body::Stream(streamed) if head_only => (None, Body::Stream(streamed)),
        Body::Stream(streamed) => (streamed.length, Body::Stream(streamed)),
    };
    // Without a length Spin holds small answers back for tens of milliseconds.
    if let Some(length) = length {
        add(&mut lines, "content-length", length.to_string());
    }
    // Whoever answers says when (RFC 9110 §6.6.1).
    if !lines
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("date"))
    {
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(unix_ms());
        add(&mut lines, "date", httpdate::fmt_http_date(now));
    }
    let (to, contents) = wit_stream::new::<u8>();
    let (finish, finished) = wit_future::new(|| Ok(None));
    let (response, _sent) = Response::new(wasi_fields(&lines), Some(contents), finished);
    let _ = response.set_status_code(reply.status);
    spawn(follow(call, body, to, finish));
    response
}

/// The one place where a refusal becomes a response.
fn problem_reply(call: &mut Call, refused: Refused) -> Reply {
    let body = problem::body(
        refused.status,
        &refused.code,
        refused.detail.as_deref(),
        &call.request_id,
    );
    let mut fields = Lines::with_capacity(8);
    add(&mut fields, "content-type", problem::CONTENT_TYPE);
    add(&mut fields, "cache-control", "no-store");
    add(&mut fields, "x-request-id", call.request_id.as_str());
    fields.extend(refused.fields);
    // Of the route it gets what the refusal has not set itself.
    let verdict = Verdict::parse(&call.verdict).ok();
    let index = verdict.map(|verdict| usize::from(verdict.seen.route));
    let routes = call
        .generation
        .as_ref()
        .map(|generation| &generation.document.routes);
    if let Some(route) = routes
        .zip(index)
        .and_then(|(routes, index)| routes.get(index))
    {
        route_fields::add_missing(&mut fields, route);
    }
    call.stage = refused.stage;
    call.code = Some(refused.code.into_owned());
    call.cause = (!refused.cause.is_empty()).then_some(refused.cause);
    Reply {
        status: refused.status,
        fields,
        body: Body::Full(body.into_bytes()),
    }
}

/// The fields; one that Spin refuses is left out.
fn wasi_fields(lines: &Lines) -> Fields {
    Fields::from_list(lines).unwrap_or_else(|_| {
        let fields = Fields::new();
        for (name, value) in lines {
            let _ = fields.append(name, value);
        }
        fields
    })
}

/// Sends the body, stores what is to be stored, writes the record.
async fn follow(
    mut call: Call,
    body: Body,
    to: StreamWriter<u8>,
    finish: FutureWriter<Result<Option<Trailers>, ErrorCode>>,
) {
    match body {
        Body::None => {
            drop(to);
            let _ = finish.write(Ok(None)).await;
            record::write(call, 0, None).await;
        }
        Body::Full(bytes) => {
            let out = send_whole(&call, bytes, to).await;
            let _ = finish.write(Ok(None)).await;
            record::write(call, out, None).await;
        }
        Body::Kept(bytes, draft) => {
            let copy = draft.map(|draft| (draft, bytes.clone()));
            let out = send_whole(&call, bytes, to).await;
            let _ = finish.write(Ok(None)).await;
            call.end();
            if let Some((draft, bytes)) = copy {
                draft.store(bytes).await;
            }
            record::write(call, out, None).await;
        }
        Body::Stream(streamed) => pass_on(call, *streamed, to, finish).await,
    }
}

/// Sends a body; how much of it went out. To HEAD none does, but Spin takes no length without one.
async fn send_whole(call: &Call, bytes: Vec<u8>, mut to: StreamWriter<u8>) -> u64 {
    let length = bytes.len() as u64;
    let left = to.write_all(bytes).await.len() as u64;
    if call.head.method() == b"HEAD" {
        return 0;
    }
    length.saturating_sub(left)
}

/// Hands a body on while it comes.
async fn pass_on(
    mut call: Call,
    streamed: Streamed,
    mut to: StreamWriter<u8>,
    finish: FutureWriter<Result<Option<Trailers>, ErrorCode>>,
) {
    let Streamed {
        body: Begun {
            held,
            mut rest,
            end,
        },
        length,
        mut draft,
    } = streamed;
    let mut out = 0_u64;
    let mut kept = Vec::new();
    let room = usize::try_from(length.unwrap_or(CHUNK_BYTES as u64)).unwrap_or(CHUNK_BYTES);
    let room = room.clamp(1, CHUNK_BYTES);
    let mut chunk = held;
    let gone = loop {
        if let Some(keep) = &draft {
            if (kept.len() as u64).saturating_add(chunk.len() as u64) > keep.bytes_max() {
                (draft, kept) = (None, Vec::new());
            } else {
                kept.extend_from_slice(&chunk);
            }
        }
        let length = chunk.len() as u64;
        let mut buffer = if chunk.is_empty() {
            chunk
        } else {
            to.write_all(chunk).await
        };
        out = out.saturating_add(length.saturating_sub(buffer.len() as u64));
        if !buffer.is_empty() {
            break true;
        }
        let Some(stream) = &mut rest else {
            break false;
        };
        buffer.reserve(room);
        let (result, read) = stream.read(buffer).await;
        chunk = read;
        if result == StreamResult::Dropped {
            rest = None;
        }
    };
    drop((rest, to));
    if gone {
        record::write(
            call,
            out,
            Some("the client left before the end of the answer"),
        )
        .await;
        return;
    }
    let end = end.wait().await;
    let failure = end
        .as_ref()
        .err()
        .map(|error| format!("the origin's body broke off: {error:?}"));
    // Trailers are not stored, so a body with trailers is not either.
    let whole = matches!(end, Ok(None)) && length.is_none_or(|length| length == out);
    let _ = finish.write(end).await;
    call.end();
    if let (true, Some(draft)) = (whole, draft) {
        draft.store(kept).await;
    }
    record::write(call, out, failure.as_deref()).await;
}
