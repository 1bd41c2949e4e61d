//! `sqlite_databases`: `fermyon:spin/sqlite` and `spin:sqlite`, a file for each label.

mod database;
mod v2;
mod v3;

use std::path::{Path, PathBuf};

use wasmtime::component::Resource;

#[allow(unreachable_pub, reason = "generated code exports it again")]
pub use database::Connection;

use super::instance::InstanceState;

/// Why a database is not opened.
enum Closed {
    Denied,
    Other(String),
}

/// The file of a database. That of `default` is the one that Spin keeps.
#[must_use]
pub(super) fn file(state_folder: &Path, label: &str) -> PathBuf {
    state_folder.join(if label == "default" {
        "sqlite_db.db".to_owned()
    } else {
        format!("sqlite_{label}.db")
    })
}

/// The file of a database that the component was given.
fn allowed(state: &InstanceState, label: &str) -> Result<PathBuf, Closed> {
    if !state
        .given
        .sqlite_databases
        .iter()
        .any(|given| given == label)
    {
        tracing::warn!(
            component = &*state.given.id,
            "the database {label:?} was refused: it is not in sqlite_databases"
        );
        return Err(Closed::Denied);
    }
    match &state.given.state_folder {
        Some(folder) => Ok(file(folder, label)),
        None => Err(Closed::Other("there are no databases".to_owned())),
    }
}

fn keep(state: &mut InstanceState, connection: Connection) -> Result<Resource<Connection>, Closed> {
    state
        .table
        .push(connection)
        .map_err(|_| Closed::Other("too many open handles".to_owned()))
}

async fn open(state: &mut InstanceState, label: &str) -> Result<Resource<Connection>, Closed> {
    let file = allowed(state, label)?;
    let connection = Connection::open(&file).await.map_err(Closed::Other)?;
    keep(state, connection)
}
