//! What a rule costs, by estimate.

use lockgate_config::{RulesFile, Search, Statement};

/// The cost of a rule when it is reached, in nanoseconds of one core in Wasm: an estimate, to compare rules
/// with each other. It counts every statement as if it were the only one of its kind; what rules share is
/// done once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost {
    /// Over a usual GET: a short path, three arguments, fifteen headers, no body.
    pub head_ns: u32,
    /// More for each kibibyte of a body.
    pub body_kib_ns: u32,
}

impl std::ops::Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            head_ns: self.head_ns.saturating_add(other.head_ns),
            body_kib_ns: self.body_kib_ns.saturating_add(other.body_kib_ns),
        }
    }
}

/// What is asked of each value.
#[derive(Clone, Copy)]
struct PerValue {
    /// Once a value.
    value_ns: u32,
    /// For each of its bytes, in hundredths.
    byte_cns: u32,
}

/// The estimate of a statement.
#[must_use]
pub fn estimate(file: &RulesFile, statement: &Statement) -> Cost {
    let head = |head_ns| Cost {
        head_ns,
        body_kib_ns: 0,
    };
    match statement {
        Statement::IpSet(_) | Statement::NotIpSet(_) => head(80),
        Statement::UserAgentList(_) => head(400),
        Statement::UserAgentMissing(_) | Statement::LabelMatch(_) => head(10),
        Statement::GeoMatch(_) => head(20),
        Statement::ByteMatch(bytes) => {
            let texts = u32::try_from(texts(&bytes.search)).unwrap_or(u32::MAX);
            let search = match &bytes.search {
                Search::Contains(_) | Search::ContainsWord(_) => (20, 20),
                _ => (5, 0),
            };
            let each = PerValue {
                value_ns: texts.saturating_mul(search.0),
                byte_cns: texts.saturating_mul(search.1),
            };
            over(bytes.field.as_str(), bytes.transformations.len(), each)
        }
        Statement::RegexMatch(regex) => over(
            regex.field.as_str(),
            regex.transformations.len(),
            regexes(1),
        ),
        Statement::RegexSet(regex) => {
            let patterns = file
                .regex_sets
                .get(&regex.set)
                .map_or(0, |set| set.patterns.len());
            over(
                regex.field.as_str(),
                regex.transformations.len(),
                regexes(patterns),
            )
        }
        Statement::SizeConstraint(size) => {
            let each = PerValue {
                value_ns: 3,
                byte_cns: 0,
            };
            over(size.field.as_str(), size.transformations.len(), each)
        }
        Statement::SqliMatch(inspect) => {
            let each = PerValue {
                value_ns: 100,
                byte_cns: 600,
            };
            over(inspect.field.as_str(), inspect.transformations.len(), each)
        }
        Statement::XssMatch(inspect) => {
            let each = PerValue {
                value_ns: 60,
                byte_cns: 300,
            };
            over(inspect.field.as_str(), inspect.transformations.len(), each)
        }
        Statement::RateBased(rate) => {
            let scope = rate.scope_down.as_ref();
            scope.map_or(Cost::default(), |scope| estimate(file, scope)) + head(300)
        }
        Statement::And(parts) | Statement::Or(parts) => {
            let parts = parts.iter().map(|part| estimate(file, part));
            parts.fold(Cost::default(), |sum, part| sum + part)
        }
        Statement::Not(part) => estimate(file, part),
    }
}

fn texts(search: &Search) -> usize {
    match search {
        Search::Exactly(texts)
        | Search::StartsWith(texts)
        | Search::EndsWith(texts)
        | Search::Contains(texts)
        | Search::ContainsWord(texts) => texts.iter().count(),
    }
}

fn regexes(patterns: usize) -> PerValue {
    let patterns = u32::try_from(patterns).unwrap_or(u32::MAX);
    PerValue {
        value_ns: 30,
        byte_cns: patterns.saturating_mul(20).saturating_add(200),
    }
}

/// The cost over all values of a field: how many there usually are, and their bytes.
fn over(field: &str, transformations: usize, each: PerValue) -> Cost {
    let (values, bytes): (u32, u32) = match field.split(':').next().unwrap_or(field) {
        "headers" | "header_names" | "header_order" => (15, 700),
        "cookies" | "cookie_names" => (4, 200),
        "all_query_arguments" | "query_argument_names" => (3, 40),
        "header" => (1, 60),
        "body" => (0, 0),
        "json_body" | "json_keys" | "form_field" | "form_fields" | "form_field_names"
        | "multipart_names" | "file_names" => (0, 0),
        _ => (1, 25),
    };
    let steps = u32::try_from(transformations).unwrap_or(u32::MAX);
    let value_ns = each.value_ns.saturating_add(steps.saturating_mul(20));
    let byte_cns = each.byte_cns.saturating_add(steps.saturating_mul(50));
    let in_body = values == 0;
    // A body's text is also taken apart; a usual field of it has 32 bytes.
    let body_values = if field == "body" { 1 } else { 32 };
    Cost {
        head_ns: values
            .saturating_mul(value_ns)
            .saturating_add(bytes.saturating_mul(byte_cns) / 100),
        body_kib_ns: if in_body {
            value_ns
                .saturating_mul(body_values)
                .saturating_add(byte_cns.saturating_mul(1024) / 100)
        } else {
            0
        },
    }
}
