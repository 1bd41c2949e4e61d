//! Rules for code and data files.

use super::files::File;

/// A file that is longer than this is two ideas.
const LINES_MAX: usize = 600;

/// What must not stand in a Rust file. Put together here, so that this file may name it.
const UNFINISHED: [&str; 3] = [
    concat!("to", "do!("),
    concat!("db", "g!("),
    concat!("unimple", "mented!("),
];

/// Folders of one machine or one person.
const MACHINE_PATHS: [&str; 4] = [
    concat!("/ro", "ot/"),
    concat!("/wo", "rk/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
];

/// Everything that is wrong, a line each.
pub(super) fn findings(files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        if file.is("rs") {
            rust(file, &mut findings);
        }
        // Tests keep faulty files in folders of that name.
        if file.is("toml")
            && !file.path.contains("/broken/")
            && let Err(error) = file.text.parse::<toml::Table>()
        {
            findings.push(format!(
                "{}: {}",
                file.path,
                error.to_string().replace('\n', " ")
            ));
        }
        for (number, line) in lines(file) {
            if MACHINE_PATHS.iter().any(|path| starts_a_path(line, path)) {
                findings.push(format!("{}:{number}: a path of one machine", file.path));
            }
        }
    }
    rules_without_cases(files, &mut findings);
    findings
}

/// `rules/NAME.toml` has its cases in `rules/NAME.test.toml`, and the other way round.
fn rules_without_cases(files: &[File], findings: &mut Vec<String>) {
    let names: Vec<&str> = files
        .iter()
        .filter_map(|file| file.path.strip_prefix("rules/")?.strip_suffix(".toml"))
        .filter(|name| !name.contains('/'))
        .collect();
    for name in &names {
        let other = match name.strip_suffix(".test") {
            Some(rules) => rules.to_owned(),
            None => format!("{name}.test"),
        };
        if !names.contains(&other.as_str()) {
            findings.push(format!("rules/{name}.toml: there is no rules/{other}.toml"));
        }
    }
}

fn rust(file: &File, findings: &mut Vec<String>) {
    if !file.text.starts_with("//!") {
        findings.push(format!(
            "{}:1: does not open with a `//!` line that says what it is for",
            file.path
        ));
    }
    let count = file.text.lines().count();
    if count > LINES_MAX {
        findings.push(format!(
            "{}: {count} lines, more than {LINES_MAX}: two ideas",
            file.path
        ));
    }
    for (number, line) in lines(file) {
        let code = line.split("//").next().unwrap_or(line);
        if let Some(found) = UNFINISHED
            .iter()
            .find(|unfinished| code.contains(*unfinished))
        {
            findings.push(format!("{}:{number}: `{found}...)`", file.path));
        }
    }
}

fn lines(file: &File) -> impl Iterator<Item = (usize, &str)> {
    file.text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
}

/// True if an absolute path in `line` starts with `start`: nothing that could be the earlier
/// part of a longer path or address stands before it.
fn starts_a_path(line: &str, start: &str) -> bool {
    line.match_indices(start).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "._-~}/>)*%".contains(c))
            && line[at + start.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '.')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        findings(&[File {
            path: path.to_owned(),
            text: text.to_owned(),
        }])
    }

    #[test]
    fn each_rule_finds_its_fault() {
        assert_eq!(
            found("a.rs", "//! Fine.\nfn main() {}\n"),
            Vec::<String>::new()
        );
        assert!(found("a.rs", "fn main() {}\n")[0].starts_with("a.rs:1: does not open"));
        let long = "//! Long.\n".repeat(LINES_MAX + 1);
        assert!(found("a.rs", &long)[0].contains("601 lines"));
        let unfinished = format!("//! A.\nfn a() {{ {}) }}\n", UNFINISHED[0]);
        assert!(found("a.rs", &unfinished)[0].starts_with("a.rs:2: "));
        assert!(found("rules/a.toml", "a = [")[0].starts_with("rules/a.toml: "));
    }

    #[test]
    fn rules_and_cases_come_in_pairs() {
        let named = |path: &str| File {
            path: path.to_owned(),
            text: String::new(),
        };
        let good = ["rules/a.toml", "rules/a.test.toml"].map(named);
        assert_eq!(findings(&good), Vec::<String>::new());
        let lone = ["rules/a.toml", "rules/b.test.toml"].map(named);
        assert_eq!(findings(&lone).len(), 2);
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        let path = MACHINE_PATHS[2];
        assert_eq!(found("a.md", &format!("see {path}me/x")).len(), 1);
        assert_eq!(found("a.md", &format!("GET {path}")).len(), 0);
        assert_eq!(found("a.md", &format!("https://a.test{path}page")).len(), 0);
        assert_eq!(found("a.md", &format!("\"{path}me\"")).len(), 1);
    }
}
