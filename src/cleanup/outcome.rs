//! What is meant, what was observed, and how the two become words of the record.

use super::target::{Action, Target};
use crate::beneath::{Identity, MOUNT_POINT, Unresolved};
use rustix::io::Errno;

/// What was observed when a target's turn came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was there, was removed, and a look afterwards found nothing.
    Removed,
    /// It was there, and a look afterwards found it in the quarantine.
    Quarantined,
    /// It was not there any more.
    AlreadyGone,
    /// It is no longer what was planned, or holds something.
    Skipped(String),
    /// A guard says no.
    Refused(String),
    /// The operating system said no, or something else was seen afterwards than has to be.
    Failed(String),
}

/// What is said of a thing that is not the one that was planned.
pub(super) const CHANGED: &str = "changed since planned";

impl Outcome {
    pub(super) fn failed(error: Errno) -> Self {
        Self::Failed(std::io::Error::from(error).to_string())
    }

    pub(super) fn changed() -> Self {
        Self::Skipped(CHANGED.into())
    }

    /// What an error of a look at the target means.
    pub(super) fn from_look(error: Errno) -> Self {
        match error {
            Errno::NOENT => Self::AlreadyGone,
            error => Self::failed(error),
        }
    }
}

impl From<Unresolved> for Outcome {
    fn from(unresolved: Unresolved) -> Self {
        match unresolved {
            Unresolved::Absent => Self::AlreadyGone,
            Unresolved::NotADirectory => Self::changed(),
            Unresolved::Refused(why) => Self::Refused(why.into()),
            Unresolved::Failed(error) => Self::failed(error),
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Removed => out.write_str("removed"),
            Self::Quarantined => out.write_str("quarantined"),
            Self::AlreadyGone => out.write_str("already_gone"),
            Self::Skipped(why) => write!(out, "skipped: {why}"),
            Self::Refused(why) => write!(out, "refused: {why}"),
            Self::Failed(why) => write!(out, "failed: {why}"),
        }
    }
}

/// What is about to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Index into [`Plan::targets`](super::Plan::targets).
    pub target: usize,
    /// What lies there.
    pub identity: Identity,
}

/// What was observed. Its text is the `action_result` of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Index into [`Plan::targets`](super::Plan::targets).
    pub target: usize,
    /// What was observed.
    pub outcome: Outcome,
    /// 1 if a name was taken out of its place, else 0; 1 beside a failure if something new was at the path at once, or
    /// if what was there could not be put back.
    pub files_affected: u64,
}

/// What ends a sweep before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Somebody interrupts the run.
    Interrupted,
    /// `limits.max_time` is over.
    MaxTime,
    /// More targets failed than `limits.max_failures`.
    MaxFailures,
}

/// What a whole sweep did, counted from its results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Files and links removed.
    pub files: u64,
    /// Files and links moved into the quarantine.
    pub quarantined: u64,
    /// Directories removed.
    pub directories: u64,
    /// Bytes of the files removed or moved.
    pub bytes: u64,
    /// Targets that were gone before.
    pub already_gone: u64,
    /// Targets skipped.
    pub skipped: u64,
    /// Targets refused by a guard.
    pub refused: u64,
    /// Targets that failed.
    pub failed: u64,
    /// Why the sweep was stopped before its end, if so.
    pub stopped: Option<Stop>,
}

impl Swept {
    /// Whether anything in the workspace is at another place than before.
    pub fn has_changed_anything(&self) -> bool {
        self.files + self.quarantined + self.directories > 0
    }

    pub(super) fn count(&mut self, target: &Target, outcome: &Outcome, files_affected: u64) {
        if files_affected > 0 {
            match target.action {
                Action::FileRemoval => self.files += files_affected,
                Action::FileQuarantine => self.quarantined += files_affected,
                Action::DirectoryRemoval => self.directories += files_affected,
            }
            self.bytes = self.bytes.saturating_add(target.bytes);
        }
        match outcome {
            Outcome::Removed | Outcome::Quarantined => {}
            Outcome::AlreadyGone => self.already_gone += 1,
            Outcome::Skipped(_) => self.skipped += 1,
            Outcome::Refused(_) => self.refused += 1,
            Outcome::Failed(_) => self.failed += 1,
        }
    }
}

