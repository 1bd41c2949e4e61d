//! `lockgate check`: every fault of the configuration, or one line that says what it holds.

use std::fmt::Write as _;

use lockgate_config::Loaded;

use super::ConfigArgs;
use super::config::print;
use crate::secrets;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let loaded = match lockgate_config::load(&args.config.sources()) {
        Ok(loaded) => loaded,
        Err(refused) => return refuse(&refused.faults),
    };
    let compiled = match lockgate_compile::compile(&loaded) {
        Ok(compiled) => compiled,
        Err(faults) => return refuse(&faults),
    };
    for warning in lockgate_compile::warnings(&loaded, &compiled.bundle) {
        eprintln!("warning: {warning}");
    }
    // The machine that checks need not be the one that serves.
    if let Err(error) = secrets::resolve(&loaded.config) {
        eprintln!("note: not all secrets are here, `lockgate run` needs them: {error}");
    }
    print(&format!("ok: {}\n", summary(&loaded)))
}

fn refuse<T: std::fmt::Display>(faults: &[T]) -> anyhow::Result<()> {
    let mut text = String::new();
    for fault in faults {
        // Formatting into a string does not fail.
        let _ = writeln!(text, "{fault}");
    }
    print(&text)?;
    anyhow::bail!("the configuration has {}", counted(faults.len(), "fault"))
}

fn summary(loaded: &Loaded) -> String {
    let sites = &loaded.config.sites;
    let files = || loaded.rules.values();
    let routes = sites.values().map(|site| site.routes.len()).sum();
    let rules = files().map(|file| file.rules.len()).sum();
    let lists = files()
        .map(|file| file.ip_sets.len() + file.user_agent_lists.len())
        .sum();
    let networks = files()
        .flat_map(|file| file.ip_sets.values())
        .map(|set| set.networks().count());
    let patterns = files()
        .flat_map(|file| file.user_agent_lists.values())
        .map(|list| list.patterns().count());
    let entries: usize = networks.chain(patterns).sum();
    let entries = match entries {
        1 => "1 entry".to_owned(),
        entries => format!("{entries} entries"),
    };
    format!(
        "{}, {}, {}, {} with {entries}",
        counted(sites.len(), "site"),
        counted(routes, "route"),
        counted(rules, "rule"),
        counted(lists, "list"),
    )
}

fn counted(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use lockgate_config::Sources;

    fn load(config: &str, rules: &str) -> Loaded {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("gateway.toml");
        std::fs::write(&base, config).unwrap();
        std::fs::write(folder.path().join("rules.toml"), rules).unwrap();
        std::fs::write(folder.path().join("bots.txt"), "bot\n^curl\n# no\n").unwrap();
        lockgate_config::load(&Sources {
            base,
            ..Sources::default()
        })
        .unwrap()
    }

    #[test]
    fn the_summary_counts_what_is_there() {
        let empty = load(
            "version = 1\n[listeners.a]\naddresses = [\"127.0.0.1:0\"]\n",
            "",
        );
        assert_eq!(
            summary(&empty),
            "0 sites, 0 routes, 0 rules, 0 lists with 0 entries"
        );
        let loaded = load(
            r#"
            version = 1
            [listeners.a]
            addresses = ["127.0.0.1:0"]
            [origins.o]
            url = "http://127.0.0.1:9000"
            [sites.s]
            hosts = ["s.test"]
            rules = ["rules.toml"]
            [[sites.s.routes]]
            path = "/"
            origin = "o"
            [[sites.s.routes]]
            path = "/x"
            origin = "o"
            "#,
            r#"
            [ip_sets.bad]
            addresses = ["10.0.0.0/8", "192.0.2.1"]
            [user_agent_lists.bots]
            contains = ["spider"]
            file = "bots.txt"
            [[rules]]
            name = "bots"
            priority = 1
            action = "block"
            statement = { user_agent_list = "bots" }
            "#,
        );
        assert_eq!(
            summary(&loaded),
            "1 site, 2 routes, 1 rule, 2 lists with 5 entries"
        );
    }
}
