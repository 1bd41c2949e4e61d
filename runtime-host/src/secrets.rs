//! Finding the secrets that the configuration names. No message holds a value or a part of one.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use lockgate_config::types::{GatewayConfig, Secret, SecretEncoding, SecretSource};

/// Largest secret as it is written, in bytes: room for a set of keys.
const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// URL-safe, with or without padding.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Finds every secret: name and bytes, in order of name.
///
/// # Errors
/// Every secret that is not found or not readable, by name, with the reason.
pub fn resolve(config: &GatewayConfig) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    resolve_given(config, |_| None)
}

/// The same, but what `given` has of a name goes before the place that the configuration names.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_given<'a>(
    config: &GatewayConfig,
    given: impl Fn(&str) -> Option<&'a str>,
) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut found = Vec::with_capacity(config.secrets.len());
    let mut faults = Vec::new();
    for (name, secret) in &config.secrets {
        let bytes = match given(name) {
            Some(text) => whole(text.as_bytes().to_vec(), secret.encoding),
            None => find(secret, |variable| std::env::var_os(variable)),
        };
        match bytes {
            Ok(bytes) => found.push((name.clone(), bytes)),
            Err(fault) => faults.push(format!("secrets.{name}: {fault}")),
        }
    }
    anyhow::ensure!(faults.is_empty(), "{}", faults.join("; "));
    Ok(found)
}

/// Finds the secret of this name.
///
/// # Errors
/// Where the configuration has none of this name, or it is not found or not readable.
pub fn resolve_one(config: &GatewayConfig, name: &str) -> anyhow::Result<Vec<u8>> {
    let secret = config
        .secrets
        .get(name)
        .ok_or_else(|| anyhow::anyhow!("secrets.{name}: the configuration has no such secret"))?;
    find(secret, |variable| std::env::var_os(variable))
        .map_err(|fault| anyhow::anyhow!("secrets.{name}: {fault}"))
}

/// The files that secrets are read from: those to watch.
#[must_use]
pub fn files(config: &GatewayConfig) -> Vec<PathBuf> {
    config
        .secrets
        .values()
        .filter_map(|secret| match &secret.source {
            SecretSource::File(path) => Some(path.clone()),
            SecretSource::Env(_) => None,
        })
        .collect()
}

/// Why a secret cannot be used.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("the file {} cannot be read: {reason}", path.display())]
    File { path: PathBuf, reason: io::Error },
    #[error("the file {} has more than {SECRET_BYTES_MAX} bytes", .0.display())]
    TooLong(PathBuf),
    #[error("the environment variable {0} is not set")]
    NotSet(String),
    #[error("is empty")]
    Empty,
    #[error("is not UTF-8; write bytes as base64url or hex and say so with `encoding`")]
    NotUtf8,
    #[error("is not base64 with the URL-safe alphabet (RFC 4648, section 5)")]
    NotBase64url,
    #[error("is not hexadecimal: two digits a byte and nothing between them")]
    NotHex,
}

fn find(secret: &Secret, variable: impl Fn(&str) -> Option<OsString>) -> Result<Vec<u8>, Fault> {
    use std::os::unix::ffi::OsStringExt as _;
    let text = match &secret.source {
        SecretSource::File(path) => without_line_end(read(path)?),
        SecretSource::Env(name) => variable(name)
            .ok_or_else(|| Fault::NotSet(name.clone()))?
            .into_vec(),
    };
    whole(text, secret.encoding)
}

