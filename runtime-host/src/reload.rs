//! Noticing that a file has changed.
//!
//! Files are looked at, not subscribed to: that works alike on every file system, for files
//! that are renamed over, and for the swapped links of a mounted Kubernetes ConfigMap.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};

/// How often files are looked at.
const PERIOD: Duration = Duration::from_millis(200);
/// After a change: looked at again after this, until nothing changes any more.
const SETTLE_STEP: Duration = Duration::from_millis(25);
/// After a change: waited for at most this long.
const SETTLE_MAX: Duration = Duration::from_millis(100);
/// A file that is missing for less than this is being written.
const GONE: Duration = Duration::from_millis(400);
/// How coarse the file system's clock may be.
const CLOCK_STEP: Duration = Duration::from_millis(20);

/// Watches files. What it has seen of them is forgotten only when a change is reported, so a
/// [`Watch::changed`] that is dropped half-way loses nothing.
#[derive(Debug)]
pub struct Watch {
    files: Vec<Watched>,
    /// When the files were read at the earliest.
    read_at: SystemTime,
}

#[derive(Debug)]
struct Watched {
    path: PathBuf,
    seen: Seen,
    gone_since: Option<Instant>,
}

/// What was seen of a file when it was last read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// It may have changed between its reading and the first look.
    Unsure,
    Missing,
    There(Stamp),
}

/// How files looked at a moment, for who reads them right after it.
#[derive(Debug, Default)]
pub struct Looks(Vec<(PathBuf, Seen)>);

impl Looks {
    /// Looks at files now.
    #[must_use]
    pub fn at(files: impl IntoIterator<Item = PathBuf>) -> Self {
        let looks = files.into_iter().map(|path| {
            let seen = look_at(&path);
            (path, seen)
        });
        Self(looks.collect())
    }
}

/// What tells one content from another. The change time stands beside the modification time
/// because it cannot be set: it tells a file that was moved here with an older date, and a
/// permission that was mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: (i64, i64),
    changed: (i64, i64),
    bytes: u64,
    inode: (u64, u64),
}

impl Watch {
    /// Watches `files`, which were read just now.
    #[must_use]
    pub fn new(files: Vec<PathBuf>) -> Self {
        Self::since(files, SystemTime::now())
    }

    /// Watches `files`, which were read at `read_at` or later. One that was written after that
    /// counts as changed: its reader may have met the content before.
    #[must_use]
    pub fn since(files: Vec<PathBuf>, read_at: SystemTime) -> Self {
        let mut watch = Self {
            files: Vec::new(),
            read_at,
        };
        watch.set_files(files);
        watch
    }

    /// Watches `files` from now on. What is known of those that were watched before is kept; of
    /// the others one that was written after the last reported change counts as changed.
    pub fn set_files(&mut self, files: Vec<PathBuf>) {
        let mut files = files;
        files.sort();
        files.dedup();
        let mut known = std::mem::take(&mut self.files);
        self.files = files
            .into_iter()
            .map(
                |path| match known.iter().position(|file| file.path == path) {
                    Some(place) => known.swap_remove(place),
                    None => Watched {
                        seen: first_look(&path, self.read_at),
                        path,
                        gone_since: None,
                    },
                },
            )
            .collect();
    }

    /// What was read is what these looks saw: of those files only a later change counts.
    pub fn know(&mut self, looks: &Looks) {
        for (path, seen) in &looks.0 {
            let known = self.files.iter_mut().find(|file| file.path == *path);
            if let (Some(file), Seen::There(_)) = (known, seen) {
                file.seen = *seen;
                file.gone_since = None;
            }
        }
    }

    /// Waits until a file has changed, and until what changes has come to rest (at most 100 ms).
    /// A file that vanishes and comes back counts once; one that stays away counts after 400 ms.
    pub async fn changed(&mut self) {
        loop {
            let first = self.look().await;
            if self.differs(&first) {
                self.settle(first).await;
                return;
            }
            sleep(PERIOD).await;
        }
    }

