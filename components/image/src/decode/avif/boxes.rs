//! The boxes of an AVIF (ISO/IEC 14496-12 and 23008-12; AVIF 1.1): which bytes are the picture,
//! which its alpha, and what is said about them. Nothing is copied.

use crate::ImageError;

/// More entries than this in any list are refused: an AVIF has a handful.
const ENTRIES_MAX: usize = 1024;

/// What is known of a file.
#[derive(Default)]
pub(super) struct File<'a> {
    source: &'a [u8],
    primary: Option<u32>,
    items: Vec<Item>,
    places: Vec<Place>,
    /// The payload of `idat`.
    inner: &'a [u8],
    properties: Vec<Property<'a>>,
    /// An item and the number (from 1) of a property of it.
    associations: Vec<(u32, usize)>,
    /// Kind, from, to.
    references: Vec<([u8; 4], u32, u32)>,
}

struct Item {
    id: u32,
    kind: [u8; 4],
}

struct Place {
    id: u32,
    /// In `idat`, not in the file.
    inner: bool,
    extents: Vec<(usize, usize)>,
}

/// A property of an item, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Property<'a> {
    /// `ispe`: width and height.
    Size(u32, u32),
    /// `colr` with an ICC profile.
    Profile(&'a [u8]),
    /// `colr` of kind nclx: primaries, transfer, matrix (ITU-T H.273), full range.
    Codes(u16, u16, u16, bool),
    /// `irot`: quarter turns anti-clockwise.
    Turn(u8),
    /// `imir`: 0 top to bottom, 1 left to right.
    Mirror(u8),
    /// `auxC`: what kind of auxiliary picture it is.
    Auxiliary(&'a [u8]),
    /// One that is not needed.
    Other,
}

impl<'a> File<'a> {
    /// Read the boxes of `source`.
    ///
    /// # Errors
    /// [`ImageError::Truncated`], [`ImageError::Corrupt`].
    pub(super) fn read(source: &'a [u8]) -> Result<Self, ImageError> {
        let mut file = Self {
            source,
            ..Self::default()
        };
        let mut meta = None;
        let mut rest = Bytes(source);
        while let Some((kind, payload)) = rest.next_box()? {
            if &kind == b"meta" {
                meta = Some(payload);
                break;
            }
        }
        let mut meta = meta.ok_or(ImageError::Truncated)?;
        meta.u32()?;
        while let Some((kind, mut payload)) = meta.next_box()? {
            match &kind {
                b"pitm" => {
                    let wide = payload.u32()? >> 24 != 0;
                    file.primary = Some(payload.number(if wide { 4 } else { 2 })?);
                }
                b"iinf" => file.read_items(payload)?,
                b"iloc" => file.read_places(payload)?,
                b"iprp" => file.read_properties(payload)?,
                b"iref" => file.read_references(payload)?,
                b"idat" => file.inner = payload.0,
                _ => {}
            }
        }
        Ok(file)
    }

    /// The item that is the picture.
    pub(super) fn primary(&self) -> Option<u32> {
        self.primary
    }

    /// The four letters of an item's kind.
    pub(super) fn kind(&self, id: u32) -> Option<[u8; 4]> {
        self.items
            .iter()
            .find(|item| item.id == id)
            .map(|item| item.kind)
    }

    /// The item of `kind` that refers to `to` in the way of `reference`.
    pub(super) fn referring(&self, reference: [u8; 4], to: u32) -> impl Iterator<Item = u32> {
        self.references
            .iter()
            .filter(move |(kind, _, target)| *kind == reference && *target == to)
            .map(|(_, from, _)| *from)
    }

    /// The properties of an item, in the order in which they apply.
    pub(super) fn properties(&self, id: u32) -> impl Iterator<Item = Property<'a>> {
        self.associations
            .iter()
            .filter(move |(item, _)| *item == id)
            .filter_map(|(_, number)| self.properties.get(number.checked_sub(1)?).copied())
    }

    /// The bytes of an item.
    ///
    /// # Errors
    /// [`ImageError::Truncated`], [`ImageError::Corrupt`].
    pub(super) fn data(&self, id: u32) -> Result<Vec<u8>, ImageError> {
        let place = self.places.iter().find(|place| place.id == id);
        let place = place.ok_or_else(|| ImageError::corrupt("an AVIF item without a place"))?;
        let whole = if place.inner { self.inner } else { self.source };
        let mut data = Vec::new();
        for (start, length) in &place.extents {
            let end = start.checked_add(*length).ok_or(ImageError::Truncated)?;
            let part = match length {
                // All the rest.
                0 => whole.get(*start..),
                _ => whole.get(*start..end),
            };
            data.extend_from_slice(part.ok_or(ImageError::Truncated)?);
            // Extents may overlap: together they are no longer than the file all the same.
            if data.len() > self.source.len() {
                return Err(ImageError::corrupt("an AVIF item longer than its file"));
            }
        }
        Ok(data)
    }

    fn read_items(&mut self, mut list: Bytes<'a>) -> Result<(), ImageError> {
        let wide = list.u32()? >> 24 != 0;
        list.number(if wide { 4 } else { 2 })?;
        while let Some((kind, mut entry)) = list.next_box()? {
            if &kind != b"infe" {
                continue;
            }
            let version = entry.u32()? >> 24;
            if version < 2 {
                continue;
            }
            let id = entry.number(if version == 2 { 2 } else { 4 })?;
            entry.number(2)?;
            let kind = entry.four()?;
            self.items.push(Item { id, kind });
            bounded(self.items.len())?;
        }
        Ok(())
    }

    fn read_places(&mut self, mut list: Bytes<'a>) -> Result<(), ImageError> {
        let version = list.u32()? >> 24;
        let sizes = list.number(2)?;
        let size = |shift: u32| (sizes >> shift) & 15;
        let (offset, length, base) = (size(12), size(8), size(4));
        let index = if version == 0 { 0 } else { size(0) };
        let count = list.number(if version < 2 { 2 } else { 4 })?;
        bounded(count as usize)?;
        for _ in 0..count {
            let id = list.number(if version < 2 { 2 } else { 4 })?;
            let method = if version == 0 {
                0
            } else {
                list.number(2)? & 15
            };
            list.number(2)?;
            let base = list.long(base)?;
            let extents = list.number(2)?;
            bounded(extents as usize)?;
            let mut place = Place {
                id,
                inner: method == 1,
                extents: Vec::new(),
            };
            for _ in 0..extents {
                list.long(index)?;
                let start = base.checked_add(list.long(offset)?);
                let start = start.and_then(|start| usize::try_from(start).ok());
                let length = usize::try_from(list.long(length)?);
                match (start, length) {
                    (Some(start), Ok(length)) => place.extents.push((start, length)),
                    _ => return Err(ImageError::Truncated),
                }
            }
            // Other items' data (method 2) is not read.
            if method <= 1 {
                self.places.push(place);
            }
        }
        Ok(())
    }

    fn read_properties(&mut self, mut list: Bytes<'a>) -> Result<(), ImageError> {
        while let Some((kind, mut payload)) = list.next_box()? {
            match &kind {
                b"ipco" => {
                    while let Some((kind, payload)) = payload.next_box()? {
                        self.properties.push(property(kind, payload)?);
                        bounded(self.properties.len())?;
                    }
                }
                b"ipma" => self.read_associations(payload)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn read_associations(&mut self, mut list: Bytes<'a>) -> Result<(), ImageError> {
        let head = list.u32()?;
        let (version, wide) = (head >> 24, head & 1 != 0);
        let count = list.number(4)?;
        for _ in 0..count {
            let id = list.number(if version == 0 { 2 } else { 4 })?;
            let properties = list.number(1)?;
            for _ in 0..properties {
                let number = if wide {
                    list.number(2)? & 0x7FFF
                } else {
                    list.number(1)? & 0x7F
                };
                self.associations.push((id, number as usize));
                bounded(self.associations.len())?;
            }
        }
        Ok(())
    }

    fn read_references(&mut self, mut list: Bytes<'a>) -> Result<(), ImageError> {
        let bytes = if list.u32()? >> 24 == 0 { 2 } else { 4 };
        while let Some((kind, mut payload)) = list.next_box()? {
            let from = payload.number(bytes)?;
            let count = payload.number(2)?;
            for _ in 0..count {
                self.references.push((kind, from, payload.number(bytes)?));
                bounded(self.references.len())?;
            }
        }
        Ok(())
    }
}

fn bounded(entries: usize) -> Result<(), ImageError> {
    if entries > ENTRIES_MAX {
        return Err(ImageError::corrupt("an AVIF of too many entries"));
    }
    Ok(())
}

fn property<'a>(kind: [u8; 4], mut payload: Bytes<'a>) -> Result<Property<'a>, ImageError> {
    Ok(match &kind {
        b"ispe" => {
            payload.u32()?;
            Property::Size(payload.u32()?, payload.u32()?)
        }
        b"irot" => Property::Turn(payload.byte()? & 3),
        b"imir" => Property::Mirror(payload.byte()? & 1),
        b"auxC" => {
            payload.u32()?;
            let end = payload.0.iter().position(|byte| *byte == 0);
            Property::Auxiliary(
                payload
                    .0
                    .get(..end.unwrap_or(payload.0.len()))
                    .unwrap_or(&[]),
            )
        }
        b"colr" => match &payload.four()? {
            b"prof" | b"rICC" => Property::Profile(payload.0),
            b"nclx" => {
                let mut code = || payload.number(2).map(|code| code as u16);
                let (primaries, transfer, matrix) = (code()?, code()?, code()?);
                Property::Codes(primaries, transfer, matrix, payload.byte()? & 0x80 != 0)
            }
            _ => Property::Other,
        },
        _ => Property::Other,
    })
}

/// What is left to read of a box.
#[derive(Clone, Copy)]
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    /// The next box: its four letters and its payload. `None` at the end.
    fn next_box(&mut self) -> Result<Option<([u8; 4], Self)>, ImageError> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let whole = self.0;
        let mut length = u64::from(self.u32()?);
        let kind = self.four()?;
        if length == 1 {
            length = self.long(8)?;
        } else if length == 0 {
            length = whole.len() as u64;
        }
        let header = whole.len() - self.0.len();
        let payload = usize::try_from(length)
            .ok()
            .and_then(|length| length.checked_sub(header))
            .ok_or_else(|| ImageError::corrupt("an AVIF box shorter than its header"))?;
        let (payload, rest) = self
            .0
            .split_at_checked(payload)
            .ok_or(ImageError::Truncated)?;
        self.0 = rest;
        Ok(Some((kind, Self(payload))))
    }

    fn byte(&mut self) -> Result<u8, ImageError> {
        let (first, rest) = self.0.split_first().ok_or(ImageError::Truncated)?;
        self.0 = rest;
        Ok(*first)
    }

    fn four(&mut self) -> Result<[u8; 4], ImageError> {
        let (first, rest) = self.0.split_first_chunk().ok_or(ImageError::Truncated)?;
        self.0 = rest;
        Ok(*first)
    }

    fn u32(&mut self) -> Result<u32, ImageError> {
        Ok(u32::from_be_bytes(self.four()?))
    }

    /// A number of up to four bytes.
    fn number(&mut self, bytes: u32) -> Result<u32, ImageError> {
        let mut number = 0;
        for _ in 0..bytes.min(4) {
            number = (number << 8) | u32::from(self.byte()?);
        }
        Ok(number)
    }

    /// A number of up to eight bytes.
    fn long(&mut self, bytes: u32) -> Result<u64, ImageError> {
        let mut number = 0;
        for _ in 0..bytes.min(8) {
            number = (number << 8) | u64::from(self.byte()?);
        }
        Ok(number)
    }
}
