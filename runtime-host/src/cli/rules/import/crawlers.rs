//! `lockgate rules import crawlers`: the JSON of `crawler-user-agents` once, or a column of a
//! database once or every few minutes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use lockgate_rules::import::crawlers;
use lockgate_rules::import::list::{Changes, List};
use tokio::signal::unix::{SignalKind, signal};

use super::output::{old, replace};
use super::postgres::Source;
use crate::cli::rules::counted;

/// After a failure it is tried again this soon, or after `--every` where that is sooner.
const AGAIN_AFTER: Duration = Duration::from_secs(60);

/// Patterns of a change that are named.
const NAMED_MAX: usize = 10;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The JSON of `crawler-user-agents`; `-` is standard input
    #[arg(required_unless_present = "postgres", conflicts_with = "postgres")]
    file: Option<PathBuf>,
    /// The rule file to write, standard output unless given; with `--postgres` the list file,
    /// which rules name as the `file` of a User-Agent list
    #[arg(short, long, value_name = "FILE", required = false)]
    out: Option<PathBuf>,
    /// Take the list from a PostgreSQL database: `postgresql://USER@HOST/DATABASE`. The variable
    /// PGPASSWORD has the password where the URL has none; `sslmode=require` asks for TLS
    #[arg(long, value_name = "URL", requires = "query", requires = "out")]
    postgres: Option<String>,
    /// What to ask it: one text column of patterns, perhaps a second one of remarks
    #[arg(long, value_name = "SQL", requires = "postgres")]
    query: Option<String>,
    /// Go on until told to stop, and ask again every so many minutes
    #[arg(long, value_name = "MINUTES", requires = "postgres", value_parser = clap::value_parser!(u32).range(1..=10_080))]
    every: Option<u32>,
    /// Take a list that has shrunk by more than half
    #[arg(long, requires = "postgres")]
    allow_shrink: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    match (args, &args.file) {
        (
            Args {
                postgres: Some(url),
                query: Some(query),
                out: Some(out),
                ..
            },
            _,
        ) => {
            let list = ListFile {
                source: Source::new(url, query)?,
                out,
                allow_shrink: args.allow_shrink,
            };
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let runtime = runtime.context("the I/O thread did not start")?;
            match args.every {
                None => super::told(&runtime.block_on(list.bring())?),
                Some(minutes) => {
                    let every = Duration::from_secs(60 * u64::from(minutes));
                    runtime.block_on(list.keep_bringing(every))
                }
            }
        }
        (_, Some(file)) => super::rules(file, args.out.as_deref(), crawlers::import),
        _ => anyhow::bail!("name a file, or a database with --postgres, --query and --out"),
    }
}

/// A list file and where its entries come from.
struct ListFile<'a> {
    source: Source,
    out: &'a Path,
    allow_shrink: bool,
}

impl ListFile<'_> {
    /// Asks once, and writes what is new. Gives what was left out.
    ///
    /// # Errors
    /// A database that does not answer; a list that nobody would want. The old file is then as it
    /// was.
    async fn bring(&self) -> anyhow::Result<Vec<String>> {
        let list = List::of(self.source.rows().await?);
        self.write(&list)?;
        Ok(list.left_out)
    }

    /// The same again and again, until SIGTERM or SIGINT. A failure is told, and the old list stays.
    async fn keep_bringing(&self, every: Duration) -> anyhow::Result<()> {
        let mut terminated = signal(SignalKind::terminate())?;
        let mut interrupted = signal(SignalKind::interrupt())?;
        let mut told = Vec::new();
        loop {
            let round = async {
                match self.bring().await {
                    Ok(left_out) => {
                        // Once, not every few minutes.
                        for line in left_out.iter().filter(|line| !told.contains(*line)) {
                            eprintln!("left out: {line}");
                        }
                        told = left_out;
                        every
                    }
                    Err(error) => {
                        let pause = every.min(AGAIN_AFTER);
                        eprintln!(
                            "{} stays as it is, again in {} s: {error:#}",
                            self.out.display(),
                            pause.as_secs()
                        );
                        pause
                    }
                }
            };
            let whole = async {
                let pause = round.await;
                tokio::time::sleep(pause).await;
            };
            tokio::select! {
                () = whole => {}
                _ = terminated.recv() => return Ok(()),
                _ = interrupted.recv() => return Ok(()),
            }
        }
    }

    fn write(&self, list: &List) -> anyhow::Result<()> {
        let old = old(self.out)?;
        let changes = list.changes(old.as_deref().unwrap_or_default());
        anyhow::ensure!(
            !list.is_empty(),
            "the database has no pattern that a list could have"
        );
        anyhow::ensure!(
            self.allow_shrink || !changes.shrinks(),
            "the list would shrink from {} patterns to {}: refused without --allow-shrink",
            changes.before,
            list.len()
        );
        let text = list.text();
        if old.as_deref() != Some(text.as_str()) {
            replace(self.out, &text)?;
        }
        let said = said(&changes);
        let patterns = counted(list.len(), "pattern");
        eprintln!("{}: {patterns}, {said}", self.out.display());
        Ok(())
    }
}

/// What changed, for people.
fn said(changes: &Changes) -> String {
    let part = |what: &str, patterns: &[String]| {
        let mut named = patterns.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>();
        let more = patterns.len() - named.len();
        if more > 0 {
            named.push(format!("and {more} more"));
        }
        let named = named.join(", ");
        (!patterns.is_empty()).then(|| format!("{} {what} ({named})", patterns.len()))
    };
    let parts = [
        part("added", &changes.added),
        part("removed", &changes.removed),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        "unchanged".to_owned()
    } else {
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(count: usize) -> List {
        List::of((0..count).map(|number| (format!("crawler-{number:03}"), None)))
    }

    #[test]
    fn a_list_that_is_gone_or_halved_is_refused_and_the_old_one_stays() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("crawlers.txt");
        let mut file = ListFile {
            source: Source::new("postgresql://nobody@localhost/none", "SELECT 1").unwrap(),
            out: &out,
            allow_shrink: false,
        };
        file.write(&list(10)).unwrap();
        let ten = std::fs::read_to_string(&out).unwrap();
        for refused in [list(0), list(4)] {
            assert!(file.write(&refused).is_err());
            assert_eq!(std::fs::read_to_string(&out).unwrap(), ten);
        }
        file.write(&list(5)).unwrap();
        file.write(&list(10)).unwrap();
        file.allow_shrink = true;
        assert!(file.write(&list(0)).is_err());
        file.write(&list(1)).unwrap();
        let one = std::fs::read_to_string(&out).unwrap();
        assert_eq!(one.lines().filter(|line| !line.starts_with('#')).count(), 1);
    }

    #[test]
    fn changes_are_told_in_one_line() {
        let names = |count: usize| (0..count).map(|number| format!("c{number}")).collect();
        assert_eq!(said(&Changes::default()), "unchanged");
        let changes = Changes {
            added: names(12),
            removed: names(1),
            before: 4,
        };
        assert_eq!(
            said(&changes),
            "12 added (c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, and 2 more), 1 removed (c0)"
        );
    }
}
