//! The variables of a request's body.

mod multipart;
mod xml;

use super::Transaction;
use crate::program::{BodyProcessor, Collection, LimitAction};
use crate::store::Source;
use lockgate_bodies::{Limits, json, urlencoded};

impl Transaction<'_> {
    /// The body of the request. To be called once, between the first two phases.
    ///
    /// Past `SecRequestBodyLimit` it is cut off or the transaction is denied
    /// (`SecRequestBodyLimitAction`); `INBOUND_DATA_ERROR` is 1. What is not multipart is read up
    /// to `SecRequestBodyNoFilesLimit`; `REQBODY_ERROR` is 1 when there is more.
    ///
    /// `REQUEST_BODY` is filled for urlencoded bodies, JSON and what nothing reads, and for every
    /// body when a rule forces it. Rules see multipart and XML by variables of their own only: a
    /// name of an XML element is no attack. The cases of the Core Rule Set ask for both.
    /// (ModSecurity 2 fills it for urlencoded bodies only, 3 for all.)
    pub fn set_body(&mut self, body: &[u8]) {
        if !self.state.request_body_access {
            return;
        }
        self.workspace
            .set_number(Collection::RequestBodyLength, body.len() as u64);
        self.epoch += 1;
        let cut = body.len() > self.state.request_body_bytes_max as usize;
        let Some(body) = self.body_within_limits(body) else {
            return;
        };
        if body.is_empty() {
            return;
        }
        let processor = self.state.processor;
        let structured = matches!(processor, BodyProcessor::Multipart | BodyProcessor::Xml);
        if !structured || self.state.force_request_body {
            self.workspace.set_single(Collection::RequestBody, body);
        }
        match processor {
            BodyProcessor::UrlEncoded => self.read_form(body),
            BodyProcessor::Json => self.read_json(body),
            BodyProcessor::Multipart => self.read_multipart(body),
            BodyProcessor::Xml => self.read_xml(body),
            BodyProcessor::None | BodyProcessor::Raw => {}
        }
        if cut {
            // Its end is missing because nobody looked at it, which is not the client's fault.
            for fault in [
                Collection::ReqbodyError,
                Collection::ReqbodyProcessorError,
                Collection::MultipartStrictError,
                Collection::MultipartUnmatchedBoundary,
            ] {
                self.workspace.set_single(fault, b"0");
            }
        }
        self.set_sizes();
    }

    fn body_within_limits<'b>(&mut self, body: &'b [u8]) -> Option<&'b [u8]> {
        let limits = &self.engine.program.settings.limits;
        let mut seen = body;
        if let Some(within) = seen.get(..self.state.request_body_bytes_max as usize)
            && within.len() < seen.len()
        {
            self.workspace
                .set_single(Collection::InboundDataError, b"1");
            self.reject(limits.request_body_action);
            if limits.request_body_action == LimitAction::Reject {
                return None;
            }
            seen = within;
        }
        if self.state.processor != BodyProcessor::Multipart
            && let Some(within) = seen.get(..limits.request_body_no_files_bytes_max as usize)
            && within.len() < seen.len()
        {
            self.body_fault("Request body excluding files is bigger than the maximum expected.");
            seen = within;
        }
        Some(seen)
    }

    /// `REQBODY_ERROR` and its message.
    pub(super) fn body_fault(&mut self, message: &str) {
        let workspace = &mut self.workspace;
        workspace.set_single(Collection::ReqbodyError, b"1");
        workspace.set_single(Collection::ReqbodyProcessorError, b"1");
        workspace.set_single(Collection::ReqbodyErrorMsg, message.as_bytes());
        workspace.set_single(Collection::ReqbodyProcessorErrorMsg, message.as_bytes());
    }

    /// What may still come as an argument.
    fn argument_limits(&self) -> Limits {
        let limits = &self.engine.program.settings.limits;
        let fields = &self.workspace.fields;
        let there = fields.of(Source::ArgsGet).len() + fields.of(Source::ArgsPost).len();
        Limits {
            items_max: (limits.arguments_max as usize).saturating_sub(there),
            depth_max: limits.json_depth_max as usize,
            ..Limits::default()
        }
    }

    fn read_form(&mut self, body: &[u8]) {
        let limits = self.argument_limits();
        let separator = self.engine.program.settings.argument_separator;
        let workspace = &mut self.workspace;
        let read = urlencoded::parse_separated(body, separator, &limits, |name, value| {
            let name = workspace.values.intern(name);
            let value = workspace.values.intern(value);
            workspace.fields.push(Source::ArgsPost, name, value);
        });
        match read {
            Ok(report) if report.invalid_escape => {
                self.workspace.set_single(Collection::UrlencodedError, b"1");
            }
            Ok(_) => {}
            Err(error) => self.body_fault(&error.to_string()),
        }
    }

    fn read_json(&mut self, body: &[u8]) {
        let limits = self.argument_limits();
        let workspace = &mut self.workspace;
        let read = json::flatten(body, &limits, |name, value| {
            let name = workspace.values.intern(name);
            let value = workspace.values.intern(value);
            workspace.fields.push(Source::ArgsPost, name, value);
        });
        if let Err(error) = read {
            self.body_fault(&error.to_string());
        }
    }

    /// `ARGS_COMBINED_SIZE`: names and values of all arguments, in bytes.
    fn set_sizes(&mut self) {
        let workspace = &mut self.workspace;
        let get = workspace.fields.of(Source::ArgsGet);
        let post = workspace.fields.of(Source::ArgsPost);
        let length = |id| workspace.values.length(id) as u64;
        let sizes = get.iter().chain(post);
        let size = sizes
            .map(|field| length(field.name) + length(field.value))
            .sum();
        workspace.set_number(Collection::ArgsCombinedSize, size);
    }
}
