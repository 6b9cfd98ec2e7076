//! The directories of our own in a workspace: where quarantined files are, and where files from an archive are made
//! before they get their names.

use super::outcome::Outcome;
use super::restore::Restorer;
use crate::beneath::{self, Root, Unresolved};
use crate::walk::OWN_DIRECTORIES;
use anyhow::{Context as _, anyhow};
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Mode, OFlags, openat, symlinkat, unlinkat};
use rustix::io::Errno;

/// The directory of one session's quarantine, relative to the workspace.
pub fn quarantine_of(deployment_id: &str) -> Vec<u8> {
    let [quarantine, _] = OWN_DIRECTORIES;
    [quarantine, b"/", deployment_id.as_bytes()].concat()
}

/// Where a quarantined file is, relative to the workspace, by its number in the plan.
pub fn quarantined_at(deployment_id: &str, number: u32) -> Vec<u8> {
    [
        &quarantine_of(deployment_id),
        b"/".as_slice(),
        number.to_string().as_bytes(),
    ]
    .concat()
}

/// A private directory for the files of one archive.
pub struct Staging<'r> {
    restorer: &'r Restorer,
    path: Vec<u8>,
}

impl<'r> Staging<'r> {
    /// Makes the directory, which must not be there yet.
    ///
    /// # Errors
    /// Something on the way is no directory, or it could not be made.
    pub fn create(restorer: &'r Restorer, deployment_id: &str) -> anyhow::Result<Self> {
        let [_, staging] = OWN_DIRECTORIES;
        let path = [staging, b"/", deployment_id.as_bytes()].concat();
        for (end, _) in path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
            match make_directory(restorer.root(), &path[..end]) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(problem(error)),
            }
        }
        make_directory(restorer.root(), &path).map_err(problem)?;
        Ok(Self { restorer, path })
    }

    /// Where the file with this number is, relative to the workspace.
    pub fn path(&self, number: u32) -> Vec<u8> {
        [&self.path, b"/".as_slice(), number.to_string().as_bytes()].concat()
    }

    /// Makes a new file that nobody else can read.
    pub(super) fn file(&self, number: u32) -> Result<OwnedFd, Outcome> {
        let path = self.path(number);
        let (holder, name) = self.restorer.root.holder(&path)?;
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        openat(holder, name, flags, Mode::RUSR | Mode::WUSR).map_err(Outcome::failed)
    }

    /// Makes a new symbolic link.
    pub(super) fn link(&self, number: u32, to: &[u8]) -> Result<(), Outcome> {
        let path = self.path(number);
        let (holder, name) = self.restorer.root.holder(&path)?;
        symlinkat(to, holder, name).map_err(Outcome::failed)
    }

    /// Removes the file with this number, if it is still here.
    pub(super) fn discard(&self, number: u32) -> Result<(), Errno> {
        match remove(self.restorer.root(), &self.path(number), AtFlags::empty()) {
            Err(Errno::NOENT) => Ok(()),
            other => other,
        }
    }

    /// Removes those of these files that are still here, and the directory.
    ///
    /// # Errors
    /// Something could not be removed.
    pub fn remove(self, numbers: impl IntoIterator<Item = u32>) -> anyhow::Result<()> {
        for number in numbers {
            self.discard(number).map_err(problem)?;
        }
        remove(self.restorer.root(), &self.path, AtFlags::REMOVEDIR).map_err(problem)?;
        let [_, staging] = OWN_DIRECTORIES;
        self.restorer.remove_if_empty(&[staging])
    }
}

impl Restorer {
    /// Removes the directories that are empty now: the first of these, then the next; and after them the one that holds
    /// all of ours. A directory that is not there, or holds something, stays what it is.
    ///
    /// # Errors
    /// An empty one could not be removed.
    pub fn remove_if_empty(&self, directories: &[&[u8]]) -> anyhow::Result<()> {
        let all = b".factory-gate".as_slice();
        for directory in directories.iter().copied().chain([all]) {
            match remove(self.root(), directory, AtFlags::REMOVEDIR) {
                Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST | Errno::NOTDIR) => {}
                Err(error) => {
                    let what = String::from_utf8_lossy(directory).into_owned();
                    return Err(std::io::Error::from(error))
                        .with_context(|| format!("`{what}` is empty and cannot be removed"));
                }
            }
        }
        Ok(())
    }

    /// Removes what is left of one session's quarantine, and of our own directories, where nothing is in it any more.
    ///
    /// # Errors
    /// As [`Restorer::remove_if_empty`].
    pub fn remove_empty_quarantine(&self, deployment_id: &str) -> anyhow::Result<()> {
        let [quarantine, staging] = OWN_DIRECTORIES;
        let own = quarantine_of(deployment_id);
        // Before the last look at it, so that the note goes with the last quarantine.
        match remove(self.root(), &own, AtFlags::REMOVEDIR) {
            Ok(()) if self.holds_only_the_note(quarantine) => {
                let note = [quarantine, b"/", NOTE].concat();
                match remove(self.root(), &note, AtFlags::empty()) {
                    Ok(()) | Err(Errno::NOENT) => {}
                    Err(error) => return Err(problem(error)),
                }
            }
            _ => {}
        }
        self.remove_if_empty(&[&own, quarantine, staging])
    }

    /// Whether the quarantine of all runs holds nothing but the file that hides it from git.
    fn holds_only_the_note(&self, quarantine: &[u8]) -> bool {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let names = self
            .root()
            .holder(quarantine)
            .ok()
            .and_then(|(holder, name)| openat(holder, name, flags, Mode::empty()).ok())
            .and_then(|directory| rustix::fs::Dir::read_from(&directory).ok());
        let is_note = |name: &[u8]| matches!(name, b"." | b"..") || name == NOTE;
        names.is_some_and(|mut names| {
            names.all(|entry| entry.is_ok_and(|entry| is_note(entry.file_name().to_bytes())))
        })
    }
}

/// Hides the quarantine from git.
const NOTE: &[u8] = b".gitignore";

fn problem(error: Errno) -> anyhow::Error {
    anyhow!(std::io::Error::from(error)).context("the workspace's staging directory cannot be used")
}

fn errno(unresolved: &Unresolved) -> Errno {
    match *unresolved {
        Unresolved::Absent => Errno::NOENT,
        Unresolved::NotADirectory | Unresolved::Refused(_) => Errno::NOTDIR,
        Unresolved::Failed(error) => error,
    }
}

fn make_directory(root: &Root, path: &[u8]) -> Result<(), Errno> {
    let (holder, name) = root.holder(path).map_err(|unresolved| errno(&unresolved))?;
    beneath::make_directory(&holder, name, Mode::RWXU).map(drop)
}

fn remove(root: &Root, path: &[u8], flags: AtFlags) -> Result<(), Errno> {
    let (holder, name) = root.holder(path).map_err(|unresolved| errno(&unresolved))?;
    #[expect(
        clippy::disallowed_methods,
        reason = "only in the directories of our own: files that were staged here, and directories that are empty"
    )]
    unlinkat(holder, name, flags)
}
