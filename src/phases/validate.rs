//! Phase 1: walk, run every rule, record what they find.

use super::{Did, Run, Seen, against, look, stamp, trust};
use crate::scan::{Plan, SuppressionSource, SuppressionUse, Tally, Totals};
use crate::store::rows::{RuleResultRow, Stage, SuppressionRow};
use serde_json::json;
use std::collections::BTreeMap;

pub(super) fn run<'j>(run: &mut Run<'j>) -> anyhow::Result<Did<Seen<'j>>> {
    require_base(run);
    let walked_at = run.job.clock.now();
    let walked = look::walk_workspace(run);
    run.job.watch.check()?;
    if let Some(error) = &walked.git_error {
        run.reasons.push(error.to_string());
    }
    let plan = Plan::new(run.job.policy, &walked.tree);
    let against = against::prepare(run, &walked, &plan)?;
    let mut open = trust::Open::new();
    let watched = trust::wants_open(run).then_some(&mut open);
    let mut outcome = look::first(run, (&walked, &plan), &against, watched)?;
    let told = trust::judge(run, (&walked, &plan), &against, (&mut outcome, &open))?;
    run.recorder
        .suppressions(outcome.suppressions.iter().map(suppression_row).collect())?;
    let rows = rule_rows(&plan, Stage::PreDeployment, &outcome.tallies);
    run.recorder.rule_results(rows)?;
    let time = stamp(run.job.clock.now());
    run.recorder
        .validate_later(Stage::PreDeployment, outcome.totals.files, &time)?;
    account(run, &outcome.totals);
    if plan.slots().is_empty() && run.job.policy.cleanup.rules.is_empty() {
        run.reasons.push(
            "the policy has no rule on: nothing was checked; `extends: [recommended]` is a start"
                .into(),
        );
    }
    if outcome.totals.files == 0 && outcome.totals.skipped > 0 && !against.is_narrowed() {
        run.reasons
            .push("nothing was scanned, though the workspace is not empty".into());
    }
    let detail = json!({
        "entries": walked.tree.len(),
        "files_scanned": outcome.totals.files,
        "paths_skipped": outcome.totals.skipped,
        "bytes_read": outcome.totals.bytes,
        "git": walked.git.as_ref().map(|git| json!({ "tracked": git.facts().tracked, "head": git.facts().head_sha })),
        "compared": &against.detail,
        "policy": told,
        "threads": rayon::current_num_threads(),
    });
    Ok(Did {
        result: Seen {
            walked_at,
            walked,
            plan,
            outcome,
            against,
        },
        detail,
    })
}

/// A commit that was named and is not there leaves the verdict open: what it was named for cannot be done.
fn require_base(run: &mut Run<'_>) {
    if let Some(base) = &run.job.base
        && run.job.needs_base
        && base.base.is_none()
    {
        let why = base.steps.join("; ");
        run.reasons
            .push(format!("the base commit was not found: {why}"));
    }
}

/// Takes a look's counts over, and says which paths leave the verdict open.
pub(super) fn account(run: &mut Run<'_>, totals: &Totals) {
    run.files_skipped += totals.skipped;
    run.bytes_read += totals.bytes;
    if totals.undecided == 0 {
        return;
    }
    let examples: Vec<String> = totals
        .undecided_examples
        .iter()
        .map(|one| {
            format!(
                "{} ({})",
                crate::store::escape(&one.path),
                one.reason.text()
            )
        })
        .collect();
    let more = totals.undecided - examples.len() as u64;
    let more = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    let reason = format!("could not look at {}{more}", examples.join(", "));
    run.reasons.push(reason);
}

fn suppression_row(one: &SuppressionUse) -> SuppressionRow {
    SuppressionRow {
        source: match one.source {
            SuppressionSource::Inline => "inline",
            SuppressionSource::Policy => "policy",
            SuppressionSource::Baseline => "baseline",
        }
        .to_owned(),
        rule_id: one.rule_id.clone(),
        path: crate::store::escape(&one.path).into_owned(),
        line: one.line,
        reason: one.reason.clone(),
        owner: one.owner.clone(),
        expires: one.expires.map(|day| day.to_string()),
        matched: one.matched,
    }
}

/// One row a rule: its slots (one for each set of options) added up.
pub(super) fn rule_rows(plan: &Plan<'_>, stage: Stage, tallies: &[Tally]) -> Vec<RuleResultRow> {
    let mut sums: BTreeMap<usize, Tally> = BTreeMap::new();
    let rules = &plan.policy().rules;
    for (slot, tally) in plan.slots().iter().zip(tallies) {
        let rule = rules.iter().position(|rule| rule.id == slot.instance.id);
        sums.entry(rule.unwrap_or(usize::MAX))
            .or_default()
            .add(tally);
    }
    let rows = sums
        .into_iter()
        .filter_map(|(index, tally)| Some((rules.get(index)?, tally)));
    rows.map(|(rule, tally)| RuleResultRow {
        stage,
        rule_id: rule.id.to_string(),
        uses: rule.rule.id.to_owned(),
        severity: rule
            .variants
            .iter()
            .find_map(|variant| variant.severity)
            .unwrap_or(rule.rule.severity),
        files_checked: tally.files_checked,
        violations_found: tally.violations,
        suppressed: tally.suppressed,
        requirements: tally.requirements,
        duration_us: tally.nanoseconds / 1_000,
    })
    .collect()
}
