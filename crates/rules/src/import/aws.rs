//! Web ACLs of AWS WAF, as `aws wafv2 get-web-acl` prints them.

use serde_json::Value;

use super::aws_statement::{Notes, statement};
use super::toml_text::{name, text, texts};
use super::{ImportError, Imported};

/// Reads a Web ACL and writes native rules that mean the same. A rule that has no equal in a part of its
/// statement is left out whole and listed: with a part less it would mean something else.
///
/// IP sets and sets of expressions are named in a Web ACL, not contained; they are written empty, and
/// listed.
///
/// # Errors
/// [`ImportError`].
pub fn import(json: &str) -> Result<Imported, ImportError> {
    let root: Value =
        serde_json::from_str(json).map_err(|error| ImportError::Json(error.to_string()))?;
    let acl = match &root["WebACL"] {
        Value::Null => &root,
        acl => acl,
    };
    let shape = ImportError::Shape("a Web ACL as `aws wafv2 get-web-acl` prints it");
    let rules = acl["Rules"].as_array().ok_or(shape)?;
    let mut notes = Notes::default();
    let mut written = String::new();
    let mut names: Vec<String> = Vec::new();
    for value in rules {
        written.push_str(&rule(value, acl, &mut names, &mut notes).unwrap_or_default());
    }
    if !acl["DefaultAction"]["Block"].is_null() {
        let why = "what no rule matches passes here; add a rule of the highest priority number that blocks";
        notes.left_out.push(format!("DefaultAction Block: {why}"));
    }
    for key in ["CaptchaConfig", "ChallengeConfig", "TokenDomains"] {
        if !acl[key].is_null() {
            notes
                .left_out
                .push(format!("{key}: there are no challenges here"));
        }
    }
    let mut out = format!(
        "# Made from the Web ACL {}.\n",
        acl["Name"].as_str().unwrap_or("?")
    );
    if let Some(bytes) = body_limit(acl) {
        out.push_str(&format!("body_bytes_max = {bytes}\n"));
    }
    for (name, arn) in &notes.ip_sets {
        out.push_str(&format!("\n# {arn}\n[ip_sets.{name}]\naddresses = []\n"));
        let why = "its addresses are not in the Web ACL; fill them in from `aws wafv2 get-ip-set`";
        notes.left_out.push(format!("ip_sets.{name}: {arn}: {why}"));
    }
    for (name, arn) in &notes.regex_sets {
        // A set has to have an expression; this one matches nothing.
        out.push_str(&format!(
            "\n# {arn}\n[regex_sets.{name}]\npatterns = ['[^\\s\\S]']\n"
        ));
        let why = "its expressions are not in the Web ACL; fill them in from `aws wafv2 get-regex-pattern-set`";
        notes
            .left_out
            .push(format!("regex_sets.{name}: {arn}: {why}"));
    }
    out.push_str(&written);
    Ok(Imported {
        rules: out,
        left_out: notes.left_out,
    })
}

/// Bytes of a body that the Web ACL inspects, where it says so.
fn body_limit(acl: &Value) -> Option<u64> {
    let resources = acl["AssociationConfig"]["RequestBody"].as_object()?;
    let limits = resources.values().filter_map(|resource| {
        match resource["DefaultSizeInspectionLimit"].as_str()? {
            "KB_8" => Some(8_192),
            "KB_16" => Some(16_384),
            "KB_32" => Some(32_768),
            "KB_48" => Some(49_152),
            "KB_64" => Some(65_536),
            _ => None,
        }
    });
    limits.max()
}

/// A rule as TOML; nothing where it has no equal.
fn rule(value: &Value, acl: &Value, names: &mut Vec<String>, notes: &mut Notes) -> Option<String> {
    let given = value["Name"].as_str().unwrap_or("?");
    let at = format!("rule {given}");
    let Some(action) = action(value) else {
        let why = "there are no challenges here, and groups have no actions of their own";
        statement(&value["Statement"], &at, notes);
        notes
            .left_out
            .push(format!("{at}: Action {}: {why}", value["Action"]));
        return None;
    };
    let Some(statement) = statement(&value["Statement"], &at, notes) else {
        notes.left_out.push(format!(
            "{at}: left out, since a part of its statement has no equal"
        ));
        return None;
    };
    let mut own = name(given);
    while names.contains(&own) {
        own.push('2');
    }
    names.push(own.clone());
    let priority = value["Priority"].as_u64().unwrap_or_default();
    let mut out = format!(
        "\n[[rules]]\nname = {}\npriority = {priority}\naction = \"{action}\"\n",
        text(&own)
    );
    let labels: Vec<&str> = value["RuleLabels"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|label| label["Name"].as_str())
        .collect();
    if !labels.is_empty() {
        out.push_str(&format!("labels = {}\n", texts(labels)));
    }
    if action == "block" {
        out.push_str(&response(
            &value["Action"]["Block"]["CustomResponse"],
            acl,
            &at,
            notes,
        ));
    }
    for kind in ["Allow", "Count"] {
        if !value["Action"][kind]["CustomRequestHandling"].is_null() {
            let why = "fields cannot be added to the request";
            notes
                .left_out
                .push(format!("{at}: CustomRequestHandling: {why}"));
        }
    }
    out.push_str(&format!("statement = {statement}\n"));
    Some(out)
}

/// The action; nothing for challenges and for groups.
fn action(value: &Value) -> Option<&'static str> {
    let (kind, _) = value["Action"].as_object()?.iter().next()?;
    match kind.as_str() {
        "Block" => Some("block"),
        "Allow" => Some("allow"),
        "Count" => Some("count"),
        _ => None,
    }
}

/// Status and body of a block.
fn response(value: &Value, acl: &Value, at: &str, notes: &mut Notes) -> String {
    let mut out = String::new();
    match value["ResponseCode"].as_u64() {
        None => {}
        Some(code @ 400..=599) => out.push_str(&format!("status = {code}\n")),
        Some(code) => {
            let why = "the status of a block is from 400 to 599; it is 403";
            notes
                .left_out
                .push(format!("{at}: ResponseCode {code}: {why}"));
        }
    }
    if value["ResponseHeaders"]
        .as_array()
        .is_some_and(|fields| !fields.is_empty())
    {
        notes.left_out.push(format!(
            "{at}: ResponseHeaders: a block has no fields of its own"
        ));
    }
    if let Some(key) = value["CustomResponseBodyKey"].as_str() {
        let body = &acl["CustomResponseBodies"][key];
        let content = body["Content"].as_str().unwrap_or_default();
        let kind = match body["ContentType"].as_str() {
            Some("APPLICATION_JSON") => "application/json",
            Some("TEXT_HTML") => "text/html; charset=utf-8",
            _ => "text/plain; charset=utf-8",
        };
        out.push_str(&format!(
            "response = {{ body = {}, content_type = {} }}\n",
            text(content),
            text(kind)
        ));
    }
    out
}
