//! Looks at each target of a plan on disk: what exactly is it, and does a guard know it by its identity?

use super::outcome::Outcome;
use super::protection::Protection;
use super::target::{Plan, Target};
use crate::beneath::{Holder, Identity, MOUNT_POINT, ObjectKind, Root, look};
use crate::policy::HardLinks;
use rustix::fs::{FlockOperation, Mode, OFlags, flock, openat};
use rustix::io::Errno;
use std::collections::HashMap;

/// What the look at one target came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// It is what was planned; this is its identity, which is checked again right before the act.
    Present(Identity),
    /// It will not be touched; this is its result.
    Settled(Outcome),
}

impl Look {
    /// Whether there is something to act on.
    pub fn is_present(&self) -> bool {
        matches!(self, Self::Present(_))
    }
}

/// A plan with a look at each of its targets, in the same order.
pub struct Identified<'p> {
    pub(super) plan: &'p Plan,
    pub(super) looks: Vec<Look>,
}

impl Identified<'_> {
    /// The plan that was looked at.
    pub fn plan(&self) -> &Plan {
        self.plan
    }

    /// One look for each target of the plan.
    pub fn looks(&self) -> &[Look] {
        &self.looks
    }

    /// Each target with its look.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&Target, &Look)> + Clone {
        self.plan.targets().iter().zip(&self.looks)
    }
}

impl Root {
    /// Looks at every target of a plan.
    pub fn identify<'p>(&self, plan: &'p Plan, protection: &Protection) -> Identified<'p> {
        let mut guard = Guard {
            root: self,
            protection,
            directories: HashMap::new(),
        };
        let looks = plan
            .targets()
            .iter()
            .map(|target| match guard.examine(target) {
                Ok(identity) => Look::Present(identity),
                Err(outcome) => Look::Settled(outcome),
            })
            .collect();
        Identified { plan, looks }
    }
}

struct Guard<'a> {
    root: &'a Root,
    protection: &'a Protection,
    /// Why nothing in a directory may be touched, for each directory seen so far.
    directories: HashMap<Vec<u8>, Option<Outcome>>,
}

impl Guard<'_> {
    fn examine(&mut self, target: &Target) -> Result<Identity, Outcome> {
        if let Some(slash) = target.path.iter().rposition(|byte| *byte == b'/')
            && let Some(why) = self.denies_in(&target.path[..slash])?
        {
            return Err(why);
        }
        let (holder, name) = self.root.holder(&target.path)?;
        let seen = look(&holder, name).map_err(Outcome::from_look)?;
        let refuse = |why: String| Err(Outcome::Refused(why));
        if seen.kind == ObjectKind::Special {
            return refuse("special file".into());
        }
        if self.root.is_other_mount(&seen) {
            return refuse(MOUNT_POINT.into());
        }
        if seen.id() == self.root.id() {
            return refuse("protected: the workspace itself".into());
        }
        if let Some(name) = self.protection.denies_file(seen.id()) {
            return refuse(format!("protected: {name}"));
        }
        if !is_as_planned(target, &seen) || self.protection.is_too_new(&seen) {
            return Err(Outcome::changed());
        }
        if seen.kind == ObjectKind::File && target.hard_links == HardLinks::Keep && seen.links > 1 {
            let names = seen.links;
            return Err(Outcome::Skipped(format!("has {names} names")));
        }
        if seen.kind == ObjectKind::Directory
            && let Some(why) = self.denies_in(&target.path)?
        {
            return Err(why);
        }
        Ok(seen)
    }

    /// Why nothing in `directory` may be touched: it, or one above it, is a repository or protected as a whole.
    fn denies_in(&mut self, directory: &[u8]) -> Result<Option<Outcome>, Outcome> {
        // From the bottom up to the nearest known directory, then down again: no recursion on hostile depth.
        let mut unknown = Vec::new();
        let mut why = None;
        for end in ends_of_directories(directory) {
            if let Some(known) = self.directories.get(&directory[..end]) {
                why.clone_from(known);
                break;
            }
            unknown.push(end);
        }
        for end in unknown.into_iter().rev() {
            if why.is_none() {
                why = self.denies_directory(&directory[..end])?;
            }
            self.directories
                .insert(directory[..end].to_vec(), why.clone());
        }
        Ok(why)
    }

    fn denies_directory(&self, path: &[u8]) -> Result<Option<Outcome>, Outcome> {
        // Any name in the directory leads to its handle; `.git` is the one to look for anyway.
        let inside = [path, b"/.git"].concat();
        let (holder, name) = self.root.holder(&inside)?;
        let own = look(&holder, b".").map_err(Outcome::from_look)?;
        if let Some(name) = self.protection.denies_below(own.id()) {
            return Ok(Some(Outcome::Refused(format!("protected: {name}"))));
        }
        match look(&holder, name) {
            Ok(_) => return Ok(Some(Outcome::Refused("nested repository".into()))),
            Err(Errno::NOENT) => {}
            Err(error) => return Err(Outcome::from_look(error)),
        }
        let is_locked = is_locked(&holder).map_err(Outcome::from_look)?;
        Ok(is_locked.then(|| Outcome::Skipped("locked by a running program".into())))
    }
}

/// Whether another program holds an exclusive lock on a directory, which says that it works in there. A file system
/// without locks has none that could be held.
fn is_locked(directory: &Holder<'_>) -> Result<bool, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let open = openat(directory, ".", flags, Mode::empty())?;
    match flock(&open, FlockOperation::NonBlockingLockShared) {
        Err(Errno::WOULDBLOCK) => Ok(true),
        Ok(()) | Err(Errno::NOSYS | Errno::OPNOTSUPP | Errno::INVAL | Errno::NOLCK) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Where the path of a directory and of each one above it ends, the longest first.
fn ends_of_directories(path: &[u8]) -> impl Iterator<Item = usize> {
    std::iter::once(path.len()).chain(
        path.iter()
            .enumerate()
            .rev()
            .filter(|(_, byte)| **byte == b'/')
            .map(|(at, _)| at),
    )
}

/// Whether what is on disk is what the walk saw. A directory's own facts change with what is done in it.
fn is_as_planned(target: &Target, seen: &Identity) -> bool {
    seen.kind == target.kind
        && (seen.kind == ObjectKind::Directory
            || (seen.size == target.bytes && seen.modified_ns == target.modified_ns))
}