    /// Looks until two looks are the same, and remembers the last.
    async fn settle(&mut self, first: Vec<Seen>) {
        let end = Instant::now() + SETTLE_MAX;
        let mut last = first;
        // The reader starts after the last look, so what it reads is not older than that.
        let mut read_at = SystemTime::now();
        while Instant::now() < end {
            sleep(SETTLE_STEP).await;
            read_at = SystemTime::now();
            let next = self.look().await;
            if next == last {
                break;
            }
            last = next;
        }
        self.read_at = read_at;
        for (file, seen) in self.files.iter_mut().zip(last) {
            // One that has just vanished is left for `differs` to wait for.
            let waits = seen == Seen::Missing && !file.is_gone();
            if !waits {
                file.seen = seen;
                file.gone_since = None;
            }
        }
    }

    /// The files as they are, in order. Off the I/O threads: a network's file system can take
    /// its time.
    async fn look(&self) -> Vec<Seen> {
        let paths: Vec<PathBuf> = self.files.iter().map(|file| file.path.clone()).collect();
        let look = move || paths.iter().map(|path| look_at(path)).collect();
        match tokio::task::spawn_blocking(look).await {
            Ok(seen) => seen,
            // The runtime is ending.
            Err(_) => self.files.iter().map(|file| file.seen).collect(),
        }
    }

    fn differs(&mut self, now: &[Seen]) -> bool {
        let mut differs = false;
        for (file, now) in self.files.iter_mut().zip(now) {
            if file.seen == *now {
                file.gone_since = None;
            } else if *now == Seen::Missing {
                file.gone_since.get_or_insert_with(Instant::now);
                differs |= file.is_gone();
            } else {
                differs = true;
            }
        }
        differs
    }
}

impl Watched {
    fn is_gone(&self) -> bool {
        self.gone_since.is_some_and(|since| since.elapsed() >= GONE)
    }
}

fn first_look(path: &Path, read_at: SystemTime) -> Seen {
    match look_at(path) {
        Seen::There(stamp) if stamp.is_after(read_at) => Seen::Unsure,
        seen => seen,
    }
}

/// A file that cannot be looked at, for whatever reason, cannot be read either: it is missing.
fn look_at(path: &Path) -> Seen {
    Stamp::of(path).map_or(Seen::Missing, Seen::There)
}

impl Stamp {
    fn of(path: &Path) -> io::Result<Self> {
        let meta = std::fs::metadata(path)?;
        Ok(Self {
            modified: (meta.mtime(), meta.mtime_nsec()),
            changed: (meta.ctime(), meta.ctime_nsec()),
            bytes: meta.len(),
            inode: (meta.dev(), meta.ino()),
        })
    }

