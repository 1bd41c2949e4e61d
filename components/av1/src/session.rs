//! One use of the decoder: open, hand over the data, take the picture, close.

use std::mem::MaybeUninit;
use std::ptr::NonNull;

use rav1d::include::dav1d::data::Dav1dData;
use rav1d::include::dav1d::dav1d::{Dav1dContext, Dav1dLogger, Dav1dSettings};
use rav1d::include::dav1d::picture::Dav1dPicture;
use rav1d::src::lib::{
    dav1d_close, dav1d_data_create, dav1d_data_unref, dav1d_default_settings, dav1d_get_picture,
    dav1d_open, dav1d_picture_unref, dav1d_send_data,
};

use crate::{Error, Layout, Picture, Plane};

/// No picture yet.
const AGAIN: i32 = -libc::EAGAIN;

/// What rav1d says to a frame over its limit.
const RANGE: i32 = -libc::ERANGE;

/// More calls than this without a picture are no still picture.
const CALLS_MAX: usize = 64;

pub(crate) fn first_picture(data: &[u8], pixels_max: u32) -> Result<Picture, Error> {
    if data.is_empty() {
        return Err(Error::Truncated);
    }
    let session = Session::open(pixels_max)?;
    let mut input = Input::copy(data)?;
    for _ in 0..CALLS_MAX {
        if input.left() {
            match input.send(&session) {
                0 => {}
                code if code == AGAIN => {}
                code => return Err(from_code(code)),
            }
        }
        let mut output = Output::default();
        match output.get(&session) {
            0 => return output.picture(),
            code if code == AGAIN && input.left() => {}
            code if code == AGAIN => return Err(Error::Truncated),
            code => return Err(from_code(code)),
        }
    }
    Err(Error::Truncated)
}

fn from_code(code: i32) -> Error {
    match code {
        RANGE => Error::TooLarge,
        other => Error::Corrupt(other),
    }
}

/// An open decoder; closed when it is dropped.
struct Session(Option<Dav1dContext>);

impl Session {
    fn open(pixels_max: u32) -> Result<Self, Error> {
        let mut settings = MaybeUninit::<Dav1dSettings>::uninit();
        let place = NonNull::from(&mut settings).cast();
        // SAFETY: `place` can be written to, and the call fills all of it.
        let mut settings = unsafe {
            dav1d_default_settings(place);
            settings.assume_init()
        };
        settings.n_threads = 1;
        settings.max_frame_delay = 1;
        settings.all_layers = 0;
        settings.frame_size_limit = pixels_max;
        // It would write to standard error. SAFETY: there is no callback.
        settings.logger = unsafe { Dav1dLogger::new(None, None) };
        let mut context = None;
        let out = NonNull::from(&mut context);
        // SAFETY: both point to what lives on this stack frame and is of the right type.
        let result = unsafe { dav1d_open(Some(out), Some(NonNull::from(&mut settings))) };
        match result.0 {
            0 => Ok(Self(context)),
            code => Err(from_code(code)),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: the context is from `dav1d_open` and is closed once: it is taken out.
        unsafe { dav1d_close(Some(NonNull::from(&mut self.0))) };
    }
}

/// Data on its way into the decoder, in a buffer of the decoder's.
struct Input(Dav1dData);

impl Input {
    fn copy(data: &[u8]) -> Result<Self, Error> {
        let mut input = Dav1dData::default();
        // SAFETY: `input` can be written to; the buffer has as many bytes as are asked for.
        let buffer = unsafe { dav1d_data_create(Some(NonNull::from(&mut input)), data.len()) };
        let Some(buffer) = NonNull::new(buffer) else {
            return Err(Error::TooLarge);
        };
        // SAFETY: the buffer is new, so it does not overlap, and is `data.len()` bytes long.
        unsafe {
            buffer
                .as_ptr()
                .copy_from_nonoverlapping(data.as_ptr(), data.len())
        };
        Ok(Self(input))
    }

