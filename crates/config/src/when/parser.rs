//! Words to statements.

use super::lexer::{Kind, Token, expression, plain, tokens};
use crate::spelling::nearest;
use crate::types::{
    ByteMatch, FieldName, GeoMatch, Inspect, OversizeHandling, RegexMatch, RegexSetMatch, Search,
    SizeComparison, SizeConstraint, Statement, Texts, TransformationName,
};
use crate::walk::near_field;

/// Deepest nesting of parentheses and `not`.
const DEPTH_MAX: usize = 12;

/// What is wrong with an expression.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Mistake {
    /// Offset in the expression, bytes.
    pub(crate) at: usize,
    pub(crate) reason: String,
    pub(crate) meant: Option<String>,
}

impl Mistake {
    pub(super) fn new(at: usize, reason: impl Into<String>) -> Self {
        Self {
            at,
            reason: reason.into(),
            meant: None,
        }
    }

    fn suggest(mut self, meant: Option<impl Into<String>>) -> Self {
        self.meant = meant.map(Into::into);
        self
    }
}

/// The names that an expression may use.
pub(crate) struct Names<'a> {
    pub(crate) ip_sets: Vec<&'a str>,
    pub(crate) user_agent_lists: Vec<&'a str>,
    pub(crate) regex_sets: Vec<&'a str>,
}

/// Reads an expression.
///
/// # Errors
/// The first mistake; what follows it would be confusion.
pub(crate) fn parse(text: &str, names: &Names<'_>) -> Result<Statement, Mistake> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        names,
    };
    let statement = parser.any(0)?;
    let token = parser.peek();
    match token.kind {
        Kind::End => Ok(statement),
        _ => Err(Mistake::new(
            token.at,
            "expected \"and\", \"or\" or the end",
        )),
    }
}

struct Parser<'a> {
    tokens: Vec<Token>,
    next: usize,
    names: &'a Names<'a>,
}

