//! The workspace as an open directory for the two rooms that change it: every path is resolved beneath it, through no
//! link and into no other mount, and things are told apart by what they are, never by a path's text.

mod identity;
pub mod names;
// Elsewhere there is no such root yet, so the rooms that change the workspace refuse.
#[cfg(unix)]
mod root;

pub use identity::{FileId, Identity, ObjectKind};
#[cfg(unix)]
pub use identity::{look, look_at_open};
#[cfg(unix)]
pub use root::{Containment, Holder, MOUNT_POINT, Root, RootError, RootRules, Unresolved};
