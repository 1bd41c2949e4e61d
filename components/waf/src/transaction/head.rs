//! The variables of a request's head.

use super::{Transaction, uri};
use crate::program::{BodyProcessor, Collection};
use crate::request::Request;
use crate::store::Source;
use lockgate_bodies::media_type::Processor;
use lockgate_bodies::{Limits, cookies, urlencoded};

impl Transaction<'_> {
    pub(super) fn set_head(&mut self, request: &Request<'_>) {
        self.set_line(request);
        self.set_endpoints(request);
        self.set_query();
        for (name, value) in request.headers {
            self.set_header(name, value);
        }
        for (name, value) in request.geo {
            self.push_field(Source::Geo, name, value);
        }
        self.state.unique_id = request.unique_id.to_vec();
        self.state.time_us = request.time_us;
        self.workspace
            .set_single(Collection::UniqueId, request.unique_id);
        let web_app = self.engine.program.settings.web_app_id.as_bytes();
        self.workspace.set_single(Collection::WebAppId, web_app);
        self.set_flags();
    }

    fn set_line(&mut self, request: &Request<'_>) {
        let workspace = &mut self.workspace;
        match request.line {
            Some(line) => workspace.set_single(Collection::RequestLine, line),
            None => {
                let line = [request.method, request.uri, request.protocol].join(&b' ');
                workspace.set_single(Collection::RequestLine, &line);
            }
        }
        workspace.set_single(Collection::RequestMethod, request.method);
        workspace.set_single(Collection::RequestProtocol, request.protocol);
        workspace.set_single(Collection::RequestUriRaw, request.uri);
        let target = uri::without_authority(request.uri);
        let (path, query) = urlencoded::split_target(target);
        workspace.set_single(Collection::RequestUri, target);
        workspace.set_single(Collection::QueryString, query.unwrap_or_default());
        let path = urlencoded::decode_path(path);
        workspace.set_single(Collection::RequestFilename, &path);
        workspace.set_single(Collection::RequestBasename, urlencoded::base_name(&path));
        workspace.set_single(Collection::PathInfo, &path);
    }

    fn set_endpoints(&mut self, request: &Request<'_>) {
        let workspace = &mut self.workspace;
        let client = request.client.ip.to_canonical().to_string();
        workspace.set_single(Collection::RemoteAddr, client.as_bytes());
        workspace.set_single(Collection::RemoteHost, client.as_bytes());
        workspace.set_number(Collection::RemotePort, u64::from(request.client.port));
        let server = request.server.ip.to_canonical().to_string();
        workspace.set_single(Collection::ServerAddr, server.as_bytes());
        workspace.set_number(Collection::ServerPort, u64::from(request.server.port));
    }

    fn set_query(&mut self) {
        let query = self.workspace.single(Collection::QueryString);
        let workspace = &mut self.workspace;
        let query = workspace.values.get(query).to_vec();
        let settings = &self.engine.program.settings;
        let limits = Limits {
            items_max: settings.limits.arguments_max as usize,
            ..Limits::default()
        };
        let separator = settings.argument_separator;
        let mut sizes = 0;
        let read = urlencoded::parse_separated(&query, separator, &limits, |name, value| {
            sizes += name.len() + value.len();
            let name = workspace.values.intern(name);
            let value = workspace.values.intern(value);
            workspace.fields.push(Source::ArgsGet, name, value);
        });
        match read {
            Ok(report) if report.invalid_escape => {
                workspace.set_single(Collection::UrlencodedError, b"1");
            }
            Ok(_) => {}
            Err(error) => self.body_fault(&error.to_string()),
        }
        self.workspace
            .set_number(Collection::ArgsCombinedSize, sizes as u64);
    }

    fn set_header(&mut self, name: &[u8], value: &[u8]) {
        let max = self.engine.program.settings.limits.values_max as usize;
        if self.workspace.fields.of(Source::RequestHeaders).len() >= max {
            return;
        }
        self.push_field(Source::RequestHeaders, name, value);
        if name.eq_ignore_ascii_case(b"cookie") {
            self.set_cookies(value, max);
        } else if name.eq_ignore_ascii_case(b"host") {
            self.workspace
                .set_single(Collection::ServerName, uri::host_name(value));
        } else if name.eq_ignore_ascii_case(b"content-type") {
            self.set_processor(value);
        } else if name.eq_ignore_ascii_case(b"authorization") {
            let scheme = value.split(|byte| *byte == b' ').next();
            self.workspace
                .set_single(Collection::AuthType, scheme.unwrap_or_default());
        }
    }

    fn set_cookies(&mut self, value: &[u8], max: usize) {
        let workspace = &mut self.workspace;
        let limits = Limits {
            items_max: max.saturating_sub(workspace.fields.of(Source::Cookies).len()),
            ..Limits::default()
        };
        let read = cookies::parse(value, &limits, |name, value| {
            let name = workspace.values.intern(name);
            let value = workspace.values.intern(value);
            workspace.fields.push(Source::Cookies, name, value);
        });
        if let Err(error) = read {
            self.body_fault(&error.to_string());
        }
    }

    /// The processor that the type of the body asks for: urlencoded and multipart as ModSecurity
    /// has it built in, JSON and XML as the rules 200000 and 200001 of its recommended
    /// configuration do.
    fn set_processor(&mut self, content_type: &[u8]) {
        let processor = match Processor::for_content_type(content_type) {
            Some(Processor::UrlEncoded) => BodyProcessor::UrlEncoded,
            Some(Processor::Multipart) => BodyProcessor::Multipart,
            Some(Processor::Json) => BodyProcessor::Json,
            Some(Processor::Xml) => BodyProcessor::Xml,
            None => return,
        };
        self.state.processor = processor;
        let name = processor.name().as_bytes();
        self.workspace
            .set_single(Collection::ReqbodyProcessor, name);
    }

    pub(super) fn push_field(&mut self, source: Source, name: &[u8], value: &[u8]) {
        let name = self.workspace.values.intern(name);
        let value = self.workspace.values.intern(value);
        self.workspace.fields.push(source, name, value);
    }

    /// Variables that say that nothing is wrong, until something is.
    fn set_flags(&mut self) {
        const FLAGS: [Collection; 21] = [
            Collection::FilesCombinedSize,
            Collection::InboundDataError,
            Collection::OutboundDataError,
            Collection::RequestBodyLength,
            Collection::MultipartBoundaryQuoted,
            Collection::MultipartBoundaryWhitespace,
            Collection::MultipartCrlfLfLines,
            Collection::MultipartDataAfter,
            Collection::MultipartDataBefore,
            Collection::MultipartFileLimitExceeded,
            Collection::MultipartHeaderFolding,
            Collection::MultipartInvalidHeaderFolding,
            Collection::MultipartInvalidPart,
            Collection::MultipartInvalidQuoting,
            Collection::MultipartLfLine,
            Collection::MultipartMissingSemicolon,
            Collection::MultipartStrictError,
            Collection::MultipartUnmatchedBoundary,
            Collection::ReqbodyError,
            Collection::ReqbodyProcessorError,
            Collection::UrlencodedError,
        ];
        let zero = self.workspace.values.intern(b"0");
        for flag in FLAGS {
            if let Some(place) = self.workspace.singles.get_mut(flag as usize)
                && *place == crate::store::EMPTY
            {
                *place = zero;
            }
        }
    }
}
