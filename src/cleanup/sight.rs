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

    pub(super) fn sight_of(&self, path: &[u8], planned: &Identity) -> Sight {
        let (holder, name) = match self.holder(path) {
            Ok(held) => held,
            Err(Unresolved::Absent) => return Sight::Absent,
            Err(Unresolved::NotADirectory) => return Sight::Different,
            Err(Unresolved::Refused(why)) => return Sight::Unknown(why.to_owned()),
            Err(Unresolved::Failed(error)) => return unknown(error),
        };
        match look(&holder, name) {
            Ok(now) if planned.is_same_later(&now) => Sight::Same,
            Ok(_) => Sight::Different,
            Err(Errno::NOENT) => Sight::Absent,
            Err(error) => unknown(error),
        }
    }
}

fn unknown(error: Errno) -> Sight {
    Sight::Unknown(std::io::Error::from(error).to_string())
}
