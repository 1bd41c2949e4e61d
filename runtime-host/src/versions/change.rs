//! A change of the rules from the admin API: checked, put in the folder's place, and in force, or refused with
//! nothing changed.

use std::time::Instant;

use lockgate_versions::audit::{Action, Head};
use lockgate_versions::{Attempt, Snapshot, SnapshotError, StoreError, VersionInfo};

use super::check::check;
use super::{Holder, Versions, log_head, now_ms};
use crate::reloader::{Reloader, milliseconds};

/// What somebody wants.
#[derive(Debug)]
pub struct Change {
    /// Who.
    pub holder: Holder,
    /// Which rules.
    pub rules: Rules,
    /// Why.
    pub message: String,
    /// The digest of the version that the holder started from; a change is refused when another is in force.
    pub base: Option<String>,
    /// Changes whatever is in force, and what lies in the folder unloaded.
    pub force: bool,
}

/// The rules of a change.
#[derive(Debug)]
pub enum Rules {
    /// New files, to be stored only.
    Draft(Snapshot),
    /// New files, to be in force.
    Push(Snapshot),
    /// A version that is stored, to be in force.
    Publish(u64),
    /// A version that was in force; without a number, the one before the one that is in force.
    Rollback(Option<u64>),
}

impl Rules {
    /// What the audit log calls it.
    #[must_use]
    pub fn action(&self) -> Action {
        match self {
            Self::Draft(_) => Action::Draft,
            Self::Push(_) | Self::Publish(_) => Action::Publish,
            Self::Rollback(_) => Action::Rollback,
        }
    }
}

/// What came of a change.
#[derive(Debug)]
pub struct Changed {
    /// The version.
    pub version: VersionInfo,
    /// Whether it is in force.
    pub in_force: bool,
    /// It was in force before, with the same files: nothing was done.
    pub unchanged: bool,
    /// The digest of the bundle in force, where it changed.
    pub bundle: Option<String>,
    /// From the beginning of the change to its being in force, in milliseconds.
    pub took_ms: u64,
    /// The last entry of the audit log.
    pub head: Head,
}

/// Why a change is refused. Nothing is changed then.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The holder started from another version than the one in force.
    #[error("version {} is in force (digest {}), and this change was not made from it", .0.version, .0.digest)]
    Conflict(Box<VersionInfo>),
    /// The folder holds changes that are not in force, because they are faulty.
    #[error(
        "the folder of rules holds changes that the gateway refuses; mend or undo them first: {0}"
    )]
    Folder(String),
    /// The rules are faulty, or fail their cases.
    #[error("the rules are refused")]
    Rules(Vec<String>),
    /// There is no version before the one in force.
    #[error("there is no version before the one in force")]
    NothingBefore,
    /// A draft cannot be rolled back to.
    #[error("version {0} was never in force; publish it instead")]
    Draft(u64),
    /// The store does not do it.
    #[error("{0}")]
    Store(#[from] StoreError),
}

impl From<SnapshotError> for Refusal {
    fn from(error: SnapshotError) -> Self {
        Self::Store(error.into())
    }
}

/// Makes a change, and writes it down whether it is done or refused. Runs on the reloader.
///
/// # Errors
/// Why it is refused.
pub fn make(
    reloader: &mut Reloader,
    versions: &Versions,
    change: Change,
) -> Result<Changed, Refusal> {
    let mut attempt = Attempt {
        time_ms: now_ms(),
        actor: change.holder.name.clone(),
        role: change.holder.role_name().to_owned(),
        action: change.rules.action(),
        version: None,
        digest: None,
        message: change.message.clone(),
        reason: String::new(),
    };
    let made = try_to(reloader, versions, change, &mut attempt);
    if let Err(refusal) = &made {
        attempt.reason = match refusal {
            Refusal::Rules(faults) => format!("{refusal}: {}", faults.join("\n")),
            other => other.to_string(),
        };
        versions.note_refused(attempt);
    }
    made
}

