//! `lockgate config show`: every value of the configuration and where it comes from.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use lockgate_config::{Provenance, ShownValue};
use serde_json::{Value, json};

use super::ConfigArgs;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Show every value and where it comes from: file, line and column, a variable, or `default`
    Show(ShowArgs),
}

#[derive(clap::Args)]
struct ShowArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// As JSON: an array with an object a value
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let Verb::Show(args) = &args.verb;
    let loaded = lockgate_config::load(&args.config.sources())
        .map_err(|refused| anyhow::anyhow!("the configuration has faults:\n{refused}"))?;
    let shown = lockgate_config::show(&loaded);
    let text = if args.json {
        as_json(&shown)?
    } else {
        as_lines(&shown)
    };
    print(&text)
}

/// Writes to standard output. A reader that has seen enough (`| head`) is no error.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// A longer key or value does not push the columns of all others out.
const COLUMN_MAX: usize = 48;

/// Key, value and origin in columns, a paragraph a document.
fn as_lines(shown: &[ShownValue]) -> String {
    let mut text = String::new();
    for document in shown.chunk_by(|one, next| one.rules_file == next.rules_file) {
        if let Some(file) = document.first().and_then(|value| value.rules_file.as_ref()) {
            let _ = writeln!(text, "\n# {}", file.display());
        }
        let width = |column: fn(&ShownValue) -> &str| {
            let widths = document.iter().map(|value| column(value).chars().count());
            widths
                .filter(|width| *width <= COLUMN_MAX)
                .max()
                .unwrap_or(0)
        };
        let paths = width(|value| &value.path);
        let values = width(|value| &value.value);
        for ShownValue {
            path,
            value,
            origin,
            ..
        } in document
        {
            let _ = writeln!(text, "{path:paths$} = {value:values$}  # {origin}");
        }
    }
    text
}

fn as_json(shown: &[ShownValue]) -> anyhow::Result<String> {
    let values: Vec<Value> = shown
        .iter()
        .map(|shown| {
            json!({
                "rules_file": shown.rules_file.as_ref().map(|file| file.display().to_string()),
                "key": shown.path,
                // `unset`, the only text that is no JSON, is a key without value.
                "value": serde_json::from_str::<Value>(&shown.value).unwrap_or_default(),
                "origin": origin(&shown.origin),
            })
        })
        .collect();
    Ok(format!("{}\n", serde_json::to_string_pretty(&values)?))
}

fn origin(origin: &Provenance) -> Value {
    match origin {
        Provenance::Default => json!({ "from": "default" }),
        Provenance::File { file, line: 0, .. } => {
            json!({ "from": "file", "file": file.display().to_string() })
        }
        Provenance::File { file, line, column } => json!({
            "from": "file", "file": file.display().to_string(), "line": line, "column": column,
        }),
        Provenance::Environment { variable } => {
            json!({ "from": "environment", "variable": &**variable })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn value(file: Option<&str>, path: &str, value: &str, origin: Provenance) -> ShownValue {
        ShownValue {
            rules_file: file.map(Into::into),
            path: path.to_owned(),
            value: value.to_owned(),
            origin,
        }
    }

    fn some() -> Vec<ShownValue> {
        let at = |line| Provenance::File {
            file: Path::new("g.toml").into(),
            line,
            column: 3,
        };
        let variable = Provenance::Environment {
            variable: "LOCKGATE__A".into(),
        };
        vec![
            value(None, "a", "1", variable),
            value(None, "a.longer", "[\"x\",\"y\"]", at(7)),
            value(None, &"l".repeat(60), "unset", Provenance::Default),
            value(Some("r.toml"), "rules[0].name", "\"unset\"", at(0)),
        ]
    }

    #[test]
    fn columns_stand_below_each_other() {
        let long = "l".repeat(60);
        let expected = format!(
            "a        = 1          # LOCKGATE__A\n\
             a.longer = [\"x\",\"y\"]  # g.toml:7:3\n\
             {long} = unset      # default\n\
             \n\
             # r.toml\n\
             rules[0].name = \"unset\"  # g.toml\n"
        );
        assert_eq!(as_lines(&some()), expected);
    }

    #[test]
    fn json_has_values_and_origins() {
        let values: Value = serde_json::from_str(&as_json(&some()).unwrap()).unwrap();
        assert_eq!(
            values[0],
            json!({
                "rules_file": null, "key": "a", "value": 1,
                "origin": { "from": "environment", "variable": "LOCKGATE__A" },
            })
        );
        assert_eq!(values[1]["value"], json!(["x", "y"]));
        let place = json!({ "from": "file", "file": "g.toml", "line": 7, "column": 3 });
        assert_eq!(values[1]["origin"], place);
        assert_eq!(values[2]["value"], Value::Null);
        assert_eq!(values[2]["origin"], json!({ "from": "default" }));
        assert_eq!(values[3]["value"], "unset");
        assert_eq!(values[3]["rules_file"], "r.toml");
        assert_eq!(
            values[3]["origin"],
            json!({ "from": "file", "file": "g.toml" })
        );
    }
}
