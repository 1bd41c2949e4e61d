//! Counts the frames that cost the sender nothing (RFC 9113 §10.5): it reads frame headers as
//! they pass and leaves the payloads to `h2`.

use std::time::Duration;

use tokio::time::Instant;

use crate::http1::HTTP2_PREFACE;

const HEADER_BYTES: usize = 9;
const WINDOW: Duration = Duration::from_secs(1);

const DATA: u8 = 0x0;
const HEADERS: u8 = 0x1;
const RST_STREAM: u8 = 0x3;
const WINDOW_UPDATE: u8 = 0x8;
const CONTINUATION: u8 = 0x9;
const FLAG_END_STREAM: u8 = 0x1;
const FLAG_END_HEADERS: u8 = 0x4;

/// What a client may send.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowed {
    /// Control frames in a second.
    pub(super) control_per_s: u32,
    /// RST_STREAM frames in the life of the connection.
    pub(super) resets: u32,
}

/// What was sent too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Excess {
    /// Control frames.
    #[error("more than http2.frames_control_per_s_max control frames in a second")]
    ControlFrames,
    /// Resets.
    #[error("more than http2.resets_per_connection_max streams were reset")]
    Resets,
}

/// The counter of one connection.
#[derive(Debug)]
pub(super) struct Meter {
    allowed: Allowed,
    /// Bytes to pass over: of the preface, then of payloads.
    skip: usize,
    header: [u8; HEADER_BYTES],
    header_filled: usize,
    second: Option<Instant>,
    control: u32,
    resets: u32,
}

impl Meter {
    /// A counter for a connection whose preface is still to come.
    pub(super) fn new(allowed: Allowed) -> Self {
        Self {
            allowed,
            skip: HTTP2_PREFACE.len(),
            header: [0; HEADER_BYTES],
            header_filled: 0,
            second: None,
            control: 0,
            resets: 0,
        }
    }

    /// Looks at the next bytes of the connection, however they are cut.
    ///
    /// # Errors
    /// [`Excess`] at the first frame too many.
    pub(super) fn feed(&mut self, mut bytes: &[u8], now: Instant) -> Result<(), Excess> {
        while !bytes.is_empty() {
            if self.skip > 0 {
                let passed = self.skip.min(bytes.len());
                self.skip -= passed;
                bytes = &bytes[passed..];
                continue;
            }
            let taken = (HEADER_BYTES - self.header_filled).min(bytes.len());
            self.header[self.header_filled..self.header_filled + taken]
                .copy_from_slice(&bytes[..taken]);
            self.header_filled += taken;
            bytes = &bytes[taken..];
            if self.header_filled == HEADER_BYTES {
                self.header_filled = 0;
                let [high, middle, low, kind, flags, ..] = self.header;
                let length = u32::from_be_bytes([0, high, middle, low]);
                self.skip = length as usize;
                self.count(kind, flags, length, now)?;
            }
        }
        Ok(())
    }

    fn count(&mut self, kind: u8, flags: u8, length: u32, now: Instant) -> Result<(), Excess> {
        let control = match kind {
            RST_STREAM => {
                self.resets += 1;
                return if self.resets > self.allowed.resets {
                    Err(Excess::Resets)
                } else {
                    Ok(())
                };
            }
            // A frame without content that ends nothing only keeps us busy.
            DATA => length == 0 && flags & FLAG_END_STREAM == 0,
            HEADERS | CONTINUATION => length == 0 && flags & FLAG_END_HEADERS == 0,
            // An honest client sends one for every few KiB of a download: no limit fits.
            WINDOW_UPDATE => false,
            // PING, SETTINGS, PRIORITY, GOAWAY and what later RFCs add.
            _ => true,
        };
        if !control {
            return Ok(());
        }
        match self.second {
            Some(begun) if now < begun + WINDOW => self.control += 1,
            _ => {
                self.second = Some(now);
                self.control = 1;
            }
        }
        if self.control > self.allowed.control_per_s {
            return Err(Excess::ControlFrames);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: u8 = 0x6;
    const SETTINGS: u8 = 0x4;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, 1], payload].concat()
    }

    fn meter() -> Meter {
        Meter::new(Allowed {
            control_per_s: 3,
            resets: 2,
        })
    }

    /// Feeds the preface and `frames` in pieces of `piece` bytes, all at one moment.
    fn feed(meter: &mut Meter, frames: &[Vec<u8>], piece: usize) -> Result<(), Excess> {
        let wire = [HTTP2_PREFACE, &frames.concat()].concat();
        let now = Instant::now();
        wire.chunks(piece)
            .try_for_each(|bytes| meter.feed(bytes, now))
    }

    #[test]
    fn frames_are_found_however_the_bytes_are_cut() {
        // The payload looks like PING headers: it must not be counted.
        let decoy = frame(PING, 0, &[0; 8]).repeat(9);
        let mut frames = vec![frame(SETTINGS, 0, &[0; 6]), frame(DATA, 0, &decoy)];
        frames.extend([frame(PING, 0, &[0; 8]), frame(PING, 1, &[0; 8])]);
        for piece in 1..60 {
            assert_eq!(
                feed(&mut meter(), &frames, piece),
                Ok(()),
                "pieces of {piece}"
            );
        }
        frames.push(frame(PING, 0, &[0; 8]));
        for piece in 1..60 {
            assert_eq!(
                feed(&mut meter(), &frames, piece),
                Err(Excess::ControlFrames)
            );
        }
    }

    #[test]
    fn what_is_free_for_the_sender_is_counted() {
        for (kind, flags, payload, counted) in [
            (PING, 0, &[0; 8][..], true),
            (SETTINGS, 0, &[], true),
            (SETTINGS, 1, &[], true),
            (0x2, 0, &[0; 5], true),
            (0xfa, 0, &[1], true),
            (DATA, 0, &[], true),
            (CONTINUATION, 0, &[], true),
            (DATA, FLAG_END_STREAM, &[], false),
            (DATA, 0, &[1], false),
            (HEADERS, FLAG_END_HEADERS, &[0x82], false),
            (WINDOW_UPDATE, 0, &[0, 0, 0, 1], false),
        ] {
            let frames = vec![frame(kind, flags, payload); 4];
            let expected = if counted {
                Err(Excess::ControlFrames)
            } else {
                Ok(())
            };
            assert_eq!(
                feed(&mut meter(), &frames, 1000),
                expected,
                "kind {kind} flags {flags}"
            );
        }
    }

    #[test]
    fn a_new_second_forgets_control_frames_but_not_resets() {
        let mut meter = meter();
        let begun = Instant::now();
        let pings = frame(PING, 0, &[0; 8]).repeat(3);
        meter.feed(HTTP2_PREFACE, begun).expect("preface");
        for second in 0..5 {
            let now = begun + WINDOW * second;
            assert_eq!(meter.feed(&pings, now), Ok(()));
        }
        let reset = frame(RST_STREAM, 0, &[0; 4]);
        assert_eq!(meter.feed(&reset, begun), Ok(()));
        assert_eq!(meter.feed(&reset, begun + WINDOW * 100), Ok(()));
        assert_eq!(
            meter.feed(&reset, begun + WINDOW * 200),
            Err(Excess::Resets)
        );
    }
}