/// What a removal's answer and the look after it say together. The look decides; the answer alone proves nothing.
pub(super) fn observe(
    answer: Result<(), Errno>,
    after: Result<Identity, Errno>,
    before: &Identity,
) -> (Outcome, u64) {
    let failed = |why: String| Outcome::Failed(why);
    match (answer, after) {
        (Ok(()), Err(Errno::NOENT)) => (Outcome::Removed, 1),
        (Ok(()), Ok(now)) if now == *before => (failed("still there after the removal".into()), 0),
        // The number of a removed inode may be given out again at once, but not with the same times.
        (Ok(()), Ok(_)) => (failed(SOMETHING_NEW.into()), 1),
        (Ok(()), Err(error)) => {
            let why = std::io::Error::from(error);
            (failed(format!("removed, but unverified: {why}")), 1)
        }
        (Err(Errno::NOENT), Err(Errno::NOENT)) => (Outcome::AlreadyGone, 0),
        (Err(Errno::NOTEMPTY | Errno::EXIST), Ok(_)) => (Outcome::Skipped("not empty".into()), 0),
        (Err(Errno::BUSY), Ok(_)) => (Outcome::Refused(MOUNT_POINT.into()), 0),
        (Err(Errno::NOTDIR | Errno::ISDIR), Ok(_)) => (Outcome::changed(), 0),
        (Err(error), Err(Errno::NOENT)) => {
            let why = std::io::Error::from(error);
            (failed(format!("{why}, and yet it is gone")), 1)
        }
        (Err(error), _) => (Outcome::failed(error), 0),
    }
}

/// What is said where another thing took the name right after the removal.
pub(super) const SOMETHING_NEW: &str = "removed, but something new is at its path";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beneath::ObjectKind;

    fn planned() -> Identity {
        Identity {
            kind: ObjectKind::File,
            device: 1,
            inode: 2,
            mount: None,
            size: 3,
            modified_ns: 4,
            changed_ns: 5,
            links: 1,
        }
    }

    #[test]
    fn only_a_look_that_finds_nothing_makes_it_removed() {
        let there = Ok(planned());
        let other = Ok(Identity {
            inode: 9,
            ..planned()
        });
        let gone = Err(Errno::NOENT);
        let text = |answer, after| {
            let (outcome, removed) = observe(answer, after, &planned());
            (outcome.to_string(), removed)
        };
        assert_eq!(text(Ok(()), gone), ("removed".into(), 1));
        assert_eq!(
            text(Ok(()), there),
            ("failed: still there after the removal".into(), 0)
        );
        assert_eq!(text(Ok(()), other).1, 1);
        assert!(text(Ok(()), other).0.starts_with("failed: removed, but"));
        assert!(text(Ok(()), Err(Errno::ACCESS)).0.contains("unverified"));
        assert_eq!(
            text(gone.map(|_: Identity| ()), gone),
            ("already_gone".into(), 0)
        );
    }

    #[test]
    fn every_error_has_its_own_result() {
        let result = |error| observe(Err(error), Ok(planned()), &planned());
        assert_eq!(
            result(Errno::NOTEMPTY),
            (Outcome::Skipped("not empty".into()), 0)
        );
        assert_eq!(
            result(Errno::BUSY),
            (Outcome::Refused("mount point".into()), 0)
        );
        for error in [Errno::ACCESS, Errno::PERM, Errno::IO, Errno::ROFS] {
            let (outcome, removed) = result(error);
            assert!(matches!(outcome, Outcome::Failed(_)) && removed == 0);
        }
        let (outcome, removed) = observe(Err(Errno::IO), Err(Errno::NOENT), &planned());
        assert!(outcome.to_string().ends_with("and yet it is gone"));
        assert_eq!(removed, 1);
    }
}
