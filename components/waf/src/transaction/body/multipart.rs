//! `multipart/form-data`.

use crate::program::Collection;
use crate::store::Source;
use crate::transaction::Transaction;
use lockgate_bodies::Limits;
use lockgate_bodies::multipart::{Flags, Multipart, Part, parse};

impl Transaction<'_> {
    pub(super) fn read_multipart(&mut self, body: &[u8]) {
        let headers = self.workspace.fields.of(Source::RequestHeaders);
        let content_type = headers.iter().find(|field| {
            let name = self.workspace.values.get(field.name);
            name.eq_ignore_ascii_case(b"content-type")
        });
        let content_type = content_type.map_or(crate::store::EMPTY, |field| field.value);
        let content_type = self.workspace.values.get(content_type).to_vec();
        let limits = &self.engine.program.settings.limits;
        let limits = Limits {
            items_max: limits.values_max as usize,
            ..Limits::default()
        };
        let read = parse(&content_type, body, &limits);
        let mut no_files_bytes = 0;
        for part in &read.parts {
            let content = body.get(part.content.clone()).unwrap_or_default();
            if !part.is_file() {
                no_files_bytes += part.name.len() + content.len();
            }
            self.set_part(part, content);
        }
        let max = self
            .engine
            .program
            .settings
            .limits
            .request_body_no_files_bytes_max;
        if let Some(error) = read.error {
            self.body_fault(&format!("Multipart parsing error: {error}"));
        } else if no_files_bytes > max as usize {
            self.body_fault("Request body excluding files is bigger than the maximum expected.");
        }
        self.set_multipart(&read);
    }

    fn set_part(&mut self, part: &Part, content: &[u8]) {
        for line in &part.headers {
            self.push_field(Source::PartHeaders, &part.name, line);
        }
        self.push_field(Source::PartNames, &part.name, &part.name);
        if part.is_file() {
            self.push_field(Source::Files, &part.name, &part.file_name);
            let size = self.intern_number(content.len() as u64);
            let name = self.workspace.values.intern(&part.name);
            self.workspace.fields.push(Source::FileSizes, name, size);
        } else if self.argument_limits().items_max > 0 {
            self.push_field(Source::ArgsPost, &part.name, content);
        } else {
            self.body_fault("more arguments than the limit allows");
        }
    }

    fn set_multipart(&mut self, read: &Multipart) {
        let flags: &Flags = &read.flags;
        let workspace = &mut self.workspace;
        workspace.set_number(Collection::FilesCombinedSize, read.file_bytes() as u64);
        let unmatched = u64::from(flags.unmatched_boundary);
        workspace.set_number(Collection::MultipartUnmatchedBoundary, unmatched);
        for (collection, flag) in [
            (Collection::MultipartBoundaryQuoted, flags.boundary_quoted),
            (
                Collection::MultipartBoundaryWhitespace,
                flags.boundary_whitespace,
            ),
            (Collection::MultipartCrlfLfLines, flags.crlf_lf_lines()),
            (Collection::MultipartDataAfter, flags.data_after),
            (Collection::MultipartDataBefore, flags.data_before),
            (Collection::MultipartHeaderFolding, flags.header_folding),
            (
                Collection::MultipartInvalidHeaderFolding,
                flags.invalid_header_folding,
            ),
            (Collection::MultipartInvalidPart, flags.invalid_part),
            (Collection::MultipartInvalidQuoting, flags.invalid_quoting),
            (Collection::MultipartLfLine, flags.lf_line),
            (
                Collection::MultipartMissingSemicolon,
                flags.missing_semicolon,
            ),
            (Collection::MultipartStrictError, read.strict_error()),
        ] {
            workspace.set_number(collection, u64::from(flag));
        }
    }
}
