//! Phase 3: automated cleanup. Planned always; carried out only with the capability that `--apply` gives.

mod places;
mod planning;

pub use places::Places;

use super::cleanup_guard::{root_rules, with_repository};
use super::{Did, Run, Seen, stamp};
use crate::beneath::{Identity, ThreadLimits};
use crate::cleanup::{
    Action, ApplyToken, Denial, Denied, Identified, Intent, Journal, Look, Orders, Plan,
    Protection, Settled, Stop, Sweeper, Swept, Target, quarantine_path,
};
use crate::store::Recorder;
use crate::store::rows::{PlannedRow, SettledRow};
use anyhow::Context as _;
use rayon::prelude::*;
use serde_json::json;
use std::collections::HashSet;

/// Answers whether anything in the workspace was changed.
pub(super) fn run(run: &mut Run<'_>, seen: Option<&Seen<'_>>) -> anyhow::Result<Did<bool>> {
    run.job.watch.check()?;
    let policy = &run.job.policy.cleanup;
    if policy.rules.is_empty() && run.job.expected_plan.is_none() {
        return Ok(Did {
            result: false,
            detail: json!({ "rules": 0 }),
        });
    }
    let seen = seen.context("the workspace was not scanned, so there is nothing to plan from")?;
    let protection = with_repository(run, planning::protection(run, seen))?;
    let plan = planning::plan(run, seen, &protection);
    if let Some(why) = plan.refused() {
        run.reasons.push(format!("cleanup was refused: {why}"));
    }
    let refused = plan
        .denied()
        .iter()
        .filter(|denied| matches!(denied.denial, Denial::Refused(_)));
    if plan.refused().is_none() {
        refusals(run, refused.count() as u64);
    }
    let mut detail = planning::detail(run, seen, &plan);
    if !run.job.may_clean_up {
        record_plan(run, &plan, (None, &[]))?;
        return Ok(Did {
            result: false,
            detail,
        });
    }
    let (swept, containment) = sweep(run, &plan, &protection)?;
    shortfalls(run, &swept);
    detail["containment"] = json!(containment);
    detail["removed"] =
        json!({ "files": swept.files, "directories": swept.directories, "bytes": swept.bytes });
    detail["quarantined"] = json!(swept.quarantined);
    detail["not_removed"] = json!({
        "already_gone": swept.already_gone,
        "skipped": swept.skipped,
        "refused": swept.refused,
        "failed": swept.failed,
    });
    Ok(Did {
        result: swept.has_changed_anything(),
        detail,
    })
}

/// The files that the policy's cleanup rules want to go, whether or not this run may remove them.
pub(super) fn files_to_go(run: &Run<'_>, seen: &Seen<'_>) -> HashSet<Box<[u8]>> {
    if run.job.policy.cleanup.rules.is_empty() {
        return HashSet::new();
    }
    // What keeps phase 3 from planning is said there; nothing goes then.
    let Ok(protection) = with_repository(run, planning::protection(run, seen)) else {
        return HashSet::new();
    };
    let plan = planning::plan(run, seen, &protection);
    let targets = plan.targets().iter();
    targets.map(|target| target.path.clone()).collect()
}

/// What the sweep was to do and did not, as reasons.
fn shortfalls(run: &mut Run<'_>, swept: &Swept) {
    refusals(run, swept.refused);
    if let Some(stop) = swept.stopped {
        let limit = match stop {
            Stop::Interrupted => "",
            Stop::MaxTime => " by its budget `max_time`",
            Stop::MaxFailures => " by its budget `max_failures`",
        };
        run.reasons
            .push(format!("the cleanup was stopped before its end{limit}"));
    }
    if swept.failed > 0 {
        run.reasons.push(not_removed(swept.failed));
    }
}

/// Why failed removals make the verdict undecided.
fn not_removed(count: u64) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!(
        "{count} target{plural} of the cleanup could not be removed; the table cleanup_actions says why"
    )
}

/// What a guard keeps is for a person to look at: the policy wants to remove what must not be removed.
fn refusals(run: &mut Run<'_>, count: u64) {
    if count > 0 {
        let plural = if count == 1 { "" } else { "s" };
        run.reasons.push(format!(
            "cleanup refused {count} target{plural}; the table cleanup_actions says why"
        ));
    }
}

