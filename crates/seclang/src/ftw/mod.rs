//! Regression cases of the Core Rule Set, in the format of go-ftw.
mod backend;
mod case;
mod message;
mod run;
mod yaml;

pub use backend::{Answer, answer};
pub use case::{Case, Kind, Stage, read};
pub use message::{Message, bytes, read as read_message};
pub use run::{Outcome, Seen, case, fault, request};
