//! Phase 2: factory standards application. No rule offers a fix yet, and the phase says so.

use super::{Did, Run};
use serde_json::json;

pub(super) fn run(run: &Run<'_>) -> anyhow::Result<Did<()>> {
    run.job.watch.check()?;
    let detail = json!({
        "fixable": 0,
        "asked_for": run.job.may_fix,
        "note": "no rule of this version offers a fix",
    });
    Ok(Did { result: (), detail })
}
