//! The variables of a response.

use super::Transaction;
use crate::program::{Collection, LimitAction};
use crate::request::Response;
use crate::store::Source;
use lockgate_bodies::media_type::MediaType;

impl Transaction<'_> {
    /// The head of the response.
    pub fn set_response(&mut self, response: &Response<'_>) {
        let max = self.engine.program.settings.limits.values_max as usize;
        self.workspace.fields.clear_source(Source::ResponseHeaders);
        for (name, value) in response.headers.iter().take(max) {
            self.push_field(Source::ResponseHeaders, name, value);
            if name.eq_ignore_ascii_case(b"content-type") {
                self.workspace
                    .set_single(Collection::ResponseContentType, value);
            } else if name.eq_ignore_ascii_case(b"content-length") {
                self.workspace
                    .set_single(Collection::ResponseContentLength, value);
            }
        }
        let status = response.status.to_string();
        self.workspace
            .set_single(Collection::ResponseStatus, status.as_bytes());
        self.workspace
            .set_single(Collection::ResponseProtocol, response.protocol);
        let line = [response.protocol, status.as_bytes()].join(&b' ');
        self.workspace.set_single(Collection::StatusLine, &line);
        self.state.duration_us = response.duration_us;
        self.epoch += 1;
    }

    /// Whether the rules want to see the body of the response: access is on, and its type is one
    /// of those to be looked at.
    #[must_use]
    pub fn wants_response_body(&self) -> bool {
        if !self.state.response_body_access {
            return false;
        }
        let types = &self.engine.program.settings.response_body_types;
        let field = self.workspace.single(Collection::ResponseContentType);
        let field = self.workspace.values.get(field);
        let essence = MediaType::parse(field);
        let essence = essence.as_ref().map_or("", MediaType::essence);
        types.is_empty() || types.iter().any(|known| known == essence)
    }

    /// The body of the response, or what the host kept of it. Past the limit it is cut off
    /// (`OUTBOUND_DATA_ERROR` is 1), or the transaction is denied. Nothing happens when the rules
    /// do not want to see it.
    pub fn set_response_body(&mut self, body: &[u8]) {
        if !self.wants_response_body() {
            return;
        }
        let max = self.state.response_body_bytes_max as usize;
        let mut seen = body;
        if let Some(within) = body.get(..max)
            && body.len() > max
        {
            self.workspace
                .set_single(Collection::OutboundDataError, b"1");
            let action = self.engine.program.settings.limits.response_body_action;
            self.reject(action);
            if action == LimitAction::Reject {
                return;
            }
            seen = within;
        }
        self.workspace.set_single(Collection::ResponseBody, seen);
        let length = self.workspace.single(Collection::ResponseContentLength);
        if length == crate::store::EMPTY {
            self.workspace
                .set_number(Collection::ResponseContentLength, body.len() as u64);
        }
        self.epoch += 1;
    }
}
