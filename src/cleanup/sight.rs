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
        let planned: Identity = match serde::Deserialize::deserialize(identity) {
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
