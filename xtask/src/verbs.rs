//! The table of verbs: the only place that lists them. Help, dispatch and the spelling hint
//! read it, and `tidy` checks that the documents name no verb that is not in it.

mod bench;
mod build;
mod differences;
mod doc_config;
mod fuzz;
mod licences;
mod setup;
mod test;
mod tidy;
mod up;

use crate::spelling;
use anyhow::{Result, bail};

/// One verb of `cargo xtask`.
pub(crate) struct Verb {
    /// What is typed.
    pub(crate) name: &'static str,
    /// What may follow it, for the help.
    arguments: &'static str,
    /// One line for the list of verbs.
    about: &'static str,
    /// More lines for `cargo xtask VERB --help`.
    details: &'static str,
    /// Gets what follows the verb.
    run: fn(&[String]) -> Result<()>,
}

/// Every verb, in the order in which a newcomer meets them.
pub(crate) const VERBS: &[Verb] = &[
    up::VERB,
    build::VERB,
    test::VERB,
    setup::VERB,
    bench::VERB,
    differences::VERB,
    fuzz::VERB,
    tidy::VERB,
    licences::VERB,
    doc_config::VERB,
];

/// The error of a verb that has printed what is wrong: nothing may follow its last line.
#[derive(Debug)]
pub(crate) struct AlreadySaid;

impl std::fmt::Display for AlreadySaid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("see above")
    }
}

impl std::error::Error for AlreadySaid {}

/// Runs the verb that `args` begin with.
///
/// # Errors
/// What the verb failed with, or a sentence with the nearest spelling for an unknown verb.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let Some((name, rest)) = args.split_first() else {
        print!("{}", help());
        bail!("name a verb");
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        match rest.first() {
            Some(wanted) => print!("{}", help_of(find(wanted)?)),
            None => print!("{}", help()),
        }
        return Ok(());
    }
    let verb = find(name)?;
    let own = rest.iter().take_while(|argument| *argument != "--");
    if own
        .into_iter()
        .any(|argument| argument == "--help" || argument == "-h")
    {
        print!("{}", help_of(verb));
        return Ok(());
    }
    (verb.run)(rest)
}

fn find(name: &str) -> Result<&'static Verb> {
    if let Some(verb) = VERBS.iter().find(|verb| verb.name == name) {
        return Ok(verb);
    }
    match spelling::nearest(name, VERBS.iter().map(|verb| verb.name)) {
        Some(near) => bail!("there is no verb `{name}`; did you mean `{near}`?"),
        None => bail!("there is no verb `{name}`; `cargo xtask --help` lists them"),
    }
}

/// Splits `args` into the known `--flags` and the rest.
///
/// # Errors
/// A flag that is not in `known`, with the nearest spelling.
pub(crate) fn flags<'a>(
    args: &'a [String],
    known: &[&'static str],
) -> Result<(Vec<&'static str>, Vec<&'a str>)> {
    let mut found = Vec::new();
    let mut others = Vec::new();
    for argument in args {
        if let Some(flag) = known.iter().find(|flag| *flag == argument) {
            found.push(*flag);
        } else if argument.starts_with("--") {
            match spelling::nearest(argument, known.iter().copied()) {
                Some(near) => bail!("there is no flag `{argument}`; did you mean `{near}`?"),
                None => bail!("there is no flag `{argument}`"),
            }
        } else {
            others.push(argument.as_str());
        }
    }
    Ok((found, others))
}

/// As [`flags`], for a verb that takes nothing else.
///
/// # Errors
/// Also an argument that is not a flag.
pub(crate) fn only_flags(args: &[String], known: &[&'static str]) -> Result<Vec<&'static str>> {
    let (found, others) = flags(args, known)?;
    match others.first() {
        None => Ok(found),
        Some(other) => bail!("`{other}` is not expected here"),
    }
}

fn help() -> String {
    let mut text = String::from("Usage: cargo xtask VERB [ARGUMENTS]\n\n");
    for verb in VERBS {
        text.push_str(&format!("  {:<12} {}\n", verb.name, verb.about));
    }
    text.push_str("\n`cargo xtask VERB --help` says more about one of them.\n");
    text
}

fn help_of(verb: &Verb) -> String {
    let usage = format!("cargo xtask {} {}", verb.name, verb.arguments);
    format!(
        "{}\n\nUsage: {}\n\n{}",
        verb.about,
        usage.trim_end(),
        verb.details
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(args: &[&str]) -> Vec<String> {
        args.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_unknown_verb_gives_the_nearest() {
        let error = run(&strings(&["biuld"])).unwrap_err().to_string();
        assert_eq!(error, "there is no verb `biuld`; did you mean `build`?");
        let error = run(&strings(&["zzzzzzzz"])).unwrap_err().to_string();
        assert!(error.contains("--help"), "{error}");
    }

    #[test]
    fn an_unknown_flag_gives_the_nearest() {
        let error = flags(&strings(&["--chekc"]), &["--check"])
            .unwrap_err()
            .to_string();
        assert!(error.contains("did you mean `--check`"), "{error}");
    }

    #[test]
    fn flags_and_the_rest_are_told_apart() {
        let args = strings(&["one", "--check", "two"]);
        let (found, others) = flags(&args, &["--check"]).unwrap();
        assert_eq!((found, others), (vec!["--check"], vec!["one", "two"]));
    }

    #[test]
    fn the_help_names_every_verb() {
        let text = help();
        for verb in VERBS {
            assert!(text.contains(verb.name), "{}", verb.name);
            assert!(help_of(verb).contains(verb.about), "{}", verb.name);
        }
    }
}
