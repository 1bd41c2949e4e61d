//! `FULL_REQUEST` and `FULL_REQUEST_LENGTH`.

use super::Transaction;
use crate::program::Collection;
use crate::store::{Source, ValueId};

impl Transaction<'_> {
    /// The request line, the header fields and the body, as far as it is in `REQUEST_BODY`; or
    /// their length in bytes. Made when a rule asks for it.
    pub(super) fn full_request(&mut self, collection: Collection) -> ValueId {
        let workspace = &self.workspace;
        let values = &workspace.values;
        let mut text = values
            .get(workspace.single(Collection::RequestLine))
            .to_vec();
        text.extend_from_slice(b"\r\n");
        for field in workspace.fields.of(Source::RequestHeaders) {
            text.extend_from_slice(values.get(field.name));
            text.extend_from_slice(b": ");
            text.extend_from_slice(values.get(field.value));
            text.extend_from_slice(b"\r\n");
        }
        text.extend_from_slice(b"\r\n");
        text.extend_from_slice(values.get(workspace.single(Collection::RequestBody)));
        if collection == Collection::FullRequest {
            self.workspace.values.intern(&text)
        } else {
            self.intern_number(text.len() as u64)
        }
    }
}
