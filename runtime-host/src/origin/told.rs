//! What an origin was told, as far as its answer's `Vary` goes.

use crate::http::RequestHead;

/// The client's fields without those that `Connection` names, which no origin sees.
pub(crate) fn end_to_end(head: &RequestHead) -> impl Iterator<Item = (&str, &[u8])> + Clone {
    lockgate_shell::told::end_to_end(head.fields())
}
