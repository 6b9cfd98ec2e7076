//! Phase 4: look again. The workspace is walked anew; what changed since phase 1 is scanned again, and every
//! whole-tree rule runs on what is there now.

use super::apply::Fixed;
use super::look::FoundAgain;
use super::validate::{account, rule_rows};
use super::{Did, Run, Seen, look, stamp};
use crate::finding::Fingerprint;
use crate::scan::{Plan, Tally};
use crate::store::rows::Stage;
use crate::walk::Tree;
use anyhow::Context as _;
use serde_json::json;
use std::collections::HashSet;

pub(super) fn run(
    run: &mut Run<'_>,
    seen: Option<&Seen<'_>>,
    (fixed, is_cleaned): (&Fixed, bool),
) -> anyhow::Result<Did<()>> {
    run.job.watch.check()?;
    let seen =
        seen.context("the workspace was not scanned, so there is nothing to compare with")?;
    let now = look::walk_workspace(run);
    let unchanged = now.tree.unchanged_since(&seen.walked.tree);
    let changed = unchanged.iter().filter(|before| before.is_none()).count();
    let (outcome, again) = look::second(run, &now, (seen, unchanged), &fixed.paths)?;
    account(run, &outcome.totals);
    let before = &seen.walked.tree;
    let gone = before
        .missing_in(&now.tree)
        .filter(|entry| !entry.is_ignored());
    let gone: Vec<Box<[u8]>> = gone.map(|entry| entry.path().to_vec().into()).collect();
    let no_more = seen.outcome.whole_tree.difference(&outcome.whole_tree);
    let (made, no_more): (Vec<Fingerprint>, Vec<Fingerprint>) = no_more
        .copied()
        .partition(|print| fixed.created.contains(print));
    let paths_gone = gone.len();
    let repaired = repaired(run, (fixed, &now.tree), again, made)?;
    let resolved = resolve(run, gone, no_more)?;
    if !is_cleaned && paths_gone > 0 {
        run.reasons.push(format!(
            "{} vanished while the run was going on",
            if paths_gone == 1 {
                "1 path".into()
            } else {
                format!("{paths_gone} paths")
            }
        ));
    }
    let tallies = left_over(run, &seen.plan, &outcome.tallies)?;
    run.recorder
        .rule_results(rule_rows(&seen.plan, Stage::PostDeployment, &tallies))?;
    let time = stamp(run.job.clock.now());
    run.recorder
        .validate_later(Stage::PostDeployment, outcome.totals.files, &time)?;
    let detail = json!({
        "files_seen": outcome.totals.files,
        "paths_changed_or_new": changed,
        "paths_gone": paths_gone,
        "bytes_read": outcome.totals.bytes,
        "violations_fixed": repaired,
        "violations_resolved": repaired + resolved,
        "whole_tree_findings": outcome.whole_tree.len(),
    });
    Ok(Did { result: (), detail })
}

/// Marks what phase 2 fixed: the violations of the files that it wrote, as far as those were looked at again and show
/// them no more; and those that a file which it created puts right.
fn repaired(
    run: &Run<'_>,
    (fixed, now): (&Fixed, &Tree),
    again: FoundAgain,
    made: Vec<Fingerprint>,
) -> anyhow::Result<u64> {
    let seen_again = |path: &[u8]| now.find(path).is_some() && !again.skipped.contains(path);
    let paths: HashSet<Box<[u8]>> = fixed
        .paths
        .iter()
        .filter(|path| seen_again(path))
        .cloned()
        .collect();
    let by_file = if paths.is_empty() {
        0
    } else {
        run.recorder.mark_fixed(paths, again.found)?
    };
    let by_creation = if made.is_empty() {
        0
    } else {
        run.recorder.mark_fixed_findings(made)?
    };
    Ok(by_file + by_creation)
}

/// Marks what is gone as resolved. Answers how many violations that are.
fn resolve(run: &Run<'_>, gone: Vec<Box<[u8]>>, no_more: Vec<Fingerprint>) -> anyhow::Result<u64> {
    // Mostly nothing is gone; asking the record nevertheless would read all of it.
    let by_path = if gone.is_empty() {
        0
    } else {
        run.recorder.mark_resolved(gone)?
    };
    let by_rule = if no_more.is_empty() {
        0
    } else {
        run.recorder.mark_resolved_findings(no_more)?
    };
    Ok(by_path + by_rule)
}

/// The tallies of this look, with the violations that the record has as open now: those of files that did not
/// change were found in phase 1.
fn left_over(run: &Run<'_>, plan: &Plan<'_>, tallies: &[Tally]) -> anyhow::Result<Vec<Tally>> {
    let open = run.recorder.left_by_rule()?;
    let mut left: Vec<Tally> = tallies.to_vec();
    let mut counted = HashSet::new();
    for (tally, slot) in left.iter_mut().zip(plan.slots()) {
        // A rule's counts are not kept by options: its first slot holds them all.
        let is_first = counted.insert(&slot.instance.id);
        let (violations, suppressed) = open
            .get(&*slot.instance.id)
            .copied()
            .filter(|_| is_first)
            .unwrap_or_default();
        (tally.violations, tally.suppressed) = (violations, suppressed);
    }
    Ok(left)
}
