//! Fields in a body, by its media type.

use lockgate_bodies::json::{self, Part, Pointer};
use lockgate_bodies::media_type::Processor;
use lockgate_bodies::{Limits, multipart};

use super::{Sink, VALUES_MAX, pairs};
use crate::Field;
use crate::rules::{Body, View};

/// Takes the values of a field of the body out of a request.
///
/// Form fields are those of urlencoded and multipart bodies, by `Content-Type`; a part with a file name is
/// no form field. JSON is looked for in every body that is neither: what an origin reads as JSON need not
/// say so. A body that is no JSON is one text, so that a broken document hides nothing.
pub(super) fn collect<'a>(field: &Field, view: &View<'a>, sink: &mut Sink<'a, '_>) {
    let (bytes, truncated) = match view.body {
        Body::Absent => return,
        Body::Later => {
            sink.values.later = true;
            return;
        }
        Body::Here { bytes, truncated } => (bytes, truncated),
    };
    sink.values.oversize = truncated;
    if bytes.is_empty() {
        return;
    }
    let content_type = view.header("content-type").unwrap_or_default();
    let form = match Processor::for_content_type(content_type) {
        Some(form @ (Processor::UrlEncoded | Processor::Multipart)) => Some(form),
        _ => None,
    };
    match (field, form) {
        (Field::Body, _) => sink.given(b"", bytes),
        (Field::Json(pointer), None) => {
            if let Ok(pointer) = Pointer::parse(pointer) {
                document(bytes, truncated, &pointer, true, sink);
            }
        }
        (Field::JsonValues, None) => document(bytes, truncated, &Pointer::default(), true, sink),
        (Field::JsonKeys, None) => document(bytes, truncated, &Pointer::default(), false, sink),
        (_, Some(Processor::UrlEncoded)) => urlencoded(field, bytes, sink),
        (_, Some(Processor::Multipart)) => parts(field, content_type, bytes, sink),
        _ => {}
    }
}

fn limits() -> Limits {
    Limits {
        items_max: VALUES_MAX,
        ..Limits::default()
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
        Part::Value(_) | Part::Key(_) => {}
    });
    match read {
        Ok(_) => {}
        Err(json::Error::TooDeep | json::Error::TooManyValues) => {
            sink.values.oversize = true;
            sink.given(b"", bytes);
        }
        Err(_) if truncated => {}
        Err(_) => sink.given(b"", bytes),
    }
}

fn urlencoded<'a>(field: &Field, bytes: &'a [u8], sink: &mut Sink<'a, '_>) {
    for (name, value) in pairs::pairs(bytes) {
        match field {
            Field::FormField(wanted) if pairs::is_named(name, wanted.as_bytes()) => {
                sink.given(name, value);
            }
            Field::FormFields => sink.given(name, value),
            Field::FormFieldNames => sink.given(name, name),
            _ => {}
        }
    }
}

fn parts<'a>(field: &Field, content_type: &[u8], bytes: &'a [u8], sink: &mut Sink<'a, '_>) {
    let multipart = sink.multipart.take();
    let multipart = multipart.unwrap_or_else(|| multipart::parse(content_type, bytes, &limits()));
    if multipart.error.is_some() {
        // Others may read what this parser does not.
        sink.values.oversize = true;
        if matches!(field, Field::FormField(_) | Field::FormFields) {
            sink.given(b"", bytes);
        }
    }
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
    *sink.multipart = Some(multipart);
}
