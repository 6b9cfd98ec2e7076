//! What `recover` does about an intent without a result: it looks, and puts a thing back that the dead run had moved
//! aside and not removed. It never removes anything but the dead run's own empty directories.

use super::leaf::{At, Leaf, System, move_back};
use super::sight::Sight;
use super::staging::{Private, Purpose, SHARDS};
use super::sweep::ApplyToken;
use crate::beneath::{Identity, Root, RootError, RootRules, Unresolved, look};
use rustix::fd::AsFd as _;
use rustix::io::Errno;
use std::path::Path;

/// An action that was intended and has no result. All of it comes from a record, and is not trusted.
#[derive(Clone, Copy, Debug)]
pub struct Interrupted<'a> {
    /// Relative to the workspace, raw bytes.
    pub path: &'a [u8],
    /// What identified the thing, as [`Identity::to_json`] wrote it; more keys than those may be there.
    pub identity: &'a serde_json::Value,
    /// Its number in the plan, from 1.
    pub number: usize,
    /// Whether it was to go into the quarantine.
    pub is_quarantine: bool,
}

/// The workspace of a dead run, with the capability to put back.
pub struct Leftovers {
    root: Root,
    deployment_id: String,
    leaf: Box<dyn Leaf>,
    _permission: ApplyToken,
}

impl Leftovers {
    /// Opens the workspace of the run `deployment_id`.
    ///
    /// # Errors
    /// As [`Root::open`].
    pub fn open(
        workspace: &Path,
        deployment_id: &str,
        token: ApplyToken,
    ) -> Result<Self, RootError> {
        Ok(Self {
            root: Root::open(workspace, &RootRules::default())?,
            deployment_id: deployment_id.to_owned(),
            leaf: Box::new(System),
            _permission: token,
        })
    }

    /// The workspace, for looking.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// What became of an action, after what was moved aside has been put back.
    pub fn settle(&self, one: &Interrupted<'_>) -> Sight {
        let planned = match identity(one.identity) {
            Ok(planned) => planned,
            Err(error) => return Sight::Unknown(format!("no identity in the record: {error}")),
        };
        let purpose = if one.is_quarantine {
            Purpose::Quarantine
        } else {
            Purpose::Staging
        };
        let private = match Private::open(
            &self.root,
            purpose,
            (&self.deployment_id, purpose.shard(one.number)),
        ) {
            Ok(private) => private,
            Err(why) => return Sight::Unknown(why),
        };
        let Some(private) = private else {
            return self.in_place(one.path, &planned);
        };
        let name = one.number.to_string();
        let aside = At {
            directory: private.directory(),
            name: name.as_bytes(),
        };
        match self.leaf.look(aside) {
            Err(Errno::NOENT) => self.in_place(one.path, &planned),
            Err(error) => Sight::Unknown(std::io::Error::from(error).to_string()),
            Ok(now) if one.is_quarantine && is_same_moved(&planned, &now) => Sight::Kept,
            Ok(now) => self.put_back(
                (aside, private.path(one.number)),
                (one.path, is_same_moved(&planned, &now)),
            ),
        }
    }

    /// Whatever is under a private name was at the target's path: only a rename from there made that name.
    fn put_back(
        &self,
        (aside, private): (At<'_>, String),
        (path, is_planned): (&[u8], bool),
    ) -> Sight {
        let (holder, name) = match self.root.holder(path) {
            Ok(held) => held,
            Err(unresolved) => {
                return Sight::Aside(format!("{private}: {}", describe(&unresolved)));
            }
        };
        let at = At {
            directory: holder.as_fd(),
            name,
        };
        match move_back(&*self.leaf, aside, at) {
            Ok(()) if is_planned => Sight::PutBack,
            Ok(()) => Sight::PutBackOther,
            Err(error) => Sight::Aside(format!("{private}: {}", std::io::Error::from(error))),
        }
    }

    fn in_place(&self, path: &[u8], planned: &Identity) -> Sight {
        match self.root.sight_of(path, planned) {
            // A thing that an earlier recovery put back has another time of its last change.
            Sight::Different => match self.root.holder(path).map(|(at, name)| look(at, name)) {
                Ok(Ok(now)) if is_same_moved(planned, &now) => Sight::Same,
                _ => Sight::Different,
            },
            sight => sight,
        }
    }

    /// Removes the dead run's own directories as far as they are empty. Says what is left in them, if anything is.
    ///
    /// # Errors
    /// The directory is there and not to be trusted; the text says why.
    pub fn clear(&self) -> Result<Option<String>, String> {
        let mut left = Vec::new();
        let staging = (0..SHARDS).map(|shard| (Purpose::Staging, shard));
        for (purpose, shard) in std::iter::once((Purpose::Quarantine, 0)).chain(staging) {
            if let Some(private) = Private::open(&self.root, purpose, (&self.deployment_id, shard))?
            {
                let is_gone = private.remove_if_empty(&self.root, &*self.leaf);
                if !is_gone && purpose == Purpose::Staging {
                    left.push(private.own_path());
                }
            }
        }
        Ok((!left.is_empty()).then(|| left.join(", ")))
    }
}

fn describe(unresolved: &Unresolved) -> String {
    match unresolved {
        Unresolved::Absent => "the directory that it was in is gone".into(),
        Unresolved::NotADirectory => "a file is where its directory was".into(),
        Unresolved::Refused(why) => (*why).to_owned(),
        Unresolved::Failed(error) => std::io::Error::from(*error).to_string(),
    }
}

/// Whether a thing is the planned one but for a move, which changes the time of the last change.
fn is_same_moved(planned: &Identity, now: &Identity) -> bool {
    let moved = Identity {
        changed_ns: now.changed_ns,
        ..*planned
    };
    moved.is_same_later(now)
}

/// The identity in a record. Other keys tell about the content, for `restore`.
pub(super) fn identity(value: &serde_json::Value) -> Result<Identity, serde_json::Error> {
    const KEYS: [&str; 8] = [
        "kind",
        "device",
        "inode",
        "mount",
        "size",
        "modified_ns",
        "changed_ns",
        "links",
    ];
    let mut facts = value.clone();
    if let Some(object) = facts.as_object_mut() {
        object.retain(|key, _| KEYS.contains(&key.as_str()));
    }
    serde_json::from_value(facts)
}
