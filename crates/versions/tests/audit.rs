//! What can be done to an audit log, and what is found of it.

use std::path::Path;

use lockgate_versions::audit::{Action, FIRST_PREVIOUS, FaultKind, Verified, verify};
use lockgate_versions::{Attempt, Store};

const LINES: usize = 6;

/// A log of six entries.
fn log() -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules");
    std::fs::create_dir(&rules).unwrap();
    let state = folder.path().join("state");
    let (mut store, _) = Store::open(&state, &rules, 0).unwrap();
    for seq in 1..=LINES {
        let attempt = attempt(seq as u64);
        if seq % 2 == 0 {
            store.note_refused(attempt).unwrap();
        } else {
            store.note_done(attempt).unwrap();
        }
    }
    lines(&state.join("audit.jsonl"))
}

fn attempt(seq: u64) -> Attempt {
    Attempt {
        time_ms: 1_795_000_000_000 + seq,
        actor: "alice".to_owned(),
        role: "publish".to_owned(),
        action: Action::Publish,
        version: Some(seq),
        digest: None,
        message: format!("change {seq}"),
        reason: String::new(),
    }
}

fn lines(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn check(lines: &[String]) -> Verified {
    check_against(lines, "")
}

fn check_against(lines: &[String], known: &str) -> Verified {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    verify(text.as_bytes(), known, |_| ()).unwrap()
}

#[track_caller]
fn assert_found(lines: &[String], line: u64, kind: &FaultKind) {
    let fault = check(lines).fault.expect("it is found");
    assert_eq!((fault.line, &fault.kind), (line, kind));
    assert!(fault.to_string().starts_with(&format!("line {line}: ")));
}

#[test]
fn a_log_that_nobody_touched_stands() {
    let verified = check(&log());
    assert_eq!(verified.fault, None);
    assert_eq!(verified.head.seq, LINES as u64);
    assert_eq!(check(&[]).head.hash, FIRST_PREVIOUS);
}

#[test]
fn a_changed_line_is_found_whatever_is_changed() {
    for (from, to) in [
        ("change 3", "change 4"),
        ("alice", "mallory"),
        ("\"result\":\"done\"", "\"result\":\"refused\""),
        ("\"version\":3", "\"version\":4"),
        ("2026-", "2025-"),
        ("{\"seq\"", "{ \"seq\""),
    ] {
        let mut lines = log();
        assert!(lines[2].contains(from), "{}", lines[2]);
        lines[2] = lines[2].replace(from, to);
        assert_found(&lines, 3, &FaultKind::Changed);
    }
}

#[test]
fn a_changed_line_with_a_fitting_hash_is_found_at_the_next() {
    // Whoever knows the form can give a line a hash that is its own again.
    let mut lines = log();
    let (body, _) = lines[2].split_once(",\"hash\"").unwrap();
    let body = format!("{}}}", body.replace("alice", "mallory"));
    let hash = lockgate_versions::sha256_hex(body.as_bytes());
    lines[2] = format!("{},\"hash\":\"{hash}\"}}", body.strip_suffix('}').unwrap());
    assert_found(&lines, 4, &FaultKind::Previous);
}

#[test]
fn removed_inserted_and_moved_lines_are_found() {
    let number = |expected, found| FaultKind::Number { expected, found };
    for at in 0..LINES - 1 {
        let mut lines = log();
        lines.remove(at);
        assert_found(&lines, at as u64 + 1, &number(at as u64 + 1, at as u64 + 2));
    }
    let mut lines = log();
    lines.insert(4, lines[1].clone());
    assert_found(&lines, 5, &number(5, 2));
    let mut lines = log();
    lines.swap(2, 3);
    assert_found(&lines, 3, &number(3, 4));
    // A line of another log in the place of one's own: time and hash differ, the number fits.
    let folder = tempfile::tempdir().unwrap();
    let (mut other, _) = Store::open(&folder.path().join("s"), folder.path(), 0).unwrap();
    for seq in 11..=16 {
        other.note_done(attempt(seq)).unwrap();
    }
    let mut lines = log();
    lines[3] = self::lines(&folder.path().join("s/audit.jsonl"))[3].clone();
    assert_found(&lines, 4, &FaultKind::Previous);
    let mut lines = log();
    lines.insert(2, String::new());
    assert_found(&lines, 3, &FaultKind::Changed);
}

#[test]
fn a_cut_end_shows_against_a_known_head() {
    let all = log();
    let head = check(&all).head;
    let cut = &all[..LINES - 1];
    assert_eq!(check(cut).fault, None);
    assert_eq!(check_against(cut, &head.hash).known_at, None);
    // The log may have grown since the head was noted.
    let earlier = check(cut).head;
    assert_eq!(
        check_against(&all, &earlier.hash).known_at,
        Some(LINES as u64 - 1)
    );
    assert_eq!(check_against(&all, &head.hash).known_at, Some(LINES as u64));
    // Cut within a line.
    let text = all.join("\n");
    let verified = verify(text.as_bytes(), "", |_| ()).unwrap();
    assert_eq!(verified.fault.unwrap().kind, FaultKind::Unfinished);
}

#[test]
fn a_line_without_end_is_not_read_for_ever() {
    let text = vec![b'x'; 1 << 20];
    let verified = verify(text.as_slice(), "", |_| ()).unwrap();
    assert_eq!(verified.fault.unwrap().kind, FaultKind::TooLong);
    let verified = verify([0xff, b'\n'].as_slice(), "", |_| ()).unwrap();
    assert_eq!(verified.fault.unwrap().kind, FaultKind::Changed);
}
