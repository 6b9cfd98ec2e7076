//! Finds out what the workspace is: one parallel walk and the git index. It reads names and metadata,
//! never contents, never judges, and follows no symlink.

mod git;
mod ignored;
mod own;
mod root;
mod tree;
mod walker;

pub use git::{GitError, GitFacts, GitView, Staged, head_sha};
pub use own::{OWN_DIRECTORIES, OWN_HOME, OwnOutputs};
pub use root::{LastDirectory, Root, read_named};
pub(crate) use tree::compare_paths;
pub use tree::{
    Entry, EntryId, IndexMode, Kind, Meta, PathMap, SkipReason, Skipped, Tree, TreeBuilder,
};
pub(crate) use walker::modified_ns;
pub use walker::{WalkOptions, Walked, walk};
