//! Where addresses are, by databases in MaxMind's format.

use std::net::{IpAddr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context as _;
use lockgate_config::types;
use lockgate_wire::Place;
use maxminddb::{PathElement, Reader};

/// The databases of a configuration.
pub struct Geo {
    country: Option<Database>,
    asn: Option<Database>,
}

struct Database {
    reader: Reader<Vec<u8>>,
    stamp: Stamp,
}

/// What tells one content of a file from another.
#[derive(PartialEq, Eq)]
struct Stamp {
    path: PathBuf,
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Geo {
    /// Reads the databases that a configuration names; those of `was` that did not change are kept.
    ///
    /// # Errors
    /// Which cannot be read, and why.
    pub fn open(config: &types::Geo, was: Option<&Arc<Self>>) -> anyhow::Result<Option<Arc<Self>>> {
        if config.country_database.is_none() && config.asn_database.is_none() {
            return Ok(None);
        }
        let stamp = |path: &Option<PathBuf>| path.as_deref().map(Stamp::of).transpose();
        let country = stamp(&config.country_database)?;
        let asn = stamp(&config.asn_database)?;
        if let Some(was) = was
            && was.country.as_ref().map(|database| &database.stamp) == country.as_ref()
            && was.asn.as_ref().map(|database| &database.stamp) == asn.as_ref()
        {
            return Ok(Some(was.clone()));
        }
        Ok(Some(Arc::new(Self {
            country: country.map(Database::read).transpose()?,
            asn: asn.map(Database::read).transpose()?,
        })))
    }

    /// Where an address (IPv4 mapped) is. What a database does not know, or says in another way than
    /// it should, is not known.
    #[must_use]
    pub fn place(&self, address: [u8; 16]) -> Place {
        let ip = Ipv6Addr::from(address).to_canonical();
        Place {
            address,
            country: self
                .country
                .as_ref()
                .and_then(|database| country(database, ip)),
            asn: self.asn.as_ref().and_then(|database| {
                let keys = [PathElement::Key("autonomous_system_number")];
                database.reader.lookup(ip).ok()?.decode_path(&keys).ok()?
            }),
        }
    }
}

fn country(database: &Database, ip: IpAddr) -> Option<[u8; 2]> {
    let found = database.reader.lookup(ip).ok()?;
    // Where the address is; and where nobody says, whose it is (an anonymous proxy, a satellite).
    let code = ["country", "registered_country"]
        .into_iter()
        .find_map(|key| {
            let keys = [PathElement::Key(key), PathElement::Key("iso_code")];
            found.decode_path::<&str>(&keys).ok()?
        })?;
    let code: [u8; 2] = code.as_bytes().try_into().ok()?;
    Some(code.map(|letter| letter.to_ascii_uppercase()))
}

impl Database {
    fn read(stamp: Stamp) -> anyhow::Result<Self> {
        let name = stamp.path.display().to_string();
        let reader = Reader::open_readfile(&stamp.path)
            .with_context(|| format!("{name} is no database in MaxMind's format"))?;
        Ok(Self { reader, stamp })
    }
}

impl Stamp {
    fn of(path: &Path) -> anyhow::Result<Self> {
        let meta = std::fs::metadata(path)
            .with_context(|| format!("the database {} cannot be read", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            bytes: meta.len(),
            modified: meta.modified().ok(),
        })
    }
}
