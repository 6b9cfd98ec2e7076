//! What `recover` asks about an intent without a result: is the thing still there? It looks and never acts.

use crate::beneath::{Identity, look};
use crate::beneath::{Root, Unresolved};
use rustix::io::Errno;

/// What lies at a path whose identity was recorded by an earlier process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// The very thing: the act was not done.
    Same,
    /// Nothing: the act was done, or someone else did it.
    Absent,
    /// Something else.
    Different,
    /// It could not be looked at, and why.
    Unknown(String),
}

impl Root {
    /// Looks at `path` (relative, with `/`) and compares it with an identity as [`Identity::to_json`] wrote it.
    pub fn sight(&self, path: &[u8], identity: &serde_json::Value) -> Sight {
        self.compare(path, identity, Identity::is_same_later)
    }

    /// As [`Root::sight`], for a file that was or may have been renamed since.
    pub fn sight_renamed(&self, path: &[u8], identity: &serde_json::Value) -> Sight {
        self.compare(path, identity, Identity::is_same_renamed)
    }

    fn compare(
        &self,
        path: &[u8],
        identity: &serde_json::Value,
        is_same: fn(&Identity, &Identity) -> bool,
    ) -> Sight {
        let planned = match Identity::from_json(identity) {
            Ok(planned) => planned,
            Err(error) => return Sight::Unknown(format!("no identity in the record: {error}")),
        };
        let (holder, name) = match self.holder(path) {
            Ok(held) => held,
            Err(Unresolved::Absent) => return Sight::Absent,
            Err(Unresolved::NotADirectory) => return Sight::Different,
            Err(Unresolved::Refused(why)) => return Sight::Unknown(why.to_owned()),
            Err(Unresolved::Failed(error)) => return unknown(error),
        };
        match look(&holder, name) {
            Ok(now) if is_same(&planned, &now) => Sight::Same,
            Ok(_) => Sight::Different,
            Err(Errno::NOENT) => Sight::Absent,
            Err(error) => unknown(error),
        }
    }
}

fn unknown(error: Errno) -> Sight {
    Sight::Unknown(std::io::Error::from(error).to_string())
}
