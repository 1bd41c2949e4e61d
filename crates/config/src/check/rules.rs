//! Rules of a site: one order, one name each, no key without effect.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::fault::Fault;
use crate::tree::Node;

/// No two rules of a site have the same priority or name, over all of its rule files;
/// only rules that block have a status.
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
                if let Some(node) = rule.get("status")
                    && rule
                        .text_of("action")
                        .is_some_and(|action| action != "block")
                {
                    let path = format!("rules[{i}].status");
                    let reason = "has no effect unless the action is \"block\"";
                    faults.push(Fault::new(&node.at, &path, reason));
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
