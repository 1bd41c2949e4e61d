//! A JWK Set (RFC 7517 §5), read under limits.

use crate::algorithm::Algorithm;
use crate::fault::{CompileError, KeyFault, KeyPlace, SkippedKey};
use crate::json::{Json, Limits, member, parse_object};
use crate::jwk::{self, Content, Entry, Expect};
use crate::sign_in::CANDIDATES_MAX;

const LIMITS: Limits = Limits {
    bytes_max: 256 * 1024,
    depth_max: 6,
    values_max: 4096,
};

/// Most keys in one set.
const KEYS_MAX: usize = 100;

/// One usable key of a set.
pub(crate) struct SetKey {
    pub(crate) kid: Option<String>,
    pub(crate) algorithm: Algorithm,
    pub(crate) content: Content,
    index: usize,
}

/// Reads a set. At least one key is usable, or it is an error.
pub(crate) fn read(
    json: &[u8],
    allowed: &[Algorithm],
    expect: Expect,
) -> Result<(Vec<SetKey>, Vec<SkippedKey>), CompileError> {
    let members =
        parse_object(json, &LIMITS).map_err(|error| CompileError::KeySet(error.reason()))?;
    let Some(Json::Array(entries)) = member(&members, "keys") else {
        return Err(CompileError::KeySet("the array \"keys\" is missing"));
    };
    if entries.len() > KEYS_MAX {
        return Err(CompileError::KeySet("there are more than 100 keys"));
    }
    let mut keys: Vec<SetKey> = Vec::new();
    let mut skipped = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let mut place = KeyPlace { index, kid: None };
        match read_entry(entry, &mut place, allowed, expect) {
            Ok(Entry::Skip(reason)) => skipped.push(SkippedKey { place, reason }),
            Ok(Entry::Key(algorithm, content)) => {
                let key = SetKey {
                    kid: place.kid.clone(),
                    algorithm,
                    content,
                    index,
                };
                if let Some(fault) = clash(&keys, &key) {
                    return Err(CompileError::Key { place, fault });
                }
                keys.push(key);
            }
            Err(fault) => return Err(CompileError::Key { place, fault }),
        }
    }
    if keys.is_empty() {
        return Err(CompileError::NoKey(skipped));
    }
    Ok((keys, skipped))
}

fn read_entry(
    entry: &Json,
    place: &mut KeyPlace,
    allowed: &[Algorithm],
    expect: Expect,
) -> Result<Entry, KeyFault> {
    let Json::Object(members) = entry else {
        return Err(KeyFault::NotAnObject);
    };
    place.kid = jwk::kid(members)?;
    jwk::read(members, allowed, expect)
}

/// Whether a token could not tell `key` from one before it.
fn clash(keys: &[SetKey], key: &SetKey) -> Option<KeyFault> {
    let mut without_kid = 0_usize;
    for earlier in keys.iter().filter(|other| other.algorithm == key.algorithm) {
        match (&earlier.kid, &key.kid) {
            (Some(one), Some(other)) if one == other => {
                return Some(KeyFault::DuplicateKid(earlier.index));
            }
            (None, None) => {
                if earlier.content == key.content {
                    return Some(KeyFault::DuplicateKey(earlier.index));
                }
                without_kid = without_kid.saturating_add(1);
            }
            _ => {}
        }
    }
    (without_kid >= CANDIDATES_MAX).then_some(KeyFault::TooManyWithoutKid(CANDIDATES_MAX))
}
