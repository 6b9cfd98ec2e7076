//! Commits and blobs of the repository that holds the workspace.

use super::tree::{CommitTree, Mode, TreeEntry};
use bstr::BString;
use gix::hash::ObjectId;
use std::path::Path;

/// Most directories below each other in a commit: a tree that goes deeper is no checkout of anything.
const MOST_DEPTH: usize = 4096;

/// The repository that holds the workspace. Shared by all threads.
pub struct Repository {
    shared: gix::ThreadSafeRepository,
    /// The workspace's path inside the working tree, with a `/` at the end; empty if it is the same.
    prefix: BString,
}

/// A commit that is there, whole or not: 40 or 64 hex digits when shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CommitId(pub(super) ObjectId);

impl std::fmt::Display for CommitId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(out)
    }
}

/// What of git's objects could not be read.
#[derive(Debug, thiserror::Error)]
pub enum BaseError {
    /// It is not there: never was, or the clone is too shallow to have it.
    #[error("the repository does not have {0}")]
    Missing(String),
    /// It is there and is not what was expected, or the repository is broken.
    #[error("{what} could not be read: {why}")]
    Unreadable {
        /// Which object.
        what: String,
        /// Why.
        why: String,
    },
}

impl BaseError {
    pub(super) fn unreadable(what: impl std::fmt::Display, why: impl std::fmt::Display) -> Self {
        Self::Unreadable {
            what: what.to_string(),
            why: why.to_string(),
        }
    }
}

impl Repository {
    /// Opens the repository that has the workspace (an absolute path) in its working tree, if there is one. The
    /// configuration of the user and of the system has no say.
    ///
    /// # Errors
    /// There is one and it cannot be read.
    pub fn open(workspace: &Path) -> Result<Option<Self>, BaseError> {
        let Some(work_tree) = workspace
            .ancestors()
            .find(|place| place.join(".git").exists())
        else {
            return Ok(None);
        };
        let options = gix::open::Options::isolated().bail_if_untrusted(false);
        let shared = gix::ThreadSafeRepository::open_opts(work_tree, options)
            .map_err(|why| BaseError::unreadable(work_tree.display(), why))?;
        let inside = workspace.strip_prefix(work_tree).unwrap_or(Path::new(""));
        let mut prefix = BString::from(inside.as_os_str().as_encoded_bytes());
        if !prefix.is_empty() {
            prefix.push(b'/');
        }
        Ok(Some(Self { shared, prefix }))
    }

    /// The workspace's path inside the working tree, with `/` between its parts and at the end; empty if it is the same.
    pub fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    /// A reader for one thread, with caches of its own.
    pub fn reader(&self) -> Reader<'_> {
        let mut repository = self.shared.to_thread_local();
        repository.object_cache_size_if_unset(4 << 20);
        self.reader_with(repository)
    }

    /// A reader with the caches of an earlier one.
    pub(super) fn reader_with(&self, repository: gix::Repository) -> Reader<'_> {
        Reader {
            prefix: &self.prefix,
            repository,
        }
    }
}

/// Reads objects, on one thread.
pub struct Reader<'r> {
    pub(super) prefix: &'r BString,
    pub(super) repository: gix::Repository,
}

