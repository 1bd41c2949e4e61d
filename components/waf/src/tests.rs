//! Whole transactions against programs that are written here by hand.

mod bodies;
mod bounds;
mod build;
mod chains;
mod control;
mod phases;
mod resume;
mod scoring;
mod targets;
