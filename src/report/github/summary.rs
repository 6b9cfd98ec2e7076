//! The job summary, in Markdown. GitHub drops a summary that is too large as a whole, so this one is built to a
//! budget: the verdict first, then as many of the worst violations as fit, and always how many are missing.

use super::Source;
use crate::report::encode::{clip, markdown};
use crate::report::tally::{Tally, is_open, last_validation};
use crate::report::{Run, sentence, text};
use crate::store::rows::{Order, RunRecord, Verdict, ViolationRow};
use std::ops::ControlFlow;

/// The longest text in a cell, in characters of the source text.
const LONGEST: usize = 300;
/// The most rows of a table other than that of the violations.
const SIDE_ROWS: usize = 20;
/// Bytes kept for the sentence on violations that are left out.
const LEFT_OUT_ROOM: usize = 400;

/// How large a summary may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SummaryLimits {
    /// The most bytes.
    pub bytes: usize,
    /// The most violations: more than a person reads do not help.
    pub violations: u64,
}

/// A job summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// What to append; empty if not even the verdict fits.
    pub markdown: String,
    /// Open violations that are not in it.
    pub left_out: u64,
}

/// The summary of a run within `limits`.
///
/// # Errors
/// The rows could not be read.
pub fn summary(run: &Run<'_>, source: &Source, limits: SummaryLimits) -> anyhow::Result<Summary> {
    let tally = Tally::of(run.record);
    let (head, foot) = (head(run.record, &tally), foot(run));
    let fixed = head.len() + foot.len() + LEFT_OUT_ROOM;
    let Some(mut room) = limits.bytes.checked_sub(fixed) else {
        return Ok(without_room(run, &tally, limits.bytes));
    };
    let mut sides = String::new();
    for side in [suppressions(run.record), cleanup(run)?, skipped(run.record)] {
        // Each may take a quarter of what is left, so that violations keep the most.
        let part = if side.markdown.len() <= room / 4 {
            side.markdown
        } else {
            side.short
        };
        if part.len() <= room {
            room -= part.len();
            sides.push_str(&part);
        }
    }
    let (table, shown) = violations(run, source, room, limits.violations)?;
    let left_out = tally.open().saturating_sub(shown);
    let missing = missing(run, shown, left_out);
    Ok(Summary {
        markdown: [head, table, missing, sides, foot].concat(),
        left_out,
    })
}

/// One line, if that fits.
fn without_room(run: &Run<'_>, tally: &Tally, bytes: usize) -> Summary {
    let line = format!(
        "\n**Factory Gate: {}** {}. No room for more in this summary: see {}.\n",
        verdict_word(run.record),
        sentence(tally),
        where_all_is(run),
    );
    Summary {
        markdown: if line.len() <= bytes {
            line
        } else {
            String::new()
        },
        left_out: tally.open(),
    }
}

fn verdict_word(record: &RunRecord) -> &'static str {
    match record.end.as_ref().map(|end| end.verdict) {
        Some(Verdict::Pass) => "✅ pass",
        Some(Verdict::Fail) => "❌ fail",
        Some(Verdict::Undecided) => "⚠️ undecided",
        None => "not ended",
    }
}

/// An untrusted text as a piece of a line or a cell.
fn cell(text: &str) -> String {
    markdown(&clip(text, LONGEST))
}

fn where_all_is(run: &Run<'_>) -> String {
    match run.database {
        Some(database) => format!("the table violations of {}", cell(&database.path)),
        None => "the log".to_owned(),
    }
}

fn head(record: &RunRecord, tally: &Tally) -> String {
    let mut head = format!(
        "\n## Factory Gate: {}\n\n{}\n",
        verdict_word(record),
        sentence(tally)
    );
    if let Some(end) = &record.end {
        for reason in end.verdict_reasons.iter().take(SIDE_ROWS) {
            head.push_str(&format!("\n* {}", cell(reason)));
        }
        let more = end.verdict_reasons.len().saturating_sub(SIDE_ROWS) as u64;
        if more > 0 {
            head.push_str(&format!("\n* and {}", text::count(more, "more reason")));
        }
        head.push('\n');
    }
    let score =
        last_validation(record).map_or_else(|| "-".into(), |row| text::score(row.compliance_score));
    let files = record
        .end
        .as_ref()
        .map_or_else(|| "-".into(), |end| text::grouped(end.files_scanned));
    let counts = [
        tally.errors,
        tally.warnings,
        tally.notes,
        tally.suppressed,
        tally.resolved,
    ];
    head.push_str(
        "\n| errors | warnings | notes | suppressed | resolved | files checked | score |\n",
    );
    head.push_str("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n|");
    for number in counts.map(text::grouped).into_iter().chain([files, score]) {
        head.push_str(&format!(" {number} |"));
    }
    head.push('\n');
    head
}

/// The table of the worst violations within `room` bytes, and how many are in it.
fn violations(
    run: &Run<'_>,
    source: &Source,
    room: usize,
    most: u64,
) -> anyhow::Result<(String, u64)> {
    let mut table = String::from(
        "\n### Violations\n\n| severity | rule | where | what |\n| --- | --- | --- | --- |\n",
    );
    let mut shown = 0;
    if table.len() > room {
        return Ok((String::new(), 0));
    }
    run.rows.violations(Order::WorstFirst, &mut |row| {
        if !is_open(&row) {
            return Ok(ControlFlow::Continue(()));
        }
        let line = violation(&row, source);
        if shown == most || table.len() + line.len() > room {
            return Ok(ControlFlow::Break(()));
        }
        table.push_str(&line);
        shown += 1;
        Ok(ControlFlow::Continue(()))
    })?;
    if shown == 0 {
        table.clear();
    }
    Ok((table, shown))
}

