//! Statements of a rule file to those of the firewall.

use std::path::Path;

use lockgate_config::types as config;
use lockgate_config::types::{
    OversizeHandling, RateKeyName, RulesFile, Search, SizeComparison, Texts,
};
use lockgate_firewall::{
    Comparison, Field, InputSpec, Oversize, Position, RatePartSpec, RateSpec, StatementSpec,
};

/// Reads the statements of one file.
pub(super) struct Statements<'a> {
    pub(super) file: &'a Path,
    pub(super) rules: &'a RulesFile,
}

impl Statements<'_> {
    /// A name of a set or list as the builder knows it: a rule sees those of its own file only.
    pub(super) fn scoped(&self, name: &str) -> String {
        format!("{}: {name}", self.file.display())
    }

    /// What a rule asks, and what it counts by.
    pub(super) fn rule(
        &self,
        statement: &config::Statement,
    ) -> Result<(StatementSpec, Option<RateSpec>), String> {
        let config::Statement::RateBased(rate) = statement else {
            return Ok((self.statement(statement)?, None));
        };
        let scope = match &rate.scope_down {
            Some(scope) => self.statement(scope)?,
            None => StatementSpec::Always,
        };
        let keys = rate.keys.iter().map(rate_part).collect::<Result<_, _>>()?;
        let spec = RateSpec {
            limit: rate.limit,
            window_s: rate.window_s,
            keys,
        };
        Ok((scope, Some(spec)))
    }

    fn statement(&self, statement: &config::Statement) -> Result<StatementSpec, String> {
        use config::Statement as S;
        Ok(match statement {
            S::IpSet(name) => StatementSpec::IpSet(self.scoped(name)),
            S::NotIpSet(name) => StatementSpec::NotIpSet(self.scoped(name)),
            S::UserAgentList(name) => StatementSpec::UserAgentList(self.scoped(name)),
            S::UserAgentMissing(missing) => StatementSpec::UserAgentMissing(*missing),
            S::GeoMatch(geo) => {
                let countries = geo.countries.iter();
                let countries =
                    countries.filter_map(|country| country.as_str().as_bytes().try_into().ok());
                StatementSpec::Geo {
                    countries: countries.collect(),
                    asns: geo.asns.clone(),
                }
            }
            S::LabelMatch(label) => StatementSpec::Label(label.as_str().to_owned()),
            S::ByteMatch(bytes) => {
                let (position, texts) = search(&bytes.search);
                StatementSpec::Bytes {
                    input: input(&bytes.field, &bytes.transformations, bytes.oversize)?,
                    position,
                    texts: texts.iter().map(|text| text.as_bytes().to_vec()).collect(),
                }
            }
            S::RegexMatch(regex) => StatementSpec::Regex {
                input: input(&regex.field, &regex.transformations, regex.oversize)?,
                patterns: vec![regex.pattern.as_str().to_owned()],
            },
            S::RegexSet(regex) => {
                let set = self.rules.regex_sets.get(&regex.set);
                let set = set.ok_or_else(|| format!("regex_sets has no {:?}", regex.set))?;
                let patterns = set
                    .patterns
                    .iter()
                    .map(|pattern| pattern.as_str().to_owned());
                StatementSpec::Regex {
                    input: input(&regex.field, &regex.transformations, regex.oversize)?,
                    patterns: patterns.collect(),
                }
            }
            S::SizeConstraint(size) => StatementSpec::Size {
                input: input(&size.field, &size.transformations, size.oversize)?,
                comparison: comparison(size.comparison),
                bytes: size.size,
            },
            S::SqliMatch(sqli) => {
                StatementSpec::Sqli(input(&sqli.field, &sqli.transformations, sqli.oversize)?)
            }
            S::XssMatch(xss) => {
                StatementSpec::Xss(input(&xss.field, &xss.transformations, xss.oversize)?)
            }
            S::And(parts) => StatementSpec::And(self.statements(parts)?),
            S::Or(parts) => StatementSpec::Or(self.statements(parts)?),
            S::Not(part) => StatementSpec::Not(Box::new(self.statement(part)?)),
            S::RateBased(_) => return Err("rate_based stands alone".to_owned()),
        })
    }

    fn statements(&self, parts: &[config::Statement]) -> Result<Vec<StatementSpec>, String> {
        parts.iter().map(|part| self.statement(part)).collect()
    }
}

fn rate_part(key: &RateKeyName) -> Result<RatePartSpec, String> {
    Ok(match key.as_str() {
        "client_ip" => RatePartSpec::ClientIp,
        "forwarded_ip" => RatePartSpec::ForwardedIp,
        text => match text.strip_prefix("label:") {
            Some(label) => RatePartSpec::Label(label.to_owned()),
            None => RatePartSpec::Input(InputSpec::raw(field(text)?)),
        },
    })
}

fn field(text: &str) -> Result<Field, String> {
    text.parse()
        .map_err(|error: lockgate_firewall::FieldError| error.to_string())
}

fn input(
    name: &config::FieldName,
    transformations: &[config::TransformationName],
    oversize: OversizeHandling,
) -> Result<InputSpec, String> {
    let steps = transformations
        .iter()
        .map(config::TransformationName::as_str);
    Ok(InputSpec {
        field: field(name.as_str())?,
        // The one that does nothing is no step.
        transformations: steps
            .filter(|step| !step.eq_ignore_ascii_case("none"))
            .map(str::to_owned)
            .collect(),
        oversize: match oversize {
            OversizeHandling::Continue => Oversize::Continue,
            OversizeHandling::Match => Oversize::Match,
            OversizeHandling::NoMatch => Oversize::NoMatch,
        },
    })
}

fn search(search: &Search) -> (Position, &Texts) {
    match search {
        Search::Exactly(texts) => (Position::Exactly, texts),
        Search::StartsWith(texts) => (Position::StartsWith, texts),
        Search::EndsWith(texts) => (Position::EndsWith, texts),
        Search::Contains(texts) => (Position::Contains, texts),
        Search::ContainsWord(texts) => (Position::ContainsWord, texts),
    }
}

fn comparison(comparison: SizeComparison) -> Comparison {
    match comparison {
        SizeComparison::Eq => Comparison::Eq,
        SizeComparison::Ne => Comparison::Ne,
        SizeComparison::Le => Comparison::Le,
        SizeComparison::Lt => Comparison::Lt,
        SizeComparison::Ge => Comparison::Ge,
        SizeComparison::Gt => Comparison::Gt,
    }
}