impl Parser<'_> {
    fn peek(&self) -> Token {
        let end = || Token {
            kind: Kind::End,
            at: 0,
        };
        let token = self.tokens.get(self.next).or(self.tokens.last());
        token.cloned().unwrap_or_else(end)
    }

    fn take(&mut self) -> Token {
        let token = self.peek();
        self.next += 1;
        token
    }

    /// Takes the next word if it is this one.
    fn takes(&mut self, word: &str) -> bool {
        let is = match self.peek().kind {
            Kind::Word(next) => next == word,
            Kind::Sign(next) => next == word,
            Kind::Text(_) | Kind::End => false,
        };
        self.next += usize::from(is);
        is
    }

    fn expect(&mut self, word: &str) -> Result<(), Mistake> {
        let at = self.peek().at;
        if self.takes(word) {
            Ok(())
        } else {
            Err(Mistake::new(at, format!("expected {word:?}")))
        }
    }

    fn any(&mut self, depth: usize) -> Result<Statement, Mistake> {
        let first = self.all(depth)?;
        let mut parts = vec![first];
        while self.takes("or") {
            parts.push(self.all(depth)?);
        }
        Ok(joined(parts, Statement::Or))
    }

    fn all(&mut self, depth: usize) -> Result<Statement, Mistake> {
        let first = self.one(depth)?;
        let mut parts = vec![first];
        while self.takes("and") {
            parts.push(self.one(depth)?);
        }
        Ok(joined(parts, Statement::And))
    }

    fn one(&mut self, depth: usize) -> Result<Statement, Mistake> {
        let at = self.peek().at;
        if depth >= DEPTH_MAX {
            return Err(Mistake::new(
                at,
                format!("nested more than {DEPTH_MAX} deep"),
            ));
        }
        if self.takes("not") {
            return Ok(Statement::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.takes("(") {
            let inner = self.any(depth + 1)?;
            self.expect(")")?;
            return Ok(inner);
        }
        self.test()
    }

    fn test(&mut self) -> Result<Statement, Mistake> {
        let token = self.take();
        let Kind::Word(word) = token.kind else {
            return Err(Mistake::new(
                token.at,
                "expected a field, \"ip\", \"user_agent\", \"label\" or \"not\"",
            ));
        };
        match word.as_str() {
            "ip" => {
                self.expect("in")?;
                let set = self.name(&self.names.ip_sets, "ip_sets")?;
                Ok(Statement::IpSet(set))
            }
            "user_agent" if self.takes("missing") => Ok(Statement::UserAgentMissing(true)),
            "user_agent" if self.takes("in") => {
                let list = self.name(&self.names.user_agent_lists, "user_agent_lists")?;
                Ok(Statement::UserAgentList(list))
            }
            "user_agent" => Err(Mistake::new(
                self.peek().at,
                "expected \"in\" or \"missing\"; the text of the field is \"header:user-agent\"",
            )),
            "label" => {
                let (at, text) = self.text()?;
                let label = text
                    .parse()
                    .map_err(|reason: String| Mistake::new(at, reason))?;
                Ok(Statement::LabelMatch(label))
            }
            "country" if self.takes("in") => {
                let mut geo = GeoMatch::default();
                for (at, text) in self.texts()? {
                    let country = text
                        .parse()
                        .map_err(|reason: String| Mistake::new(at, reason))?;
                    geo.countries.push(country);
                }
                Ok(Statement::GeoMatch(geo))
            }
            "asn" if self.takes("in") => {
                let asns = self.numbers()?;
                Ok(Statement::GeoMatch(GeoMatch {
                    asns,
                    ..GeoMatch::default()
                }))
            }
            _ => {
                let inspect = self.values(token.at, &word)?;
                self.over(inspect)
            }
        }
    }

    /// A field, its transformations, and what is said of one that is too long.
    fn values(&mut self, at: usize, word: &str) -> Result<Inspect, Mistake> {
        let field: FieldName = word.parse().map_err(|reason: String| {
            let words = ["ip", "user_agent", "label", "not"];
            let near = near_field(word).or_else(|| nearest(word, words).map(str::to_owned));
            Mistake::new(at, reason).suggest(near)
        })?;
        let mut transformations = Vec::new();
        while self.takes("|") {
            let token = self.take();
            let Kind::Word(name) = token.kind else {
                return Err(Mistake::new(token.at, "expected a transformation"));
            };
            let known = crate::types::rule_grammar::transformations();
            let transformation: TransformationName = name.parse().map_err(|reason: String| {
                let near = nearest(&name, known.iter().map(String::as_str));
                Mistake::new(token.at, reason).suggest(near)
            })?;
            transformations.push(transformation);
        }
        Ok(Inspect {
            field,
            transformations,
            oversize: self.oversize()?,
        })
    }

    fn oversize(&mut self) -> Result<OversizeHandling, Mistake> {
        if !self.takes("oversize") {
            return Ok(OversizeHandling::default());
        }
        let token = self.take();
        let word = match &token.kind {
            Kind::Word(word) => word.as_str(),
            _ => "",
        };
        match word {
            "continue" => Ok(OversizeHandling::Continue),
            "match" => Ok(OversizeHandling::Match),
            "no_match" => Ok(OversizeHandling::NoMatch),
            _ => {
                let reason = "expected \"continue\", \"match\" or \"no_match\"";
                let near = nearest(word, ["continue", "match", "no_match"]);
                Err(Mistake::new(token.at, reason).suggest(near))
            }
        }
    }

    /// What is asked of values.
    fn over(&mut self, inspect: Inspect) -> Result<Statement, Mistake> {
        const WORDS: [&str; 11] = [
            "==",
            "!=",
            "exactly",
            "starts_with",
            "ends_with",
            "contains",
            "contains_word",
            "matches",
            "size",
            "sqli_match",
            "xss_match",
        ];
        let token = self.take();
        let word = match &token.kind {
            Kind::Word(word) => word.as_str(),
            Kind::Sign(sign) => sign,
            Kind::Text(_) | Kind::End => "",
        };
        match word {
            "sqli_match" => Ok(Statement::SqliMatch(inspect)),
            "xss_match" => Ok(Statement::XssMatch(inspect)),
            "size" => self.size(inspect),
            "matches" => self.matches(inspect),
            "!=" => {
                let search = Search::Exactly(self.searched()?);
                Ok(Statement::Not(Box::new(bytes(inspect, search))))
            }
            "==" | "exactly" => Ok(bytes(inspect, Search::Exactly(self.searched()?))),
            "starts_with" => Ok(bytes(inspect, Search::StartsWith(self.searched()?))),
            "ends_with" => Ok(bytes(inspect, Search::EndsWith(self.searched()?))),
            "contains" => Ok(bytes(inspect, Search::Contains(self.searched()?))),
            "contains_word" => Ok(bytes(inspect, Search::ContainsWord(self.searched()?))),
            _ => {
                let reason = "expected \"==\", \"!=\", \"starts_with\", \"ends_with\", \"contains\", \
                              \"contains_word\", \"matches\", \"size\", \"sqli_match\" or \"xss_match\"";
                Err(Mistake::new(token.at, reason).suggest(nearest(word, WORDS)))
            }
        }
    }

    fn size(&mut self, inspect: Inspect) -> Result<Statement, Mistake> {
        let token = self.take();
        let comparison = match token.kind {
            Kind::Sign("==") => SizeComparison::Eq,
            Kind::Sign("!=") => SizeComparison::Ne,
            Kind::Sign("<=") => SizeComparison::Le,
            Kind::Sign("<") => SizeComparison::Lt,
            Kind::Sign(">=") => SizeComparison::Ge,
            Kind::Sign(">") => SizeComparison::Gt,
            _ => {
                let reason = "expected \"==\", \"!=\", \"<=\", \"<\", \">=\" or \">\"";
                return Err(Mistake::new(token.at, reason));
            }
        };
        let size = self.number::<u64>()?;
        let Inspect {
            field,
            transformations,
            oversize,
        } = inspect;
        Ok(Statement::SizeConstraint(SizeConstraint {
            field,
            transformations,
            oversize,
            comparison,
            size,
        }))
    }

    fn matches(&mut self, inspect: Inspect) -> Result<Statement, Mistake> {
        let Inspect {
            field,
            transformations,
            oversize,
        } = inspect;
        if let Kind::Word(_) = self.peek().kind {
            let set = self.name(&self.names.regex_sets, "regex_sets")?;
            return Ok(Statement::RegexSet(RegexSetMatch {
                field,
                transformations,
                oversize,
                set,
            }));
        }
        let (at, raw) = self.raw()?;
        let pattern = expression(&raw)
            .parse()
            .map_err(|reason: String| Mistake::new(at, reason))?;
        Ok(Statement::RegexMatch(RegexMatch {
            field,
            transformations,
            oversize,
            pattern,
        }))
    }

    /// The name of a set or list, with or without quotes.
    fn name(&mut self, known: &[&str], table: &str) -> Result<String, Mistake> {
        let token = self.take();
        let name = match token.kind {
            Kind::Word(name) => Some(name),
            Kind::Text(raw) => Some(plain(&raw)),
            Kind::Sign(_) | Kind::End => None,
        };
        let Some(name) = name else {
            return Err(Mistake::new(
                token.at,
                format!("expected a name in {table}"),
            ));
        };
        if known.contains(&name.as_str()) {
            return Ok(name);
        }
        let near = nearest(&name, known.iter().copied());
        Err(Mistake::new(token.at, format!("{table} has no {name:?}")).suggest(near))
    }

    fn text(&mut self) -> Result<(usize, String), Mistake> {
        self.raw().map(|(at, raw)| (at, plain(&raw)))
    }

    /// A text as it stands between its quotes.
    fn raw(&mut self) -> Result<(usize, String), Mistake> {
        let token = self.take();
        match token.kind {
            Kind::Text(raw) => Ok((token.at, raw)),
            Kind::Word(word) => {
                let reason = format!("expected a text; texts stand in quotes: {word:?}");
                Err(Mistake::new(token.at, reason))
            }
            _ => Err(Mistake::new(token.at, "expected a text in quotes")),
        }
    }

    /// One text, or several in brackets.
    fn texts(&mut self) -> Result<Vec<(usize, String)>, Mistake> {
        if !self.takes("[") {
            return Ok(vec![self.text()?]);
        }
        let mut texts = vec![self.text()?];
        while self.takes(",") {
            texts.push(self.text()?);
        }
        self.expect("]")?;
        Ok(texts)
    }

    fn searched(&mut self) -> Result<Texts, Mistake> {
        let several = matches!(self.peek().kind, Kind::Sign("["));
        let texts = self.texts()?;
        if let Some((at, _)) = texts.iter().find(|(_, text)| text.len() > 1024) {
            return Err(Mistake::new(*at, "has more than 1024 bytes"));
        }
        let mut texts: Vec<String> = texts.into_iter().map(|(_, text)| text).collect();
        match texts.pop() {
            Some(only) if !several => Ok(Texts::One(only)),
            last => Ok(Texts::Many(texts.into_iter().chain(last).collect())),
        }
    }

    fn number<T: std::str::FromStr>(&mut self) -> Result<T, Mistake> {
        let token = self.take();
        let number = match &token.kind {
            Kind::Word(word) => word.parse().ok(),
            _ => None,
        };
        number.ok_or_else(|| Mistake::new(token.at, "expected a number"))
    }

    fn numbers(&mut self) -> Result<Vec<u32>, Mistake> {
        if !self.takes("[") {
            return Ok(vec![self.number()?]);
        }
        let mut numbers = vec![self.number()?];
        while self.takes(",") {
            numbers.push(self.number()?);
        }
        self.expect("]")?;
        Ok(numbers)
    }
}

/// One part is itself.
fn joined(mut parts: Vec<Statement>, whole: fn(Vec<Statement>) -> Statement) -> Statement {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => whole(parts.into_iter().chain(last).collect()),
    }
}

