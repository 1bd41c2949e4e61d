//! XML.

use crate::store::{EMPTY, Source};
use crate::transaction::Transaction;
use lockgate_bodies::{Limits, xml};

impl Transaction<'_> {
    /// `XML:/*` is one value with all the text, as ModSecurity has it; `XML://@*` has a value for
    /// every attribute.
    pub(super) fn read_xml(&mut self, body: &[u8]) {
        let limits = &self.engine.program.settings.limits;
        let limits = Limits {
            items_max: limits.values_max as usize,
            depth_max: limits.json_depth_max as usize,
            ..Limits::default()
        };
        let document = xml::parse(body, &limits);
        let text = self.workspace.values.intern(&document.text);
        self.workspace.fields.push(Source::XmlText, EMPTY, text);
        for attribute in &document.attributes {
            self.push_field(Source::XmlAttributes, b"", attribute);
        }
        if let Some(error) = document.error {
            self.body_fault(&format!("XML parsing error: {error}"));
        }
    }
}
