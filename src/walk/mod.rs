//! Finds out what the workspace is: one parallel walk and the git index. It reads names and metadata,
//! never contents, never judges, and follows no symlink.

mod facts;
mod git;
mod ignored;
mod own;
mod path_bytes;
mod regular;
#[cfg(unix)]
mod root;
#[cfg(windows)]
#[path = "root_windows.rs"]
mod root;
mod tree;
mod walker;

pub use facts::Facts;
pub use git::{GitError, GitFacts, GitView, Staged, head_sha};
pub use own::{OWN_DIRECTORIES, OWN_HOME, OwnOutputs};
pub use path_bytes::{bytes_of, path_of};
pub use root::{LastDirectory, Root, read_named};
pub(crate) use root::{facts_of, is_link_error, link_error, read_more};
pub(crate) use tree::compare_paths;
pub use tree::{
    Entry, EntryId, IndexMode, Kind, Meta, PathMap, SkipReason, Skipped, Tree, TreeBuilder,
};
pub use walker::{WalkOptions, Walked, walk};

/// Whether an error says that a path is not any more what the walk saw.
pub(crate) fn is_gone(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    is_link_error(error) || matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}
