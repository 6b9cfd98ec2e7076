//! What of the machine cleanup has to know.

use crate::beneath::FileId;
use crate::cleanup::Reach;
use crate::walk::OwnOutputs;

/// Places of the machine that cleanup must not touch; the edge knows them.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// What this program itself writes.
    pub own_outputs: OwnOutputs,
    /// Things that must stay, by what they are: the policy, the program itself, the current directory.
    pub protected: Vec<(FileId, Reach, String)>,
    /// Documents of the policy, relative to the workspace.
    pub policy_paths: Vec<Vec<u8>>,
    /// Directories that must not be the workspace of a cleanup: the home directory and those above it, the CI
    /// runner's own ones.
    pub forbidden_roots: Vec<(FileId, String)>,
    /// The directory that the CI system has checked the repository out to.
    pub checkout: Option<FileId>,
}
