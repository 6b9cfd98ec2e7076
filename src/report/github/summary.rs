//! The job summary, in Markdown. GitHub drops a summary that is too large as a whole, so this one is built to a
//! budget: the verdict first, then as many of the worst violations as fit, and always how many are missing.

use super::{Source, sides};
use crate::report::encode::{clip, markdown};
use crate::report::tally::{Tally, fix_lines, is_open, last_validation, notices};
use crate::report::{Run, sentence, text};
use crate::store::rows::{Order, RunRecord, Verdict, ViolationRow};
use std::ops::ControlFlow;

/// The longest text in a cell, in characters of the source text.
const LONGEST: usize = 300;
/// The most rows of a table other than that of the violations.
pub(super) const SIDE_ROWS: usize = 20;
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

impl SummaryLimits {
    /// Within this many bytes, with as many violations as a person may still read.
    pub fn within(bytes: usize) -> Self {
        Self {
            bytes,
            violations: 500,
        }
    }
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
    for side in sides::all(run)? {
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
pub(super) fn cell(text: &str) -> String {
    markdown(&clip(text, LONGEST))
}

/// A path, and a line in it.
pub(super) fn place(path: &str, line: Option<u32>) -> String {
    let path = clip(path, LONGEST);
    match line {
        Some(line) => markdown(&format!("{path}:{line}")),
        None => markdown(&path),
    }
}

/// A row of a table, of cells that are encoded.
pub(super) fn row(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

fn where_all_is(run: &Run<'_>) -> String {
    match run.database {
        Some(database) => format!("the table violations of {}", cell(&database.path)),
        None => "the run's record, which was not published".to_owned(),
    }
}

fn head(record: &RunRecord, tally: &Tally) -> String {
    let title = format!(
        "\n## Factory Gate: {}\n\n{}\n",
        verdict_word(record),
        sentence(tally)
    );
    let mut parts = vec![title];
    if let Some(end) = &record.end {
        let reasons = end.verdict_reasons.iter().take(SIDE_ROWS);
        parts.extend(reasons.map(|reason| format!("\n* {}", cell(reason))));
        let more = end.verdict_reasons.len().saturating_sub(SIDE_ROWS) as u64;
        if more > 0 {
            parts.push(format!("\n* and {}", text::count(more, "more reason")));
        }
        parts.push("\n".to_owned());
    }
    for notice in notices(record) {
        parts.push(format!("\n* ⚠️ {}\n", cell(notice)));
    }
    for line in fix_lines(record) {
        parts.push(format!("\n* {}\n", cell(&line)));
    }
    parts.push(counts(record, tally));
    parts.concat()
}

/// The table of totals; new and existing are told apart where the run compared.
fn counts(record: &RunRecord, tally: &Tally) -> String {
    let compared = tally.new + tally.existing > 0;
    let (title, rule) = if compared {
        (" new | existing |", " ---: | ---: |")
    } else {
        ("", "")
    };
    let titles = format!(
        "\n| errors | warnings | notes |{title} suppressed | resolved | files checked | score |\n\
         | ---: | ---: | ---: |{rule} ---: | ---: | ---: | ---: |\n"
    );
    let end = record.end.as_ref();
    let score = last_validation(record).map(|row| text::score(row.compliance_score));
    let unknown = || "-".to_owned();
    let mut cells = vec![
        text::grouped(tally.errors),
        text::grouped(tally.warnings),
        text::grouped(tally.notes),
    ];
    if compared {
        cells.extend([text::grouped(tally.new), text::grouped(tally.existing)]);
    }
    cells.extend([
        text::grouped(tally.suppressed),
        text::grouped(tally.resolved),
        end.map_or_else(unknown, |end| text::grouped(end.files_scanned)),
        score.unwrap_or_else(unknown),
    ]);
    titles + &row(&cells)
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
    run.rows.violations(Order::WorstFirst, &mut |found| {
        if !is_open(&found) {
            return Ok(ControlFlow::Continue(()));
        }
        let line = violation(&found, source);
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

fn violation(violation: &ViolationRow, source: &Source) -> String {
    let path = if violation.path.is_empty() {
        "(the workspace)"
    } else {
        &violation.path
    };
    let severity = match violation.state.as_str() {
        "existing" => format!("{} (existing)", violation.severity),
        _ => violation.severity.to_string(),
    };
    let place = place(path, violation.region.map(|region| region.line));
    let link = source
        .link(&violation.path, violation.region)
        .filter(|_| violation.subject == "file");
    let place = match link {
        Some(url) => format!("[{place}]({url})"),
        None => place,
    };
    row(&[
        severity,
        cell(&violation.rule_id),
        place,
        cell(&violation.message),
    ])
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

fn foot(run: &Run<'_>) -> String {
    let details = &run.record.start.details;
    let facts = format!(
        "\nPolicy: {} · Run: {} · Version: {}\n",
        cell(&details.policy_source),
        cell(&run.record.start.deployment_id),
        cell(&details.tool_version),
    );
    let database = run.database.map(|database| {
        let (path, sha256) = (cell(&database.path), cell(&database.sha256));
        format!("\nDatabase: {path}, SHA-256 {sha256}\n")
    });
    facts + &database.unwrap_or_default()
}
