//! Fields in a body, by its media type and by what it looks like.

use lockgate_bodies::json::{self, Part, Pointer};
use lockgate_bodies::media_type::{MediaType, Processor};
use lockgate_bodies::{Limits, multipart};

use super::fields::{Of, each_pair};
use super::{Sink, VALUES_MAX, pairs};
use crate::Field;
use crate::rules::{Body, View};

/// What a body may be to its origin.
struct Reading {
    /// It begins as an object, an array or a string does; other values of JSON attack nobody.
    json: bool,
    form: Option<Form>,
    /// Neither by its name nor by its beginning a text.
    binary: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `application/x-www-form-urlencoded`.
    UrlEncoded,
    Multipart,
    /// A text that calls itself something else, and is no JSON.
    Unnamed,
}

impl Reading {
    fn of(content_type: &[u8], bytes: &[u8]) -> Self {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let json = matches!(text.trim_ascii_start().first(), Some(b'{' | b'[' | b'"'));
        let processor = Processor::for_content_type(content_type);
        let kind = MediaType::parse(content_type);
        let unnamed = kind
            .as_ref()
            .is_none_or(|kind| kind.essence() == "text/plain")
            || processor == Some(Processor::Json);
        Self {
            json,
            form: match processor {
                Some(Processor::UrlEncoded) => Some(Form::UrlEncoded),
                Some(Processor::Multipart) => Some(Form::Multipart),
                _ => (unnamed && !json).then_some(Form::Unnamed),
            },
            binary: !json && kind.is_some_and(|kind| is_binary(&kind)),
        }
    }
}

/// Pictures, archives and the like: as a text they are noise.
fn is_binary(kind: &MediaType) -> bool {
    let binary = [
        "application/octet-stream",
        "application/pdf",
        "application/zip",
        "application/gzip",
    ];
    matches!(kind.kind(), "image" | "audio" | "video" | "font") && kind.suffix().is_none()
        || binary.contains(&kind.essence())
}

/// Takes the values of a field of the body out of a request.
///
/// JSON is looked for whatever `Content-Type` says, as AWS WAF does: what an origin reads as JSON need not
/// say so. A body that calls itself a form has JSON where it begins as JSON does. A text that is no JSON
/// is one value (AWS WAF: `EVALUATE_AS_STRING`), so that a broken document hides nothing.
///
/// Form fields are those of urlencoded and multipart bodies, and of texts that call themselves JSON, plain
/// or nothing and are no JSON; a part with a file name is no form field.
pub(super) fn collect<'a>(field: &Field, view: &View<'a>, sink: &mut Sink<'a, '_>) {
    let (bytes, truncated) = match view.body {
        Body::Absent => return,
        Body::Later | Body::Never => {
            sink.later = true;
            return;
        }
        Body::Here { bytes, truncated } => (bytes, truncated),
    };
    sink.oversize = truncated;
    if bytes.is_empty() {
        return;
    }
    let content_type = view.header("content-type").unwrap_or_default();
    let reading = Reading::of(content_type, bytes);
    let named = matches!(reading.form, Some(Form::UrlEncoded | Form::Multipart));
    match (field, reading.form) {
        (Field::Body, _) => sink.given(b"", bytes),
        (Field::Json(_) | Field::JsonValues | Field::JsonKeys, _) => {
            if reading.json || !named && !reading.binary {
                json_field(field, bytes, truncated, sink);
            }
        }
        (_, Some(Form::UrlEncoded | Form::Unnamed)) => urlencoded(field, bytes, sink),
        (_, Some(Form::Multipart)) => parts(field, content_type, bytes, truncated, sink),
        (_, None) => {}
    }
}

fn limits() -> Limits {
    Limits {
        items_max: VALUES_MAX,
        ..Limits::default()
    }
}

fn json_field<'a>(field: &Field, bytes: &'a [u8], truncated: bool, sink: &mut Sink<'a, '_>) {
    let values = *field != Field::JsonKeys;
    let pointer = match field {
        Field::Json(pointer) => Pointer::parse(pointer),
        _ => Ok(Pointer::default()),
    };
    if let Ok(pointer) = pointer {
        document(bytes, truncated, &pointer, values, sink);
    }
}

/// The values, or else the names, at and below a pointer.
fn document<'a>(
    bytes: &'a [u8],
    truncated: bool,
    pointer: &Pointer,
    values: bool,
    sink: &mut Sink<'a, '_>,
) {
    let read = json::select(bytes, pointer, &limits(), |part| match part {
        Part::Value(value) if values => sink.made(b"", value),
        Part::Key(name) if !values => sink.made(name, name),
        // What was not read goes on with it.
        Part::Begun(text) if truncated => sink.made(b"", text),
        Part::Value(_) | Part::Key(_) | Part::Begun(_) => {}
    });
    match read {
        Ok(_) => {}
        Err(json::Error::TooDeep | json::Error::TooManyValues) => sink.rest(bytes),
        Err(json::Error::Unfinished) if truncated => {}
        Err(_) => sink.given(b"", bytes),
    }
}

fn urlencoded<'a>(field: &Field, bytes: &'a [u8], sink: &mut Sink<'a, '_>) {
    each_pair(bytes, sink, |name| match field {
        Field::FormField(wanted) if pairs::is_named(name, wanted.as_bytes()) => Some(Of::Value),
        Field::FormFields => Some(Of::Value),
        Field::FormFieldNames => Some(Of::Name),
        _ => None,
    });
}

fn parts<'a>(
    field: &Field,
    content_type: &[u8],
    bytes: &'a [u8],
    truncated: bool,
    sink: &mut Sink<'a, '_>,
) {
    let multipart = sink.multipart.take();
    let multipart = multipart.unwrap_or_else(|| multipart::parse(content_type, bytes, &limits()));
    for part in &multipart.parts {
        let content = bytes.get(part.content.clone()).unwrap_or_default();
        match field {
            Field::FormField(wanted) if !part.is_file() && part.name == wanted.as_bytes() => {
                sink.part(&part.name, content);
            }
            Field::FormFields if !part.is_file() => sink.part(&part.name, content),
            Field::FormFieldNames if !part.is_file() => sink.made(&part.name, &part.name),
            Field::PartNames => sink.made(&part.name, &part.name),
            Field::FileNames if part.is_file() => sink.made(&part.name, &part.file_name),
            _ => {}
        }
    }
    match multipart.error {
        None => {}
        // Its end was not read.
        Some(multipart::Error::NoFinalBoundary) if truncated => {}
        // Others may read what this parser does not.
        Some(_) => sink.rest(bytes),
    }
    *sink.multipart = Some(multipart);
}
