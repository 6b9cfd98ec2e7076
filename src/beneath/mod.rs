//! The workspace as an open directory for the two rooms that change it: every path is resolved beneath it, through no
//! link and into no other mount, and things are told apart by what they are, never by a path's text.

mod hands;
mod identity;
pub mod names;
mod owner;
mod record;
mod root;
pub mod sandbox;

pub use hands::{Hands, HandsError};
pub use identity::{FileId, Identity, ObjectKind, look, look_at_file, look_at_open, nanoseconds};
pub use owner::{give_to_owner_of, has_right_owner, make_directory};
pub use record::{ContainmentRecord, ThreadLimits};
pub use root::{
    Containment, Holder, MOUNT_POINT, Root, RootError, RootRules, Unresolved, WorkspaceMarks,
};
