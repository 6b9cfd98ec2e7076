//! The commit compared with, as phase 5 recorded it.

use crate::store::rows::RunRecord;
use serde_json::Value;

/// The commit compared with, and how it was found.
pub(super) struct Base<'a> {
    /// Its id; `None` if there is none, or it could not be found for sure.
    pub(super) sha: Option<&'a str>,
    /// What was judged.
    pub(super) change: &'a str,
    /// Each decision, in order.
    pub(super) how: Vec<&'a str>,
}

/// The base of a run; `None` if nobody looked for one.
pub(super) fn base(record: &RunRecord) -> Option<Base<'_>> {
    let phase = record.phases.iter().rev().find(|row| row.phase == 5)?;
    let base = phase.detail.get("base")?;
    Some(Base {
        sha: base.get("sha").and_then(Value::as_str),
        change: base.get("change")?.as_str()?,
        how: base
            .get("how")?
            .as_array()?
            .iter()
            .filter_map(Value::as_str)
            .collect(),
    })
}
