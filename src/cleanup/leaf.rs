//! The few system calls on one name in one open directory, behind a trait: a test can make each of them fail, or let
//! another process's work happen right before it.

use crate::beneath::{Identity, look};
use rustix::fd::BorrowedFd;
use rustix::fs::{AtFlags, linkat, renameat, unlinkat};
use rustix::io::Errno;

/// One name in one open directory.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) directory: BorrowedFd<'a>,
    pub(super) name: &'a [u8],
}

/// What can be done with a name. No implementation follows a link.
pub(super) trait Leaf: Send + Sync {
    /// What lies there.
    fn look(&self, at: At<'_>) -> Result<Identity, Errno>;

    /// Gives a thing another name and fails with `EXIST` if that name is taken; `NOSYS` or `INVAL` if the system or
    /// the file system cannot promise that.
    fn rename_to_free(&self, from: At<'_>, to: At<'_>) -> Result<(), Errno>;

    /// Gives a thing another name, in whose place nothing may be that is worth keeping.
    fn rename(&self, from: At<'_>, to: At<'_>) -> Result<(), Errno>;

    /// Gives a thing a second name; fails with `EXIST` if that name is taken.
    fn link(&self, from: At<'_>, to: At<'_>) -> Result<(), Errno>;

    /// Takes a name away: of a file or link, or with `REMOVEDIR` of an empty directory.
    fn unlink(&self, at: At<'_>, flags: AtFlags) -> Result<(), Errno>;
}

/// The operating system.
pub(super) struct System;

impl Leaf for System {
    fn look(&self, at: At<'_>) -> Result<Identity, Errno> {
        look(at.directory, at.name)
    }

    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    fn rename_to_free(&self, from: At<'_>, to: At<'_>) -> Result<(), Errno> {
        let flags = rustix::fs::RenameFlags::NOREPLACE;
        rustix::fs::renameat_with(from.directory, from.name, to.directory, to.name, flags)
    }

    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    fn rename_to_free(&self, _: At<'_>, _: At<'_>) -> Result<(), Errno> {
        Err(Errno::NOSYS)
    }

    fn rename(&self, from: At<'_>, to: At<'_>) -> Result<(), Errno> {
        renameat(from.directory, from.name, to.directory, to.name)
    }

    fn link(&self, from: At<'_>, to: At<'_>) -> Result<(), Errno> {
        let flags = AtFlags::empty();
        linkat(from.directory, from.name, to.directory, to.name, flags)
    }

    fn unlink(&self, at: At<'_>, flags: AtFlags) -> Result<(), Errno> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that removes from a workspace"
        )]
        unlinkat(at.directory, at.name, flags)
    }
}

/// Whether an error says that a rename which replaces nothing is not to be had here.
fn lacks_noreplace(error: Errno) -> bool {
    matches!(error, Errno::NOSYS | Errno::INVAL | Errno::OPNOTSUPP)
}

/// Moves a thing under a private name. Where no rename promises to replace nothing, a look tells that the name is
/// free: it is in a directory that only this user can enter and in which only this run makes names.
pub(super) fn move_aside(leaf: &dyn Leaf, from: At<'_>, to: At<'_>) -> Result<(), Errno> {
    match leaf.rename_to_free(from, to) {
        Err(error) if lacks_noreplace(error) => match leaf.look(to) {
            Err(Errno::NOENT) => leaf.rename(from, to),
            Ok(_) => Err(Errno::EXIST),
            Err(error) => Err(error),
        },
        other => other,
    }
}

/// Moves a thing back to where anybody may have put something else meanwhile, and never replaces that. Where no
/// rename promises so, a second name does; a directory cannot have one, and stays where it is.
pub(super) fn move_back(leaf: &dyn Leaf, from: At<'_>, to: At<'_>) -> Result<(), Errno> {
    match leaf.rename_to_free(from, to) {
        Err(error) if lacks_noreplace(error) => {
            leaf.link(from, to)?;
            leaf.unlink(from, AtFlags::empty())
        }
        other => other,
    }
}