fn sweep(
    run: &mut Run<'_>,
    plan: &Plan,
    protection: &Protection,
) -> anyhow::Result<(Swept, &'static str)> {
    let token = ApplyToken::because_apply_was_asked_for();
    let limits = run.job.policy.cleanup.limits;
    let orders = Orders {
        hands: rayon::current_num_threads(),
        max_failures: limits.max_failures,
        ..Orders::new(run.recorder.deployment_id())
    };
    let sweeper = Sweeper::open(run.job.root.path(), &root_rules(run)?, (orders, token))?;
    run.containment.opened(sweeper.containment());
    let mut identified = sweeper.identify(plan, protection);
    let manifests = sweeper.manifests(&mut identified);
    record_plan(run, plan, (Some(&identified), &manifests))?;
    let mut journal = RecordJournal {
        run,
        begun: std::time::Instant::now(),
        max_time: limits.max_time,
        threads: None,
    };
    let swept = sweeper.sweep(&identified, &mut journal);
    if let Some(threads) = journal.threads {
        run.containment.acted(threads);
    }
    let swept = swept?;
    Ok((swept, sweeper.containment().as_str()))
}

/// The targets come first, so that their numbers are their positions in the plan, from 1.
fn record_plan(
    run: &Run<'_>,
    plan: &Plan,
    (identified, manifests): (Option<&Identified<'_>>, &[Option<serde_json::Value>]),
) -> anyhow::Result<()> {
    let timestamp = stamp(run.job.clock.now());
    let deployment_id = run.recorder.deployment_id();
    let targets = plan.targets().par_iter().enumerate();
    let targets = targets.map(|(index, target)| {
        let look = identified.map(|identified| &identified.looks()[index]);
        let manifest = manifests.get(index).and_then(Option::as_ref);
        let is_present = look.is_some_and(Look::is_present);
        let kept_at = (is_present && target.action == Action::FileQuarantine)
            .then(|| quarantine_path(deployment_id, index));
        let identity = identity(target, look, manifest)?;
        Ok(PlannedRow {
            kept_at,
            ..planning::row(target, "planned".to_owned(), (&timestamp, identity))
        })
    });
    let denied = plan.denied().par_iter().map(|Denied { target, denial }| {
        let facts = target.facts().to_string();
        Ok(planning::row(
            target,
            denial.to_string(),
            (&timestamp, facts),
        ))
    });
    let rows: anyhow::Result<Vec<PlannedRow>> = targets.chain(denied).collect();
    Ok(run.recorder.plan(rows?)?)
}

/// What identifies a target, as JSON: what was seen of it, or what the walk knew.
fn identity(
    target: &Target,
    look: Option<&Look>,
    manifest: Option<&serde_json::Value>,
) -> anyhow::Result<String> {
    let seen = match look {
        Some(Look::Present(identity)) => Some(identity),
        Some(Look::Settled(_)) | None => None,
    };
    let Some(manifest) = manifest else {
        return Ok(match seen {
            Some(identity) => serde_json::to_string(identity)?,
            None => target.facts().to_string(),
        });
    };
    let mut all = seen.map_or_else(|| target.facts(), Identity::to_json);
    all["manifest"] = manifest.clone();
    Ok(all.to_string())
}

struct RecordJournal<'r, 'j> {
    run: &'r Run<'j>,
    begun: std::time::Instant,
    max_time: Option<std::time::Duration>,
    /// What the kernel holds the threads to that act.
    threads: Option<ThreadLimits>,
}

impl Journal for RecordJournal<'_, '_> {
    fn limited(&mut self, limits: &ThreadLimits) -> anyhow::Result<()> {
        let mut means = self.run.containment.clone();
        means.acted(limits.clone());
        self.threads = Some(limits.clone());
        Ok(self.run.recorder.containment(&means.to_json())?)
    }

    fn stop(&self) -> Option<Stop> {
        if self.run.job.watch.is_interrupted() {
            return Some(Stop::Interrupted);
        }
        let is_over = self
            .max_time
            .is_some_and(|most| self.begun.elapsed() >= most);
        is_over.then_some(Stop::MaxTime)
    }

    fn commit(&mut self, settled: &[Settled], intents: &[Intent]) -> anyhow::Result<()> {
        let recorder: &Recorder = &self.run.recorder;
        let timestamp = stamp(self.run.job.clock.now());
        let settled: Vec<SettledRow> = settled
            .iter()
            .map(|one| SettledRow {
                number: number(one.target),
                result: one.outcome.to_string(),
                files_affected: one.files_affected,
                timestamp: timestamp.clone(),
            })
            .collect();
        let intents: Vec<u32> = intents.iter().map(|one| number(one.target)).collect();
        Ok(recorder.journal(&settled, &intents)?)
    }
}

fn number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::not_removed;

    #[test]
    fn one_target_is_not_several() {
        assert!(not_removed(1).starts_with("1 target of "));
        assert!(not_removed(2).starts_with("2 targets of "));
    }
}
