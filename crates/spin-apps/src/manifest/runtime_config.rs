//! `--runtime-config FILE`: what the operator of an app says beside its manifest, in Spin's form.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lockgate_config::Fault;
use lockgate_config::document::{self, nearest};

use super::reader::Table;
use crate::redis::server::Server;

/// What stands in the file.
#[derive(Debug, Clone, Default)]
pub struct RuntimeConfig {
    /// Key-value stores by label; those that are not named are in SQLite.
    pub(crate) key_value_stores: BTreeMap<String, StoreKind>,
}

/// Where a key-value store is.
#[derive(Debug, Clone)]
pub(crate) enum StoreKind {
    /// `type = "redis"`.
    Redis(Server),
    /// `type = "spin"`: a file.
    Sqlite(PathBuf),
}

impl RuntimeConfig {
    /// Reads and checks the file.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn load(file: &Path) -> Result<Self, Vec<Fault>> {
        let node = document::read(file)?;
        let folder = file.parent().unwrap_or(Path::new("."));
        let mut faults = Vec::new();
        let mut root = Table::root(&node);
        let mut key_value_stores = BTreeMap::new();
        if let Some(table) = root.table("key_value_store", &mut faults) {
            for (label, value) in table.all() {
                if let Some(table) = Table::open(&value, &value.at, &mut faults)
                    && let Some(kind) = store(table, folder, &mut faults)
                {
                    key_value_stores.insert(label.to_owned(), kind);
                }
            }
        }
        for (key, why) in [
            ("sqlite_database", "databases are files in --state-dir"),
            ("variables_provider", "variables come from the environment"),
            ("config_provider", "variables come from the environment"),
            ("llm_compute", "it has no inference"),
            ("state_dir", "give --state-dir"),
            ("log_dir", "what components say is in its own log"),
        ] {
            root.unsupported(key, why, &mut faults);
        }
        root.finish(&mut faults);
        if faults.is_empty() {
            return Ok(Self { key_value_stores });
        }
        faults.sort();
        Err(faults)
    }
}

fn store(mut table: Table<'_>, folder: &Path, faults: &mut Vec<Fault>) -> Option<StoreKind> {
    let kind = table.needs_text("type", faults)?;
    let read = match kind.value.as_str() {
        "redis" => {
            let url = table.needs_text("url", faults);
            url.and_then(|url| match Server::parse(&url.value) {
                Ok(server) => Some(StoreKind::Redis(server)),
                Err(reason) => {
                    faults.push(url.fault(reason));
                    None
                }
            })
        }
        "spin" => {
            let path = table.needs_text("path", faults);
            path.map(|path| StoreKind::Sqlite(folder.join(path.value)))
        }
        other => {
            let reason = format!("lockgate has no key-value store {other:?}");
            let fault = kind.fault(format!("{reason}, only \"redis\" and \"spin\""));
            faults.push(fault.suggest(nearest(other, ["redis", "spin"])));
            return None;
        }
    };
    table.finish(faults);
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<RuntimeConfig, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("runtime.toml");
        std::fs::write(&file, text).unwrap();
        RuntimeConfig::load(&file).map_err(|faults| {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            faults
                .join("\n")
                .replace(&*file.to_string_lossy(), "runtime.toml")
        })
    }

    #[test]
    fn stores_are_read() {
        let read = load(
            "[key_value_store.default]\ntype = \"redis\"\nurl = \"redis://cache.test/1\"\n\
             [key_value_store.other]\ntype = \"spin\"\npath = \"other.db\"\n",
        )
        .unwrap();
        let stores = &read.key_value_stores;
        assert!(
            matches!(&stores["default"], StoreKind::Redis(server)
                if server.to_string() == "redis://cache.test:6379"),
            "{stores:?}"
        );
        assert!(
            matches!(&stores["other"], StoreKind::Sqlite(path) if path.ends_with("other.db")),
            "{stores:?}"
        );
    }

    #[test]
    fn what_is_unknown_is_named_with_its_place() {
        let told = load(
            "[key_value_store.a]\ntype = \"redi\"\n[key_value_store.b]\ntype = \"redis\"\n\
             [key_value_store.c]\ntype = \"redis\"\nurl = \"http://s3cret\"\ndb = 1\n\
             [sqlite_database.default]\ntype = \"libsql\"\n[other]\n",
        )
        .unwrap_err();
        for part in [
            "runtime.toml:2:8: key_value_store.a.type: lockgate has no key-value store \"redi\"",
            "did you mean \"redis\"?",
            "runtime.toml:3:18: key_value_store.b: needs \"url\"",
            "key_value_store.c.url: it begins with neither redis:// nor rediss://",
            "key_value_store.c.db: unknown key",
            "sqlite_database: is not supported by lockgate",
            "other: unknown key",
        ] {
            assert!(told.contains(part), "{part} is not in\n{told}");
        }
        assert!(!told.contains("s3cret"), "{told}");
    }
}
