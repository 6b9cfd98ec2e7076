//! Phase 2: factory standards application. Planned always, file by file; carried out only with the capability that
//! `--apply` gives. What is to change, or was changed, goes out as a patch.

mod carry_out;
mod plan;
mod rules;

use super::cleanup_guard::root_rules;
use super::report::Outputs;
use super::{Did, Run, Seen, cleanup, look};
use crate::beneath::Root;
use crate::finding::Fingerprint;
use crate::fix::{ApplyToken, Fixer};
use crate::scan::Again;
use anyhow::Context as _;
use plan::{Planned, Planner};
use serde_json::json;
use std::collections::HashSet;

/// What the phase changed in the workspace.
#[derive(Debug, Default)]
pub(super) struct Fixed {
    /// Files that were written, or created.
    pub(super) paths: HashSet<Box<[u8]>>,
    /// Violations that go away with files that were created.
    pub(super) created: HashSet<Fingerprint>,
}

/// Counts of files and of places in them.
#[derive(Clone, Copy, Default)]
struct Count {
    files: u64,
    places: u64,
}

impl Count {
    fn add(&mut self, planned: &Planned) {
        self.files += 1;
        self.places += planned.rows.iter().map(|row| row.edits).sum::<u64>();
    }

    fn json(self) -> serde_json::Value {
        json!({ "files": self.files, "places": self.places })
    }
}

pub(super) fn run(
    run: &mut Run<'_>,
    seen: Option<&Seen<'_>>,
    outputs: &mut Outputs<'_>,
) -> anyhow::Result<Did<Fixed>> {
    outputs.begin_patch();
    let done = fix(run, seen, outputs);
    if let Err(error) = outputs.end_patch() {
        run.reasons
            .push(format!("the patch could not be written: {error}"));
    }
    done
}

fn fix(
    run: &mut Run<'_>,
    seen: Option<&Seen<'_>>,
    outputs: &mut Outputs<'_>,
) -> anyhow::Result<Did<Fixed>> {
    run.job.watch.check()?;
    let seen = seen.context("the workspace was not scanned, so there is nothing to fix")?;
    let totals = &seen.outcome.totals;
    let mut detail = json!({
        "fixable": totals.fixable,
        "fixable_otherwise": totals.fixable_otherwise,
        "asked_for": run.job.may_fix,
    });
    let mut fixed = Fixed::default();
    if totals.fixable > 0 {
        let root = open(run)?;
        fixed = with_root(run, seen, (root, &mut detail), outputs)?;
    }
    Ok(Did {
        result: fixed,
        detail,
    })
}

fn open(run: &Run<'_>) -> anyhow::Result<Root> {
    let mut rules = root_rules(run)?;
    if !run.job.may_fix {
        // A run that only looks may look at any directory.
        (rules.marks, rules.forbidden) = (None, Vec::new());
    }
    Ok(Root::open(run.job.root.path(), &rules)?)
}

fn with_root(
    run: &mut Run<'_>,
    seen: &Seen<'_>,
    (root, detail): (Root, &mut serde_json::Value),
    outputs: &mut Outputs<'_>,
) -> anyhow::Result<Fixed> {
    let mut reasons = Vec::new();
    let mut containment = run.containment.clone();
    let shared: &Run<'_> = run;
    let going = cleanup::files_to_go(shared, seen);
    let fixed = look::with_scan(shared, (&seen.walked, &seen.plan, None), None, |scan| {
        let again = Again::new(scan);
        let desk = Planner::new((&shared.job.places, going), seen, (&again, &root));
        let shows = !shared.job.may_fix;
        let planned = plan::all((shared, &desk), shows.then_some(&mut *outputs))?;
        summarise(&planned, detail);
        if !shared.job.may_fix || !planned.iter().any(Planned::is_planned) {
            return Ok(Fixed::default());
        }
        let token = ApplyToken::because_apply_was_asked_for();
        let fixer = Fixer::open(&root, shared.recorder.deployment_id(), token)?;
        containment.opened(root.containment());
        let done = carry_out::Work::begin((shared, &desk), &fixer, &planned).and_then(|work| {
            containment.acted(work.limits().clone());
            shared.recorder.containment(&containment.to_json())?;
            work.all(outputs)
        });
        fixer.close();
        let done = done?;
        detail["applied"] = done.applied.json();
        detail["not_applied"] = json!({
            "skipped": done.skipped,
            "refused": done.refused,
            "failed": done.failed,
        });
        reasons.extend(done.reasons());
        Ok(done.fixed)
    })?;
    run.reasons.extend(reasons);
    run.containment = containment;
    Ok(fixed)
}

fn summarise(planned: &[Planned], detail: &mut serde_json::Value) {
    let (mut to_make, mut left) = (Count::default(), Count::default());
    for one in planned {
        if one.is_planned() {
            &mut to_make
        } else {
            &mut left
        }
        .add(one);
    }
    detail["planned"] = to_make.json();
    detail["left"] = left.json();
}
