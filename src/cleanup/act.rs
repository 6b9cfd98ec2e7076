//! One act on one target: a last look, a move under a private name, a look there, and only then the removal. So what
//! goes is the very thing that was planned, whatever another process puts at its path in between.

use super::leaf::{At, Leaf, move_aside, move_back};
use super::outcome::{CHANGED, Outcome, SOMETHING_NEW, observe};
use super::staging::{Private, Purpose, SHARDS};
use super::target::{Action, Target};
use crate::beneath::{FileId, Identity, MOUNT_POINT, ObjectKind, Root};
use rustix::fd::AsFd as _;
use rustix::fs::AtFlags;
use rustix::io::Errno;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// What is needed to act. Threads share it.
pub(super) struct Acts<'s> {
    root: &'s Root,
    leaf: &'s dyn Leaf,
    /// Which one a target goes through follows from its number.
    staging: [Place; SHARDS],
    quarantine: Place,
    /// Of files with several names: what this sweep itself did to them.
    links: Mutex<HashMap<FileId, OwnWork>>,
}

/// A private directory, why there is none, or that no target needs it.
enum Place {
    Unneeded,
    Ready(Private),
    Unusable(String),
}

impl Place {
    fn usable(&self) -> Result<&Private, Observed> {
        match self {
            Self::Ready(private) => Ok(private),
            Self::Unusable(why) => Err((Outcome::Refused(why.clone()), 0)),
            Self::Unneeded => Err((Outcome::Failed("no directory was made for it".into()), 0)),
        }
    }
}

/// What this sweep did to a file under its other names.
#[derive(Clone, Copy, Default)]
struct OwnWork {
    removed_names: u64,
    /// Whether a name of it was moved, which changes the time of the last change of all of them.
    is_moved: bool,
}

impl OwnWork {
    /// Whether `now` is what was planned but for what this sweep did to it.
    fn explains(self, planned: &Identity, now: &Identity) -> bool {
        if self.is_moved && self.removed_names == 0 {
            return planned.is_untouched(&with_change_of(planned, now), 0)
                && planned.changed_ns <= now.changed_ns;
        }
        planned.is_untouched(now, self.removed_names)
    }
}

/// `now` with the time of the last change that `planned` has: a move changes it.
fn with_change_of(planned: &Identity, now: &Identity) -> Identity {
    Identity {
        changed_ns: planned.changed_ns,
        ..*now
    }
}

/// What was observed, and how many names went.
type Observed = (Outcome, u64);

impl<'s> Acts<'s> {
    /// Makes the private directories that the targets need, which come with their numbers in the plan, from 1. Where that
    /// fails, each target says so.
    pub(super) fn prepare(
        (root, leaf): (&'s Root, &'s dyn Leaf),
        deployment_id: &str,
        targets: &[(usize, Action)],
    ) -> Self {
        let place = |action: Action, (purpose, shard): (Purpose, usize)| {
            let needs = |one: &(usize, Action)| one.1 == action && purpose.shard(one.0) == shard;
            if !targets.iter().any(needs) {
                return Place::Unneeded;
            }
            match Private::make(root, purpose, (deployment_id, shard)) {
                Ok(private) => Place::Ready(private),
                Err(why) => Place::Unusable(why),
            }
        };
        Self {
            root,
            leaf,
            staging: std::array::from_fn(|shard| {
                place(Action::FileRemoval, (Purpose::Staging, shard))
            }),
            quarantine: place(Action::FileQuarantine, (Purpose::Quarantine, 0)),
            links: Mutex::default(),
        }
    }

    /// Removes the private directories that are empty again.
    pub(super) fn clear(&self) {
        for place in std::iter::once(&self.quarantine).chain(&self.staging) {
            if let Place::Ready(private) = place {
                private.remove_if_empty(self.root, self.leaf);
            }
        }
    }

