//! Taking old versions away.

use std::collections::BTreeSet;
use std::fs;

use super::{Attempt, Store, manifest};
use crate::audit::{Action, Head};
use crate::error::StoreError;

/// Who takes versions away.
const PRUNER: &str = "gateway";

impl Store {
    /// Takes the oldest versions away until there are no more than `keep_max`: never the one in force, the one
    /// that a rollback goes back to, or one that a swap that has begun names. The audit log says which; what it
    /// says of them stays. `None`: there was nothing to take away.
    ///
    /// # Errors
    /// What cannot be read or written. What was written down and is still there goes with the next pruning.
    pub fn prune(&mut self, keep_max: usize, now_ms: u64) -> Result<Option<Head>, StoreError> {
        let more = self.versions.len().saturating_sub(keep_max);
        if more == 0 {
            return Ok(None);
        }
        let mut needed: BTreeSet<u64> = self.current.into_iter().collect();
        needed.extend(self.current().and_then(|current| current.parent));
        needed.extend(self.pending()?.into_iter().flatten());
        // Its number must not be given again.
        needed.insert(self.last);
        let numbers = self.versions.keys().copied();
        let old: Vec<u64> = numbers
            .filter(|number| !needed.contains(number))
            .take(more)
            .collect();
        if old.is_empty() {
            return Ok(None);
        }
        let head = self.note_done(Attempt {
            time_ms: now_ms,
            actor: PRUNER.to_owned(),
            role: String::new(),
            action: Action::Prune,
            version: None,
            digest: None,
            message: format!("versions {}", ranges(&old)),
            reason: String::new(),
        })?;
        for number in old {
            self.disk.remove(&self.manifest_file(number))?;
            self.versions.remove(&number);
        }
        self.sweep()?;
        Ok(Some(head))
    }

    /// Takes away the bytes that no version has any more. With a version that cannot be read nobody knows which
    /// those are: then all stay.
    fn sweep(&self) -> Result<(), StoreError> {
        let listed = manifest::list(&self.folder.join("versions"))?;
        if !listed.damaged.is_empty() {
            return Ok(());
        }
        let mut used = BTreeSet::new();
        for number in listed.versions.keys() {
            let files = self.manifest(*number)?.files;
            used.extend(files.into_iter().map(|file| file.sha256));
        }
        let folders = fs::read_dir(self.folder.join("objects"));
        for folder in folders.into_iter().flatten().flatten() {
            let start = folder.file_name();
            for object in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
                let digest = [
                    start.to_string_lossy(),
                    object.file_name().to_string_lossy(),
                ]
                .concat();
                if !used.contains(&digest) {
                    self.disk.remove(&object.path())?;
                }
            }
        }
        Ok(())
    }
}

/// `1 to 7, 9`.
fn ranges(numbers: &[u64]) -> String {
    let mut parts: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match parts.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*number) => *last = *number,
            _ => parts.push((*number, *number)),
        }
    }
    let parts = parts.iter().map(|(first, last)| {
        if first == last {
            first.to_string()
        } else {
            format!("{first} to {last}")
        }
    });
    parts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn numbers_in_a_row_are_said_as_one() {
        assert_eq!(ranges(&[1, 2, 3, 5, 8, 9]), "1 to 3, 5, 8 to 9");
        assert_eq!(ranges(&[7]), "7");
    }
}
