//! The workspace as an open directory for the two rooms that change it: every path is resolved beneath it, through no
//! link and into no other mount, and things are told apart by what they are, never by a path's text.

#[cfg(unix)]
mod hands;
mod identity;
#[cfg(unix)]
mod look;
pub mod names;
#[cfg(unix)]
mod owner;
mod record;
#[cfg(unix)]
mod root;
#[cfg(unix)]
pub mod sandbox;
// Elsewhere than on Unix there is no such root yet: the rooms that change the workspace refuse.
#[cfg(not(unix))]
#[path = "sandbox_refused.rs"]
pub mod sandbox;

pub use identity::{FileId, Identity, ObjectKind};
pub use record::{ContainmentRecord, ThreadLimits};
#[cfg(unix)]
pub use {
    hands::{Hands, HandsError},
    look::{look, look_at_file, look_at_open, nanoseconds},
    owner::{give_to_owner_of, has_right_owner, make_directory},
    root::{
        Containment, Holder, MOUNT_POINT, Root, RootError, RootRules, Unresolved, WorkspaceMarks,
    },
};
