//! `lockgate rules import`: native rules and lists out of what others have.

mod crawlers;
mod output;
mod postgres;
mod postgres_tls;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use lockgate_rules::import::{ImportError, Imported, aws};

/// The exit code when something was written, and something else has no equal and was left out.
const LEFT_OUT: i32 = 3;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    from: From,
}

#[derive(clap::Subcommand)]
enum From {
    /// A Web ACL of AWS WAF, as `aws wafv2 get-web-acl` prints it. Lines on standard error name
    /// what has no equal; then the exit code is 3
    Aws(FileArgs),
    /// Crawlers: the JSON of `crawler-user-agents`, or a column of a PostgreSQL database
    Crawlers(crawlers::Args),
}

#[derive(clap::Args)]
struct FileArgs {
    /// The file; `-` is standard input
    file: PathBuf,
    /// The rule file to write; standard output unless given
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.from {
        From::Aws(args) => rules(&args.file, args.out.as_deref(), aws::import),
        From::Crawlers(args) => crawlers::run(args),
    }
}

/// Reads a file, makes rules of it, and writes them where they load.
fn rules(
    file: &Path,
    out: Option<&Path>,
    import: impl FnOnce(&str) -> Result<Imported, ImportError>,
) -> anyhow::Result<()> {
    let name = || file.display().to_string();
    let imported = import(&read(file)?).with_context(name)?;
    output::rules(&imported.rules, out)?;
    told(&imported.left_out)
}

fn read(file: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|mut file| file.read_to_string(&mut text))
    };
    read.with_context(|| format!("cannot read {}", file.display()))?;
    Ok(text)
}

/// Names what was left out, and ends the process with [`LEFT_OUT`] where something was.
fn told(left_out: &[String]) -> anyhow::Result<()> {
    for line in left_out {
        eprintln!("left out: {line}");
    }
    if left_out.is_empty() {
        Ok(())
    } else {
        std::process::exit(LEFT_OUT)
    }
}
