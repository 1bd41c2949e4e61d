//! Texts with `{{ variable }}` in them.

use std::collections::BTreeMap;

/// A text and the variables that it is made of.
#[derive(Debug, Clone)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone)]
enum Part {
    Text(String),
    Variable(String),
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// What is wrong with its braces.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((name, after)) = after.split_once("}}") else {
                return Err("\"{{\" without \"}}\"".to_owned());
            };
            let name = name.trim();
            if !super::names::is_snake(name) {
                return Err(format!("{name:?} is no name of a variable"));
            }
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(Part::Variable(name.to_owned()));
            rest = after;
        }
        if rest.contains("}}") {
            return Err("\"}}\" without \"{{\"".to_owned());
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self(parts))
    }

    /// The variables in it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Variable(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The text with the variables' values; a variable without value gives nothing.
    #[must_use]
    pub fn fill(&self, values: &BTreeMap<String, String>) -> String {
        self.0
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.as_str(),
                Part::Variable(name) => values.get(name).map_or("", String::as_str),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in_and_bad_braces_named() {
        let values = BTreeMap::from([("a".to_owned(), "1".to_owned())]);
        let fill = |text: &str| Template::parse(text).map(|template| template.fill(&values));
        assert_eq!(fill("x{{ a }}y{{a}}"), Ok("x1y1".to_owned()));
        assert_eq!(fill("{ plain }"), Ok("{ plain }".to_owned()));
        assert!(fill("{{ a").is_err() && fill("a }}").is_err() && fill("{{ A }}").is_err());
    }
}
