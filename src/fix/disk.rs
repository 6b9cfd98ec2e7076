//! The few system calls that change the workspace, behind a trait so that tests can make each of them fail.

use rustix::fd::BorrowedFd;
use rustix::fs::{AtFlags, RenameFlags, renameat, renameat_with, unlinkat};
use rustix::io::Errno;

/// A name in an open directory.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    pub(super) directory: BorrowedFd<'p>,
    pub(super) name: &'p [u8],
}

pub(super) trait Disk: Send + Sync {
    /// Writes some of the bytes.
    fn write(&self, file: BorrowedFd<'_>, bytes: &[u8]) -> Result<usize, Errno>;
    /// Makes a file or a directory durable.
    fn sync(&self, file: BorrowedFd<'_>) -> Result<(), Errno>;
    /// Exchanges two names in one step.
    fn exchange(&self, one: Place<'_>, other: Place<'_>) -> Result<(), Errno>;
    /// Moves a name over another.
    fn replace(&self, from: Place<'_>, to: Place<'_>) -> Result<(), Errno>;
    /// Moves to a name that is free.
    fn rename_new(&self, from: Place<'_>, to: Place<'_>) -> Result<(), Errno>;
    /// Removes a name of a file in the staging directory.
    fn unlink(&self, place: Place<'_>) -> Result<(), Errno>;
}

/// The operating system.
pub(super) struct System;

impl Disk for System {
    fn write(&self, file: BorrowedFd<'_>, bytes: &[u8]) -> Result<usize, Errno> {
        rustix::io::retry_on_intr(|| rustix::io::write(file, bytes))
    }

    fn sync(&self, file: BorrowedFd<'_>) -> Result<(), Errno> {
        rustix::io::retry_on_intr(|| rustix::fs::fsync(file))
    }

    fn exchange(&self, one: Place<'_>, other: Place<'_>) -> Result<(), Errno> {
        let flags = RenameFlags::EXCHANGE;
        renameat_with(one.directory, one.name, other.directory, other.name, flags)
    }

    fn replace(&self, from: Place<'_>, to: Place<'_>) -> Result<(), Errno> {
        renameat(from.directory, from.name, to.directory, to.name)
    }

    fn rename_new(&self, from: Place<'_>, to: Place<'_>) -> Result<(), Errno> {
        let flags = RenameFlags::NOREPLACE;
        match renameat_with(from.directory, from.name, to.directory, to.name, flags) {
            // Where the file system does not know the flag, a second name is as good: it never replaces.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                let flags = AtFlags::empty();
                rustix::fs::linkat(from.directory, from.name, to.directory, to.name, flags)?;
                self.unlink(from)
            }
            answer => answer,
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "only what this run itself put into its own staging directory, or took out by an exchange and compared"
    )]
    fn unlink(&self, place: Place<'_>) -> Result<(), Errno> {
        unlinkat(place.directory, place.name, AtFlags::empty())
    }
}