    /// Makes what was moved into the quarantine survive a power cut: the names there, and their absence in `left`, the
    /// directories that they were in.
    pub(super) fn sync_quarantine<'p>(
        &self,
        left: impl Iterator<Item = &'p [u8]>,
    ) -> Result<(), Errno> {
        let mut synced = std::collections::BTreeSet::new();
        for path in left {
            let directory = path
                .iter()
                .rposition(|byte| *byte == b'/')
                .map_or(&b""[..], |slash| &path[..slash]);
            // A directory that is gone or replaced by now has nothing to tell.
            if synced.insert(directory)
                && let Ok((holder, _)) = self.root.holder(path)
            {
                super::staging::sync(holder.as_fd())?;
            }
        }
        match &self.quarantine {
            Place::Ready(private) if !synced.is_empty() => private.sync(),
            _ => Ok(()),
        }
    }

    /// Acts on one target, the `number`-th of the plan, from 1.
    pub(super) fn act(&self, target: &Target, number: usize, planned: &Identity) -> Observed {
        let (holder, name) = match self.root.holder(&target.path) {
            Ok(held) => held,
            Err(unresolved) => return (unresolved.into(), 0),
        };
        let at = At {
            directory: holder.as_fd(),
            name,
        };
        let has_other_names = planned.links > 1 && planned.kind != ObjectKind::Directory;
        let own = if has_other_names {
            self.own_work(planned.id())
        } else {
            OwnWork::default()
        };
        let before = match self.leaf.look(at) {
            Ok(now) if own.explains(planned, &now) => now,
            Ok(_) => return (Outcome::changed(), 0),
            Err(error) => return (Outcome::from_look(error), 0),
        };
        let observed = match target.action {
            Action::DirectoryRemoval => self.remove_directory(at, &before),
            Action::FileRemoval => match self.staging[Purpose::Staging.shard(number)].usable() {
                Ok(staging) => self.remove_file(at, (staging, number), &before),
                Err(refused) => return refused,
            },
            Action::FileQuarantine => match self.quarantine.usable() {
                Ok(quarantine) => self.quarantine_file(at, (quarantine, number), &before),
                Err(refused) => return refused,
            },
        };
        if has_other_names {
            let removed = match observed.0 {
                Outcome::Quarantined => 0,
                _ => observed.1,
            };
            self.note(planned.id(), removed);
        }
        observed
    }

    fn own_work(&self, file: FileId) -> OwnWork {
        let links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        links.get(&file).copied().unwrap_or_default()
    }

    fn note(&self, file: FileId, removed: u64) {
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        let work = links.entry(file).or_default();
        work.removed_names += removed;
        work.is_moved = true;
    }

    /// Removes a directory in place: the system takes an empty one only, so nothing can be lost in it.
    fn remove_directory(&self, at: At<'_>, before: &Identity) -> Observed {
        let answer = self.leaf.unlink(at, AtFlags::REMOVEDIR);
        observe(answer, self.leaf.look(at), before)
    }

    fn remove_file(
        &self,
        at: At<'_>,
        (staging, number): (&Private, usize),
        before: &Identity,
    ) -> Observed {
        let name = number.to_string();
        let aside = At {
            directory: staging.directory(),
            name: name.as_bytes(),
        };
        let moved = match self.move_aside(at, (aside, staging, number), before) {
            Ok(moved) => moved,
            Err(observed) => return observed,
        };
        let answer = self.leaf.unlink(aside, AtFlags::empty());
        match observe(answer, self.leaf.look(aside), &moved) {
            (Outcome::Removed, _) => match self.leaf.look(at) {
                Err(Errno::NOENT) => (Outcome::Removed, 1),
                Ok(_) => (Outcome::Failed(SOMETHING_NEW.into()), 1),
                Err(error) => {
                    let why = std::io::Error::from(error);
                    (
                        Outcome::Failed(format!("removed, but unverified: {why}")),
                        1,
                    )
                }
            },
            (outcome, 0) => self.return_it((aside, at), &staging.path(number), outcome),
            other => other,
        }
    }

    fn quarantine_file(
        &self,
        at: At<'_>,
        (quarantine, number): (&Private, usize),
        before: &Identity,
    ) -> Observed {
        let name = number.to_string();
        let kept = At {
            directory: quarantine.directory(),
            name: name.as_bytes(),
        };
        match self.move_aside(at, (kept, quarantine, number), before) {
            Ok(_) => (Outcome::Quarantined, 1),
            Err(observed) => observed,
        }
    }

    /// Moves what lies at `at` under its private name, and looks there. What is not the thing that was seen before is
    /// moved back.
    fn move_aside(
        &self,
        at: At<'_>,
        (aside, place, number): (At<'_>, &Private, usize),
        before: &Identity,
    ) -> Result<Identity, Observed> {
        let answer = move_aside(self.leaf, at, aside);
        match (answer, self.leaf.look(aside)) {
            (_, Ok(now)) if is_moved(before, &now) => Ok(now),
            (Ok(()), Ok(_)) => {
                Err(self.return_it((aside, at), &place.path(number), Outcome::changed()))
            }
            (Ok(()), Err(error)) => {
                let why = std::io::Error::from(error);
                let unseen =
                    Outcome::Failed(format!("it could not be looked at after a move: {why}"));
                Err(self.return_it((aside, at), &place.path(number), unseen))
            }
            (Err(error), _) => Err(self.unmoved(at, &place.path(number), error)),
        }
    }

    /// What it means that a thing could not be moved.
    fn unmoved(&self, at: At<'_>, private: &str, error: Errno) -> Observed {
        let outcome = match (error, self.leaf.look(at)) {
            (Errno::NOENT, Err(Errno::NOENT)) => Outcome::AlreadyGone,
            (Errno::BUSY, Ok(_)) => Outcome::Refused(MOUNT_POINT.into()),
            (Errno::XDEV, _) => {
                Outcome::Refused(format!("it is on another mount than `{private}`"))
            }
            (Errno::EXIST, _) => Outcome::Refused(format!("something is at `{private}`")),
            (error, Err(Errno::NOENT)) => {
                let why = std::io::Error::from(error);
                return (Outcome::Failed(format!("{why}, and yet it is gone")), 1);
            }
            (error, _) => Outcome::failed(error),
        };
        (outcome, 0)
    }

    /// Puts back what is not to go. Where that fails, the result says where it is.
    fn return_it(
        &self,
        (aside, at): (At<'_>, At<'_>),
        private: &str,
        outcome: Outcome,
    ) -> Observed {
        let Err(error) = move_back(self.leaf, aside, at) else {
            return (outcome, 0);
        };
        if error == Errno::NOENT && self.leaf.look(aside) == Err(Errno::NOENT) {
            let why = "it was moved aside, and somebody took it from there";
            return (Outcome::Failed(why.into()), 1);
        }
        let why = std::io::Error::from(error);
        let reason = match outcome {
            Outcome::Skipped(reason) | Outcome::Failed(reason) | Outcome::Refused(reason) => reason,
            _ => CHANGED.into(),
        };
        let text =
            format!("{reason}; what was there is at `{private}` and could not be put back: {why}");
        (Outcome::Failed(text), 1)
    }
}

/// Whether `now`, under the private name, is what was seen at its old name. A move changes the time of the last change.
fn is_moved(before: &Identity, now: &Identity) -> bool {
    before.is_untouched(&with_change_of(before, now), 0) && before.changed_ns <= now.changed_ns
}
