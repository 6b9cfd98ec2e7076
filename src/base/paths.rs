//! Single paths of a commit, found without listing the rest of it; and commits by their names.

use super::objects::{BaseError, CommitId, RawMode, Reader};
use super::resolve::is_revision;
use super::tree::TreeEntry;
use bstr::ByteSlice as _;

impl Reader<'_> {
    /// The commit that a user named: an id, branch, tag or `HEAD^1`.
    ///
    /// # Errors
    /// There is none.
    pub fn named(&self, name: &str) -> Result<CommitId, BaseError> {
        if is_revision(name) {
            self.revision(name)
        } else {
            Err(BaseError::Missing("a commit of such a name".to_owned()))
        }
    }

    /// What a commit has at a path (relative to the working tree, with `/`); `None` for nothing and for a directory.
    ///
    /// # Errors
    /// A tree object is missing (a partial clone) or broken.
    pub fn find(&self, commit: CommitId, path: &[u8]) -> Result<Option<TreeEntry>, BaseError> {
        let directory = path
            .rfind_byte(b'/')
            .map_or(&b""[..], |slash| &path[..slash]);
        let mut entries = self.list(commit, directory)?.into_iter();
        Ok(entries.find(|entry| *entry.path == *path))
    }

    /// The files, symlinks and submodules right in a directory of a commit (relative to the working tree, with `/`; empty
    /// for the working tree itself), by name. Nothing if there is no such directory.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn list(&self, commit: CommitId, directory: &[u8]) -> Result<Vec<TreeEntry>, BaseError> {
        let Some(at) = self.directory(commit, directory)? else {
            return Ok(Vec::new());
        };
        let leaf = |(name, id, mode): (bstr::BString, _, RawMode)| match mode {
            RawMode::Tree => None,
            RawMode::Leaf(mode) => {
                let mut path = directory.to_vec();
                if !path.is_empty() {
                    path.push(b'/');
                }
                path.extend_from_slice(&name);
                let path = path.into();
                Some(TreeEntry { path, id, mode })
            }
        };
        Ok(self.entries(at)?.into_iter().filter_map(leaf).collect())
    }
}
