//! The commit that a change is compared with: found, explained, and read from git's objects; never with a checkout, a
//! `git` process or the network.

mod ancestry;
mod objects;
mod resolve;
mod tree;

pub use objects::{BaseError, CommitId, Reader, Repository};
pub use resolve::{Known, Resolution, resolve, resolve_explicit};
pub use tree::{CommitTree, Mode, TreeEntry};

#[cfg(test)]
mod tests;
