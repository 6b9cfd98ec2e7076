//! Carries a plan out, in batches: their intents become durable, then threads act on them, then the results become
//! durable. While one batch is acted on, the intents of the next are written.

use super::act::Acts;
use super::identify::{Identified, Look};
use super::leaf::{Leaf, System};
use super::outcome::{Intent, Outcome, Settled, Stop, Swept};
use super::protection::Protection;
use super::staging::Purpose;
use super::target::{Action, Plan, Target};
use crate::beneath::sandbox::{Rights, Touch};
use crate::beneath::{
    Containment, FileId, Hands, Identity, ObjectKind, Root, RootError, RootRules, ThreadLimits,
};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Intents that are made durable together. After a crash at most twice as many have no result.
const BATCH: usize = 1024;
/// Targets that one thread takes at once.
const HANDFUL: usize = 32;

/// Where the target with this index in the plan is kept if it goes into the quarantine, relative to the workspace.
pub fn quarantine_path(deployment_id: &str, target: usize) -> String {
    Purpose::Quarantine.path(deployment_id, target + 1)
}

/// The permission to change the workspace. A run without `--apply` never has one.
#[derive(Debug)]
pub struct ApplyToken(());

impl ApplyToken {
    /// For the one place that has read `--apply` (or `--apply=cleanup`) from the command line.
    pub fn because_apply_was_asked_for() -> Self {
        Self(())
    }

    /// For the one place that carries out the command `recover`, which puts back what a dead run moved.
    pub fn because_recover_was_asked_for() -> Self {
        Self(())
    }
}

/// The durable memory of a sweep.
pub trait Journal {
    /// Makes results and intents durable, all of them or none, before it returns.
    ///
    /// # Errors
    /// They may not be durable. Nothing further is then removed.
    fn commit(&mut self, settled: &[Settled], intents: &[Intent]) -> anyhow::Result<()>;

    /// Told before the first act: what the kernel holds the threads to.
    ///
    /// # Errors
    /// It may not be recorded. Nothing is then removed.
    fn limited(&mut self, _limits: &ThreadLimits) -> anyhow::Result<()> {
        Ok(())
    }

    /// Asked before the intents of each batch: what keeps the sweep from going on. What is not begun stays planned.
    fn stop(&self) -> Option<Stop> {
        None
    }
}

/// The sweep stopped: mostly because the record could not be made durable.
#[derive(Debug, thiserror::Error)]
#[error(
    "cleanup stopped before its end; \
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

/// How a sweep is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orders {
    /// The run. It names the private directories; no two runs in one workspace may have the same.
    pub deployment_id: String,
    /// Threads that act.
    pub hands: usize,
    /// So many targets may fail; with one more no further batch is acted on.
    pub max_failures: Option<u64>,
    /// Intents that are made durable together.
    pub batch: usize,
}

impl Orders {
    /// The orders for a run: as many threads as the machine runs at once, no limit.
    pub fn new(deployment_id: &str) -> Self {
        Self {
            deployment_id: deployment_id.to_owned(),
            hands: std::thread::available_parallelism().map_or(1, usize::from),
            max_failures: None,
            batch: BATCH,
        }
    }
}

/// The capability to remove planned things beneath one root.
pub struct Sweeper {
    pub(super) root: Root,
    pub(super) orders: Orders,
    pub(super) leaf: Box<dyn Leaf>,
    _permission: ApplyToken,
}

impl Sweeper {
    /// Opens a workspace for removing.
    ///
    /// # Errors
    /// As [`Root::open`].
    pub fn open(
        path: &Path,
        rules: &RootRules,
        (orders, token): (Orders, ApplyToken),
    ) -> Result<Self, RootError> {
        Ok(Self::new(Root::open(path, rules)?, (orders, token)))
    }

