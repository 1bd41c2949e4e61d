//! From a file to planes. [`decode`] is the list of what happens.

mod bits;
mod block;
mod frame;
mod huffman;
mod markers;
mod options;
mod progressive;
mod restarts;
mod sequential;
mod tables;

pub(crate) use block::ZIGZAG;
pub use options::{Chroma, Limits, Options, Scale, Truncated};

use crate::{JpegError, Planes};
use frame::Frame;
use markers::{Markers, Segment};
use tables::Tables;

/// Decode `source` at a scale.
///
/// # Errors
/// [`JpegError`]; a file that ends early is an error unless [`Options::truncated`] says otherwise,
/// and then what was not read is grey.
pub fn decode(source: &[u8], options: &Options) -> Result<Planes, JpegError> {
    let mut markers = Markers::new(source)?;
    let mut tables = Tables::default();
    let mut frame = None;
    let (mut jfif, mut adobe) = (false, None);
    let first_scan = loop {
        match markers.next()? {
            Segment::Frame(kind, payload) => {
                if frame.is_some() {
                    return Err(JpegError::Corrupt("a second frame header"));
                }
                frame = Some(Frame::read(kind, payload, options)?);
            }
            Segment::Huffman(payload) => tables.read_huffman(payload)?,
            Segment::Quantisation(payload) => tables.read_quantisation(payload)?,
            Segment::Restart(payload) => tables.read_restart(payload)?,
            Segment::Jfif => jfif = true,
            Segment::Adobe(transform) => adobe = Some(transform),
            Segment::Other => {}
            Segment::Scan(payload) => break payload,
            Segment::End => return Err(JpegError::Corrupt("no scan")),
        }
    };
    let frame = frame.ok_or(JpegError::Corrupt("a scan before the frame header"))?;
    frame.is_plausible(source.len(), options)?;
    let mut planes = frame.planes(jfif, adobe);
    let outcome = if frame.progressive {
        progressive::decode(&frame, tables, markers, first_scan, options, &mut planes)
    } else {
        sequential::decode(&frame, tables, markers, first_scan, &mut planes)
    };
    match outcome {
        Ok(()) => planes.complete = true,
        Err(JpegError::Truncated) if options.truncated == Truncated::Keep => {}
        Err(error) => return Err(error),
    }
    Ok(planes)
}
