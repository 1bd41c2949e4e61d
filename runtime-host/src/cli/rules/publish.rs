//! `lockgate rules publish` and `rollback`: stored versions in force.

use serde_json::json;

use super::push::told;
use super::remote::Remote;

#[derive(clap::Args)]
pub(crate) struct PublishArgs {
    /// The version
    #[arg(value_name = "N")]
    version: u64,
    #[command(flatten)]
    change: Change,
}

#[derive(clap::Args)]
pub(crate) struct RollbackArgs {
    /// The version; unless given, the one that was in force before the present one was made
    #[arg(value_name = "N")]
    version: Option<u64>,
    #[command(flatten)]
    change: Change,
}

#[derive(clap::Args)]
struct Change {
    /// Why
    #[arg(short, long, default_value = "")]
    message: String,
    /// Put it in force although the folder holds changes that the gateway refuses, or somebody was faster
    #[arg(long)]
    force: bool,
    /// The answer as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: Remote,
}

pub(crate) fn publish(args: &PublishArgs) -> anyhow::Result<()> {
    args.change
        .make(&format!("/rules/versions/{}/publish", args.version), None)
}

pub(crate) fn rollback(args: &RollbackArgs) -> anyhow::Result<()> {
    args.change.make("/rules/rollback", args.version)
}

impl Change {
    /// Changes what is in force now; what somebody else puts in force at the same time is a conflict.
    fn make(&self, target: &str, version: Option<u64>) -> anyhow::Result<()> {
        let gateway = self.remote.gateway()?;
        let base = gateway.current()?.map(|current| current.digest);
        let mut body = json!({ "message": self.message, "base": base, "force": self.force });
        if let Some(version) = version {
            body["version"] = version.into();
        }
        told(&gateway.post(target, &body)?, self.json)
    }
}
