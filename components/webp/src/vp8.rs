//! VP8 key frames (RFC 6386).

mod bool_decoder;
mod edges;
pub(crate) mod frame;
pub(crate) mod header;
pub(crate) mod inverse;
mod loop_filter;
mod mode_probs;
pub(crate) mod modes;
pub(crate) mod predict;
mod residual;
mod strip;
pub(crate) mod tables;
pub(crate) mod token_probs;
pub(crate) mod tokens;