    fn is_after(&self, time: SystemTime) -> bool {
        let (seconds, nanos) = self.changed;
        let changed = Duration::new(
            seconds.try_into().unwrap_or_default(),
            nanos.try_into().unwrap_or_default(),
        );
        time.duration_since(SystemTime::UNIX_EPOCH)
            .is_ok_and(|time| changed + CLOCK_STEP >= time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tokio::time::timeout;

    /// Longer than any watch takes to notice, on a busy machine too.
    const SOON: Duration = Duration::from_secs(5);
    /// Long enough for a watch to have noticed.
    const QUIET: Duration = Duration::from_millis(700);

    struct Folder {
        folder: tempfile::TempDir,
    }

    impl Folder {
        async fn with(names: &[&str]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let new = Self { folder };
            for name in names {
                new.write(name, "first");
            }
            // Past the file system's clock step, so that the first look is sure.
            sleep(CLOCK_STEP * 3).await;
            new
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn write(&self, name: &str, content: &str) {
            fs::write(self.path(name), content).unwrap();
        }

        fn watch(&self, names: &[&str]) -> Watch {
            Watch::new(names.iter().map(|name| self.path(name)).collect())
        }
    }

    async fn noticed(watch: &mut Watch) -> bool {
        timeout(SOON, watch.changed()).await.is_ok()
    }

    async fn quiet(watch: &mut Watch) -> bool {
        timeout(QUIET, watch.changed()).await.is_err()
    }

    #[tokio::test]
    async fn a_changed_file_is_noticed_once() {
        let folder = Folder::with(&["a", "b"]).await;
        let mut watch = folder.watch(&["a", "b"]);
        assert!(quiet(&mut watch).await);
        folder.write("b", "other");
        assert!(noticed(&mut watch).await);
        assert!(quiet(&mut watch).await);
    }

    #[tokio::test]
    async fn a_file_that_is_renamed_over_is_noticed_once() {
        let folder = Folder::with(&["a"]).await;
        let mut watch = folder.watch(&["a"]);
        folder.write("a.new", "first");
        fs::rename(folder.path("a.new"), folder.path("a")).unwrap();
        assert!(noticed(&mut watch).await);
        assert!(quiet(&mut watch).await);
    }

    #[tokio::test]
    async fn a_file_that_vanishes_and_comes_back_counts_once() {
        let folder = Folder::with(&["a"]).await;
        let mut watch = folder.watch(&["a"]);
        fs::rename(folder.path("a"), folder.path("a~")).unwrap();
        assert!(
            timeout(Duration::from_millis(250), watch.changed())
                .await
                .is_err()
        );
        folder.write("a", "second");
        assert!(noticed(&mut watch).await);
        assert!(quiet(&mut watch).await);
    }

    #[tokio::test]
    async fn a_file_that_stays_away_is_noticed_and_so_is_its_return() {
        let folder = Folder::with(&["a"]).await;
        let mut watch = folder.watch(&["a"]);
        fs::remove_file(folder.path("a")).unwrap();
        assert!(noticed(&mut watch).await);
        assert!(quiet(&mut watch).await);
        folder.write("a", "second");
        assert!(noticed(&mut watch).await);
    }

    #[tokio::test]
    async fn a_file_that_is_missing_at_first_is_noticed_when_it_comes() {
        let folder = Folder::with(&[]).await;
        let mut watch = folder.watch(&["a"]);
        assert!(quiet(&mut watch).await);
        folder.write("a", "first");
        assert!(noticed(&mut watch).await);
    }

    #[tokio::test]
    async fn a_row_of_changes_is_waited_for_but_not_for_ever() {
        let folder = Folder::with(&["a"]).await;
        let mut watch = folder.watch(&["a"]);
        let path = folder.path("a");
        let writer = tokio::spawn(async move {
            for length in 0.. {
                fs::write(&path, "x".repeat(length)).unwrap();
                sleep(Duration::from_millis(10)).await;
            }
        });
        assert!(noticed(&mut watch).await);
        writer.abort();
    }

    #[tokio::test]
    async fn a_change_survives_a_watch_that_is_dropped_half_way() {
        let folder = Folder::with(&["a"]).await;
        let mut watch = folder.watch(&["a"]);
        folder.write("a", "other");
        for _ in 0..5 {
            // Ends while the change settles.
            let _ = timeout(Duration::from_millis(5), watch.changed()).await;
        }
        assert!(noticed(&mut watch).await);
    }

    #[tokio::test]
    async fn a_change_between_reading_and_watching_is_noticed() {
        let folder = Folder::with(&["a", "b"]).await;
        let read_at = SystemTime::now();
        sleep(CLOCK_STEP).await;
        folder.write("a", "other");
        let mut watch = Watch::since(vec![folder.path("a")], read_at);
        assert!(noticed(&mut watch).await);
        assert!(quiet(&mut watch).await);
    }

    #[tokio::test]
    async fn other_files_can_be_watched_and_changes_of_kept_ones_are_not_lost() {
        let folder = Folder::with(&["a", "b", "c"]).await;
        let mut watch = folder.watch(&["a", "b"]);
        folder.write("a", "other");
        folder.write("b", "other");
        watch.set_files(vec![folder.path("b"), folder.path("c"), folder.path("c")]);
        assert!(
            noticed(&mut watch).await,
            "b was changed before the files were set"
        );
        folder.write("a", "third");
        assert!(quiet(&mut watch).await, "a is not watched any more");
        folder.write("c", "other");
        assert!(noticed(&mut watch).await);
    }
}
