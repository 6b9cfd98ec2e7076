//! What the operating system says about a file.

use super::tree::Kind;

/// What the operating system says about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// What it is; never a repository, which only its directory's names show.
    pub kind: Kind,
    /// `st_mode`'s permission bits (`0o7777`).
    pub permissions: u16,
    /// Size in bytes; of a symlink the length of its target.
    pub size: u64,
    /// Modification time in nanoseconds since 1970-01-01 UTC.
    pub modified_ns: i64,
    /// What shows a change that the rest does not; `None` where the system says nothing of it.
    pub(super) changed: Option<Changed>,
}

/// Which object lies at a path, and when anything about it changed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Changed {
    /// Nanoseconds since 1970-01-01 UTC.
    pub(super) time_ns: i64,
    pub(super) inode: u64,
}
