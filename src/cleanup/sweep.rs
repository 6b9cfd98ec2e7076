//! Carries a plan out. Here, and nowhere else in the project, things are removed: one `unlinkat` relative to an open
//! directory, after the intent is durable and right after a last look.

use super::identify::{Identified, Look};
use super::protection::Protection;
use super::target::{Action, Plan, Target};
use crate::beneath::{Containment, MOUNT_POINT, Root, RootError, RootRules};
use crate::beneath::{FileId, Identity, ObjectKind, look};
use rustix::fs::{AtFlags, unlinkat};
use rustix::io::Errno;
use std::collections::HashMap;
use std::path::Path;

/// Intents that are made durable together. After a crash at most this many are in doubt.
const BATCH: usize = 256;

/// The permission to change the workspace. A run without `--apply` never has one.
#[derive(Debug)]
pub struct ApplyToken(());

impl ApplyToken {
    /// For the one place that has read `--apply` (or `--apply=cleanup`) from the command line.
    pub fn because_apply_was_asked_for() -> Self {
        Self(())
    }
}

/// What was observed when a target's turn came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was there, was removed, and a look afterwards found nothing.
    Removed,
    /// It was not there any more.
    AlreadyGone,
    /// It is no longer what was planned, or holds something.
    Skipped(String),
    /// A guard says no.
    Refused(String),
    /// The operating system said no, or something else was seen afterwards than has to be.
    Failed(String),
}

impl Outcome {
    pub(super) fn failed(error: Errno) -> Self {
        Self::Failed(std::io::Error::from(error).to_string())
    }

    /// What an error of a look at the target means.
    pub(super) fn from_look(error: Errno) -> Self {
        match error {
            Errno::NOENT => Self::AlreadyGone,
            error => Self::failed(error),
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Removed => out.write_str("removed"),
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
    /// Index into [`Plan::targets`].
    pub target: usize,
    /// What lies there.
    pub identity: Identity,
}

/// What was observed. Its text is the `action_result` of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Index into [`Plan::targets`].
    pub target: usize,
    /// What was observed.
    pub outcome: Outcome,
    /// 1 if a name was taken out of the workspace, else 0; 1 beside a failure if something new was at the path at once.
    pub files_affected: u64,
}

/// The durable memory of a sweep.
pub trait Journal {
    /// Makes results and intents durable, all of them or none, before it returns.
    ///
    /// # Errors
    /// They may not be durable. Nothing further is then removed.
    fn commit(&mut self, settled: &[Settled], intents: &[Intent]) -> anyhow::Result<()>;

    /// Asked before each batch: whether to go on. What is not begun stays planned.
    fn goes_on(&self) -> bool {
        true
    }
}

/// What a whole sweep did, counted from its results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Files and links removed.
    pub files: u64,
    /// Directories removed.
    pub directories: u64,
    /// Bytes of the files removed.
    pub bytes: u64,
    /// Targets that were gone before.
    pub already_gone: u64,
    /// Targets skipped.
    pub skipped: u64,
    /// Targets refused by a guard.
    pub refused: u64,
    /// Targets that failed.
    pub failed: u64,
    /// Whether the sweep was stopped before its end.
    pub is_stopped: bool,
}

/// The record could not be made durable, so the sweep stopped.
#[derive(Debug, thiserror::Error)]
#[error(
    "the record of the cleanup could not be made durable, so cleanup stopped; \
     the results of {} targets are not in the record", .unrecorded.len()
)]
pub struct SweepError {
    /// What was done up to then, recorded or not.
    pub swept: Swept,
    /// Results that the journal did not take: these acts happened, and the record has their intents.
    pub unrecorded: Vec<Settled>,
    /// Why.
    #[source]
    pub source: anyhow::Error,
}

/// The capability to remove planned things beneath one root.
pub struct Sweeper {
    pub(super) root: Root,
    _permission: ApplyToken,
}

impl Sweeper {
    /// Opens a workspace for removing.
    ///
    /// # Errors
    /// As [`Root::open`].
    pub fn open(path: &Path, rules: &RootRules, token: ApplyToken) -> Result<Self, RootError> {
        Ok(Self::new(Root::open(path, rules)?, token))
    }

    pub(super) fn new(root: Root, token: ApplyToken) -> Self {
        Self {
            root,
            _permission: token,
        }
    }

    /// How paths are kept beneath the root, for the record.
    pub fn containment(&self) -> Containment {
        self.root.containment()
    }

