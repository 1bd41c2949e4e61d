//! The named values of a request and of a response.

use super::values::ValueId;

/// Where named values come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Source {
    /// Arguments of the query.
    ArgsGet,
    /// Arguments of the body.
    ArgsPost,
    /// Cookies.
    Cookies,
    /// File names of uploads, by the names of their fields.
    Files,
    /// Sizes of uploads, by the names of their fields.
    FileSizes,
    /// Field names as parts give them, by themselves.
    PartNames,
    /// Header lines of parts, by the names of their fields.
    PartHeaders,
    /// Headers of the request.
    RequestHeaders,
    /// Headers of the response.
    ResponseHeaders,
    /// Texts of an XML document.
    XmlText,
    /// Attribute values of an XML document.
    XmlAttributes,
    /// What the host says about the place of the client.
    Geo,
}

const SOURCES: usize = Source::Geo as usize + 1;

impl Source {
    /// All of them, in the order of their declaration.
    pub(crate) const ALL: [Self; SOURCES] = [
        Self::ArgsGet,
        Self::ArgsPost,
        Self::Cookies,
        Self::Files,
        Self::FileSizes,
        Self::PartNames,
        Self::PartHeaders,
        Self::RequestHeaders,
        Self::ResponseHeaders,
        Self::XmlText,
        Self::XmlAttributes,
        Self::Geo,
    ];
}

/// A name and a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: ValueId,
    pub(crate) value: ValueId,
}

/// All named values.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    lists: [Vec<Field>; SOURCES],
}

impl Fields {
    /// The values of a source, in the order of their arrival.
    pub(crate) fn of(&self, source: Source) -> &[Field] {
        self.lists.get(source as usize).map_or(&[], Vec::as_slice)
    }

    /// Adds a value.
    pub(crate) fn push(&mut self, source: Source, name: ValueId, value: ValueId) {
        if let Some(list) = self.lists.get_mut(source as usize) {
            list.push(Field { name, value });
        }
    }

    /// Forgets the values of a source.
    pub(crate) fn clear_source(&mut self, source: Source) {
        if let Some(list) = self.lists.get_mut(source as usize) {
            list.clear();
        }
    }

    /// Forgets all values.
    pub(crate) fn clear(&mut self) {
        for list in &mut self.lists {
            list.clear();
            list.shrink_to(256);
        }
    }
}