fn bytes(inspect: Inspect, search: Search) -> Statement {
    let Inspect {
        field,
        transformations,
        oversize,
    } = inspect;
    Statement::ByteMatch(ByteMatch {
        field,
        transformations,
        oversize,
        search,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: fn() -> Names<'static> = || Names {
        ip_sets: vec!["office", "banned"],
        user_agent_lists: vec!["bots"],
        regex_sets: vec!["shells"],
    };

    fn read(text: &str) -> Statement {
        parse(text, &NAMES()).unwrap_or_else(|mistake| panic!("{text}: {mistake:?}"))
    }

    /// The statements that the same TOML gives.
    fn toml(text: &str) -> Statement {
        #[derive(serde::Deserialize)]
        struct File {
            statement: Statement,
        }
        toml::from_str::<File>(&format!("statement = {text}"))
            .expect("a statement")
            .statement
    }

    #[test]
    fn an_expression_is_exactly_its_statements() {
        let cases = [
            ("ip in office", r#"{ ip_set = "office" }"#),
            ("not ip in \"office\"", r#"{ not = { ip_set = "office" } }"#),
            ("user_agent in bots", r#"{ user_agent_list = "bots" }"#),
            ("user_agent missing", "{ user_agent_missing = true }"),
            (
                r#"country in ["de", "AT"]"#,
                r#"{ geo_match = { countries = ["DE", "AT"] } }"#,
            ),
            (
                "asn in [64500, 64501]",
                "{ geo_match = { asns = [64500, 64501] } }",
            ),
            (r#"label "shop:""#, r#"{ label_match = "shop:" }"#),
            (
                r#"path starts_with "/admin" and not ip in office"#,
                r#"{ and = [{ byte_match = { field = "path", starts_with = "/admin" } },
                    { not = { ip_set = "office" } }] }"#,
            ),
            (
                r#"method == "A" or method == "B" and path contains ["x", "y"]"#,
                r#"{ or = [{ byte_match = { field = "method", exactly = "A" } }, { and = [
                    { byte_match = { field = "method", exactly = "B" } },
                    { byte_match = { field = "path", contains = ["x", "y"] } }] }] }"#,
            ),
            (
                r#"(method == "A" or method != "B") and header:X-A ends_with "z""#,
                r#"{ and = [{ or = [{ byte_match = { field = "method", exactly = "A" } },
                    { not = { byte_match = { field = "method", exactly = "B" } } }] },
                    { byte_match = { field = "header:x-a", ends_with = "z" } }] }"#,
            ),
            (
                r#"body oversize match contains "x""#,
                r#"{ byte_match = { field = "body", oversize = "match", contains = "x" } }"#,
            ),
            (
                r"json_body | lowercase oversize no_match xss_match",
                r#"{ xss_match = { field = "json_body", transformations = ["lowercase"], oversize = "no_match" } }"#,
            ),
            (
                r"all_query_arguments | url_decode | lowercase sqli_match",
                r#"{ sqli_match = { field = "all_query_arguments", transformations = ["url_decode", "lowercase"] } }"#,
            ),
            ("body xss_match", r#"{ xss_match = { field = "body" } }"#),
            (
                "json_body:/a~1b/0 size >= 10",
                r#"{ size_constraint = { field = "json_body:/a~1b/0", comparison = "ge", size = 10 } }"#,
            ),
            (
                r#"path matches "[/\\]\.(bak|\"sql)$""#,
                r#"{ regex_match = { field = "path", pattern = '[/\\]\.(bak|"sql)$' } }"#,
            ),
            (
                r#"path ends_with "\a\\""#,
                r#"{ byte_match = { field = "path", ends_with = '\a\' } }"#,
            ),
            (
                "body matches shells",
                r#"{ regex_set = { field = "body", set = "shells" } }"#,
            ),
        ];
        for (text, wanted) in cases {
            assert_eq!(read(text), toml(wanted), "{text}");
        }
    }

    #[test]
    fn a_mistake_is_pointed_at() {
        let cases = [
            ("pth starts_with \"/\"", 0, Some("path")),
            ("path start_with \"/\"", 5, Some("starts_with")),
            ("ip in ofice", 6, Some("office")),
            ("path | lowercas == \"a\"", 7, Some("lowercase")),
            ("path starts_with /admin", 17, None),
            ("path == \"a", 8, None),
            ("path == \"a\" and", 15, None),
            ("path == \"a\" path", 12, None),
            ("(path == \"a\"", 12, None),
            ("path == {", 8, None),
            ("body size > many", 12, None),
            ("body oversize matc contains \"x\"", 14, Some("match")),
            ("body size 8", 10, None),
            ("user_agent contains \"x\"", 11, None),
            ("headr:x == \"a\"", 0, Some("header:x")),
            ("", 0, None),
        ];
        for (text, at, meant) in cases {
            let mistake = parse(text, &NAMES()).expect_err(text);
            assert_eq!(
                (mistake.at, mistake.meant.as_deref()),
                (at, meant),
                "{text}: {mistake:?}"
            );
        }
        let deep = format!("{}path == \"a\"{}", "(".repeat(1000), ")".repeat(1000));
        assert!(parse(&deep, &NAMES()).is_err());
        assert!(parse(&"not ".repeat(100_000), &NAMES()).is_err());
    }
}
