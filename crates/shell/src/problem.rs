//! Error bodies: RFC 9457 problem JSON with a stable code and the request id, never internals.

/// The media type of [`body`].
pub const CONTENT_TYPE: &str = "application/problem+json";

/// The body of an answer that is an error.
#[must_use]
pub fn body(status: u16, code: &str, detail: Option<&str>, request_id: &str) -> String {
    let mut body = serde_json::json!({
        "title": title(status),
        "status": status,
        "code": code,
        "request_id": request_id,
    });
    if let (Some(detail), Some(members)) = (detail, body.as_object_mut()) {
        members.insert("detail".to_owned(), detail.into());
    }
    body.to_string()
}

/// The words that belong to a status.
#[must_use]
pub fn title(status: u16) -> &'static str {
    http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Error")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_those_of_rfc_9457_and_ours() {
        let text = body(429, "rate_limited", None, "id-1");
        assert_eq!(
            text,
            r#"{"code":"rate_limited","request_id":"id-1","status":429,"title":"Too Many Requests"}"#
        );
        let text = body(799, "x", Some("a \"b\""), "i");
        assert!(
            text.contains(r#""detail":"a \"b\"""#) && text.contains("\"Error\""),
            "{text}"
        );
    }
}
