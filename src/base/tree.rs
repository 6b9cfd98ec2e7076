//! Everything that a commit has below the workspace.

use super::objects::CommitId;
use gix::hash::ObjectId;

pub use crate::walk::IndexMode as Mode;

/// A leaf of a commit's tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// Relative to the workspace, with `/`; raw bytes.
    pub path: Box<[u8]>,
    /// The blob; of a submodule the commit.
    pub(super) id: ObjectId,
    /// What it is.
    pub mode: Mode,
}

impl TreeEntry {
    /// The id of the blob (of a submodule: of the commit), as git counts it.
    pub fn id(&self) -> ObjectId {
        self.id
    }
}

/// The files, symlinks and submodules that a commit has below the workspace, sorted by path as bytes.
pub struct CommitTree {
    commit: CommitId,
    entries: Vec<TreeEntry>,
}

impl CommitTree {
    pub(super) fn new(commit: CommitId, mut entries: Vec<TreeEntry>) -> Self {
        entries.sort_unstable_by(|one, other| one.path.cmp(&other.path));
        Self { commit, entries }
    }

    /// The commit.
    pub fn commit(&self) -> CommitId {
        self.commit
    }

    /// All of them, sorted by path as bytes.
    pub fn entries(&self) -> &[TreeEntry] {
        &self.entries
    }

    /// The one at this path (relative to the workspace, with `/`), if there is one.
    pub fn find(&self, path: &[u8]) -> Option<&TreeEntry> {
        let at = self
            .entries
            .binary_search_by(|entry| (*entry.path).cmp(path));
        at.ok().map(|at| &self.entries[at])
    }
}
