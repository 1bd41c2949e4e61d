//! Cases in the format of go-ftw ("FTW YAML format", version 2).
use super::yaml::{self, Node};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// A case: requests, and what is expected of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// `RULE-TEST`, such as `942100-3`.
    pub name: String,
    /// What it shows.
    pub about: String,
    /// The requests in order.
    pub stages: Vec<Stage>,
}

/// A request, and what is expected of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stage {
    /// `method`
    pub method: String,
    /// `uri`
    pub uri: String,
    /// `version`
    pub version: String,
    /// `headers` in their order.
    pub headers: Vec<(String, String)>,
    /// `data`, or `encoded_data` decoded.
    pub data: Vec<u8>,
    /// Whether `Connection` and `Content-Length` are added where they are missing.
    pub autocomplete: bool,
    /// `encoded_request` decoded: the bytes of the whole request.
    pub raw: Option<Vec<u8>>,
    /// `expect_ids`
    pub expect: Vec<u32>,
    /// `no_expect_ids`
    pub forbid: Vec<u32>,
    /// `match_regex`
    pub log_has: Option<String>,
    /// `no_match_regex`
    pub log_lacks: Option<String>,
    /// `status`
    pub status: Option<u16>,
}

/// What a case asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Ids or a line of the log that must be there.
    Expect,
    /// Only what must not be there.
    Forbid,
    /// Only the status of the server's answer, which takes a server to tell.
    Status,
}

impl Case {
    /// What the case asks for.
    #[must_use]
    pub fn kind(&self) -> Kind {
        let any = |test: fn(&Stage) -> bool| self.stages.iter().any(test);
        if any(|stage| !stage.expect.is_empty() || stage.log_has.is_some()) {
            Kind::Expect
        } else if any(|stage| !stage.forbid.is_empty() || stage.log_lacks.is_some()) {
            Kind::Forbid
        } else {
            Kind::Status
        }
    }
}

/// Reads a file's cases; a file of comments has none.
///
/// # Errors
/// What is not understood; keys that are unknown are, too.
pub fn read(text: &str) -> Result<Vec<Case>, String> {
    let file = yaml::read(text)?;
    if file == Node::List(Vec::new()) {
        return Ok(Vec::new());
    }
    let rule = file
        .get("rule_id")
        .and_then(Node::text)
        .ok_or("no rule_id")?;
    let tests = file.get("tests").map(Node::list).unwrap_or_default();
    tests.iter().map(|test| case(rule, test)).collect()
}

fn case(rule: &str, test: &Node) -> Result<Case, String> {
    let id = test
        .get("test_id")
        .and_then(Node::text)
        .ok_or("no test_id")?;
    let name = format!("{rule}-{id}");
    let about = test.get("desc").and_then(Node::text).unwrap_or_default();
    let stages = test.get("stages").map(Node::list).unwrap_or_default();
    if stages.is_empty() {
        return Err(format!("{name}: no stages"));
    }
    let stages: Result<Vec<Stage>, String> = stages.iter().map(stage).collect();
    Ok(Case {
        about: about.trim().to_owned(),
        stages: stages.map_err(|why| format!("{name}: {why}"))?,
        name,
    })
}

fn stage(node: &Node) -> Result<Stage, String> {
    let mut stage = Stage {
        method: "GET".to_owned(),
        uri: "/".to_owned(),
        version: "HTTP/1.1".to_owned(),
        autocomplete: true,
        ..Stage::default()
    };
    for (key, value) in node.get("input").map(Node::map).unwrap_or_default() {
        input(&mut stage, key, value)?;
    }
    for (key, value) in node.get("output").map(Node::map).unwrap_or_default() {
        output(&mut stage, key, value)?;
    }
    Ok(stage)
}

fn input(stage: &mut Stage, key: &str, value: &Node) -> Result<(), String> {
    let text = value.text().unwrap_or_default();
    match key {
        "method" => text.clone_into(&mut stage.method),
        "uri" => text.clone_into(&mut stage.uri),
        "version" => text.clone_into(&mut stage.version),
        "data" => stage.data = text.as_bytes().to_vec(),
        "encoded_data" => stage.data = decoded(text)?,
        "encoded_request" => stage.raw = Some(decoded(text)?),
        "autocomplete_headers" => stage.autocomplete = text != "false",
        "headers" => {
            for (name, value) in value.map() {
                let value = value.text().unwrap_or_default().to_owned();
                stage.headers.push((name.clone(), value));
            }
        }
        // Where it is sent is the runner's business.
        "dest_addr" | "port" | "protocol" => {}
        _ => return Err(format!("unknown input `{key}`")),
    }
    Ok(())
}

fn output(stage: &mut Stage, key: &str, value: &Node) -> Result<(), String> {
    match key {
        "status" => {
            let text = value.text().unwrap_or_default();
            stage.status = Some(text.parse().map_err(|_| format!("status `{text}`"))?);
        }
        "log" => {
            for (key, value) in value.map() {
                log(stage, key, value)?;
            }
        }
        // The log is read when the request is over: there is nothing to wait for.
        "retry_once" => {}
        _ => return Err(format!("unknown output `{key}`")),
    }
    Ok(())
}

fn log(stage: &mut Stage, key: &str, value: &Node) -> Result<(), String> {
    let ids = || -> Result<Vec<u32>, String> {
        let texts = value.list().iter().filter_map(Node::text);
        texts
            .map(|t| t.parse().map_err(|_| format!("id `{t}`")))
            .collect()
    };
    let text = || value.text().map(str::to_owned);
    match key {
        "expect_ids" => stage.expect = ids()?,
        "no_expect_ids" => stage.forbid = ids()?,
        "match_regex" => stage.log_has = text(),
        "no_match_regex" => stage.log_lacks = text(),
        _ => return Err(format!("unknown log `{key}`")),
    }
    Ok(())
}

/// Base64 with white space in it and bits left over, as cases have it.
fn decoded(text: &str) -> Result<Vec<u8>, String> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let bytes: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    GeneralPurpose::new(&STANDARD, config)
        .decode(bytes)
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_read() {
        let cases = read(
            "rule_id: 1\ntests:\n- test_id: 2\n  stages:\n  - input:\n      headers:\n        A: 0\n\
             \x20     encoded_request: \"R0\\nVU\"\n    output:\n      log:\n        no_expect_ids: [1, 2]\n",
        )
        .unwrap();
        assert_eq!(cases[0].name, "1-2");
        assert_eq!(cases[0].kind(), Kind::Forbid);
        let stage = &cases[0].stages[0];
        assert_eq!(stage.raw.as_deref(), Some(&b"GET"[..]));
        assert_eq!(stage.headers, [("A".to_owned(), "0".to_owned())]);
        assert_eq!(stage.forbid, [1, 2]);
    }

    #[test]
    fn what_is_unknown_is_told() {
        let with = |line: &str| {
            read(&format!(
                "rule_id: 1\ntests:\n- test_id: 2\n  stages:\n  - {line}\n"
            ))
        };
        assert_eq!(
            with("input: {stop_magic: true}").unwrap_err(),
            "1-2: unknown input `stop_magic`"
        );
        assert_eq!(
            with("output: {log: {x: 1}}").unwrap_err(),
            "1-2: unknown log `x`"
        );
    }
}
