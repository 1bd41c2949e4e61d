//! Limits of the components that run in the sandbox.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ImageSvg, ImageTruncated};

/// Limits of the policy component, which decides about each request.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// CPU time of one call on an I/O thread, in milliseconds. Beyond it: 500.
    #[schemars(range(min = 1, max = 60_000))]
    pub io_deadline_ms: u64,
    /// CPU time of one call in the inspection pool, in milliseconds. Beyond it: 500.
    #[schemars(range(min = 1, max = 60_000))]
    pub inspection_deadline_ms: u64,
    /// Longest time from handing a call to the inspection pool to its answer, waiting included, in
    /// milliseconds. Beyond it: 503.
    #[schemars(range(min = 1, max = 600_000))]
    pub wall_clock_ms_max: u64,
    /// Most memory of one instance, in bytes.
    #[schemars(range(min = 1_048_576, max = 4_294_967_296u64))]
    pub memory_bytes_max: u64,
    /// Threads for calls that can be slow, such as a signature not seen before.
    #[schemars(range(min = 1, max = 1024))]
    pub inspection_threads: u32,
    /// Most calls that wait for an inspection thread. Beyond it: 503.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub inspection_queue_max: u32,
    /// Most signatures not seen before that are verified in a second, over all clients. Beyond
    /// it: 503.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub unseen_signatures_per_s: u32,
    /// Of these, most for one client (an IPv4 address, or the first 64 bits of an IPv6 one).
    /// Beyond it: 429. 0: a quarter.
    #[schemars(range(max = 1_000_000))]
    pub unseen_signatures_per_client_per_s: u32,
    /// Most memory for verified tokens that are remembered, in bytes; one takes about 500.
    #[schemars(range(max = 17_179_869_184u64))]
    pub remembered_tokens_bytes_max: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            io_deadline_ms: 5,
            inspection_deadline_ms: 50,
            wall_clock_ms_max: 2000,
            memory_bytes_max: 256 * 1024 * 1024,
            inspection_threads: 1,
            inspection_queue_max: 256,
            unseen_signatures_per_s: 500,
            unseen_signatures_per_client_per_s: 0,
            remembered_tokens_bytes_max: 64 * 1024 * 1024,
        }
    }
}

/// Limits of the image component.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImagePool {
    /// Threads for image work. 0: one for each core.
    #[schemars(range(max = 1024))]
    pub threads: u32,
    /// Most pictures that wait for their source or for a thread, besides as many as there are
    /// threads. Beyond it: 503 with `Retry-After`, before the origin is asked.
    #[schemars(range(min = 1, max = 100_000))]
    pub queue_max: u32,
    /// Most memory of one transform, in bytes.
    #[schemars(range(min = 1_048_576, max = 4_294_967_296u64))]
    pub memory_bytes_max: u64,
    /// CPU time of one transform, in milliseconds. Beyond it: 500.
    #[schemars(range(min = 1, max = 600_000))]
    pub deadline_ms: u64,
    /// Longest time of one transform, waiting for a thread included, in milliseconds. Beyond it:
    /// 503. Also the longest time in which a source comes whole, counted from the head of the
    /// origin's answer. Beyond that: 504.
    #[schemars(range(min = 1, max = 600_000))]
    pub wall_clock_ms_max: u64,
    /// Largest source file, in bytes.
    #[schemars(range(min = 1, max = 1_073_741_824))]
    pub source_bytes_max: u64,
    /// Most bytes of all source files that are held at once. Beyond it: 503 with `Retry-After`.
    #[schemars(range(min = 1, max = 1_099_511_627_776u64))]
    pub sources_bytes_max: u64,
    /// Most pixels (width times height) of a source.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub pixels_max: u64,
    /// Largest width or height of an output, in pixels. WebP holds no more than 16,383.
    #[schemars(range(min = 1, max = 16_383))]
    pub dimension_max: u32,
    /// Most bytes of sources and decoded pictures that are kept, for the other widths that a page
    /// asks for. One may take a quarter of it. 0: nothing is kept, and each width is fetched and
    /// decoded for itself.
    #[schemars(range(max = 1_099_511_627_776u64))]
    pub ladder_bytes_max: u64,
    /// How long they are kept, in seconds; a source never longer than it is fresh. 0: not at all.
    #[schemars(range(max = 3600))]
    pub ladder_seconds: u32,
    /// Most frames of an animation; those of more are refused where they would move.
    #[schemars(range(min = 1, max = 100_000))]
    pub frames_max: u32,
    /// What is done with a source that ends before its pixels do.
    pub truncated: ImageTruncated,
    /// What is done with a source that is an SVG.
    pub svg: ImageSvg,
    /// What is made where too many pictures wait. Without this table: what was asked for, later.
    pub degrade: Option<ImageDegrade>,
}

/// When pictures are made with less effort, so that fewer wait: `auto` makes no AVIF, and every
/// `effort` is `fast`. It begins at either bound and ends at half of both. Not under Spin.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImageDegrade {
    /// Pictures that wait for a thread, in percent of `queue_max`.
    #[schemars(range(min = 1, max = 100))]
    pub queue_percent: u32,
    /// How long the picture that was begun last had waited for a thread, in milliseconds.
    #[schemars(range(min = 1, max = 600_000))]
    pub wait_ms: u64,
}

impl Default for ImageDegrade {
    fn default() -> Self {
        Self {
            queue_percent: 50,
            wait_ms: 2000,
        }
    }
}

impl Default for ImagePool {
    fn default() -> Self {
        Self {
            threads: 0,
            queue_max: 64,
            memory_bytes_max: 512 * 1024 * 1024,
            deadline_ms: 5000,
            wall_clock_ms_max: 20_000,
            source_bytes_max: 32 * 1024 * 1024,
            sources_bytes_max: 256 * 1024 * 1024,
            pixels_max: 40_000_000,
            dimension_max: 8192,
            ladder_bytes_max: 64 * 1024 * 1024,
            ladder_seconds: 10,
            frames_max: 200,
            truncated: ImageTruncated::Fail,
            svg: ImageSvg::Draw,
            degrade: None,
        }
    }
}
