//! `markdown`: the whole report for people, as large as a comment on a pull request may be.

use super::github::{SummaryLimits, summary};
use super::{Context, Run, Told};
use std::io::Write;

/// GitHub takes comments of 65,536 characters.
const MOST_BYTES: usize = 65_000;

/// Writes the verdict, the worst violations and the rest that a job summary has.
pub(super) fn write(
    run: &Run<'_>,
    context: &Context<'_>,
    out: &mut dyn Write,
) -> anyhow::Result<Told> {
    within(run, context, MOST_BYTES, out)
}

/// Writes at most this many bytes.
pub(super) fn within(
    run: &Run<'_>,
    context: &Context<'_>,
    bytes: usize,
    out: &mut dyn Write,
) -> anyhow::Result<Told> {
    let limits = SummaryLimits {
        bytes,
        violations: u64::MAX,
    };
    let summary = summary(run, context.source, limits)?;
    out.write_all(summary.markdown.trim_start_matches('\n').as_bytes())?;
    let why = format!("the text may have {bytes} bytes; it says so, and the worst are in it");
    Ok(Told::without(summary.left_out, why))
}
