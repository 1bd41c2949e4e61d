//! Product pictures, drawn by the shop itself: signed distance fields in a small photo studio.

mod encode;
pub(crate) mod files;
mod light;
pub(crate) mod models;
mod noise;
mod render;
mod scene;
mod sdf;
mod vector;