fn try_to(
    reloader: &mut Reloader,
    versions: &Versions,
    change: Change,
    attempt: &mut Attempt,
) -> Result<Changed, Refusal> {
    let begun = Instant::now();
    lockgate_versions::check_message(&change.message)?;
    let is_draft = matches!(change.rules, Rules::Draft(_));
    if !is_draft {
        follow_folder(reloader, versions, change.force)?;
    }
    let current = versions.with(|store| store.current().cloned())?;
    let (stored, snapshot) = rules(versions, change.rules, current.as_ref(), attempt)?;
    attempt.version = stored;
    attempt.digest = Some(snapshot.digest());
    if !is_draft && let Some(current) = current {
        if !change.force && change.base.as_ref() != Some(&current.digest) {
            return Err(Refusal::Conflict(Box::new(current)));
        }
        let lies_there = versions.read_folder()?.digest() == current.digest;
        if lies_there && attempt.digest.as_ref() == Some(&current.digest) {
            let head = versions.with(|store| store.audit_head().clone())?;
            return Ok(Changed {
                version: current,
                in_force: true,
                unchanged: true,
                bundle: None,
                took_ms: milliseconds(begun.elapsed()),
                head,
            });
        }
    }
    let config = versions.config();
    check(
        reloader.options(),
        &config.rules,
        config.path.join("check"),
        &snapshot,
    )
    .map_err(Refusal::Rules)?;
    let version = versions.with(|store| match stored {
        Some(number) => store.version(number).cloned(),
        None => store.add(&snapshot, &change.holder.name, &change.message, now_ms()),
    })??;
    attempt.version = Some(version.version);
    let (head, bundle) = if is_draft {
        let noted = attempt.clone();
        (versions.with(|store| store.note_done(noted))??, None)
    } else {
        let (head, bundle) = put_in_force(reloader, versions, &version, attempt, begun)?;
        (head, Some(bundle))
    };
    log_head(&head, &attempt.actor, &attempt.action.to_string());
    versions.prune();
    Ok(Changed {
        version,
        in_force: !is_draft,
        unchanged: false,
        bundle,
        took_ms: milliseconds(begun.elapsed()),
        head,
    })
}

/// What lies in the folder comes first: a change by hand that was not noticed yet is put in force and recorded. With
/// `force` one that is refused does not matter; it is kept as a version when it is replaced.
fn follow_folder(reloader: &mut Reloader, versions: &Versions, force: bool) -> Result<(), Refusal> {
    let digest = versions.read_folder()?.digest();
    let is_known = versions.with(|store| {
        store
            .current()
            .is_some_and(|current| current.digest == digest)
    })?;
    if is_known {
        return Ok(());
    }
    match reloader.reload() {
        Err(error) if !force => Err(Refusal::Folder(format!("{error:#}"))),
        _ => Ok(()),
    }
}

/// The number and the files of what is asked for.
fn rules(
    versions: &Versions,
    rules: Rules,
    current: Option<&VersionInfo>,
    attempt: &mut Attempt,
) -> Result<(Option<u64>, Snapshot), Refusal> {
    let number = match rules {
        Rules::Draft(snapshot) | Rules::Push(snapshot) => return Ok((None, snapshot)),
        Rules::Publish(number) => number,
        Rules::Rollback(Some(number)) => number,
        Rules::Rollback(None) => current
            .and_then(|current| current.parent)
            .ok_or(Refusal::NothingBefore)?,
    };
    attempt.version = Some(number);
    let is_rollback = attempt.action == Action::Rollback;
    versions.with(|store| {
        let snapshot = store.snapshot(number)?;
        if is_rollback && !store.was_in_force(number) {
            return Err(Refusal::Draft(number));
        }
        Ok((Some(number), snapshot))
    })?
}

/// Swaps the folder's files, makes the generation of what lies there then, writes it down, and puts it in force; in
/// this order, so that nothing can fail once it is written down.
fn put_in_force(
    reloader: &mut Reloader,
    versions: &Versions,
    version: &VersionInfo,
    attempt: &Attempt,
    begun: Instant,
) -> Result<(Head, String), Refusal> {
    let swap = versions.with(|store| store.swap(version.version, now_ms()))??;
    let looks = reloader.look(versions);
    let ready = match reloader.ready() {
        Ok(ready) => ready,
        Err((error, _)) => {
            let undone = versions.with(|store| store.undo(swap))?;
            let looks = reloader.look(versions);
            let current = versions.with(|store| store.current().map(|info| info.digest.clone()))?;
            if current.is_some_and(|current| lies_there(versions, &current)) {
                reloader.known(looks);
            }
            let mut faults = vec![format!("{error:#}").trim().to_owned()];
            match undone {
                Ok(left) if left.is_empty() => {}
                Ok(left) => faults.push(format!(
                    "edited meanwhile, and left so: {}",
                    left.join(", ")
                )),
                Err(error) => faults.push(format!("the old files are not all back: {error}")),
            }
            return Err(Refusal::Rules(faults));
        }
    };
    let noted = attempt.clone();
    let head = versions.with(|store| store.commit(swap, noted))??;
    let bundle = reloader.put(ready, begun);
    if lies_there(versions, &version.digest) {
        reloader.known(looks);
    }
    Ok((head, bundle))
}

/// Whether the folder has the files of this digest.
fn lies_there(versions: &Versions, digest: &str) -> bool {
    let folder = versions.read_folder();
    folder.is_ok_and(|folder| folder.digest() == digest)
}
