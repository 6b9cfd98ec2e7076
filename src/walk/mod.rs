//! Finds out what the workspace is: one parallel walk and the git index. It reads names and metadata,
//! never contents, never judges, and follows no symlink.

mod tree;

pub use tree::{Entry, EntryId, IndexMode, Kind, Meta, SkipReason, Skipped, Tree, TreeBuilder};
