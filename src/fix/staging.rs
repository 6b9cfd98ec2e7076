//! The directory in which new files are made before they get their names.

use super::disk::{Disk as _, Place, System};
use crate::beneath::{Holder, Root, Unresolved, has_right_owner, look, make_directory};
use rustix::fd::{AsFd as _, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, Mode, OFlags, openat, unlinkat};
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::io::{Error, Result};

/// Where it is, relative to the workspace.
pub const STAGING: &str = ".factory-gate/staging";

/// Ends the name of a file that is not whole yet.
pub(super) const IN_PART: &str = ".part";

/// The name differs from that of the cleanup's directory of the same run: each room clears up after itself.
fn own_path(deployment_id: &str) -> String {
    format!("{STAGING}/{deployment_id}.fix")
}

/// A run's own staging directory.
pub(super) struct Staging {
    directory: OwnedFd,
    path: String,
}

impl Staging {
    /// Makes the directory of the run with this id. It must be new, and nobody else's.
    pub(super) fn create(root: &Root, deployment_id: &str) -> Result<Self> {
        let own = own_path(deployment_id);
        for (path, must_be_new) in [(".factory-gate", false), (STAGING, false), (&own, true)] {
            let (holder, name) = root
                .holder(path.as_bytes())
                .map_err(|why| error(path, &why))?;
            match make_directory(&holder, name, Mode::RWXU) {
                Ok(_) => {}
                Err(Errno::EXIST) if !must_be_new => {}
                Err(error) => return Err(named(path, &error.into())),
            }
        }
        let directory = open(root, &own)?;
        for path in [STAGING, &own] {
            check_owner(root, &open(root, path)?, path)?;
        }
        let path = own;
        Ok(Self { directory, path })
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn directory(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }

    /// Makes a new file that nobody else can open.
    pub(super) fn file(&self, name: &[u8]) -> std::result::Result<OwnedFd, Errno> {
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        openat(&self.directory, name, flags, Mode::RUSR | Mode::WUSR)
    }

    /// Takes the directory away, and those above it, as far as they are empty.
    pub(super) fn remove(&self, root: &Root) {
        remove_empty(root, &self.path);
    }
}

/// Removes what a dead run left in its staging directory, as far as it is known: contents with one of these digests
/// are what the run made, or what it has replaced by that; what it had not made whole was never anything else's. Anything
/// else stays. Answers how many files went.
///
/// # Errors
/// The directory is not this user's own, or something in it cannot be removed.
pub fn clear_staging(
    root: &Root,
    deployment_id: &str,
    known: &BTreeSet<String>,
    _token: &super::ApplyToken,
) -> Result<u64> {
    let own = own_path(deployment_id);
    if deployment_id.contains('/') || crate::beneath::names::escapes(own.as_bytes()) {
        return Err(named(&own, &std::io::ErrorKind::InvalidInput.into()));
    }
    let directory = match open(root, &own) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        directory => directory?,
    };
    check_owner(root, &directory, &own)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let readable = openat(&directory, ".", flags, Mode::empty())?;
    let mut removed = 0;
    for entry in rustix::fs::Dir::read_from(&readable)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        let path = format!("{own}/{}", entry.file_name().to_string_lossy());
        let number = name.strip_suffix(IN_PART.as_bytes());
        // What is not a number is none of ours.
        if !number.unwrap_or(name).iter().all(u8::is_ascii_digit) {
            continue;
        }
        let is_ours = number.is_some()
            || super::digest_at(root, path.as_bytes())
                .is_ok_and(|digest| digest.is_some_and(|digest| known.contains(&digest)));
        if is_ours {
            let place = Place {
                directory: directory.as_fd(),
                name,
            };
            System.unlink(place)?;
            removed += 1;
        }
    }
    remove_empty(root, &own);
    Ok(removed)
}

#[expect(
    clippy::disallowed_methods,
    reason = "only empty directories, which this program itself makes"
)]
fn remove_empty(root: &Root, own: &str) {
    for path in [own, STAGING, ".factory-gate"] {
        let Ok((holder, name)) = root.holder(path.as_bytes()) else {
            return;
        };
        // One that is not empty stays, and so do those above it.
        if unlinkat(&holder, name, AtFlags::REMOVEDIR).is_err() {
            return;
        }
    }
}

fn open(root: &Root, path: &str) -> Result<OwnedFd> {
    let inside = format!("{path}/0");
    match root.holder(inside.as_bytes()) {
        Ok((Holder::Below(directory), _)) => Ok(directory),
        Ok((Holder::Root(_), _)) => Err(named(path, &std::io::ErrorKind::InvalidInput.into())),
        Err(why) => Err(error(path, &why)),
    }
}

fn check_owner(root: &Root, directory: &OwnedFd, path: &str) -> Result<()> {
    let facts = rustix::fs::fstat(directory)?;
    let (holder, _) = root
        .holder(path.as_bytes())
        .map_err(|why| error(path, &why))?;
    // Nobody else may do anything: the last six bits of the mode.
    let is_own = has_right_owner(&holder, &facts)?;
    if is_own && facts.st_mode.trailing_zeros() >= 6 && look(directory, b".").is_ok() {
        Ok(())
    } else {
        Err(named(path, &Error::other("it is not this user's alone")))
    }
}

fn error(path: &str, why: &Unresolved) -> Error {
    let why = match why {
        Unresolved::Absent => std::io::ErrorKind::NotFound.into(),
        Unresolved::NotADirectory => std::io::ErrorKind::NotADirectory.into(),
        Unresolved::Refused(why) => Error::other(*why),
        Unresolved::Failed(error) => (*error).into(),
    };
    named(path, &why)
}

fn named(path: &str, why: &Error) -> Error {
    Error::new(why.kind(), format!("`{path}`: {why}"))
}