impl Reader<'_> {
    /// The commit at HEAD; `None` before the first one.
    pub fn head(&self) -> Option<CommitId> {
        self.repository
            .head_id()
            .ok()
            .map(|id| CommitId(id.detach()))
    }

    /// Whether commits were cut off by a shallow clone, so that what is not there may well exist.
    ///
    /// # Errors
    /// Its list of cut-off commits cannot be read.
    pub fn is_shallow(&self) -> Result<bool, BaseError> {
        let shallow = self.repository.is_shallow();
        shallow.map_err(|why| BaseError::unreadable("the list of shallow commits", why))
    }

    /// The commit with this id (40 or 64 hex digits), if it is there.
    ///
    /// # Errors
    /// It is not there, or is no commit.
    pub fn commit(&self, hex: &str) -> Result<CommitId, BaseError> {
        let id = ObjectId::from_hex(hex.as_bytes())
            .map_err(|why| BaseError::unreadable(format_args!("commit `{hex}`"), why))?;
        if self.repository.find_header(id).is_err() {
            return Err(BaseError::Missing(format!("commit {id}")));
        }
        match self.repository.find_commit(id) {
            Ok(_) => Ok(CommitId(id)),
            Err(why) => Err(BaseError::unreadable(format_args!("commit {id}"), why)),
        }
    }

    /// The ids of a commit's parents, as the commit names them: in a shallow clone they may not be there.
    ///
    /// # Errors
    /// The commit cannot be read.
    pub fn parents(&self, commit: CommitId) -> Result<Vec<String>, BaseError> {
        let commit = self.repository.find_commit(commit.0);
        let commit = commit.map_err(|why| BaseError::unreadable("a commit", why))?;
        Ok(commit.parent_ids().map(|id| id.to_string()).collect())
    }

    /// The parents and the time of a commit; `None` if it is not there.
    pub(super) fn history(&self, id: ObjectId) -> Result<Option<(Vec<ObjectId>, i64)>, BaseError> {
        let what = || format!("commit {id}");
        let unreadable = |why: &dyn std::fmt::Display| BaseError::unreadable(what(), why);
        let found = self.repository.try_find_object(id);
        let Some(found) = found.map_err(|why| unreadable(&why))? else {
            return Ok(None);
        };
        let commit = found.try_into_commit().map_err(|why| unreadable(&why))?;
        let time = commit.time().map_err(|why| unreadable(&why))?.seconds;
        Ok(Some((
            commit.parent_ids().map(gix::Id::detach).collect(),
            time,
        )))
    }

    /// The tree of a directory of a commit (relative to the working tree, with `/`; empty for the working tree itself), if
    /// there is such a directory.
    pub(super) fn directory(
        &self,
        commit: CommitId,
        path: &[u8],
    ) -> Result<Option<ObjectId>, BaseError> {
        let what = || format!("commit {commit}");
        let found = self.repository.find_commit(commit.0);
        let found = found.map_err(|why| BaseError::unreadable(what(), why))?;
        let root = found.tree_id();
        let mut at = root
            .map_err(|why| BaseError::unreadable(what(), why))?
            .detach();
        for part in path
            .split(|byte| *byte == b'/')
            .filter(|part| !part.is_empty())
        {
            let mut entries = self.entries(at)?.into_iter();
            match entries.find(|(name, _, _)| name == part) {
                Some((_, id, RawMode::Tree)) => at = id,
                _ => return Ok(None),
            }
        }
        Ok(Some(at))
    }

    /// Everything that the commit has below the workspace, sorted by path as bytes; paths relative to the
    /// workspace.
    ///
    /// # Errors
    /// A tree object is missing (a partial clone) or broken.
    pub fn tree(&self, commit: CommitId) -> Result<CommitTree, BaseError> {
        let Some(at) = self.directory(commit, self.prefix)? else {
            return Ok(CommitTree::new(commit, Vec::new()));
        };
        let mut entries = Vec::new();
        let mut ahead = vec![(BString::default(), at, 0)];
        while let Some((path, id, depth)) = ahead.pop() {
            if depth > MOST_DEPTH {
                return Err(BaseError::unreadable(
                    format_args!("commit {commit}"),
                    "its directories lie too deep",
                ));
            }
            for (name, id, mode) in self.entries(id)? {
                let mut full = path.clone();
                if !full.is_empty() {
                    full.push(b'/');
                }
                full.extend_from_slice(&name);
                match mode {
                    RawMode::Tree => ahead.push((full, id, depth + 1)),
                    RawMode::Leaf(mode) => entries.push(TreeEntry {
                        path: Vec::from(full).into(),
                        id,
                        mode,
                    }),
                }
            }
        }
        Ok(CommitTree::new(commit, entries))
    }

    /// The size in bytes of an entry's blob, without reading it.
    ///
    /// # Errors
    /// The blob is not there (a partial clone), or is broken.
    pub fn size(&self, entry: &TreeEntry) -> Result<u64, BaseError> {
        let header = self.repository.find_header(entry.id);
        let header = header.map_err(|_| BaseError::Missing(format!("blob {}", entry.id)))?;
        Ok(header.size())
    }

    /// The bytes of an entry's blob: of a file its content, of a symlink its target. At most `most` bytes.
    ///
    /// # Errors
    /// The blob is not there (a partial clone), is broken, or is larger.
    pub fn blob(&self, entry: &TreeEntry, most: u64) -> Result<Vec<u8>, BaseError> {
        let size = self.size(entry)?;
        let what = || format!("blob {}", entry.id);
        if size > most {
            return Err(BaseError::unreadable(
                what(),
                format_args!("it has more than {most} bytes"),
            ));
        }
        let blob = self.repository.find_blob(entry.id);
        let mut blob = blob.map_err(|why| BaseError::unreadable(what(), why))?;
        Ok(blob.take_data())
    }

    pub(super) fn entries(
        &self,
        id: ObjectId,
    ) -> Result<Vec<(BString, ObjectId, RawMode)>, BaseError> {
        let tree = self.repository.find_tree(id);
        let tree = tree.map_err(|why| BaseError::unreadable(format_args!("tree {id}"), why))?;
        let mut entries = Vec::new();
        for entry in tree.iter() {
            let entry =
                entry.map_err(|why| BaseError::unreadable(format_args!("tree {id}"), why))?;
            entries.push((
                entry.filename().to_owned(),
                entry.object_id(),
                raw_mode(entry.mode()),
            ));
        }
        Ok(entries)
    }
}

pub(super) enum RawMode {
    Tree,
    Leaf(Mode),
}

fn raw_mode(mode: gix::objs::tree::EntryMode) -> RawMode {
    use gix::objs::tree::EntryKind;
    match mode.kind() {
        EntryKind::Tree => RawMode::Tree,
        EntryKind::Blob => RawMode::Leaf(Mode::Regular),
        EntryKind::BlobExecutable => RawMode::Leaf(Mode::Executable),
        EntryKind::Link => RawMode::Leaf(Mode::Symlink),
        EntryKind::Commit => RawMode::Leaf(Mode::Gitlink),
    }
}