fn violation(row: &ViolationRow, source: &Source) -> String {
    let path = if row.path.is_empty() {
        "(the workspace)"
    } else {
        &row.path
    };
    let place = match row.region {
        Some(region) => format!("{}:{}", clip(path, LONGEST), region.line),
        None => clip(path, LONGEST).into_owned(),
    };
    let place = markdown(&place);
    let place = match source
        .link(&row.path, row.region)
        .filter(|_| row.subject == "file")
    {
        Some(url) => format!("[{place}]({url})"),
        None => place,
    };
    format!(
        "| {} | {} | {place} | {} |\n",
        row.severity,
        cell(&row.rule_id),
        cell(&row.message)
    )
}

fn missing(run: &Run<'_>, shown: u64, left_out: u64) -> String {
    if left_out == 0 {
        return String::new();
    }
    let sentence = format!(
        "\n**{} not shown here** ({} of {} are, the worst first). All are in ",
        text::count(left_out, "violation"),
        text::grouped(shown),
        text::grouped(shown + left_out),
    );
    let full = format!("{sentence}{}.\n", where_all_is(run));
    if full.len() <= LEFT_OUT_ROOM {
        full
    } else {
        format!("{sentence}the database.\n")
    }
}

/// A section, and what takes its place where it would take too much room.
struct Side {
    markdown: String,
    short: String,
}

impl Side {
    const NONE: Self = Self {
        markdown: String::new(),
        short: String::new(),
    };

    fn new(title: &str, body: &str, table: &str) -> Self {
        Self {
            markdown: format!("\n### {title}\n\n{body}"),
            short: format!(
                "\n### {title}\n\nNo room here: see the table {table} of the database.\n"
            ),
        }
    }
}

/// A sentence on the rows of a side table that are not shown, or nothing.
fn side_rest(total: u64, table: &str) -> String {
    match total.saturating_sub(SIDE_ROWS as u64) {
        0 => String::new(),
        rest => format!(
            "\n{} in the table {table} of the database.\n",
            text::count(rest, "more row")
        ),
    }
}

fn suppressions(record: &RunRecord) -> Side {
    let total = record.suppressions.len() as u64;
    if total == 0 {
        return Side::NONE;
    }
    let mut body = String::from("| rule | where | reason | owner | until | matched |\n");
    body.push_str("| --- | --- | --- | --- | --- | ---: |\n");
    for row in record.suppressions.iter().take(SIDE_ROWS) {
        let place = match (row.source.as_str(), row.line) {
            ("inline", Some(line)) => format!("{}:{line}", clip(&row.path, LONGEST)),
            _ => clip(&row.path, LONGEST).into_owned(),
        };
        body.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            cell(&row.rule_id),
            markdown(&place),
            cell(&row.reason),
            cell(row.owner.as_deref().unwrap_or("-")),
            cell(row.expires.as_deref().unwrap_or("-")),
            text::grouped(row.matched),
        ));
    }
    body.push_str(&side_rest(total, "suppressions"));
    Side::new(
        &format!("Suppressions: {}", text::grouped(total)),
        &body,
        "suppressions",
    )
}

fn cleanup(run: &Run<'_>) -> anyhow::Result<Side> {
    let total: u64 = run
        .record
        .actions
        .values()
        .map(|(targets, _, _)| targets)
        .sum();
    if total == 0 {
        return Ok(Side::NONE);
    }
    let mut body = String::new();
    for ((action, result), (targets, _, bytes)) in run.record.actions.iter().take(SIDE_ROWS) {
        let (action, result) = (cell(action), cell(result));
        body.push_str(&format!(
            "* {} {action} {result}, {}\n",
            text::grouped(*targets),
            text::bytes(*bytes)
        ));
    }
    body.push_str("\n| result | path | size | rule |\n| --- | --- | ---: | --- |\n");
    let mut shown = 0;
    run.rows.actions(&mut |row| {
        if shown == SIDE_ROWS {
            return Ok(ControlFlow::Break(()));
        }
        shown += 1;
        body.push_str(&format!(
            "| {} | {} | {} | {} |\n",
            cell(&row.action_result),
            cell(&row.target_path),
            text::bytes(row.bytes),
            cell(&row.cleanup_rule),
        ));
        Ok(ControlFlow::Continue(()))
    })?;
    body.push_str(&side_rest(total, "cleanup_actions"));
    Ok(Side::new(
        &format!("Cleanup: {}", text::count(total, "target")),
        &body,
        "cleanup_actions",
    ))
}

fn skipped(record: &RunRecord) -> Side {
    let total: u64 = record.skipped.values().sum();
    if total == 0 {
        return Side::NONE;
    }
    let mut body = String::from("| paths | reason |\n| ---: | --- |\n");
    for (reason, count) in record.skipped.iter().take(SIDE_ROWS) {
        body.push_str(&format!(
            "| {} | {} |\n",
            text::grouped(*count),
            cell(reason)
        ));
    }
    body.push_str(&side_rest(record.skipped.len() as u64, "skipped_files"));
    let title = format!("Not fully checked: {}", text::count(total, "path"));
    Side::new(&title, &body, "skipped_files")
}

fn foot(run: &Run<'_>) -> String {
    let details = &run.record.start.details;
    let mut foot = format!(
        "\nPolicy: {} · Run: {} · Version: {}\n",
        cell(&details.policy_source),
        cell(&run.record.start.deployment_id),
        cell(&details.tool_version),
    );
    if let Some(database) = run.database {
        let (path, sha256) = (cell(&database.path), cell(&database.sha256));
        foot.push_str(&format!("\nDatabase: {path}, SHA-256 {sha256}\n"));
    }
    foot
}