    /// Looks at every target; see [`Root::identify`].
    pub fn identify<'p>(&self, plan: &'p Plan, protection: &Protection) -> Identified<'p> {
        self.root.identify(plan, protection)
    }

    /// Removes what was identified, in the plan's order. Each batch of intents is durable before its first act, and
    /// the results of a batch become durable with the intents of the next.
    ///
    /// # Errors
    /// The journal failed: nothing further was removed.
    pub fn sweep(
        &self,
        identified: &Identified<'_>,
        journal: &mut dyn Journal,
    ) -> Result<Swept, SweepError> {
        let targets = identified.plan.targets();
        let mut swept = Swept::default();
        let mut settled = Vec::new();
        let mut names_removed = HashMap::new();
        let pairs: Vec<_> = targets.iter().zip(&identified.looks).enumerate().collect();
        for batch in pairs.chunks(BATCH) {
            if !journal.goes_on() {
                swept.is_stopped = true;
                break;
            }
            let intents: Vec<Intent> = batch
                .iter()
                .filter_map(|(target, (_, look))| match look {
                    Look::Present(identity) => Some(Intent {
                        target: *target,
                        identity: *identity,
                    }),
                    Look::Settled(_) => None,
                })
                .collect();
            commit(journal, &mut settled, &intents, swept)?;
            for (index, (target, look)) in batch {
                let (outcome, files_affected) = match look {
                    Look::Settled(outcome) => (outcome.clone(), 0),
                    Look::Present(planned) => self.act(target, planned, &mut names_removed),
                };
                swept.count(target, &outcome, files_affected);
                settled.push(Settled {
                    target: *index,
                    outcome,
                    files_affected,
                });
            }
        }
        commit(journal, &mut settled, &[], swept)?;
        Ok(swept)
    }

    /// Removes one target: what was observed, and how many names went.
    fn act(
        &self,
        target: &Target,
        planned: &Identity,
        names_removed: &mut HashMap<FileId, u64>,
    ) -> (Outcome, u64) {
        let (holder, name) = match self.root.holder(&target.path) {
            Ok(held) => held,
            Err(unresolved) => return (unresolved.into(), 0),
        };
        let own = names_removed.get(&planned.id()).copied().unwrap_or(0);
        let before = match look(&holder, name) {
            Ok(now) if planned.is_untouched(&now, own) => now,
            Ok(_) => return (Outcome::Skipped("changed since planned".into()), 0),
            Err(error) => return (Outcome::from_look(error), 0),
        };
        let flags = match target.action {
            Action::FileRemoval | Action::FileQuarantine => AtFlags::empty(),
            Action::DirectoryRemoval => AtFlags::REMOVEDIR,
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that removes from a workspace"
        )]
        let answer = unlinkat(&holder, name, flags);
        let after = look(&holder, name);
        let (outcome, removed) = observe(answer, after, &before);
        if removed > 0 && planned.links > 1 && planned.kind != ObjectKind::Directory {
            *names_removed.entry(planned.id()).or_default() += removed;
        }
        (outcome, removed)
    }
}

/// What a removal's answer and the look after it say together. The look decides; the answer alone proves nothing.
fn observe(
    answer: Result<(), Errno>,
    after: Result<Identity, Errno>,
    before: &Identity,
) -> (Outcome, u64) {
    let failed = |why: String| Outcome::Failed(why);
    match (answer, after) {
        (Ok(()), Err(Errno::NOENT)) => (Outcome::Removed, 1),
        (Ok(()), Ok(now)) if now == *before => (failed("still there after the removal".into()), 0),
        // The number of a removed inode may be given out again at once, but not with the same times.
        (Ok(()), Ok(_)) => (
            failed("removed, but something new is at its path".into()),
            1,
        ),
        (Ok(()), Err(error)) => {
            let why = std::io::Error::from(error);
            (failed(format!("removed, but unverified: {why}")), 1)
        }
        (Err(Errno::NOENT), Err(Errno::NOENT)) => (Outcome::AlreadyGone, 0),
        (Err(Errno::NOTEMPTY | Errno::EXIST), Ok(_)) => (Outcome::Skipped("not empty".into()), 0),
        (Err(Errno::BUSY), Ok(_)) => (Outcome::Refused(MOUNT_POINT.into()), 0),
        (Err(Errno::NOTDIR | Errno::ISDIR), Ok(_)) => {
            (Outcome::Skipped("changed since planned".into()), 0)
        }
        (Err(error), Err(Errno::NOENT)) => {
            let why = std::io::Error::from(error);
            (failed(format!("{why}, and yet it is gone")), 1)
        }
        (Err(error), _) => (Outcome::failed(error), 0),
    }
}

/// Hands results and intents to the journal, if there are any, and forgets the results it took.
fn commit(
    journal: &mut dyn Journal,
    settled: &mut Vec<Settled>,
    intents: &[Intent],
    swept: Swept,
) -> Result<(), SweepError> {
    if settled.is_empty() && intents.is_empty() {
        return Ok(());
    }
    match journal.commit(settled, intents) {
        Ok(()) => {
            settled.clear();
            Ok(())
        }
        Err(source) => Err(SweepError {
            swept,
            unrecorded: std::mem::take(settled),
            source,
        }),
    }
}

impl Swept {
    fn count(&mut self, target: &Target, outcome: &Outcome, files_affected: u64) {
        if files_affected > 0 {
            match target.action {
                Action::FileRemoval | Action::FileQuarantine => self.files += files_affected,
                Action::DirectoryRemoval => self.directories += files_affected,
            }
            self.bytes = self.bytes.saturating_add(target.bytes);
        }
        match outcome {
            Outcome::Removed => {}
            Outcome::AlreadyGone => self.already_gone += 1,
            Outcome::Skipped(_) => self.skipped += 1,
            Outcome::Refused(_) => self.refused += 1,
            Outcome::Failed(_) => self.failed += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
