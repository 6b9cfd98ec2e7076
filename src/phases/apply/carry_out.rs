//! Carries the plan out: intents durable, then the acts, then what was observed.

use super::plan::{Planned, Planner};
use super::{Count, Fixed};
use crate::beneath::sandbox::{Rights, Touch};
use crate::beneath::{Hands, ThreadLimits};
use crate::fix::{Act, Fixer, Outcome};
use crate::phases::Run;
use crate::phases::report::Outputs;
use crate::store::rows::SettledFix;
use rayon::prelude::*;
use std::ops::Range;

/// Files whose intents are made durable together. After a crash at most their fixes are in doubt.
const BATCH: usize = 64;

/// What was done.
#[derive(Default)]
pub(super) struct Done {
    pub(super) fixed: Fixed,
    pub(super) applied: Count,
    pub(super) skipped: u64,
    pub(super) refused: u64,
    pub(super) failed: u64,
    is_stopped: bool,
}

impl Done {
    /// What leaves the verdict open.
    pub(super) fn reasons(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if self.is_stopped {
            reasons.push("the fixes were stopped before their end".into());
        }
        if self.failed > 0 {
            let plural = if self.failed == 1 { "" } else { "s" };
            let why = "the table fixes says why";
            reasons.push(format!(
                "{} file{plural} could not be fixed; {why}",
                self.failed
            ));
        }
        reasons
    }

    fn count(&mut self, desk: &Planner<'_>, planned: &Planned, outcome: &Outcome) {
        if outcome.is_change() {
            let path = desk.path(planned.task);
            self.fixed.paths.insert(path.into());
            self.fixed.created.extend(desk.creation(planned.task));
        }
        match outcome {
            Outcome::Applied(_) => self.applied.add(planned),
            Outcome::Skipped(_) => self.skipped += 1,
            Outcome::Refused(_) => self.refused += 1,
            Outcome::Failed(_) | Outcome::FailedAfter(_) => self.failed += 1,
        }
    }
}

/// The fixes of one run, and the threads that make them.
pub(super) struct Work<'w, 'j> {
    run: &'w Run<'j>,
    desk: &'w Planner<'w>,
    fixer: &'w Fixer<'w>,
    numbered: Vec<(&'w Planned, Range<u32>)>,
    hands: Hands,
}

impl<'w, 'j> Work<'w, 'j> {
    /// Starts the threads, which may change the directories of the planned files and nothing else.
    pub(super) fn begin(
        (run, desk): (&'w Run<'j>, &'w Planner<'w>),
        fixer: &'w Fixer<'w>,
        planned: &'w [Planned],
    ) -> anyhow::Result<Self> {
        let numbered = numbered(planned);
        let touched = numbered
            .iter()
            .map(|(one, _)| (desk.path(one.task), Touch::Change));
        let rights = Rights::beneath(fixer.root(), touched)
            .map_err(|why| anyhow::anyhow!("the rights to write are not known: {why:?}"))?;
        let hands = Hands::new("fix", rayon::current_num_threads(), &rights)?;
        Ok(Self {
            run,
            desk,
            fixer,
            numbered,
            hands,
        })
    }

    /// What the kernel holds the threads to.
    pub(super) fn limits(&self) -> &ThreadLimits {
        &self.hands.limits
    }

    /// Makes every planned fix, in order, and hands what was changed to the patch.
    pub(super) fn all(&self, outputs: &mut Outputs<'_>) -> anyhow::Result<Done> {
        let recorder = &self.run.recorder;
        let wants_patch = outputs.wants_patch();
        let mut done = Done::default();
        let mut settled: Vec<SettledFix> = Vec::new();
        for batch in self.numbered.chunks(BATCH) {
            if self.run.job.watch.is_interrupted() {
                done.is_stopped = true;
                break;
            }
            let intents = batch.iter().flat_map(|(_, numbers)| numbers.clone());
            recorder.journal_fixes(std::mem::take(&mut settled), intents.collect())?;
            let (desk, fixer) = (self.desk, self.fixer);
            let acted: Vec<(Outcome, Vec<u8>)> = self.hands.pool.install(|| {
                batch
                    .par_iter()
                    .map(|(one, numbers)| act(desk, fixer, (one, numbers.start), wants_patch))
                    .collect()
            });
            for ((one, numbers), (outcome, patch)) in batch.iter().zip(acted) {
                done.count(desk, one, &outcome);
                outputs.push_patch(&patch);
                settled.extend(numbers.clone().map(|number| SettledFix {
                    number,
                    status: outcome.to_string(),
                }));
            }
        }
        if !settled.is_empty() {
            recorder.journal_fixes(settled, Vec::new())?;
        }
        Ok(done)
    }
}

/// The files that are to be fixed, each with the numbers of its rows.
fn numbered(planned: &[Planned]) -> Vec<(&Planned, Range<u32>)> {
    let mut next = 1;
    let numbered = planned.iter().map(|one| {
        let first = next;
        next += u32::try_from(one.rows.len()).unwrap_or(u32::MAX - next);
        (one, first..next)
    });
    numbered.filter(|(one, _)| one.is_planned()).collect()
}

/// Works the change out again, since not every content can be kept, and makes it if it is still the planned one.
fn act(
    desk: &Planner<'_>,
    fixer: &Fixer,
    (planned, number): (&Planned, u32),
    wants_patch: bool,
) -> (Outcome, Vec<u8>) {
    let nothing = Vec::new;
    let change = match desk.change(planned.task) {
        Ok(change) => change,
        Err((outcome, _)) => return (outcome, nothing()),
    };
    let row = planned.rows.first();
    let digests = row.map(|row| (row.before_sha256.clone(), row.after_sha256.clone()));
    let identity = change.before.as_ref().map(|original| original.identity);
    if identity != planned.identity || digests != Some(change.digests()) {
        return (Outcome::Skipped("changed since planned".into()), nothing());
    }
    let path = desk.path(planned.task);
    let text = if wants_patch {
        change.patch(path)
    } else {
        Ok(nothing())
    };
    let text = match text {
        Ok(text) => text,
        Err(error) => return (Outcome::Failed(format!("{error:#}")), nothing()),
    };
    let before = change.before.as_ref();
    let outcome = fixer.apply(&Act {
        number,
        path,
        before: before.map(|original| (&original.identity, &original.state)),
        after: &change.after,
    });
    if outcome.is_change() {
        (outcome, text)
    } else {
        (outcome, nothing())
    }
}
