//! `lockgate rules exclude`: what would let a request through, and what else.

use anyhow::Context as _;
use serde_json::json;

use super::remote::{Remote, encoded};
use crate::cli::config::print;
use crate::exclude::{Proposed, text};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The request's id: `request_id` of the answer, `id` of its record
    id: String,
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: Remote,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let target = format!("/rules/exclusions/{}", encoded(&args.id));
    let answer = args.remote.gateway()?.post(&target, &json!({}))?;
    if args.json {
        return print(&format!("{}\n", serde_json::to_string_pretty(&answer)?));
    }
    let proposed: Proposed =
        serde_json::from_value(answer).context("the gateway is of another version")?;
    print(&text(&proposed))
}
