//! Phase 3 where nothing can be removed safely: planned, and never carried out. There is no way here yet to hold what is
//! looked at until it is removed.

mod places;
mod planning;

pub use places::Places;

use super::{Did, Run, Seen, stamp};
use crate::cleanup::{Denied, Plan};
use anyhow::Context as _;
use serde_json::json;

const WHY: &str = "this platform cannot keep a removal beneath the workspace";

/// Answers that nothing in the workspace was changed.
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
    let plan = planning::plan(run, seen, &planning::protection(run, seen));
    if let Some(why) = plan.refused() {
        run.reasons.push(format!("cleanup was refused: {why}"));
    }
    let mut detail = planning::detail(run, seen, &plan);
    record_plan(run, &plan)?;
    if run.job.may_clean_up {
        run.reasons
            .push(format!("cleanup was refused: {WHY}; nothing was removed"));
        detail["applied"] = json!(false);
        detail["refused"] = json!(WHY);
    }
    Ok(Did {
        result: false,
        detail,
    })
}

fn record_plan(run: &Run<'_>, plan: &Plan) -> anyhow::Result<()> {
    let timestamp = stamp(run.job.clock.now());
    let targets = plan
        .targets()
        .iter()
        .map(|target| (target, "planned".to_owned()));
    let denied = plan
        .denied()
        .iter()
        .map(|Denied { target, denial }| (target, denial.to_string()));
    let rows = targets.chain(denied).map(|(target, result)| {
        let facts = target.facts().to_string();
        planning::row(target, result, (&timestamp, facts))
    });
    Ok(run.recorder.plan(rows.collect())?)
}
