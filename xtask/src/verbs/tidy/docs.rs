//! Rules for documents: what they name must exist.

use super::files::File;
use crate::verbs::VERBS;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// The folder of decision records, `NNNN-title.md`.
const RECORDS: &str = "docs/adr/";

/// Everything that is wrong, a line each.
pub(super) fn findings(files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    records(files, &mut findings);
    for file in files.iter().filter(|file| file.is("md")) {
        for (index, line) in file.text.lines().enumerate() {
            let place = format!("{}:{}", file.path, index + 1);
            commands(files, line, &place, &mut findings);
        }
        links(files, file, &mut findings);
    }
    findings
}

/// Decision records: a number each, and some other document links to them.
fn records(files: &[File], findings: &mut Vec<String>) {
    let mut numbers: BTreeMap<&str, &str> = BTreeMap::new();
    for file in files {
        let Some(name) = file
            .path
            .strip_prefix(RECORDS)
            .filter(|name| *name != "README.md")
        else {
            continue;
        };
        let number = name.split('-').next().unwrap_or_default();
        if number.len() != 4 || !number.bytes().all(|byte| byte.is_ascii_digit()) || !file.is("md")
        {
            findings.push(format!("{}: is not called NNNN-title.md", file.path));
            continue;
        }
        if let Some(other) = numbers.insert(number, &file.path) {
            findings.push(format!("{}: has the number of {other}", file.path));
        }
        let linked = files
            .iter()
            .any(|other| other.is("md") && other.path != file.path && other.text.contains(name));
        if !linked {
            findings.push(format!("{}: no other document links to it", file.path));
        }
    }
}

/// `cargo xtask VERB` and `cargo xtask bench NAME`.
fn commands(files: &[File], line: &str, place: &str, findings: &mut Vec<String>) {
    for (at, command) in line.match_indices("cargo xtask ") {
        let mut words = line[at + command.len()..].split_whitespace().map(word);
        let verb = words.next().unwrap_or_default();
        if !is_name(verb) {
            continue;
        }
        if !VERBS.iter().any(|known| known.name == verb) {
            findings.push(format!("{place}: there is no `cargo xtask {verb}`"));
        }
        let bench = words.next().unwrap_or_default();
        if verb == "bench" && is_name(bench) && !bench_exists(files, bench) {
            findings.push(format!("{place}: there is no benchmark `{bench}`"));
        }
    }
}

/// The leading letters, digits and hyphens of a word.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
    end.map_or(text, |end| &text[..end])
}

/// Lower case: `NAME` and `VERB` stand for something.
fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_lowercase())
}

/// A benchmark is a file or a folder of its name in `bench/`.
fn bench_exists(files: &[File], name: &str) -> bool {
    let module = name.replace('-', "_");
    files
        .iter()
        .filter_map(|file| file.path.strip_prefix("bench/"))
        .any(|path| {
            path.split('/').any(|part| {
                let stem = part.strip_suffix(".rs").unwrap_or(part);
                stem == name || stem == module
            })
        })
}

/// Links from one document to a file of the checkout.
fn links(files: &[File], file: &File, findings: &mut Vec<String>) {
    let folder = Path::new(&file.path).parent().unwrap_or(Path::new(""));
    for part in file.text.split("](").skip(1) {
        let target = part.split([')', ' ', '\n']).next().unwrap_or_default();
        let target = target.split('#').next().unwrap_or_default();
        if target.is_empty() || target.contains(':') || target.starts_with('/') {
            continue;
        }
        let Some(path) = plain(&folder.join(target)) else {
            continue;
        };
        let text = path.to_string_lossy().replace('\\', "/");
        let known = files.iter().any(|file| {
            file.path == text
                || file
                    .path
                    .strip_prefix(text.as_str())
                    .is_some_and(|rest| rest.starts_with('/'))
        });
        if !known && !crate::checkout::root().join(&path).exists() {
            findings.push(format!("{}: the link `{target}` leads nowhere", file.path));
        }
    }
}

/// The path without `.` and `..`; nothing if it leaves the checkout.
fn plain(path: &Path) -> Option<PathBuf> {
    let mut result = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => result.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !result.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn records_have_one_number_and_a_link() {
        let index = file("docs/adr/README.md", "0001-a.md 0001-b.md");
        let found = findings(&[
            file("docs/adr/0001-a.md", ""),
            file("docs/adr/0001-b.md", ""),
            file("docs/adr/0002-c.md", ""),
            file("docs/adr/three.md", ""),
            index,
        ]);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].contains("has the number of docs/adr/0001-a.md"));
        assert!(found[1].contains("0002-c.md: no other document"));
        assert!(found[2].contains("NNNN-title"));
    }

    #[test]
    fn verbs_and_benchmarks_that_are_named_exist() {
        let files = [
            file(
                "a.md",
                "`cargo xtask up`, `cargo xtask bench gateway`, `cargo xtask VERB`",
            ),
            file(
                "b.md",
                "run `cargo xtask deploy`, then\n`cargo xtask bench nothing --x`.",
            ),
            file("bench/src/gateway/mod.rs", "//! x"),
        ];
        let found = findings(&files);
        assert_eq!(
            found,
            [
                "b.md:1: there is no `cargo xtask deploy`",
                "b.md:2: there is no benchmark `nothing`"
            ]
        );
    }

    #[test]
    fn links_lead_somewhere() {
        let files = [
            file(
                "docs/a.md",
                "[b](b.md#top) [c](../c.md) [w](https://w.test/) [x](gone.md) [t](#t)",
            ),
            file("docs/b.md", "[folder](../docs)"),
            file("c.md", ""),
        ];
        assert_eq!(
            findings(&files),
            ["docs/a.md: the link `gone.md` leads nowhere"]
        );
    }
}
