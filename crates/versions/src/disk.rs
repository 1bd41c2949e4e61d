//! Every step that changes files. Each one lasts when it returns; one that fails has changed nothing that is
//! looked at. Tests let the machine stop at any of them.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use crate::error::StoreError;

/// Readable and writable by the gateway's user alone.
pub(crate) const PRIVATE: u32 = 0o600;
/// Readable by everybody, as files of configuration are.
pub(crate) const READABLE: u32 = 0o644;

/// What writes.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    /// Steps until the machine stops; `None`: it does not.
    #[cfg(test)]
    pub(crate) left: std::cell::Cell<Option<u32>>,
    /// What somebody saves by hand at the last moment before the file is replaced or taken away.
    #[cfg(test)]
    pub(crate) by_hand: std::cell::RefCell<Option<(PathBuf, Vec<u8>)>>,
}

impl Disk {
    /// Puts a file in place whole: written beside it, made to last, renamed over it. `mode` is for a file that
    /// was not there; one that was keeps its own.
    pub(crate) fn put(&self, file: &Path, bytes: &[u8], mode: u32) -> Result<(), StoreError> {
        self.write_beside(file, bytes, mode)?;
        self.step()
            .and_then(|()| fs::rename(temporary(file), file))
            .map_err(StoreError::io("cannot write", file))?;
        sync_folder_of(file).map_err(StoreError::io("cannot write", file))
    }

