//! Licence expressions (SPDX specification 2.3, annex D): may we take a crate under one?

use anyhow::{Result, bail, ensure};

/// True if `expression` can be met with licences of `allowed` alone.
///
/// `A WITH B` is one licence of that name. A `/` between names, as old manifests have it, is `OR`.
///
/// # Errors
/// When the expression cannot be read.
pub(crate) fn satisfied(expression: &str, allowed: &[&str]) -> Result<bool> {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let mut parser = Parser {
        words: spaced.split_whitespace().collect(),
        at: 0,
        allowed,
    };
    let result = parser.alternatives(0)?;
    ensure!(
        parser.at == parser.words.len(),
        "`{expression}` goes on after its end"
    );
    Ok(result)
}

/// More brackets than this are nonsense.
const DEPTH_MAX: usize = 16;

struct Parser<'a> {
    words: Vec<&'a str>,
    at: usize,
    allowed: &'a [&'a str],
}

impl<'a> Parser<'a> {
    fn take(&mut self, word: &str) -> bool {
        let there = self
            .words
            .get(self.at)
            .is_some_and(|next| next.eq_ignore_ascii_case(word));
        self.at += usize::from(there);
        there
    }

    fn alternatives(&mut self, depth: usize) -> Result<bool> {
        let mut result = self.all_of(depth)?;
        while self.take("OR") {
            // Not short-circuited: the rest must be read as well.
            result |= self.all_of(depth)?;
        }
        Ok(result)
    }

    fn all_of(&mut self, depth: usize) -> Result<bool> {
        let mut result = self.one(depth)?;
        while self.take("AND") {
            result &= self.one(depth)?;
        }
        Ok(result)
    }

    fn one(&mut self, depth: usize) -> Result<bool> {
        ensure!(depth < DEPTH_MAX, "too many brackets");
        if self.take("(") {
            let result = self.alternatives(depth + 1)?;
            ensure!(self.take(")"), "a bracket is not closed");
            return Ok(result);
        }
        let name = self.name()?;
        if self.take("WITH") {
            let exception = self.name()?;
            return Ok(self
                .allowed
                .contains(&format!("{name} WITH {exception}").as_str()));
        }
        Ok(self.allowed.contains(&name))
    }

    fn name(&mut self) -> Result<&'a str> {
        match self.words.get(self.at) {
            Some(word) if !["(", ")", "AND", "OR", "WITH"].contains(word) => {
                self.at += 1;
                Ok(word)
            }
            Some(word) => bail!("`{word}` stands where a licence should"),
            None => bail!("a licence is missing at the end"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: &[&str] = &["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "ISC"];

    #[test]
    fn expressions_are_weighed() {
        for (expression, good) in [
            ("MIT", true),
            ("GPL-3.0-only", false),
            ("MIT OR GPL-3.0-only", true),
            ("GPL-2.0-only OR MIT", true),
            ("MIT AND GPL-3.0-only", false),
            ("MIT AND ISC OR AGPL-3.0-only", true),
            ("AGPL-3.0-only OR MIT AND GPL-2.0-only", false),
            ("(MIT OR GPL-2.0-only) AND ISC", true),
            ("(MIT OR Apache-2.0) AND AGPL-3.0-only", false),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("MIT WITH LLVM-exception", false),
            ("GPL-2.0-only WITH Classpath-exception-2.0", false),
            ("MIT/GPL-2.0-only", true),
            ("Apache-2.0 / MIT", true),
            ("((MIT))", true),
        ] {
            assert_eq!(
                satisfied(expression, ALLOWED).unwrap(),
                good,
                "{expression}"
            );
        }
    }

    #[test]
    fn nonsense_is_an_error() {
        for expression in [
            "", "MIT OR", "(MIT", "MIT)", "AND MIT", "MIT ISC", "MIT WITH",
        ] {
            assert!(satisfied(expression, ALLOWED).is_err(), "{expression}");
        }
        assert!(satisfied(&"(".repeat(100_000), ALLOWED).is_err());
    }
}