    fn left(&self) -> bool {
        self.0.sz > 0
    }

    fn send(&mut self, session: &Session) -> i32 {
        // SAFETY: the context is open and the data is from `dav1d_data_create`.
        unsafe { dav1d_send_data(session.0, Some(NonNull::from(&mut self.0))) }.0
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        // SAFETY: the data is from `dav1d_data_create`, perhaps already taken, which is allowed.
        unsafe { dav1d_data_unref(Some(NonNull::from(&mut self.0))) };
    }
}

/// A picture that belongs to the decoder until it is dropped.
#[derive(Default)]
struct Output(Dav1dPicture);

impl Output {
    fn get(&mut self, session: &Session) -> i32 {
        // SAFETY: the context is open and the picture is empty.
        unsafe { dav1d_get_picture(session.0, Some(NonNull::from(&mut self.0))) }.0
    }

    fn picture(&self) -> Result<Picture, Error> {
        let frame = &self.0;
        let side = |length: i32| u32::try_from(length).ok().filter(|side| *side > 0);
        let (Some(width), Some(height)) = (side(frame.p.w), side(frame.p.h)) else {
            return Err(Error::Corrupt(0));
        };
        let (layout, across, down) = match frame.p.layout {
            0 => (Layout::Grey, width, height),
            1 => (Layout::Quarter, width.div_ceil(2), height.div_ceil(2)),
            2 => (Layout::Half, width.div_ceil(2), height),
            _ => (Layout::Full, width, height),
        };
        let bits = u8::try_from(frame.p.bpc).map_err(|_| Error::Corrupt(0))?;
        // SAFETY: a picture that was handed out has a sequence header, which it keeps alive.
        let sequence = unsafe { frame.seq_hdr.ok_or(Error::Corrupt(0))?.as_ref() };
        let count = if layout == Layout::Grey { 1 } else { 3 };
        let mut planes = Vec::new();
        for (plane, data) in frame.data.iter().take(count).enumerate() {
            let (width, height) = if plane == 0 {
                (width, height)
            } else {
                (across, down)
            };
            let [luma, chroma] = frame.stride;
            let stride = if plane == 0 { luma } else { chroma };
            let start = data.ok_or(Error::Corrupt(0))?.cast::<u8>();
            // SAFETY: the plane has `height` rows, `stride` bytes apart, of `width` samples of
            // one byte (8 bits) or two, and lives as long as the picture.
            planes.push(unsafe { copy_plane(start, stride, (width, height), bits > 8) });
        }
        Ok(Picture {
            width,
            height,
            layout,
            bits,
            full_range: sequence.color_range != 0,
            matrix: u16::try_from(sequence.mtrx).unwrap_or(2),
            primaries: u16::try_from(sequence.pri).unwrap_or(2),
            transfer: u16::try_from(sequence.trc).unwrap_or(2),
            planes,
        })
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        // SAFETY: the picture is from `dav1d_get_picture`, or empty, which is allowed.
        unsafe { dav1d_picture_unref(Some(NonNull::from(&mut self.0))) };
    }
}

/// # Safety
/// From `start` on there must be `size.1` rows of `size.0` samples, `stride` bytes apart.
unsafe fn copy_plane(start: NonNull<u8>, stride: isize, size: (u32, u32), wide: bool) -> Plane {
    let (width, height) = (size.0 as usize, size.1 as usize);
    let mut samples = Vec::with_capacity(width * height);
    for row in 0..height {
        // SAFETY: the caller's promise. A picture is smaller than `isize::MAX` bytes.
        unsafe {
            let row = start.as_ptr().offset(row.cast_signed() * stride);
            if wide {
                let row = std::slice::from_raw_parts(row.cast::<u16>(), width);
                samples.extend_from_slice(row);
            } else {
                let row = std::slice::from_raw_parts(row, width);
                samples.extend(row.iter().map(|sample| u16::from(*sample)));
            }
        }
    }
    Plane {
        width: size.0,
        height: size.1,
        samples,
    }
}
