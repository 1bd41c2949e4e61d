//! A store through crashes at every step, and against damaged and hostile files.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::audit::verify;

const NOW_MS: u64 = 1_795_000_000_000;

struct World {
    folder: TempDir,
}

impl World {
    fn new(files: &[(&str, &str)]) -> Self {
        let world = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(world.rules()).unwrap();
        for (path, text) in files {
            world.write(path, text);
        }
        world
    }

    fn rules(&self) -> PathBuf {
        self.folder.path().join("rules")
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn audit(&self) -> PathBuf {
        self.state().join("audit.jsonl")
    }

    fn write(&self, path: &str, text: &str) {
        let file = self.rules().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    fn read(&self) -> Snapshot {
        Snapshot::read(&self.rules()).unwrap()
    }

    fn open(&self) -> (Store, Recovered) {
        Store::open(&self.state(), &self.rules(), NOW_MS).unwrap()
    }

    /// A store whose machine stops after so many steps.
    fn open_until(&self, steps: u32) -> Store {
        let (store, recovered) = self.open();
        assert_eq!(recovered, Recovered::default());
        store.disk.left.set(Some(steps));
        store
    }

    fn verified(&self) -> crate::audit::Verified {
        let log = fs::read(self.audit()).unwrap();
        verify(log.as_slice(), "", |_| ()).unwrap()
    }
}

fn snapshot(files: &[(&str, &str)]) -> Snapshot {
    let files = files
        .iter()
        .map(|(path, text)| (RulePath::new(path).unwrap(), text.as_bytes().to_vec()));
    Snapshot::from_files(files).unwrap()
}

fn attempt(action: Action, version: u64) -> Attempt {
    Attempt {
        time_ms: NOW_MS,
        actor: "alice".to_owned(),
        role: "publish".to_owned(),
        action,
        version: Some(version),
        digest: None,
        message: "because".to_owned(),
        reason: String::new(),
    }
}

/// Records the folder, stores `new` and puts it in force.
fn publish(store: &mut Store, new: &Snapshot) -> Result<u64, StoreError> {
    let folder = Snapshot::read(store.rules())?;
    store.record_folder(&folder, NOW_MS)?;
    let version = store.add(new, "alice", "because", NOW_MS)?.version;
    let swap = store.swap(version, NOW_MS)?;
    store.commit(swap, attempt(Action::Publish, version))?;
    Ok(version)
}

const OLD: &[(&str, &str)] = &[
    ("a.toml", "old a"),
    ("gone.toml", "old"),
    ("lists/bots.txt", "bot"),
    ("deep/er/x.txt", "x"),
    ("turns", "a file that becomes a folder"),
];
const NEW: &[(&str, &str)] = &[
    ("a.toml", "new a"),
    ("lists/bots.txt", "bot\nspider"),
    ("lists/more.txt", "more"),
    ("turns/into.txt", "a folder"),
    ("same.toml", "same"),
    ("deep", "a folder that becomes a file"),
];

#[test]
fn versions_are_numbered_and_the_folder_becomes_them() {
    let world = World::new(OLD);
    let (mut store, _) = world.open();
    let version = publish(&mut store, &snapshot(NEW)).unwrap();
    assert_eq!(version, 2);
    assert_eq!(world.read(), snapshot(NEW));
    let listed: Vec<_> = store
        .versions()
        .map(|info| (info.version, info.author.as_str(), info.parent))
        .collect();
    assert_eq!(listed, [(1, "files", None), (2, "alice", Some(1))]);
    assert_eq!(store.current().map(|info| info.version), Some(2));
    let bots = RulePath::new("lists/bots.txt").unwrap();
    assert_eq!(
        store.file(1, &bots).unwrap().as_deref(),
        Some(b"bot".as_slice())
    );
    assert_eq!(store.snapshot(1).unwrap(), snapshot(OLD));
    assert!(matches!(store.version(3), Err(StoreError::NoVersion(3))));
    // And back: the numbers stay.
    let swap = store.swap(1, NOW_MS).unwrap();
    store.commit(swap, attempt(Action::Rollback, 1)).unwrap();
    assert_eq!(world.read(), snapshot(OLD));
    assert_eq!(store.versions().count(), 2);
    drop(store);
    let (store, _) = world.open();
    assert_eq!(store.current().map(|info| info.version), Some(1));
    assert!(store.was_in_force(2));
    assert_eq!(store.audit_head().seq, 3);
    assert_eq!(world.verified().fault, None);
}

#[test]
fn a_crash_at_any_step_leaves_the_old_files_or_the_new_ones() {
    let mut ended = (0, 0);
    for steps in 0.. {
        assert!(steps < 200, "a publish has an end");
        let world = World::new(OLD);
        drop({
            let (mut store, _) = world.open();
            store.record_folder(&world.read(), NOW_MS).unwrap();
            store
        });
        let mut store = world.open_until(steps);
        let done = publish(&mut store, &snapshot(NEW));
        let ran_through = store.disk.left.get() > Some(0);
        // The machine has stopped: nothing of this process goes on.
        drop(store);
        let (store, recovered) = world.open();
        let found = world.read();
        let at = format!("{steps} steps: {done:?}, {recovered:?}");
        if found == snapshot(NEW) {
            ended.1 += 1;
            assert_eq!(store.current().map(|info| info.version), Some(2), "{at}");
        } else {
            ended.0 += 1;
            assert_eq!(found, snapshot(OLD), "{at}");
            assert_eq!(store.current().map(|info| info.version), Some(1), "{at}");
            assert!(done.is_err(), "{at}: what was said to be done is there");
        }
        assert_eq!(recovered.left, Vec::<String>::new(), "{at}");
        assert_eq!(world.verified().fault, None, "{at}");
        drop(store);
        // Nothing is left to do, and the store works on.
        let (mut store, again) = world.open();
        assert_eq!(again, Recovered::default(), "{at}");
        publish(&mut store, &snapshot(&[("last.toml", "last")])).unwrap();
        assert_eq!(world.read(), snapshot(&[("last.toml", "last")]), "{at}");
        if ran_through {
            assert!(done.is_ok(), "{at}");
            break;
        }
    }
    assert!(ended.0 > 10 && ended.1 >= 1, "{ended:?}");
}

#[test]
fn a_crash_while_undoing_is_undone_again() {
    for steps in 0..60 {
        let world = World::new(OLD);
        let (mut store, _) = world.open();
        store.record_folder(&world.read(), NOW_MS).unwrap();
        let version = store
            .add(&snapshot(NEW), "alice", "", NOW_MS)
            .unwrap()
            .version;
        let swap = store.swap(version, NOW_MS).unwrap();
        assert_eq!(world.read(), snapshot(NEW));
        store.disk.left.set(Some(steps));
        let _ = store.undo(swap);
        drop(store);
        drop(world.open());
        assert_eq!(world.read(), snapshot(OLD), "{steps} steps");
    }
}

#[test]
fn what_somebody_edited_after_a_crash_stays() {
    let world = World::new(OLD);
    let (mut store, _) = world.open();
    store.record_folder(&world.read(), NOW_MS).unwrap();
    let version = store
        .add(&snapshot(NEW), "alice", "", NOW_MS)
        .unwrap()
        .version;
    let _unfinished = store.swap(version, NOW_MS).unwrap();
    drop(store);
    world.write("a.toml", "by hand");
    let (store, recovered) = world.open();
    assert_eq!(recovered.undone, Some(version));
    assert_eq!(recovered.left, ["a.toml"]);
    let mut expected = OLD.to_vec();
    expected[0].1 = "by hand";
    assert_eq!(world.read(), snapshot(&expected));
    assert_eq!(store.audit_head().seq, 2);
}

#[test]
fn what_lies_in_the_folder_is_kept_before_it_is_replaced() {
    let world = World::new(OLD);
    let (mut store, _) = world.open();
    store.record_folder(&world.read(), NOW_MS).unwrap();
    let version = store
        .add(&snapshot(NEW), "alice", "", NOW_MS)
        .unwrap()
        .version;
    world.write("a.toml", "broken by hand");
    let swap = store.swap(version, NOW_MS).unwrap();
    store
        .commit(swap, attempt(Action::Publish, version))
        .unwrap();
    let kept = store.versions().last().unwrap().version;
    let a = RulePath::new("a.toml").unwrap();
    assert_eq!(store.file(kept, &a).unwrap().unwrap(), b"broken by hand");
    assert!(!store.was_in_force(kept));
}

#[test]
fn a_folder_that_did_not_change_is_recorded_once() {
    let world = World::new(OLD);
    let (mut store, _) = world.open();
    assert!(
        store
            .record_folder(&world.read(), NOW_MS)
            .unwrap()
            .is_some()
    );
    assert!(
        store
            .record_folder(&world.read(), NOW_MS)
            .unwrap()
            .is_none()
    );
    world.write("a.toml", "by hand");
    let info = store.record_folder(&world.read(), NOW_MS).unwrap().unwrap();
    assert_eq!((info.version, info.parent), (2, Some(1)));
    assert_eq!(store.current(), Some(&info));
}

#[test]
fn a_store_has_one_owner() {
    let world = World::new(OLD);
    let (store, _) = world.open();
    let second = Store::open(&world.state(), &world.rules(), NOW_MS);
    assert!(matches!(second, Err(StoreError::InUse(_))), "{second:?}");
    drop(store);
    drop(world.open());
}

#[test]
fn changed_files_of_the_store_are_found() {
    let world = World::new(OLD);
    let (mut store, _) = world.open();
    publish(&mut store, &snapshot(NEW)).unwrap();
    let digest = crate::sha256_hex(b"old a");
    let object = world
        .state()
        .join("objects")
        .join(&digest[..2])
        .join(&digest[2..]);
    fs::write(&object, "other").unwrap();
    let error = store.snapshot(1).unwrap_err().to_string();
    assert!(
        error.contains("damaged") && error.contains(&digest[2..]),
        "{error}"
    );
    // Going back to it changes nothing.
    assert!(store.swap(1, NOW_MS).is_err());
    assert_eq!(world.read(), snapshot(NEW));
    // The same bytes mend it.
    store.add(&snapshot(OLD), "alice", "", NOW_MS).unwrap();
    assert!(store.snapshot(1).is_ok());
    drop(store);
    let manifest = world.state().join("versions/1.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("a.toml", "b.toml")).unwrap();
    let (store, _) = world.open();
    assert_eq!(store.damaged().len(), 1, "{:?}", store.damaged());
    assert!(matches!(store.version(1), Err(StoreError::NoVersion(1))));
    assert_eq!(store.current().map(|info| info.version), Some(2));
}

#[test]
fn an_audit_log_that_was_changed_is_told_and_written_on() {
    let world = World::new(OLD);
    let (mut store, _) = world.open();
    publish(&mut store, &snapshot(NEW)).unwrap();
    store.note_refused(attempt(Action::Publish, 2)).unwrap();
    drop(store);
    let text = fs::read_to_string(world.audit()).unwrap();
    fs::write(world.audit(), text.replacen("alice", "mallo", 1)).unwrap();
    let (mut store, _) = world.open();
    assert_eq!(store.audit_fault().map(|fault| fault.line), Some(2));
    assert_eq!(
        store.note_refused(attempt(Action::Publish, 2)).unwrap().seq,
        4
    );
    assert_eq!(world.verified().fault.map(|fault| fault.line), Some(2));
    drop(store);
    // A last line that is none: nothing can be chained to it.
    fs::write(world.audit(), "nonsense\n").unwrap();
    let refused = Store::open(&world.state(), &world.rules(), NOW_MS);
    assert!(
        matches!(refused, Err(StoreError::Audit { .. })),
        "{refused:?}"
    );
}

#[test]
fn an_unfinished_line_is_taken_away() {
    let world = World::new(OLD);
    drop({
        let (mut store, _) = world.open();
        store.record_folder(&world.read(), NOW_MS).unwrap();
        store
    });
    let mut text = fs::read_to_string(world.audit()).unwrap();
    let whole = text.clone();
    text.push_str("{\"seq\":2,\"ti");
    fs::write(world.audit(), text).unwrap();
    let (store, recovered) = world.open();
    assert_eq!(recovered.torn_bytes, 12);
    assert_eq!(store.audit_head().seq, 1);
    assert_eq!(fs::read_to_string(world.audit()).unwrap(), whole);
}

#[test]
fn long_and_wild_texts_fit_a_line() {
    let world = World::new(OLD);
    let (mut store, _) = world.open();
    let mut wild = attempt(Action::Publish, 1);
    wild.message = "\u{1b}[2J\"\\".repeat(4000);
    wild.reason = "\"\n\u{0}".repeat(4000);
    store.note_refused(wild).unwrap();
    assert_eq!(world.verified().head.seq, 1);
    assert!(!fs::read_to_string(world.audit()).unwrap().contains("u001b"));
    for message in ["\u{1b}", &"x".repeat(MESSAGE_BYTES_MAX + 1)] {
        let refused = store.add(&snapshot(NEW), "alice", message, NOW_MS);
        assert!(matches!(refused, Err(StoreError::Message(_))));
    }
}

#[test]
fn a_replaced_file_keeps_its_permissions_and_a_link_is_not_followed() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new(OLD);
    let a = world.rules().join("a.toml");
    fs::set_permissions(&a, fs::Permissions::from_mode(0o640)).unwrap();
    let (mut store, _) = world.open();
    let outside = world.folder.path().join("outside");
    fs::write(&outside, "untouched").unwrap();
    // Where the new file is written first.
    std::os::unix::fs::symlink(&outside, crate::disk::temporary(&a)).unwrap();
    publish(&mut store, &snapshot(NEW)).unwrap();
    assert_eq!(
        fs::metadata(&a).unwrap().permissions().mode() & 0o777,
        0o640
    );
    assert_eq!(fs::read_to_string(&outside).unwrap(), "untouched");
    // A link in the folder itself is refused, and nothing changes.
    std::os::unix::fs::symlink(&outside, world.rules().join("link.toml")).unwrap();
    let error = store.swap(1, NOW_MS).unwrap_err().to_string();
    assert!(error.contains("link.toml"), "{error}");
    assert_eq!(fs::read_to_string(Path::new(&a)).unwrap(), "new a");
}

#[test]
fn what_is_saved_by_hand_in_the_moment_of_a_swap_stays_and_ends_it() {
    // A file that is replaced, one that is new, one that is taken away.
    for (path, text) in [
        ("a.toml", "by hand"),
        ("lists/more.txt", "by hand"),
        ("gone.toml", "by hand"),
    ] {
        let world = World::new(OLD);
        let (mut store, _) = world.open();
        store.record_folder(&world.read(), NOW_MS).unwrap();
        let new = store.add(&snapshot(NEW), "alice", "", NOW_MS).unwrap();
        let file = world.rules().join(path);
        *store.disk.by_hand.borrow_mut() = Some((file.clone(), text.as_bytes().to_vec()));
        let refused = store.swap(new.version, NOW_MS);
        assert!(
            matches!(&refused, Err(StoreError::Edited(edited)) if *edited == file),
            "{path}: {refused:?}"
        );
        let mut expected: Vec<_> = OLD
            .iter()
            .filter(|(other, _)| *other != path)
            .copied()
            .collect();
        expected.push((path, text));
        assert_eq!(world.read(), snapshot(&expected), "{path}");
        assert!(!world.state().join("pending.json").exists());
        // It is a version of its own then, and the swap may be tried again.
        let by_hand = store.record_folder(&world.read(), NOW_MS).unwrap();
        assert_eq!(by_hand.map(|info| info.author), Some("files".to_owned()));
        let swap = store.swap(new.version, NOW_MS).unwrap();
        store
            .commit(swap, attempt(Action::Publish, new.version))
            .unwrap();
        assert_eq!(world.read(), snapshot(NEW));
    }
}

#[test]
fn a_swap_is_found_in_a_log_that_was_cut() {
    let world = World::new(OLD);
    let (mut store, _) = world.open();
    for number in 0..5 {
        let some = [("a.toml", "x"), ("b.toml", &*format!("{number}"))];
        publish(&mut store, &snapshot(&some)).unwrap();
    }
    let new = store.add(&snapshot(NEW), "alice", "", NOW_MS).unwrap();
    let _unfinished = store.swap(new.version, NOW_MS).unwrap();
    store
        .note_done(attempt(Action::Publish, new.version))
        .unwrap();
    drop(store);
    let text = fs::read_to_string(world.audit()).unwrap();
    let last: Vec<&str> = text.split_inclusive('\n').rev().take(2).collect();
    fs::write(world.audit(), [last[1], last[0]].concat()).unwrap();
    let (store, recovered) = world.open();
    assert!(store.audit_fault().is_some());
    assert_eq!(recovered.finished, Some(new.version));
    assert_eq!(world.read(), snapshot(NEW));
}

#[test]
fn old_versions_go_and_what_is_needed_stays() {
    let world = World::new(OLD);
    let (mut store, _) = world.open();
    for number in 0..8 {
        let text = format!("version {number}");
        publish(
            &mut store,
            &snapshot(&[("a.toml", &text), ("same.toml", "same")]),
        )
        .unwrap();
    }
    // Back to an old one, which is in force then.
    let swap = store.swap(3, NOW_MS).unwrap();
    store.commit(swap, attempt(Action::Rollback, 3)).unwrap();
    let numbers =
        |store: &Store| -> Vec<u64> { store.versions().map(|info| info.version).collect() };
    assert_eq!(numbers(&store), (1..=9).collect::<Vec<_>>());
    assert_eq!(store.prune(9, NOW_MS).unwrap(), None);
    let entries = store.audit_head().seq;
    let head = store.prune(4, NOW_MS).unwrap().expect("it is written down");
    assert_eq!(head.seq, entries + 1);
    // The one in force, the one before it, and the newest.
    assert_eq!(numbers(&store), [2, 3, 8, 9]);
    let line = store.audit_lines(entries, 1).unwrap().lines.remove(0);
    assert!(
        line.contains("\"prune\"") && line.contains("versions 1, 4 to 7"),
        "{line}"
    );
    let kept = fs::read_dir(world.state().join("objects")).unwrap();
    let objects = kept.flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap());
    assert_eq!(
        objects.count(),
        5,
        "four versions of a.toml, one of same.toml"
    );
    assert!(matches!(store.snapshot(5), Err(StoreError::NoVersion(5))));
    for number in [2, 3, 8, 9] {
        store.snapshot(number).unwrap();
    }
    drop(store);
    let (mut store, recovered) = world.open();
    assert_eq!(recovered, Recovered::default());
    assert_eq!(numbers(&store), [2, 3, 8, 9]);
    assert_eq!(world.verified().fault, None);
    // Numbers are not given again.
    let next = store.add(&snapshot(NEW), "alice", "", NOW_MS).unwrap();
    assert_eq!(next.version, 10);
}

#[test]
fn what_a_swap_names_is_not_pruned() {
    let world = World::new(OLD);
    let (mut store, _) = world.open();
    store.record_folder(&world.read(), NOW_MS).unwrap();
    let to = store.add(&snapshot(NEW), "alice", "", NOW_MS).unwrap();
    let swap = store.swap(to.version, NOW_MS).unwrap();
    for number in 0..4 {
        let text = format!("draft {number}");
        store
            .add(&snapshot(&[("a.toml", &text)]), "alice", "", NOW_MS)
            .unwrap();
    }
    store.prune(1, NOW_MS).unwrap();
    let left: Vec<u64> = store.versions().map(|info| info.version).collect();
    assert_eq!(left, [1, 2, 6]);
    assert_eq!(store.undo(swap).unwrap(), Vec::<String>::new());
    assert_eq!(world.read(), snapshot(OLD));
}
