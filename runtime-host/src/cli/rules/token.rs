//! `lockgate rules token`: a token for the admin address.

use std::fs::File;
use std::io::Read as _;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::cli::config::print;
use crate::versions::digest_of;

/// What tokens begin with, so that one that leaked is known for what it is.
const PREFIX: &str = "lgr_";
/// Random bytes in a token.
const RANDOM_BYTES: usize = 32;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Whose token it is: the name in versions and in the audit log
    #[arg(long)]
    name: String,
    /// What its holder may do
    #[arg(long, value_enum)]
    role: Role,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Role {
    /// See versions and the audit log
    Read,
    /// Store drafts as well
    Edit,
    /// Put versions in force as well
    Publish,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let mut random = [0; RANDOM_BYTES];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut random))
        .context("no random bytes")?;
    let token = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random));
    let text = for_config(&args.name, args.role, &token)?;
    eprintln!("The token, shown once. Into the gateway's configuration goes what stands below it.");
    print(&format!("{token}\n\n{text}"))
}

/// The table that lets a token in.
fn for_config(name: &str, role: Role, token: &str) -> anyhow::Result<String> {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    anyhow::ensure!(
        !name.is_empty() && name.len() <= 64 && name.bytes().all(word) && !name.contains("__"),
        "{name:?} is not a name: 1 to 64 letters, digits, \"-\" and single \"_\""
    );
    let role = match role {
        Role::Read => "read",
        Role::Edit => "edit",
        Role::Publish => "publish",
    };
    Ok(format!(
        "[admin.tokens.{name}]\nrole = \"{role}\"\ndigest = \"{}\"\n",
        digest_of(token)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_one_that_the_configuration_takes() {
        let text = for_config("alice-2", Role::Publish, "secret").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("gateway.toml");
        std::fs::write(
            &base,
            format!("version = 1\n[admin]\naddress = \"127.0.0.1:0\"\n{text}"),
        )
        .unwrap();
        let loaded = lockgate_config::load(&lockgate_config::Sources {
            base,
            ..lockgate_config::Sources::default()
        });
        let tokens = crate::versions::Tokens::of(&loaded.unwrap().config);
        assert_eq!(tokens.holder(b"secret").unwrap().name, "alice-2");
        assert!(!text.contains("secret"));
        for name in ["", "a b", "a__b", "a.b", "\u{e4}"] {
            assert!(for_config(name, Role::Read, "secret").is_err(), "{name:?}");
        }
    }
}
