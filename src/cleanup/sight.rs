//! What `recover` asks about an intent without a result: is the thing still there?

use super::leftover;
use crate::beneath::{Identity, look};
use crate::beneath::{Root, Unresolved};
use rustix::io::Errno;

/// What became of a thing whose identity was recorded by an earlier process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// The very thing is at its path: the act was not done.
    Same,
    /// Nothing: the act was done, or someone else did it.
    Absent,
    /// Something else.
    Different,
    /// The very thing is in the quarantine, where it was to go.
    Kept,
    /// The very thing had been moved aside, and is at its path again.
    PutBack,
    /// Something else had been moved aside, and is at its path again.
    PutBackOther,
    /// A file that was to be put back is at its place, and no longer where it was kept.
    Restored,
    /// Something is aside and could not be put back: where, and why.
    Aside(String),
    /// It could not be looked at, and why.
    Unknown(String),
}

impl Root {
    /// Looks at `path` (relative, with `/`) and compares it with an identity as [`Identity::to_json`] wrote it.
    pub fn sight(&self, path: &[u8], identity: &serde_json::Value) -> Sight {
        match leftover::identity(identity) {
            Ok(planned) => self.sight_of(path, &planned),
            Err(error) => Sight::Unknown(format!("no identity in the record: {error}")),
        }
    }

    /// Looks for a file that was to be put back from `kept_at` to `path`. A rename keeps the object: its being at the
    /// one place and not at the other was the act.
    pub fn sight_of_restore(
        &self,
        path: &[u8],
        kept_at: &[u8],
        identity: &serde_json::Value,
    ) -> Sight {
        let planned = match leftover::identity(identity) {
            Ok(planned) => planned,
            Err(error) => return Sight::Unknown(format!("no identity in the record: {error}")),
        };
        let is_same = Identity::is_same_renamed;
        match self.compare(kept_at, &planned, is_same) {
            Sight::Absent => match self.compare(path, &planned, is_same) {
                Sight::Same => Sight::Restored,
                other => other,
            },
            other => other,
        }
    }

    pub(super) fn sight_of(&self, path: &[u8], planned: &Identity) -> Sight {
        self.compare(path, planned, Identity::is_same_later)
    }

    fn compare(
        &self,
        path: &[u8],
        planned: &Identity,
        is_same: fn(&Identity, &Identity) -> bool,
    ) -> Sight {
        let (holder, name) = match self.holder(path) {
            Ok(held) => held,
            Err(Unresolved::Absent) => return Sight::Absent,
            Err(Unresolved::NotADirectory) => return Sight::Different,
            Err(Unresolved::Refused(why)) => return Sight::Unknown(why.to_owned()),
            Err(Unresolved::Failed(error)) => return unknown(error),
        };
        match look(&holder, name) {
            Ok(now) if is_same(planned, &now) => Sight::Same,
            Ok(_) => Sight::Different,
            Err(Errno::NOENT) => Sight::Absent,
            Err(error) => unknown(error),
        }
    }
}

fn unknown(error: Errno) -> Sight {
    Sight::Unknown(std::io::Error::from(error).to_string())
}
