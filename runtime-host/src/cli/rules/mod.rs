//! `lockgate rules`: what people do with rules, in files and in a running gateway. One file a subcommand.

mod audit;
mod check;
mod diff;
mod exclude;
mod import;
mod publish;
mod push;
pub(crate) mod remote;
mod sources;
mod test;
mod token;
mod versions;

use std::time::SystemTime;

use anyhow::Context as _;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Run the cases of rule files: NAME.test.toml beside NAME.toml
    Test(test::Args),
    /// Find what is most likely wrong with rules that load, and say what each costs
    Check(check::Args),
    /// Write rules or lists out of what others have
    Import(import::Args),
    /// Make a folder the rules of a running gateway, once they pass their cases
    Push(push::Args),
    /// Propose the narrowest exclusion that lets a request through, and say what else it lets through
    Exclude(exclude::Args),
    /// Put a stored version in force
    Publish(publish::PublishArgs),
    /// Go back to an earlier version
    Rollback(publish::RollbackArgs),
    /// List versions, which is in force, and the head of the audit log
    List(versions::ListArgs),
    /// Show a version and its files, or get them
    Show(versions::ShowArgs),
    /// Show what differs between two versions, or a version and a folder
    Diff(diff::Args),
    /// Verify the audit log and show its end
    Audit(audit::Args),
    /// Make a token for the admin address
    Token(token::Args),
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Command::Test(args) => test::run(args),
        Command::Check(args) => check::run(args),
        Command::Import(args) => import::run(args),
        Command::Push(args) => push::run(args),
        Command::Exclude(args) => exclude::run(args),
        Command::Publish(args) => publish::publish(args),
        Command::Rollback(args) => publish::rollback(args),
        Command::List(args) => versions::list(args),
        Command::Show(args) => versions::show(args),
        Command::Diff(args) => diff::run(args),
        Command::Audit(args) => audit::run(args),
        Command::Token(args) => token::run(args),
    }
}

/// The clock, seconds since the Unix epoch.
fn now_s() -> anyhow::Result<u64> {
    let since = SystemTime::UNIX_EPOCH.elapsed();
    Ok(since.context("the clock stands before 1970")?.as_secs())
}

/// `1 case`, `2 cases`.
fn counted(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
