//! Which fields stay on which side of the gate: the same for every shell.

pub(super) use lockgate_shell::fields::{
    as_origins_read, is_hop_by_hop, is_of_the_gate, remove_hop_by_hop, remove_where,
};
