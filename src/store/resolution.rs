//! Violations that phases 2 and 3 made go away.

use super::Recorder;
use super::error::StoreError;
use super::journal;
use crate::finding::Fingerprint;

impl Recorder {
    /// Marks the violations of files and directories that are gone as `removed`. Answers how many there are.
    ///
    /// # Errors
    /// The rows could not be written.
    pub fn mark_resolved(&self, paths: Vec<Box<[u8]>>) -> Result<u64, StoreError> {
        self.feed
            .transact(move |conn, _| journal::mark_removed(conn, &paths))
    }

    /// Marks violations that a whole-tree rule does not find any more as `removed`. Answers how many there are.
    ///
    /// # Errors
    /// The rows could not be written.
    pub fn mark_resolved_findings(&self, gone: Vec<Fingerprint>) -> Result<u64, StoreError> {
        self.feed
            .transact(move |conn, _| journal::mark_not_found(conn, &gone))
    }
}