    /// Writes what is to be put in a file's place, so that it lasts.
    fn write_beside(&self, file: &Path, bytes: &[u8], mode: u32) -> Result<(), StoreError> {
        let temporary = temporary(file);
        let failed = |what| StoreError::io(what, file);
        // A leftover of a crash, perhaps; whatever it is, it is not followed.
        if let Err(error) = fs::remove_file(&temporary)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(failed("cannot write")(error));
        }
        let mode = match fs::symlink_metadata(file) {
            Ok(meta) if meta.is_file() => meta.permissions().mode(),
            _ => mode,
        };
        let write = || -> io::Result<()> {
            let mut options = OpenOptions::new();
            let mut opened = options
                .write(true)
                .create_new(true)
                .mode(PRIVATE)
                .open(&temporary)?;
            self.write(&mut opened, bytes)?;
            opened.set_permissions(Permissions::from_mode(mode))?;
            opened.sync_all()
        };
        write().map_err(failed("cannot write"))
    }

    /// Puts a file in the place of `known`, which lies there as far as anybody knows; `None`: nothing does. One
    /// that somebody has saved since stays.
    ///
    /// The two change places in one step, so what is replaced is what was looked at: nobody's change is lost
    /// between the two. A file system that cannot do that leaves some microseconds.
    ///
    /// # Errors
    /// [`StoreError::Edited`]; what cannot be read or written.
    pub(crate) fn replace(
        &self,
        file: &Path,
        bytes: &[u8],
        mode: u32,
        known: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        let edited = || StoreError::Edited(file.to_owned());
        if read(file)?.as_deref() != known {
            return Err(edited());
        }
        let temporary = temporary(file);
        self.write_beside(file, bytes, mode)?;
        let failed = |what| StoreError::io(what, file);
        let flags = match known {
            Some(_) => RenameFlags::EXCHANGE,
            None => RenameFlags::NOREPLACE,
        };
        let swap = || renameat_with(CWD, &temporary, CWD, file, flags);
        self.step().map_err(failed("cannot write"))?;
        self.last_moment(file);
        match swap() {
            Ok(()) => {}
            // Somebody has put one there, or taken it away.
            Err(Errno::EXIST | Errno::NOENT) => {
                let _ = fs::remove_file(&temporary);
                return Err(edited());
            }
            Err(Errno::INVAL | Errno::NOSYS) => {
                fs::rename(&temporary, file).map_err(failed("cannot write"))?;
                return sync_folder_of(file).map_err(failed("cannot write"));
            }
            Err(error) => return Err(failed("cannot write")(error.into())),
        }
        if known.is_some() {
            if read(&temporary)?.as_deref() != known {
                swap().map_err(|error| failed("cannot write")(error.into()))?;
                let _ = fs::remove_file(&temporary);
                return Err(edited());
            }
            fs::remove_file(&temporary).map_err(failed("cannot write"))?;
        }
        sync_folder_of(file).map_err(failed("cannot write"))
    }

    /// Takes away a file that is `known`. One that is not there is gone already; one that somebody has saved
    /// since stays.
    ///
    /// # Errors
    /// As [`Disk::replace`].
    pub(crate) fn take(&self, file: &Path, known: &[u8]) -> Result<(), StoreError> {
        let failed = |what| StoreError::io(what, file);
        let Some(now) = read(file)? else {
            return Ok(());
        };
        if now != known {
            return Err(StoreError::Edited(file.to_owned()));
        }
        let temporary = temporary(file);
        self.step().map_err(failed("cannot remove"))?;
        self.last_moment(file);
        match fs::rename(file, &temporary) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            moved => moved.map_err(failed("cannot remove"))?,
        }
        if read(&temporary)?.as_deref() != Some(known) {
            // Where another one has come meanwhile, that is the later change.
            let _ = renameat_with(CWD, &temporary, CWD, file, RenameFlags::NOREPLACE);
            return Err(StoreError::Edited(file.to_owned()));
        }
        fs::remove_file(&temporary).map_err(failed("cannot remove"))?;
        sync_folder_of(file).map_err(failed("cannot remove"))
    }

    /// Takes a file away. One that is not there is gone already.
    pub(crate) fn remove(&self, file: &Path) -> Result<(), StoreError> {
        let failed = |what| StoreError::io(what, file);
        self.step().map_err(failed("cannot remove"))?;
        match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(failed("cannot remove")(error))
            }
            Err(_) => Ok(()),
            Ok(()) => sync_folder_of(file).map_err(failed("cannot remove")),
        }
    }

    /// Makes a folder and those above it, with the permissions that fit files of `mode`.
    #[expect(clippy::unused_self, reason = "what changes files goes through here")]
    pub(crate) fn folder(&self, folder: &Path, mode: u32) -> Result<(), StoreError> {
        // Who may read may enter.
        let mode = mode | ((mode & 0o444) >> 2);
        let mut builder = DirBuilder::new();
        let made = builder.recursive(true).mode(mode).create(folder);
        made.map_err(StoreError::io("cannot make the folder", folder))
    }

    /// Appends to an open file, so that it lasts.
    pub(crate) fn append(
        &self,
        opened: &mut File,
        file: &Path,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        self.write(opened, bytes)
            .and_then(|()| opened.sync_data())
            .map_err(StoreError::io("cannot write", file))
    }

    /// Cuts an open file back to `bytes`.
    pub(crate) fn cut(&self, opened: &File, file: &Path, bytes: u64) -> Result<(), StoreError> {
        self.step()
            .and_then(|()| opened.set_len(bytes))
            .and_then(|()| opened.sync_all())
            .map_err(StoreError::io("cannot write", file))
    }

    fn write(&self, opened: &mut File, bytes: &[u8]) -> io::Result<()> {
        if let Err(stopped) = self.step() {
            // A machine that stops leaves a part.
            opened.write_all(bytes.get(..bytes.len() / 2).unwrap_or_default())?;
            return Err(stopped);
        }
        opened.write_all(bytes)
    }

    /// Counts a step, and fails from where the machine stops.
    #[cfg(test)]
    fn step(&self) -> io::Result<()> {
        match self.left.get() {
            None => Ok(()),
            Some(0) => Err(io::Error::other("the machine has stopped")),
            Some(left) => {
                self.left.set(Some(left - 1));
                Ok(())
            }
        }
    }

    #[cfg(test)]
    fn last_moment(&self, file: &Path) {
        let mut by_hand = self.by_hand.borrow_mut();
        if let Some((_, bytes)) = by_hand.take_if(|(path, _)| path == file) {
            // As editors do it.
            let beside = file.with_extension("by-hand");
            fs::write(&beside, bytes).unwrap();
            fs::rename(&beside, file).unwrap();
        }
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, reason = "tests save something here")]
    fn last_moment(&self, _: &Path) {}

    #[cfg(not(test))]
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "tests count steps and fail them"
    )]
    fn step(&self) -> io::Result<()> {
        Ok(())
    }
}

/// The hidden name that a file is written under before it is in place.
pub(crate) fn temporary(file: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(file.file_name().unwrap_or_default());
    name.push(".lockgate-new");
    file.with_file_name(name)
}

/// A file as it is; `None` where there is none.
pub(crate) fn read(file: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::IsADirectory => Ok(None),
            _ => Err(StoreError::io("cannot read", file)(error)),
        },
    }
}

/// Names last once their folder does.
fn sync_folder_of(file: &Path) -> io::Result<()> {
    match file.parent() {
        Some(folder) if folder != Path::new("") => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}
