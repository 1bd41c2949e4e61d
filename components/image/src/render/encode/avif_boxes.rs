//! The boxes of an AVIF (ISO/IEC 14496-12 and 23008-12; AVIF 1.1) around coded frames.

use super::Metadata;
use crate::ImageError;

/// A coded frame.
pub(super) struct Coded {
    /// The four bytes of `av1C` (AV1-ISOBMFF 1.2, section 2.3).
    pub(super) header: [u8; 4],
    /// Open bitstream units.
    pub(super) units: Vec<u8>,
    /// 1 or 3, of 8 bits.
    pub(super) channels: u8,
}

/// What a file is made of.
pub(super) struct Parts<'a> {
    /// Pixels.
    pub(super) size: (u32, u32),
    pub(super) colours: &'a Coded,
    pub(super) alpha: Option<&'a Coded>,
    /// Primaries, transfer, matrix: ITU-T H.273. The range is full.
    pub(super) codes: [u16; 3],
    pub(super) metadata: Metadata<'a>,
}

/// The picture itself; the other items refer to it.
const PRIMARY: u16 = 1;

/// That a reader must know the property.
const ESSENTIAL: u8 = 0x80;

/// Nothing stands before the TIFF header of the EXIF data.
const NO_OFFSET: &[u8] = &[0; 4];

const ALPHA: &[u8] = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0";

/// Something in the file; its id is its place in the list, from 1.
struct Item<'a> {
    kind: [u8; 4],
    /// How it refers to the picture; the picture itself does not.
    reference: Option<[u8; 4]>,
    /// Numbers of properties, from 1, with [`ESSENTIAL`].
    properties: Vec<u8>,
    data: Vec<&'a [u8]>,
}

/// The file.
///
/// # Errors
/// [`ImageError::Internal`] for what does not fit into 32 bits.
pub(super) fn file(parts: &Parts<'_>) -> Result<Vec<u8>, ImageError> {
    let (properties, items) = contents(parts)?;
    let mut file = boxed(b"ftyp", &[b"avif\0\0\0\0avifmif1miaf"])?;
    // The length does not depend on where the data begins.
    let before = file.len() + meta(&properties, &items, 0)?.len();
    file.extend(meta(&properties, &items, before + 8)?);
    let data: Vec<&[u8]> = items.iter().flat_map(|item| item.data.clone()).collect();
    file.extend(boxed(b"mdat", &data)?);
    Ok(file)
}

/// All properties, and the items that have them.
fn contents<'a>(parts: &Parts<'a>) -> Result<(Vec<u8>, Vec<Item<'a>>), ImageError> {
    let Parts { metadata, .. } = *parts;
    let mut all = Properties::default();
    let (width, height) = parts.size;
    let extent = [width.to_be_bytes(), height.to_be_bytes()].concat();
    let extent = all.add(full(b"ispe", 0, &[&extent])?);
    let depth = all.depth(parts.colours)?;
    let header = all.add(boxed(b"av1C", &[&parts.colours.header])?) | ESSENTIAL;
    let codes = parts.codes.map(u16::to_be_bytes).concat();
    let codes = all.add(boxed(b"colr", &[b"nclx", &codes, &[0x80]])?);
    let mut properties = vec![extent, depth, header, codes];
    if !metadata.icc.is_empty() {
        properties.push(all.add(boxed(b"colr", &[b"prof", metadata.icc])?));
    }
    let mut items = vec![Item {
        kind: *b"av01",
        reference: None,
        properties,
        data: vec![parts.colours.units.as_slice()],
    }];
    if let Some(alpha) = parts.alpha {
        let depth = all.depth(alpha)?;
        let header = all.add(boxed(b"av1C", &[&alpha.header])?) | ESSENTIAL;
        let kind = all.add(full(b"auxC", 0, &[ALPHA])?);
        items.push(Item {
            kind: *b"av01",
            reference: Some(*b"auxl"),
            properties: vec![extent, depth, header, kind],
            data: vec![alpha.units.as_slice()],
        });
    }
    if !metadata.exif.is_empty() {
        items.push(Item {
            kind: *b"Exif",
            reference: Some(*b"cdsc"),
            properties: Vec::new(),
            data: vec![NO_OFFSET, metadata.exif],
        });
    }
    Ok((all.bytes, items))
}

#[derive(Default)]
struct Properties {
    bytes: Vec<u8>,
    count: u8,
}

impl Properties {
    /// The number of the property.
    fn add(&mut self, property: Vec<u8>) -> u8 {
        self.bytes.extend(property);
        self.count += 1;
        self.count
    }

    fn depth(&mut self, frame: &Coded) -> Result<u8, ImageError> {
        let bits = vec![8; usize::from(frame.channels)];
        Ok(self.add(full(b"pixi", 0, &[&[frame.channels], &bits])?))
    }
}

/// `meta`, where the data of the items begins at `start`.
fn meta(properties: &[u8], items: &[Item<'_>], start: usize) -> Result<Vec<u8>, ImageError> {
    let count = u16::try_from(items.len()).map_err(ImageError::internal)?;
    let (mut places, mut infos, mut references, mut owners) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut at = start;
    for (id, item) in (PRIMARY..).zip(items) {
        let id = id.to_be_bytes();
        let length: usize = item.data.iter().map(|part| part.len()).sum();
        // One extent, the data reference being this file.
        places.extend([id, [0, 0], [0, 1]].concat());
        places.extend([number(at)?, number(length)?].concat());
        at += length;
        // No protection, an empty name.
        infos.extend(full(b"infe", 2, &[&id, &[0, 0], &item.kind, &[0]])?);
        if let Some(kind) = &item.reference {
            let to = [id, 1_u16.to_be_bytes(), PRIMARY.to_be_bytes()].concat();
            references.extend(boxed(kind, &[&to])?);
        }
        if !item.properties.is_empty() {
            let entries = u8::try_from(item.properties.len()).map_err(ImageError::internal)?;
            owners.push([&id[..], &[entries][..], &item.properties[..]].concat());
        }
    }
    let count = count.to_be_bytes();
    let mut boxes = vec![
        full(b"hdlr", 0, &[&[0; 4], b"pict", &[0; 13]])?,
        full(b"pitm", 0, &[&PRIMARY.to_be_bytes()])?,
        // Offsets and lengths of four bytes.
        full(b"iloc", 0, &[&[0x44, 0], &count, &places])?,
        full(b"iinf", 0, &[&count, &infos])?,
    ];
    if !references.is_empty() {
        boxes.push(full(b"iref", 0, &[&references])?);
    }
    let all = boxed(b"ipco", &[properties])?;
    let owners = full(b"ipma", 0, &[&number(owners.len())?, &owners.concat()])?;
    boxes.push(boxed(b"iprp", &[&all, &owners])?);
    full(b"meta", 0, &[&boxes.concat()])
}

/// A box with a version, its flags 0.
fn full(kind: &[u8; 4], version: u8, parts: &[&[u8]]) -> Result<Vec<u8>, ImageError> {
    let head = [version, 0, 0, 0];
    let parts: Vec<&[u8]> = [&head[..]]
        .into_iter()
        .chain(parts.iter().copied())
        .collect();
    boxed(kind, &parts)
}

fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Result<Vec<u8>, ImageError> {
    let payload = parts.concat();
    let length = number(8 + payload.len())?;
    Ok([&length[..], &kind[..], &payload[..]].concat())
}

fn number(number: usize) -> Result<[u8; 4], ImageError> {
    let number = u32::try_from(number).map_err(ImageError::internal)?;
    Ok(number.to_be_bytes())
}
