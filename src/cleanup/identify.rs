//! Looks at each target of a plan on disk: what exactly is it, and does a guard know it by its identity?

use super::outcome::Outcome;
use super::protection::Protection;
use super::target::{Plan, Target};
use crate::beneath::{Holder, Identity, MOUNT_POINT, ObjectKind, Root, look, names};
use crate::policy::HardLinks;
use rayon::prelude::*;
use rustix::fs::{FlockOperation, Mode, OFlags, flock, openat};
use rustix::io::Errno;
use std::collections::{HashMap, HashSet};

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

/// Targets in one directory that one thread looks at.
const HANDFUL: usize = 256;

impl Root {
    /// Looks at every target of a plan, with all threads of the current pool; the looks are in the plan's order.
    pub fn identify<'p>(&self, plan: &'p Plan, protection: &Protection) -> Identified<'p> {
        let targets = plan.targets();
        let guard = Guard {
            root: self,
            protection,
        };
        let denials = guard.denials(&directories(targets));
        let groups: Vec<&[Target]> = targets
            .chunk_by(|one, other| above(&one.path) == above(&other.path))
            .flat_map(|same| same.chunks(HANDFUL))
            .collect();
        let looks = groups
            .par_iter()
            .flat_map_iter(|group| guard.examine_group(group, &denials))
            .collect();
        Identified { plan, looks }
    }
}

/// Why nothing in a directory may be touched, for each directory that holds a target or is one, and those above.
type Denials<'p> = HashMap<&'p [u8], Option<Outcome>>;

struct Guard<'a> {
    root: &'a Root,
    protection: &'a Protection,
}

impl Guard<'_> {
    /// Looks at targets of the same directory, which is opened once. Where it is by then does not matter yet: the act
    /// resolves the path again, and compares what is there.
    fn examine_group(&self, group: &[Target], denials: &Denials<'_>) -> Vec<Look> {
        let Some(first) = group.first() else {
            return Vec::new();
        };
        let denied = above(&first.path).and_then(|directory| denial(denials, directory));
        let holder = match denied {
            Some(why) => Err(why),
            None => self
                .root
                .holder(&first.path)
                .map(|(holder, _)| holder)
                .map_err(Outcome::from),
        };
        let one = |target: &Target| match &holder {
            Ok(holder) => match self.examine(target, holder, denials) {
                Ok(identity) => Look::Present(identity),
                Err(outcome) => Look::Settled(outcome),
            },
            Err(outcome) => Look::Settled(outcome.clone()),
        };
        group.iter().map(one).collect()
    }

    fn examine(
        &self,
        target: &Target,
        holder: &Holder<'_>,
        denials: &Denials<'_>,
    ) -> Result<Identity, Outcome> {
        let refuse = |why: String| Err(Outcome::Refused(why));
        if names::escapes(&target.path) {
            return refuse("not a path beneath the workspace".into());
        }
        let name = above(&target.path).map_or(0, |directory| directory.len() + 1);
        let seen = look(holder, &target.path[name..]).map_err(Outcome::from_look)?;
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
            && let Some(why) = denial(denials, &target.path)
        {
            return Err(why);
        }
        Ok(seen)
    }

    /// Looks at each directory, and hands the reasons down: what is in a directory that must stay stays.
    fn denials<'p>(&self, directories: &[&'p [u8]]) -> Denials<'p> {
        let own: Vec<Option<Outcome>> = directories
            .par_iter()
            .map(|directory| self.denies_directory(directory).unwrap_or_else(Some))
            .collect();
        let mut denials = Denials::with_capacity(directories.len());
        // A directory comes before those below it.
        for (directory, own) in directories.iter().copied().zip(own) {
            let handed_down =
                above(directory).and_then(|above| denials.get(above).cloned().flatten());
            denials.insert(directory, handed_down.or(own));
        }
        denials
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

/// The directory that holds a path; none above the workspace's own entries.
fn above(path: &[u8]) -> Option<&[u8]> {
    let slash = path.iter().rposition(|byte| *byte == b'/')?;
    Some(&path[..slash])
}

/// Every directory that holds a target or may be one, and all above it, once each and in the order of their paths, so
/// that each comes after the one that holds it.
fn directories(targets: &[Target]) -> Vec<&[u8]> {
    let mut known = HashSet::new();
    for target in targets {
        let own = (target.kind == ObjectKind::Directory).then_some(&*target.path);
        let mut next = own.or_else(|| above(&target.path));
        while let Some(directory) = next.filter(|directory| known.insert(*directory)) {
            next = above(directory);
        }
    }
    let mut directories: Vec<&[u8]> = known.into_iter().collect();
    directories.sort_unstable();
    directories
}

/// Why nothing in a directory may be touched. One that was not looked at is no permission.
fn denial(denials: &Denials<'_>, directory: &[u8]) -> Option<Outcome> {
    match denials.get(directory) {
        Some(why) => why.clone(),
        None => Some(Outcome::changed()),
    }
}

/// Whether what is on disk is what the walk saw. A directory's own facts change with what is done in it.
fn is_as_planned(target: &Target, seen: &Identity) -> bool {
    seen.kind == target.kind
        && (seen.kind == ObjectKind::Directory
            || (seen.size == target.bytes && seen.modified_ns == target.modified_ns))
}
