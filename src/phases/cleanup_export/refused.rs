//! Where nothing is quarantined there is nothing to export.

mod place;

pub use place::Export;

use super::{Did, Run};
use serde_json::json;

/// That the archive was asked for leaves the verdict open.
pub(super) fn run(run: &mut Run<'_>, did: anyhow::Result<Did<bool>>) -> anyhow::Result<Did<bool>> {
    const WHY: &str = "this platform quarantines nothing";
    let Some(export) = &run.job.export else {
        return did;
    };
    run.reasons.push(format!(
        "the quarantine could not be exported to `{}`: {WHY}",
        export.path.display()
    ));
    let mut did = did?;
    did.detail["export"] = json!({ "error": WHY });
    Ok(did)
}
