//! The command line: one file a subcommand.

mod check;
mod config;
mod explain;
mod http;
mod image;
mod policy;
mod precompile;
mod rules;
mod run;
mod token;
mod up;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use lockgate_config::Sources;

/// One gate in front of a site: firewall, sign-in, limits, cache and pictures.
#[derive(Parser)]
#[command(name = "lockgate", version, about, disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until told to stop
    Run(run::Args),
    /// Run a Spin app until told to stop
    Up(up::Args),
    /// Check the configuration and name every fault
    Check(check::Args),
    /// Show every value of the configuration and where it comes from
    Config(config::Args),
    /// Write the policy bundle as files, or push it to a gateway under Spin
    Policy(policy::Args),
    /// Run the cases of rules, check them, import them, change them in a running gateway
    Rules(rules::Args),
    /// Say why a request was refused: what every rule said of it
    Explain(explain::Args),
    /// Make a development token for a sign-in
    Token(token::Args),
    /// Addresses of pictures
    Image(image::Args),
    /// Compile components ahead of the first start
    Precompile(precompile::Args),
}

/// The files of a configuration.
#[derive(clap::Args, Debug, Clone)]
pub(crate) struct ConfigArgs {
    /// The configuration
    #[arg(long, default_value = "gateway.toml")]
    config: PathBuf,
    /// A file laid over it; may be given several times, later ones win
    #[arg(long = "overlay")]
    overlays: Vec<PathBuf>,
}

impl ConfigArgs {
    /// Files and the process's environment.
    pub(crate) fn sources(&self) -> Sources {
        Sources {
            base: self.config.clone(),
            overlays: self.overlays.clone(),
            env: environment(),
        }
    }
}

/// The process's environment, but for what is no text.
pub(crate) fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Runs the command line.
///
/// # Errors
/// What the command says to its user.
pub fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Run(args) => run::run(&args),
        Command::Up(args) => up::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Config(args) => config::run(&args),
        Command::Policy(args) => policy::run(&args),
        Command::Rules(args) => rules::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Token(args) => token::run(&args),
        Command::Image(args) => image::run(&args),
        Command::Precompile(args) => precompile::run(&args),
    }
}
