//! `buildkite`: the body of an annotation, for `buildkite-agent annotate`.

use super::{Context, Run, Told, markdown};
use std::io::Write;

/// Buildkite takes 1 MiB; several annotations of one context may be appended to each other.
const MOST_BYTES: usize = 1 << 19;

/// Writes Markdown of at most half of what Buildkite takes.
pub(super) fn write(
    run: &Run<'_>,
    context: &Context<'_>,
    out: &mut dyn Write,
) -> anyhow::Result<Told> {
    markdown::within(run, context, MOST_BYTES, out)
}
