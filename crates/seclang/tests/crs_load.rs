//! The whole Core Rule Set is loaded: no rule is lost.
mod support;

use lockgate_seclang::parse;
use lockgate_waf::Engine;

/// Rules of the files: lines that begin with `SecRule` or `SecAction`, counted without the parser.
fn written(folder: &std::path::Path) -> usize {
    let mut files: Vec<_> = std::fs::read_dir(folder.join("rules"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "conf"))
        .collect();
    files.push(folder.join("crs-setup.conf.example"));
    let texts = files
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap());
    let own = [lockgate_seclang::crs::BASE, support::SETUP].map(str::to_owned);
    texts
        .chain(own)
        .map(|text| {
            let starts = |line: &&str| {
                let line = line.trim_start();
                line.starts_with("SecRule ") || line.starts_with("SecAction")
            };
            text.lines().filter(starts).count()
        })
        .sum()
}

#[test]
fn as_many_rules_run_as_are_written() {
    let Some(folder) = support::folder() else {
        return;
    };
    let ast = parse(&support::sources(&folder, support::SETUP)).unwrap();
    let compiled = support::compiled(&folder);
    assert!(written(&folder) > 600, "{}", written(&folder));
    assert_eq!(ast.rules(), written(&folder));
    assert_eq!(compiled.program.rules.len() + compiled.removed, ast.rules());
    assert_eq!(compiled.removed, 0);
    let links: usize = compiled.table.iter().map(|info| info.links).sum();
    assert_eq!(links, compiled.program.rules.len());
    let heads: usize = compiled.program.phases.iter().map(Vec::len).sum();
    assert_eq!(heads, compiled.table.len());
}

#[test]
fn what_changes_nothing_is_told() {
    let Some(folder) = support::folder() else {
        return;
    };
    let compiled = support::compiled(&folder);
    let notes: Vec<String> = compiled.notes.iter().map(ToString::to_string).collect();
    for note in &notes {
        println!("{note}");
    }
    assert!(
        notes
            .iter()
            .any(|note| note.contains("`910000` changes nothing")),
        "{notes:#?}"
    );
}

#[test]
fn the_table_says_what_the_files_say() {
    let Some(folder) = support::folder() else {
        return;
    };
    let compiled = support::compiled(&folder);
    let rule = compiled.rule(942_100).unwrap();
    assert_eq!(rule.paranoia, Some(1));
    assert_eq!(rule.msg, "SQL Injection Attack Detected via libinjection");
    assert!(rule.tags.iter().any(|tag| tag == "attack-sqli"));
    assert!(
        rule.place
            .file
            .ends_with("REQUEST-942-APPLICATION-ATTACK-SQLI.conf")
    );
    let source = std::fs::read_to_string(&*rule.place.file).unwrap();
    let line = source.lines().nth(rule.place.line as usize - 1).unwrap();
    assert!(
        line.starts_with("SecRule ") && line.contains("@detectSQLi"),
        "{line}"
    );
}

#[test]
fn the_image_loads() {
    let Some(folder) = support::folder() else {
        return;
    };
    let compiled = support::compiled(&folder);
    let image = compiled.image().unwrap();
    println!(
        "{} bytes, {} of them patterns",
        image.len(),
        compiled.program.patterns.len()
    );
    let engine = Engine::load(&image).unwrap();
    assert_eq!(engine.program().rules.len(), compiled.program.rules.len());
}