fn whole(text: Vec<u8>, encoding: SecretEncoding) -> Result<Vec<u8>, Fault> {
    let bytes = decode(text, encoding)?;
    if bytes.is_empty() {
        Err(Fault::Empty)
    } else {
        Ok(bytes)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Fault> {
    let fault = |reason| Fault::File {
        path: path.to_owned(),
        reason,
    };
    let mut text = Vec::new();
    let file = File::open(path).map_err(fault)?;
    file.take(SECRET_BYTES_MAX + 1)
        .read_to_end(&mut text)
        .map_err(fault)?;
    if text.len() as u64 > SECRET_BYTES_MAX {
        return Err(Fault::TooLong(path.to_owned()));
    }
    Ok(text)
}

/// Editors end a file with a line end that is not meant.
fn without_line_end(mut text: Vec<u8>) -> Vec<u8> {
    if text.ends_with(b"\n") {
        text.pop();
        if text.ends_with(b"\r") {
            text.pop();
        }
    }
    text
}

fn decode(text: Vec<u8>, encoding: SecretEncoding) -> Result<Vec<u8>, Fault> {
    match encoding {
        SecretEncoding::Utf8 => match std::str::from_utf8(&text) {
            Ok(_) => Ok(text),
            Err(_) => Err(Fault::NotUtf8),
        },
        // The decoder's own error would show a character of the secret.
        SecretEncoding::Base64url => BASE64URL.decode(&text).map_err(|_| Fault::NotBase64url),
        SecretEncoding::Hex => hex(&text).ok_or(Fault::NotHex),
    }
}

fn hex(text: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    pairs
        .iter()
        .map(|&[high, low]| u8::try_from(digit(high)? * 16 + digit(low)?).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What no message may hold.
    const CANARY: &str = "c4n4ry!c4n4ry";

    fn environment(value: &str) -> impl Fn(&str) -> Option<OsString> {
        move |name| (name == "KEY").then(|| OsString::from(value))
    }

    fn from_environment(value: &str, encoding: SecretEncoding) -> Result<Vec<u8>, Fault> {
        let secret = Secret {
            source: SecretSource::Env("KEY".to_owned()),
            encoding,
        };
        find(&secret, environment(value))
    }

    fn from_file(content: &[u8], encoding: SecretEncoding) -> Result<Vec<u8>, Fault> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, content).unwrap();
        find(
            &Secret {
                source: SecretSource::File(path),
                encoding,
            },
            environment(""),
        )
    }

    #[test]
    fn encodings_are_read() {
        let bytes = vec![0xfb, 0xff, 0x10];
        for (text, encoding) in [
            ("-_8Q", SecretEncoding::Base64url),
            ("fbFF10", SecretEncoding::Hex),
        ] {
            assert_eq!(from_environment(text, encoding).unwrap(), bytes);
            assert_eq!(
                from_file(format!("{text}\n").as_bytes(), encoding).unwrap(),
                bytes
            );
        }
        for padded in ["AA", "AA=="] {
            assert_eq!(
                from_environment(padded, SecretEncoding::Base64url).unwrap(),
                [0]
            );
        }
        assert_eq!(
            from_environment("päss", SecretEncoding::Utf8).unwrap(),
            "päss".as_bytes()
        );
    }

    #[test]
    fn one_line_end_of_a_file_does_not_count() {
        for (content, expected) in [
            ("key\n", "key"),
            ("key\r\n", "key"),
            ("key\n\n", "key\n"),
            (" key ", " key "),
            ("key\r", "key\r"),
        ] {
            let found = from_file(content.as_bytes(), SecretEncoding::Utf8).unwrap();
            assert_eq!(found, expected.as_bytes(), "{content:?}");
        }
        // A variable has none that is not meant.
        assert_eq!(
            from_environment("key\n", SecretEncoding::Utf8).unwrap(),
            b"key\n"
        );
    }

    #[test]
    fn faults_name_the_secret_and_never_its_value() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            SecretSource::File(path)
        };
        let mut config = GatewayConfig::default();
        let mut add = |name: &str, source, encoding| {
            config
                .secrets
                .insert(name.to_owned(), Secret { source, encoding });
        };
        add(
            "absent",
            SecretSource::File(folder.path().join("no")),
            SecretEncoding::Utf8,
        );
        add(
            "folder",
            SecretSource::File(folder.path().to_owned()),
            SecretEncoding::Utf8,
        );
        add(
            "unset",
            SecretSource::Env("LOCKGATE_TEST_UNSET".to_owned()),
            SecretEncoding::Utf8,
        );
        add("empty", write("empty", b"\n"), SecretEncoding::Utf8);
        add(
            "long",
            write("long", &[b'c'; 64 * 1024 + 1]),
            SecretEncoding::Utf8,
        );
        add("bytes", write("bytes", b"c4n4ry\xff"), SecretEncoding::Utf8);
        add(
            "base64",
            write("base64", CANARY.as_bytes()),
            SecretEncoding::Base64url,
        );
        add("hex", write("hex", CANARY.as_bytes()), SecretEncoding::Hex);
        add("odd", write("odd", b"abc"), SecretEncoding::Hex);
        let message = resolve(&config).unwrap_err().to_string();
        for name in config.secrets.keys() {
            assert!(
                message.contains(&format!("secrets.{name}: ")),
                "{name}: {message}"
            );
            let one = resolve_one(&config, name).unwrap_err().to_string();
            assert!(message.contains(&one), "{one}");
        }
        for part in ["c4n4ry", "n4ry", "ccc", "abc", "Invalid"] {
            assert!(!message.contains(part), "{message}");
        }
    }

    #[test]
    fn files_are_listed_and_good_secrets_are_found_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "abc\n").unwrap();
        let mut config = GatewayConfig::default();
        let secret = |source| Secret {
            source,
            encoding: SecretEncoding::Utf8,
        };
        config
            .secrets
            .insert("a".to_owned(), secret(SecretSource::File(path.clone())));
        assert_eq!(
            resolve(&config).unwrap(),
            [("a".to_owned(), b"abc".to_vec())]
        );
        assert!(resolve_one(&config, "b").is_err());
        config
            .secrets
            .insert("b".to_owned(), secret(SecretSource::Env("KEY".to_owned())));
        assert_eq!(files(&config), [path]);
    }
}
