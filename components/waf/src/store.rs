//! What a transaction holds.

mod fields;
mod memo;
mod tx;
mod values;

pub(crate) use fields::{Fields, Source};
pub(crate) use memo::Memo;
pub(crate) use tx::{Tx, TxValue, number_of};
pub(crate) use values::{EMPTY, MAY_CHANGE_KNOWN, ValueId, Values};
