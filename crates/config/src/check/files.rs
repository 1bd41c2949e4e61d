//! Files that others will read: that they are what they are named for.

use std::path::Path;

use crate::fault::{Fault, Provenance};
use crate::walk::NamedFile;

/// A JWK Set is a JSON object with an array of keys (RFC 7517, section 5).
pub(crate) fn jwks(file: &Path, text: &str, faults: &mut Vec<Fault>) {
    let set: serde_json::Value = match serde_json::from_str(text) {
        Ok(set) => set,
        Err(error) => {
            let place = |n: usize| u32::try_from(n.max(1)).unwrap_or(u32::MAX);
            let at = Provenance::File {
                file: file.into(),
                line: place(error.line()),
                column: place(error.column()),
            };
            faults.push(Fault::new(&at, "", "is not JSON"));
            return;
        }
    };
    let at = Provenance::whole(file);
    let Some(keys) = set.get("keys").and_then(serde_json::Value::as_array) else {
        faults.push(Fault::new(
            &at,
            "",
            "is not a JWK Set: it has no array \"keys\"",
        ));
        return;
    };
    for (i, key) in keys.iter().enumerate() {
        let path = format!("keys[{i}]");
        match key.get("kty").and_then(serde_json::Value::as_str) {
            None => faults.push(Fault::new(
                &at,
                &path,
                "is not a JWK: it has no text \"kty\"",
            )),
            Some("oct") => {
                let reason = "is a symmetric key; name it as a secret";
                faults.push(Fault::new(&at, &path, reason));
            }
            Some(_) => {}
        }
    }
}

/// Rules are versions of a folder that is there.
pub(crate) fn folder(named: &NamedFile, faults: &mut Vec<Fault>) {
    if !named.file.is_dir() {
        let reason = format!("there is no folder {:?}", named.file.to_string_lossy());
        faults.push(Fault::new(&named.at, &named.path, reason));
    }
}

/// A PEM file has a block of the kind that it is named for (RFC 7468).
pub(crate) fn pem(named: &NamedFile, text: &str, faults: &mut Vec<Fault>) {
    let (label, what) = match named.used_as.as_str() {
        "certificate" => ("CERTIFICATE-----", "certificate"),
        _ => ("PRIVATE KEY-----", "private key"),
    };
    let found = text
        .lines()
        .any(|line| line.starts_with("-----BEGIN ") && line.trim_end().ends_with(label));
    if !found {
        let reason = format!("the file has no PEM block with a {what}");
        faults.push(Fault::new(&named.at, &named.path, reason));
    }
}
