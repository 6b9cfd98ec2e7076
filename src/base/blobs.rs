//! The contents that a commit has, for many threads at once.

use super::objects::{BaseError, Reader, Repository};
use super::tree::{CommitTree, TreeEntry};
use std::sync::{Arc, Mutex, PoisonError};

/// A commit's files by their paths. Shared by all threads.
#[derive(Clone)]
pub struct Blobs {
    repository: Arc<Repository>,
    tree: Arc<CommitTree>,
    /// Readers that nobody uses at the moment: each has caches that are worth keeping.
    idle: Arc<Mutex<Vec<gix::Repository>>>,
}

impl Blobs {
    /// Of this commit.
    pub fn new(repository: Arc<Repository>, tree: Arc<CommitTree>) -> Self {
        Self {
            repository,
            tree,
            idle: Arc::default(),
        }
    }

    /// What the commit has.
    pub fn tree(&self) -> &CommitTree {
        &self.tree
    }

    /// The bytes at a path (relative to the workspace, with `/`), at most `most`; `None` if the commit has no file and no
    /// symlink there.
    ///
    /// # Errors
    /// The blob is not there (a partial clone), is broken, or is larger.
    pub fn read(&self, path: &[u8], most: u64) -> Result<Option<Vec<u8>>, BaseError> {
        let Some(entry) = self.tree.find(path) else {
            return Ok(None);
        };
        self.with_reader(|reader| reader.blob(entry, most).map(Some))
    }

    /// The size in bytes of an entry's blob.
    ///
    /// # Errors
    /// As [`Reader::size`].
    pub fn size(&self, entry: &TreeEntry) -> Result<u64, BaseError> {
        self.with_reader(|reader| reader.size(entry))
    }

    fn with_reader<T>(&self, work: impl FnOnce(&Reader<'_>) -> T) -> T {
        let idle = self.lock().pop();
        let reader = match idle {
            Some(repository) => self.repository.reader_with(repository),
            None => self.repository.reader(),
        };
        let result = work(&reader);
        self.lock().push(reader.repository);
        result
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<gix::Repository>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The id that git gives to a content, computed piece by piece.
pub struct BlobHash(gix::hash::Hasher);

impl BlobHash {
    /// Of a content of `size` bytes, by the hash function of this id.
    pub fn new(like: gix::ObjectId, size: u64) -> Self {
        let mut hasher = gix::hash::hasher(like.kind());
        hasher.update(&gix::objs::encode::loose_header(
            gix::objs::Kind::Blob,
            size,
        ));
        Self(hasher)
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The id; `None` if the content is one that was made to collide.
    pub fn finish(self) -> Option<gix::ObjectId> {
        self.0.try_finalize().ok()
    }

    /// The id of a content that stands in memory.
    pub fn of(content: &[u8], like: gix::ObjectId) -> Option<gix::ObjectId> {
        let mut hash = Self::new(like, content.len() as u64);
        hash.update(content);
        hash.finish()
    }
}

/// The first 16 bytes of an id: equal ones mean equal contents.
pub fn digest_of(id: gix::ObjectId) -> u128 {
    let mut first = [0; 16];
    first.copy_from_slice(&id.as_slice()[..16]);
    u128::from_be_bytes(first)
}
