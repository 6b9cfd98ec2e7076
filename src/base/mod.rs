//! The commit that a change is compared with: found, explained, and read from git's objects; never with a checkout, a
//! `git` process or the network.

mod blobs;
mod changes;
mod checkout;
mod objects;
mod paths;
mod renames;

pub use blobs::{BlobHash, Blobs, digest_of};
pub use changes::{Changes, compare};
pub use objects::{BaseError, CommitId, Reader, Repository};

mod tree;

pub use tree::{CommitTree, Mode, TreeEntry};

mod resolve;

pub use resolve::{Asked, Change, Payload, Resolution, is_revision, resolve};

#[cfg(test)]
#[cfg(unix)]
mod tests;
