//! Phase 2 where no file can be exchanged safely: nothing is planned and nothing written.

use super::report::Outputs;
use super::{Did, Run, Seen};
use crate::finding::Fingerprint;
use anyhow::Context as _;
use serde_json::json;
use std::collections::HashSet;

const WHY: &str = "this platform cannot keep a write beneath the workspace";

/// What the phase changed in the workspace: nothing.
#[derive(Debug, Default)]
pub(super) struct Fixed {
    /// Files that were written, or created.
    pub(super) paths: HashSet<Box<[u8]>>,
    /// Violations that go away with files that were created.
    pub(super) created: HashSet<Fingerprint>,
}

pub(super) fn run(
    run: &mut Run<'_>,
    seen: Option<&Seen<'_>>,
    outputs: &mut Outputs<'_>,
) -> anyhow::Result<Did<Fixed>> {
    run.job.watch.check()?;
    outputs.begin_patch();
    if let Err(error) = outputs.end_patch() {
        run.reasons
            .push(format!("the patch could not be written: {error}"));
    }
    let seen = seen.context("the workspace was not scanned, so there is nothing to fix")?;
    let totals = &seen.outcome.totals;
    let is_wanted = run.job.may_fix || outputs.wants_patch();
    if is_wanted && totals.fixable > 0 {
        run.reasons.push(format!(
            "fixes were refused: {WHY}; none was planned and nothing was written"
        ));
    }
    Ok(Did {
        result: Fixed::default(),
        detail: json!({
            "fixable": totals.fixable,
            "fixable_otherwise": totals.fixable_otherwise,
            "asked_for": run.job.may_fix,
            "refused": WHY,
        }),
    })
}
