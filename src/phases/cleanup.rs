//! Phase 3: automated cleanup. Planned always; carried out only with the capability that `--apply` gives.

use super::{Did, Run, Seen, stamp};
use crate::beneath::FileId;
#[cfg(unix)]
use crate::beneath::RootRules;
#[cfg(unix)]
use crate::cleanup::{ApplyToken, Intent, Journal, Look, Settled, Sweeper, Swept};
use crate::cleanup::{Denial, Denied, GitIndex, Plan, Protection, Reach, Target};
#[cfg(unix)]
use crate::store::Recorder;
use crate::store::rows::PlannedRow;
#[cfg(unix)]
use crate::store::rows::SettledRow;
use crate::walk::OwnOutputs;
use anyhow::Context as _;
use serde_json::json;

/// Places of the machine that cleanup must not touch; the edge knows them.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// What this program itself writes.
    pub own_outputs: OwnOutputs,
    /// Things that must stay, by what they are: the policy, the program itself, the current directory.
    pub protected: Vec<(FileId, Reach, String)>,
    /// Documents of the policy, relative to the workspace.
    pub policy_paths: Vec<Vec<u8>>,
    /// Directories that must not be the workspace of a cleanup: the home directory and those above it.
    pub forbidden_roots: Vec<(FileId, String)>,
}

/// Answers whether anything in the workspace was changed.
pub(super) fn run(run: &mut Run<'_>, seen: Option<&Seen<'_>>) -> anyhow::Result<Did<bool>> {
    run.job.watch.check()?;
    let policy = &run.job.policy.cleanup;
    if policy.rules.is_empty() {
        return Ok(Did {
            result: false,
            detail: json!({ "rules": 0 }),
        });
    }
    let seen = seen.context("the workspace was not scanned, so there is nothing to plan from")?;
    let protection = protection(run, seen);
    let now = i64::try_from(run.job.clock.now().as_nanosecond()).unwrap_or(i64::MAX);
    let plan = crate::cleanup::plan(&seen.walked.tree, policy, &protection, now);
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
    let detail = json!({
        "rules": policy.rules.len(),
        "targets": plan.targets().len(),
        "bytes": plan.bytes(),
        "kept": plan.denied().len(),
        "plan_sha256": plan.digest(),
        "refused": plan.refused(),
        "applied": run.job.may_clean_up,
    });
    if !run.job.may_clean_up {
        record_plan(run, &plan, |_| None)?;
        return Ok(Did {
            result: false,
            detail,
        });
    }
    apply(run, (&plan, &protection), detail)
}

/// Elsewhere than on Unix nothing is removed: there is no way here yet to hold what is looked at until it is removed.
#[cfg(not(unix))]
fn apply(
    run: &mut Run<'_>,
    (plan, _): (&Plan, &Protection),
    mut detail: serde_json::Value,
) -> anyhow::Result<Did<bool>> {
    const WHY: &str = "this platform cannot keep a removal beneath the workspace";
    record_plan(run, plan, |_| None)?;
    run.reasons
        .push(format!("cleanup was refused: {WHY}; nothing was removed"));
    detail["applied"] = json!(false);
    detail["refused"] = json!(WHY);
    Ok(Did {
        result: false,
        detail,
    })
}

/// Carries the plan out.
#[cfg(unix)]
fn apply(
    run: &mut Run<'_>,
    (plan, protection): (&Plan, &Protection),
    mut detail: serde_json::Value,
) -> anyhow::Result<Did<bool>> {
    let (swept, containment) = sweep(run, plan, protection)?;
    shortfalls(run, &swept);
    detail["containment"] = json!(containment);
    detail["removed"] =
        json!({ "files": swept.files, "directories": swept.directories, "bytes": swept.bytes });
    detail["not_removed"] = json!({
        "already_gone": swept.already_gone,
        "skipped": swept.skipped,
        "refused": swept.refused,
        "failed": swept.failed,
    });
    Ok(Did {
        result: swept.files + swept.directories > 0,
        detail,
    })
}

#[cfg(unix)]
/// What the sweep was to do and did not, as reasons.
fn shortfalls(run: &mut Run<'_>, swept: &Swept) {
    refusals(run, swept.refused);
    if swept.is_stopped {
        run.reasons
            .push("the cleanup was stopped before its end".into());
    }
    if swept.failed > 0 {
        run.reasons.push(format!(
            "{} targets of the cleanup could not be removed",
            swept.failed
        ));
    }
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

fn protection(run: &Run<'_>, seen: &Seen<'_>) -> Protection {
    let index = match (&seen.walked.git, &seen.walked.git_error) {
        (_, Some(error)) => GitIndex::Unknown(error.to_string()),
        (Some(_), None) => GitIndex::Read,
        (None, None) => GitIndex::NoRepository,
    };
    let places = &run.job.places;
    let mut protection = Protection::new(index);
    for path in places.own_outputs.paths() {
        protection = protection.path(path, Reach::Subtree, "the record");
    }
    for path in &places.policy_paths {
        protection = protection.path(path, Reach::Itself, "the policy");
    }
    for (file, reach, name) in &places.protected {
        protection = protection.file(*file, *reach, name);
    }
    protection
}

#[cfg(unix)]
fn sweep(
    run: &Run<'_>,
    plan: &Plan,
    protection: &Protection,
) -> anyhow::Result<(Swept, &'static str)> {
    let token = ApplyToken::because_apply_was_asked_for();
    let expected = FileId::of(run.job.root.path()).context("the workspace cannot be looked at")?;
    let forbidden = run.job.places.forbidden_roots.clone();
    let rules = RootRules {
        expected: Some(expected),
        forbidden,
    };
    let sweeper = Sweeper::open(run.job.root.path(), &rules, token)?;
    let identified = sweeper.identify(plan, protection);
    record_plan(run, plan, |index| match &identified.looks()[index] {
        Look::Present(identity) => Some(identity.to_json()),
        Look::Settled(_) => None,
    })?;
    let mut journal = RecordJournal { run };
    let swept = sweeper.sweep(&identified, &mut journal)?;
    Ok((swept, sweeper.containment().as_str()))
}

/// The targets come first, so that their numbers are their positions in the plan, from 1.
fn record_plan(
    run: &Run<'_>,
    plan: &Plan,
    identity_of: impl Fn(usize) -> Option<serde_json::Value>,
) -> anyhow::Result<()> {
    let timestamp = stamp(run.job.clock.now());
    let targets = plan.targets().iter().enumerate().map(|(index, target)| {
        let identity = identity_of(index).unwrap_or_else(|| target.facts());
        planned_row(target, "planned".to_owned(), (&timestamp, identity))
    });
    let denied = plan.denied().iter().map(|Denied { target, denial }| {
        planned_row(target, denial.to_string(), (&timestamp, target.facts()))
    });
    Ok(run.recorder.plan(targets.chain(denied).collect())?)
}

fn planned_row(
    target: &Target,
    result: String,
    (timestamp, identity): (&str, serde_json::Value),
) -> PlannedRow {
    PlannedRow {
        action_type: target.action.as_str(),
        target: target.path.clone(),
        result,
        timestamp: timestamp.to_owned(),
        cleanup_rule: target.rule.to_string(),
        bytes: target.bytes,
        identity,
    }
}

#[cfg(unix)]
struct RecordJournal<'r, 'j> {
    run: &'r Run<'j>,
}

#[cfg(unix)]
impl Journal for RecordJournal<'_, '_> {
    fn goes_on(&self) -> bool {
        !self.run.job.watch.is_interrupted()
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

#[cfg(unix)]
fn number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}
