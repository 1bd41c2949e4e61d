//! `lockgate explain`: why a request was refused.

use anyhow::Context as _;

use super::config::print;
use super::rules::remote::{Remote, encoded};
use crate::explain::{Told, text};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The request's id: `request_id` of the answer, `id` of its record
    id: String,
    /// Every rule of the site's own, also those that do not match
    #[arg(long)]
    all: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: Remote,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let answer = args
        .remote
        .gateway()?
        .get(&format!("/explain/{}", encoded(&args.id)))?;
    if args.json {
        return print(&format!("{}\n", serde_json::to_string_pretty(&answer)?));
    }
    let told: Told = serde_json::from_value(answer).context("the gateway is of another version")?;
    print(&text(&told, args.all))
}
