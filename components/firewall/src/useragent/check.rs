//! The check of a list at load: one pass over everything, after which lookup finds every pattern.

use super::grams::Grams;
use super::hash::key_at;
use super::patterns::{PATTERN_BYTES_MAX, PATTERNS_MAX};
use super::texts::Texts;
use super::{BUCKET_GROUPS_MAX, Span, UserAgentList, WIDTHS};
use crate::table::{TableError, u32_at};

/// Checks the whole list. `contains` is the run of the contained patterns, `patterns` the number of indexes.
pub(super) fn check(list: &UserAgentList, contains: Span, patterns: u32) -> Result<(), TableError> {
    let texts = list.texts();
    check_texts(texts, patterns)?;
    if list.equals.end != texts.len() {
        return Err(TableError::Content("the runs of texts do not add up"));
    }
    let mut cursor = contains.start;
    for (places, width) in list.grams.iter().zip(WIDTHS) {
        cursor = check_grams(places.view(&list.bytes), width, cursor, texts)?;
    }
    if cursor != contains.end {
        return Err(TableError::Content("a contained text is in no group"));
    }
    check_run(texts, list.starts, true)?;
    check_run(texts, list.ends, true)?;
    check_run(texts, list.equals, false)
}

fn check_texts(texts: Texts<'_>, patterns: u32) -> Result<(), TableError> {
    if patterns as usize > PATTERNS_MAX || texts.len() > patterns as usize {
        return Err(TableError::Content("more patterns than it may have"));
    }
    if texts.offsets.len() != texts.len() + 1 || u32_at(texts.offsets, 0) != Some(0) {
        return Err(TableError::Length);
    }
    let mut before = 0;
    for offset in texts
        .offsets
        .iter()
        .skip(1)
        .map(|offset| u32::from_le_bytes(*offset) as usize)
    {
        let length = offset.saturating_sub(before);
        if length == 0 || length > PATTERN_BYTES_MAX {
            return Err(TableError::Content("a pattern that is empty or too long"));
        }
        before = offset;
    }
    if before != texts.bytes.len() {
        return Err(TableError::Length);
    }
    if texts.bytes.iter().any(u8::is_ascii_uppercase) {
        return Err(TableError::Content("a text in upper case"));
    }
    if texts
        .ids
        .iter()
        .any(|id| u32::from_le_bytes(*id) >= patterns)
    {
        return Err(TableError::Content("a pattern index out of range"));
    }
    Ok(())
}

/// Checks one index. Groups must own the entries from `cursor` on without a gap; returns the entry after
/// the last.
fn check_grams(
    grams: Grams<'_>,
    width: usize,
    mut cursor: usize,
    texts: Texts<'_>,
) -> Result<usize, TableError> {
    if grams.groups.is_empty() {
        let empty = grams.filter.0.is_empty() && grams.buckets.is_empty();
        return if empty {
            Ok(cursor)
        } else {
            Err(TableError::Length)
        };
    }
    let count = grams.bucket_count();
    let last = grams.bucket_start(count).map(|end| end as usize);
    if grams.bucket_start(0) != Some(0) || last != Some(grams.groups.len()) {
        return Err(TableError::Content("buckets and groups do not add up"));
    }
    for bucket in 0..count {
        let (start, end) = (grams.bucket_start(bucket), grams.bucket_start(bucket + 1));
        let groups = grams.bucket(bucket);
        if start > end || groups.len() > BUCKET_GROUPS_MAX {
            return Err(TableError::Content("buckets out of order or too full"));
        }
        for group in groups.iter().map(super::grams::Group::from_bytes) {
            let span = group.span();
            if span.start != cursor || span.is_empty() || span.end > texts.len() {
                return Err(TableError::Content("groups and texts do not add up"));
            }
            cursor = span.end;
            check_run(texts, span, true)?;
            for entry in span.start..span.end {
                let key = key_at(texts.text(entry), usize::from(group.offset), width);
                let hash = key.map(|key| grams.hasher.hash(key));
                let found = hash.is_some_and(|hash| {
                    hash.0 == group.tag
                        && hash.one_of(count) == bucket
                        && grams.filter.may_have(hash)
                });
                if !found {
                    return Err(TableError::Content("a text that lookup would not find"));
                }
            }
        }
    }
    Ok(cursor)
}

/// A run must be in ascending order, without a text twice; if `prefix_free`, none may begin with another.
fn check_run(texts: Texts<'_>, run: Span, prefix_free: bool) -> Result<(), TableError> {
    if run.end > texts.len() || run.start > run.end {
        return Err(TableError::Content("the runs of texts do not add up"));
    }
    for entry in run.start.saturating_add(1)..run.end {
        let (before, this) = (texts.text(entry - 1), texts.text(entry));
        if before >= this || (prefix_free && this.starts_with(before)) {
            return Err(TableError::Content("texts out of order"));
        }
    }
    Ok(())
}