    pub(super) fn new(root: Root, (orders, token): (Orders, ApplyToken)) -> Self {
        Self {
            root,
            orders,
            leaf: Box::new(System),
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

    /// Does what was identified. Each batch of intents is durable before its first act; the results of a batch become
    /// durable with the intents of the one after the next. The results come in the plan's order.
    ///
    /// # Errors
    /// The journal failed: nothing further was begun.
    pub fn sweep(
        &self,
        identified: &Identified<'_>,
        journal: &mut dyn Journal,
    ) -> Result<Swept, SweepError> {
        let present = identified
            .pairs()
            .zip(1..)
            .filter(|((_, look), _)| look.is_present());
        let present: Vec<(usize, Action)> = present
            .map(|((target, _), number)| (number, target.action))
            .collect();
        let acts = Acts::prepare(
            (&self.root, &*self.leaf),
            &self.orders.deployment_id,
            &present,
        );
        let mut course = Course {
            root: &self.root,
            acts: &acts,
            identified,
            orders: &self.orders,
            swept: Swept::default(),
            settled: Vec::new(),
        };
        let end = course.run(journal);
        acts.clear();
        match end {
            Ok(()) => Ok(course.swept),
            Err(source) => Err(SweepError {
                swept: course.swept,
                unrecorded: course.settled,
                source,
            }),
        }
    }
}

/// A sweep under way.
struct Course<'s, 'p> {
    root: &'s Root,
    acts: &'s Acts<'s>,
    identified: &'s Identified<'p>,
    orders: &'s Orders,
    swept: Swept,
    /// Results that are not durable yet.
    settled: Vec<Settled>,
}

impl Course<'_, '_> {
    fn run(&mut self, journal: &mut dyn Journal) -> anyhow::Result<()> {
        let count = self.identified.looks.len();
        if count == 0 {
            return Ok(());
        }
        let hands = Hands::new("sweep", self.orders.hands, &self.rights()?)?;
        journal.limited(&hands.limits)?;
        let pool = &hands.pool;
        let size = self.orders.batch.max(1);
        let batch = |number: usize| (number * size).min(count)..((number + 1) * size).min(count);
        self.swept.stopped = journal.stop();
        let mut current = if self.swept.stopped.is_some() {
            0..0
        } else {
            batch(0)
        };
        journal.commit_any(&[], &self.intents(current.clone()))?;
        for number in 1.. {
            if current.is_empty() {
                break;
            }
            let mut next = batch(number);
            if !next.is_empty() {
                self.swept.stopped = journal.stop();
            }
            if self.swept.stopped.is_some() {
                next = count..count;
            }
            let intents = self.intents(next.clone());
            let (acts, halt) = (Batch::new(self, current.clone()), AtomicBool::new(false));
            let mut observed = Vec::new();
            // The journal stays on this thread; the acts are on those of the pool.
            let committed = pool.in_place_scope(|scope| {
                scope.spawn(|_| observed = acts.run(&halt));
                if next.is_empty() {
                    return Ok(());
                }
                let committed = journal.commit_any(&self.settled, &intents);
                halt.store(committed.is_err(), Ordering::Relaxed);
                committed
            });
            if committed.is_ok() && !next.is_empty() {
                self.settled.clear();
            }
            self.take(current, observed)?;
            committed?;
            current = next;
            if self.is_over_failures() && !current.is_empty() {
                self.swept.stopped = Some(Stop::MaxFailures);
                self.leave(std::mem::replace(&mut current, count..count));
            }
        }
        journal.commit_any(&self.settled, &[])?;
        self.settled.clear();
        Ok(())
    }

    /// What the threads need: to change the directories of the plan's files, and to remove directories that are empty.
    fn rights(&self) -> anyhow::Result<Rights> {
        let present = self
            .identified
            .pairs()
            .filter(|(_, look)| look.is_present());
        let touched = present.map(|(target, _)| {
            let touch = match target.action {
                Action::DirectoryRemoval => Touch::RemoveEmptyDirectory,
                Action::FileRemoval | Action::FileQuarantine => Touch::Change,
            };
            (&*target.path, touch)
        });
        Rights::beneath(self.root, touched)
            .map_err(|why| anyhow::anyhow!("the rights to act are not known: {why:?}"))
    }

    fn intents(&self, batch: std::ops::Range<usize>) -> Vec<Intent> {
        let looks = &self.identified.looks;
        batch
            .filter_map(|target| match &looks[target] {
                Look::Present(identity) => Some(Intent {
                    target,
                    identity: *identity,
                }),
                Look::Settled(_) => None,
            })
            .collect()
    }

    /// Takes the results of a batch over. Without one is what was not begun because the journal failed.
    fn take(
        &mut self,
        batch: std::ops::Range<usize>,
        observed: Vec<(usize, Outcome, u64)>,
    ) -> anyhow::Result<()> {
        let targets = self.identified.plan.targets();
        let mut results: BTreeMap<usize, (Outcome, u64)> = observed
            .into_iter()
            .map(|(index, outcome, affected)| (index, (outcome, affected)))
            .collect();
        for index in batch {
            if let Look::Settled(outcome) = &self.identified.looks[index] {
                results.insert(index, (outcome.clone(), 0));
            }
        }
        let kept: Vec<usize> = results
            .iter()
            .filter(|(_, (outcome, _))| *outcome == Outcome::Quarantined)
            .map(|(index, _)| *index)
            .collect();
        for (target, (outcome, files_affected)) in results {
            self.swept.count(&targets[target], &outcome, files_affected);
            self.settled.push(Settled {
                target,
                outcome,
                files_affected,
            });
        }
        self.acts
            .sync_quarantine(kept.iter().map(|index| &*targets[*index].path))
            .map_err(|error| {
                anyhow::Error::new(std::io::Error::from(error))
                    .context("the quarantine could not be made durable")
            })
    }

    fn is_over_failures(&self) -> bool {
        let most = self.orders.max_failures;
        most.is_some_and(|most| self.swept.failed > most)
    }

    /// Settles a batch whose intents are durable and that is not acted on.
    fn leave(&mut self, batch: std::ops::Range<usize>) {
        for intent in self.intents(batch) {
            let outcome = Outcome::Skipped("not begun: too many failed before it".into());
            self.swept
                .count(&self.identified.plan.targets()[intent.target], &outcome, 0);
            self.settled.push(Settled {
                target: intent.target,
                outcome,
                files_affected: 0,
            });
        }
    }
}

impl dyn Journal + '_ {
    /// Hands results and intents over, if there are any.
    fn commit_any(&mut self, settled: &[Settled], intents: &[Intent]) -> anyhow::Result<()> {
        if settled.is_empty() && intents.is_empty() {
            return Ok(());
        }
        self.commit(settled, intents)
    }
}

/// One target that is acted on: its index, what it is, and what was seen there.
type Job<'p> = (usize, &'p Target, &'p Identity);

/// The acts of one batch: handfuls of files in any order, then directories, those that lie deepest first.
struct Batch<'s> {
    acts: &'s Acts<'s>,
    steps: Vec<Vec<Vec<Job<'s>>>>,
}

