//! Rules: one order and one name each over all files of a site, no key without effect.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::fault::Fault;
use crate::spelling::{nearest, quoted};
use crate::tree::Node;

/// No two rules of a site have the same priority or name, over all of its rule files.
pub(crate) fn rules(root: &Node, files: &BTreeMap<PathBuf, Node>, faults: &mut Vec<Fault>) {
    for (_, site) in super::sites(root) {
        let mut priorities = BTreeMap::new();
        let mut names = BTreeMap::new();
        for node in site.items_of("rules") {
            let Some((file, rules)) = node
                .as_text()
                .and_then(|text| files.get_key_value(Path::new(text)))
            else {
                continue;
            };
            for (i, rule) in rules.items_of("rules").iter().enumerate() {
                let here = (file.as_path(), i);
                if let Some(node) = rule.get("priority")
                    && let Some(priority) = node.as_integer()
                {
                    unique(&mut priorities, priority, "priority", here, node, faults);
                }
                if let Some(node) = rule.get("name")
                    && let Some(name) = node.as_text()
                {
                    unique(&mut names, name.to_owned(), "name", here, node, faults);
                }
            }
        }
    }
}

/// What a rule file says that has no effect, or that means nothing.
pub(crate) fn statements(file: &Node, faults: &mut Vec<Fault>) {
    for (i, rule) in file.items_of("rules").iter().enumerate() {
        let path = format!("rules[{i}]");
        actions(rule, &path, faults);
        if let Some(node) = rule.get("statement") {
            rates(node, &format!("{path}.statement"), true, faults);
        }
        for (j, label) in rule.items_of("labels").iter().enumerate() {
            if label.as_text().is_some_and(|text| text.ends_with(':')) {
                let path = format!("{path}.labels[{j}]");
                faults.push(Fault::new(
                    &label.at,
                    &path,
                    "a label does not end with \":\"",
                ));
            }
        }
    }
    for (name, entry) in file.entries_of("groups") {
        let path = crate::tree::joined("groups", name);
        for (j, node) in entry.node.items_of("count_rules").iter().enumerate() {
            let rules = file.items_of("rules").iter();
            let members = rules.filter(|rule| rule.text_of("group") == Some(name));
            let names: Vec<&str> = members.filter_map(|rule| rule.text_of("name")).collect();
            if let Some(text) = node.as_text().filter(|text| !names.contains(text)) {
                let reason = format!("the group has no rule {}", quoted(text));
                let fault = Fault::new(&node.at, &format!("{path}.count_rules[{j}]"), reason);
                faults.push(fault.suggest(nearest(text, names)));
            }
        }
    }
}

/// Keys that only some actions read.
fn actions(rule: &Node, path: &str, faults: &mut Vec<Fault>) {
    let Some(action) = rule.text_of("action") else {
        return;
    };
    let keys: [(&str, &[&str]); 3] = [
        ("status", &["block"]),
        ("response", &["block"]),
        ("canary", &["block", "allow"]),
    ];
    for (key, of) in keys {
        if let Some(node) = rule.get(key)
            && !of.contains(&action)
        {
            let of: Vec<String> = of.iter().map(|action| format!("{action:?}")).collect();
            let reason = format!("has no effect unless the action is {}", of.join(" or "));
            faults.push(Fault::new(&node.at, &format!("{path}.{key}"), reason));
        }
    }
    if action == "label" && rule.items_of("labels").is_empty() {
        let reason = "the action is \"label\", so the rule needs \"labels\"";
        faults.push(Fault::new(&rule.at, path, reason));
    }
}

/// A rate-based statement stands alone. Depth is bounded by the parser.
fn rates(node: &Node, path: &str, top: bool, faults: &mut Vec<Fault>) {
    for (key, entry) in node.entries() {
        let path = format!("{path}.{key}");
        match key {
            "rate_based" => {
                if !top {
                    let reason =
                        "stands alone: not within \"and\", \"or\", \"not\" or \"scope_down\"";
                    faults.push(Fault::new(&entry.key_at, &path, reason));
                }
                if let Some(inner) = entry.node.get("scope_down") {
                    rates(inner, &format!("{path}.scope_down"), false, faults);
                }
            }
            "not" => rates(&entry.node, &path, false, faults),
            "and" | "or" => {
                for (j, part) in node.items_of(key).iter().enumerate() {
                    rates(part, &format!("{path}[{j}]"), false, faults);
                }
            }
            _ => {}
        }
    }
}

/// Reports a value that an earlier rule has.
fn unique<'a, T: Ord>(
    seen: &mut BTreeMap<T, (&'a Path, usize)>,
    value: T,
    key: &str,
    here: (&'a Path, usize),
    node: &Node,
    faults: &mut Vec<Fault>,
) {
    let (file, i) = here;
    let Some((first, j)) = seen.get(&value) else {
        seen.insert(value, here);
        return;
    };
    // The same file named twice is the same rules, which is a fault of its own.
    if (*first, *j) == here {
        return;
    }
    let whose = if *first == file {
        String::new()
    } else {
        format!(" of {}", first.display())
    };
    let reason = format!("rules[{j}]{whose} has this {key} too");
    faults.push(Fault::new(&node.at, &format!("rules[{i}].{key}"), reason));
}
