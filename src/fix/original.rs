//! The file that is to be fixed: read beneath the workspace, and only if it is the one that was scanned.

use super::settle::State;
use super::write::Outcome;
use crate::beneath::{
    Identity, MOUNT_POINT, ObjectKind, Root, Unresolved, look, look_at_file, names,
};
use crate::walk::Meta;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Mode, OFlags, openat};
use rustix::io::Errno;
use std::io::Read as _;

/// What a file was when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original {
    /// What it is.
    pub identity: Identity,
    /// Content and mode.
    pub state: State,
}

/// What the record says of a file that is not what was looked at before.
pub(super) const CHANGED: &str = "changed since scanned";

/// Reads a file of at most `limit` bytes.
///
/// # Errors
/// Why it is not to be fixed: it is not what the walk saw (`seen`), not a plain file with one name, not in this
/// workspace alone, or cannot be read.
pub fn read(root: &Root, path: &[u8], seen: Meta, limit: u64) -> Result<Original, Outcome> {
    if path
        .split(|byte| *byte == b'/')
        .any(names::is_git_directory)
    {
        return Err(Outcome::Refused("in a git directory".into()));
    }
    let (holder, name) = root.holder(path).map_err(|why| unresolved(&why))?;
    let file = open(&holder, name)?;
    let identity = look_at_file(&file).map_err(Outcome::failed)?;
    if let Some(why) = unfit(root, &identity) {
        return Err(Outcome::Refused(why.into()));
    }
    if identity.size != seen.size || identity.modified_ns != seen.modified_ns {
        return Err(Outcome::Skipped(CHANGED.into()));
    }
    if identity.size > limit {
        return Err(Outcome::Skipped(format!("larger than {limit} bytes")));
    }
    let facts = rustix::fs::fstat(&file).map_err(Outcome::failed)?;
    let content = content(&file, identity.size)?;
    match look_at_file(&file) {
        Ok(now) if now == identity => {}
        Ok(_) => return Err(Outcome::Skipped(CHANGED.into())),
        Err(error) => return Err(Outcome::failed(error)),
    }
    let permissions = u16::try_from(facts.st_mode & 0o7777).unwrap_or(0);
    let state = State {
        content,
        permissions,
    };
    Ok(Original { identity, state })
}

/// Opens a file for reading: no link is followed, no FIFO waited for.
pub(super) fn open(holder: impl AsFd, name: &[u8]) -> Result<OwnedFd, Outcome> {
    let flags =
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    openat(holder, name, flags, Mode::empty()).map_err(|error| match error {
        Errno::LOOP => Outcome::Refused(LINK.into()),
        Errno::NOENT => Outcome::Skipped(CHANGED.into()),
        error => Outcome::failed(error),
    })
}

/// All of an open file that had this many bytes; one that has others by now is another.
pub(super) fn content(file: &OwnedFd, size: u64) -> Result<Vec<u8>, Outcome> {
    let failed = |error: std::io::Error| Outcome::Failed(error.to_string());
    let mut content = Vec::new();
    let file = std::fs::File::from(file.try_clone().map_err(failed)?);
    content.reserve(usize::try_from(size).unwrap_or(0));
    file.take(size + 1)
        .read_to_end(&mut content)
        .map_err(failed)?;
    if content.len() as u64 == size {
        Ok(content)
    } else {
        Err(Outcome::Skipped(CHANGED.into()))
    }
}

const LINK: &str = "a symbolic link";

/// Why a thing is none that a fix may replace.
fn unfit(root: &Root, seen: &Identity) -> Option<&'static str> {
    match seen.kind {
        ObjectKind::Symlink => Some(LINK),
        ObjectKind::Directory | ObjectKind::Special => Some("not a regular file"),
        ObjectKind::File if seen.links != 1 => Some("the file has several names"),
        ObjectKind::File => root.is_other_mount(seen).then_some(MOUNT_POINT),
    }
}

pub(super) fn unresolved(why: &Unresolved) -> Outcome {
    match why {
        Unresolved::Absent | Unresolved::NotADirectory => Outcome::Skipped(CHANGED.into()),
        Unresolved::Refused(why) => Outcome::Refused((*why).into()),
        Unresolved::Failed(error) => Outcome::failed(*error),
    }
}

/// The digest of what a file holds; `None` if there is none.
///
/// # Errors
/// It cannot be told.
pub fn digest_at(root: &Root, path: &[u8]) -> Result<Option<String>, Outcome> {
    let (holder, name) = match root.holder(path) {
        Ok(held) => held,
        Err(Unresolved::Absent) => return Ok(None),
        Err(why) => return Err(unresolved(&why)),
    };
    if look(&holder, name) == Err(Errno::NOENT) {
        return Ok(None);
    }
    let file = open(&holder, name)?;
    let seen = look_at_file(&file).map_err(Outcome::failed)?;
    if let Some(why) = unfit(root, &seen) {
        return Err(Outcome::Refused(why.into()));
    }
    Ok(Some(super::sha256(&content(&file, seen.size)?)))
}
