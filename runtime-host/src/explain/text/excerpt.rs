//! Values and what was done to them.

use lockgate_wire::explanation::Excerpt;

/// Characters of an excerpt that are shown before and behind what matched.
const AROUND_MAX: usize = 60;

/// ` | lowercase | urlDecode`.
pub(super) fn steps(transformations: &[String]) -> String {
    transformations
        .iter()
        .map(|step| format!(" | {step}"))
        .collect()
}

/// `"1 [union select] 2"`, cut around what matched.
pub(super) fn marked(excerpt: &Excerpt) -> String {
    let before: Vec<char> = excerpt.before.chars().collect();
    let from = before.len().saturating_sub(AROUND_MAX);
    let shown: String = before.into_iter().skip(from).collect();
    let start = if from > 0 || excerpt.cut_before {
        "..."
    } else {
        ""
    };
    let after: String = excerpt.after.chars().take(AROUND_MAX).collect();
    let cut = after.len() < excerpt.after.len() || excerpt.cut_after;
    let end = if cut { "..." } else { "" };
    format!("\"{start}{shown}[{}]{after}{end}\"", excerpt.matched)
}