impl<'s> Batch<'s> {
    fn new(course: &Course<'s, '_>, batch: std::ops::Range<usize>) -> Self {
        let identified = course.identified;
        let mut linked: BTreeMap<FileId, Vec<Job<'s>>> = BTreeMap::new();
        let mut files = Vec::new();
        let mut directories: BTreeMap<std::cmp::Reverse<usize>, Vec<Job<'s>>> = BTreeMap::new();
        for index in batch {
            let Look::Present(planned) = &identified.looks[index] else {
                continue;
            };
            let target = &identified.plan.targets()[index];
            let job = (index, target, planned);
            if target.action == Action::DirectoryRemoval {
                let depth = target.path.split(|byte| *byte == b'/').count();
                let same = directories.entry(std::cmp::Reverse(depth)).or_default();
                same.push(job);
            } else if planned.links > 1 && planned.kind != ObjectKind::Directory {
                // The names of one file one after the other: each act changes the facts of the others.
                linked.entry(planned.id()).or_default().push(job);
            } else {
                files.push(job);
            }
        }
        let mut first = by_directory(&files);
        first.extend(linked.into_values());
        let later = directories.values().map(|level| by_directory(level));
        Self {
            acts: course.acts,
            steps: std::iter::once(first).chain(later).collect(),
        }
    }

    /// Acts, until somebody says halt.
    fn run(&self, halt: &AtomicBool) -> Vec<(usize, Outcome, u64)> {
        let act = |(index, target, planned): &Job<'s>| {
            if halt.load(Ordering::Relaxed) {
                return None;
            }
            let (outcome, affected) = self.acts.act(target, index + 1, planned);
            Some((*index, outcome, affected))
        };
        let mut observed = Vec::new();
        for step in &self.steps {
            observed.par_extend(
                step.par_iter()
                    .with_max_len(1)
                    .flat_map_iter(|handful| handful.iter().filter_map(act)),
            );
        }
        observed
    }
}

/// Neighbours in the same directory, a handful each: threads that work in one directory wait for each other.
fn by_directory<'s>(jobs: &[Job<'s>]) -> Vec<Vec<Job<'s>>> {
    let directory = |job: &Job<'s>| {
        let path = &job.1.path;
        let slash = path.iter().rposition(|byte| *byte == b'/');
        slash.map_or(&b""[..], |slash| &path[..slash])
    };
    jobs.chunk_by(|one, other| directory(one) == directory(other))
        .flat_map(|same| same.chunks(HANDFUL))
        .map(<[Job<'s>]>::to_vec)
        .collect()
}
