//! What comes after the findings: tables of the run, and the verdict last, where a log ends.

use super::table::{Align, Table};
use super::{BOLD, DIM, severity_style};
use crate::finding::Severity;
use crate::report::base::base;
use crate::report::encode::LogLine;
use crate::report::tally::{
    Selection, Tally, action_words, first_results, fix_lines, last_validation, notices,
};
use crate::report::{Run, text};
use crate::store::rows::{RunRecord, SessionEnd, Verdict};
use anstyle::{AnsiColor, Style};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::ControlFlow;

const PLAIN: Style = Style::new();

/// Writes all closing sections. `actions` is the most rows of cleanup shown.
pub(super) fn write(
    run: &Run<'_>,
    selection: &Selection,
    actions: usize,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    rules(run.record, selection, out)?;
    phases(run.record, out)?;
    fixes(run.record, out)?;
    cleanup(run, actions, out)?;
    skipped(run.record, out)?;
    facts(run, out)?;
    verdict(run.record, &selection.total, out)?;
    Ok(())
}

fn heading(title: &str, out: &mut dyn Write) -> io::Result<()> {
    LogLine::new().styled(BOLD, title).write(out)
}

fn rules(record: &RunRecord, selection: &Selection, out: &mut dyn Write) -> io::Result<()> {
    let checked: BTreeMap<&str, u64> = first_results(record)
        .map(|row| (row.rule_id.as_str(), row.files_checked))
        .collect();
    let silent = checked
        .keys()
        .filter(|name| !selection.by_rule.contains_key(**name))
        .count() as u64;
    heading("Rules", out)?;
    if !selection.by_rule.is_empty() {
        rule_table(selection, &checked).write(out)?;
        existing(selection, out)?;
    }
    let rules = match (selection.by_rule.is_empty(), silent) {
        (true, 0) => "no rule is on".to_owned(),
        (true, _) => format!("{}, nothing found", text::count(silent, "rule")),
        (false, 0) => return out.write_all(b"\n"),
        (false, _) => format!("{} found nothing", text::count(silent, "other rule")),
    };
    LogLine::new()
        .styled(DIM, &format!("  {rules}"))
        .write(out)?;
    out.write_all(b"\n")
}

/// What the base has, too: it is in none of the columns for what is open.
fn existing(selection: &Selection, out: &mut dyn Write) -> io::Result<()> {
    let rules = selection
        .by_rule
        .iter()
        .filter(|(_, tally)| tally.existing > 0);
    let rules: Vec<String> = rules
        .map(|(name, tally)| format!("{} {name}", text::grouped(tally.existing)))
        .collect();
    if rules.is_empty() {
        return Ok(());
    }
    let line = format!("  existing, the base has them, too: {}", rules.join(", "));
    LogLine::new().styled(DIM, &line).write(out)
}

fn rule_table(selection: &Selection, checked: &BTreeMap<&str, u64>) -> Table<7> {
    use Align::{Left, Right};
    let mut table = Table::new([Left, Right, Right, Right, Right, Right, Right]);
    let titles = [
        "",
        "errors",
        "warnings",
        "notes",
        "suppressed",
        "resolved",
        "files checked",
    ];
    table.row(titles.map(|title| (DIM, title)));
    for (name, tally) in &selection.by_rule {
        let number = |count: u64, style: Style| match count {
            0 => (DIM, "-".to_owned()),
            _ => (style, text::grouped(count)),
        };
        let files = checked
            .get(name.as_str())
            .map_or_else(|| "-".to_owned(), |n| text::grouped(*n));
        let cells = [
            (PLAIN, name.clone()),
            number(tally.errors, severity_style(Severity::Error)),
            number(tally.warnings, severity_style(Severity::Warning)),
            number(tally.notes, severity_style(Severity::Note)),
            number(tally.suppressed, PLAIN),
            number(tally.resolved, PLAIN),
            (PLAIN, files),
        ];
        table.row(
            cells
                .each_ref()
                .map(|(style, text)| (*style, text.as_str())),
        );
    }
    table
}

fn phases(record: &RunRecord, out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new([Align::Right, Align::Left, Align::Left, Align::Right]);
    for row in &record.phases {
        let style = if row.status == "failed" {
            severity_style(Severity::Error)
        } else {
            PLAIN
        };
        table.row([
            (DIM, &row.phase.to_string()),
            (PLAIN, &row.name),
            (style, &row.status),
            (DIM, &text::duration(row.duration_ms)),
        ]);
    }
    heading("Phases", out)?;
    table.write(out)?;
    out.write_all(b"\n")
}

/// What was fixed, or could be.
fn fixes(record: &RunRecord, out: &mut dyn Write) -> io::Result<()> {
    let lines = fix_lines(record);
    if lines.is_empty() {
        return Ok(());
    }
    heading("Fixes", out)?;
    for line in &lines {
        LogLine::new().text(&format!("  {line}")).write(out)?;
    }
    out.write_all(b"\n")
}

fn cleanup(run: &Run<'_>, most: usize, out: &mut dyn Write) -> anyhow::Result<()> {
    let groups = &run.record.actions;
    if groups.is_empty() {
        return Ok(());
    }
    heading("Cleanup", out)?;
    for ((action, result), (targets, _, bytes)) in groups {
        let (what, bytes) = (action_words(action, *targets), text::bytes(*bytes));
        LogLine::new()
            .text(&format!("  {what}: {result}, {bytes}"))
            .write(out)?;
    }
    if let Some(digest) = plan_digest(run.record) {
        LogLine::new()
            .styled(DIM, "  plan ")
            .text(digest)
            .write(out)?;
    }
    let shown = cleanup_rows(run, most, out)?;
    let total: u64 = groups.values().map(|(targets, _, _)| targets).sum();
    let hidden = total.saturating_sub(shown);
    if hidden > 0 {
        let hidden = text::grouped(hidden);
        let line = format!("  {hidden} more in the table cleanup_actions of the database");
        LogLine::new().text(&line).write(out)?;
    }
    let has = |word: &str| groups.keys().any(|(_, result)| result == word);
    if has("planned") && !has("removed") && !has("quarantined") {
        let line = "  nothing was removed: only a run with --apply or --apply=cleanup removes";
        LogLine::new().styled(DIM, line).write(out)?;
    }
    Ok(out.write_all(b"\n")?)
}

/// What `--expect-plan` takes.
fn plan_digest(record: &RunRecord) -> Option<&str> {
    let mut details = record.phases.iter().map(|row| &row.detail);
    details.find_map(|detail| detail.get("plan_sha256")?.as_str())
}

/// The first rows of the plan; answers how many.
fn cleanup_rows(run: &Run<'_>, most: usize, out: &mut dyn Write) -> anyhow::Result<u64> {
    let mut table = Table::new([Align::Left, Align::Left, Align::Right, Align::Left]);
    let mut shown = 0;
    run.rows.actions(&mut |row| {
        if shown == most {
            return Ok(ControlFlow::Break(()));
        }
        shown += 1;
        table.row([
            (PLAIN, shown_result(run.record, &row.action_result)),
            (PLAIN, &row.target_path),
            (DIM, &text::bytes(row.bytes)),
            (DIM, &row.cleanup_rule),
        ]);
        Ok(ControlFlow::Continue(()))
    })?;
    table.write(out)?;
    Ok(shown as u64)
}

/// A row's result; why the plan was refused as a whole stands beside the verdict, and is not repeated for each row.
fn shown_result<'r>(record: &RunRecord, result: &'r str) -> &'r str {
    let Some((word @ "refused", why)) = result.split_once(": ") else {
        return result;
    };
    let mut reasons = record.end.iter().flat_map(|end| &end.verdict_reasons);
    let told = reasons.any(|reason| reason.strip_prefix("cleanup was refused: ") == Some(why));
    if told { word } else { result }
}

fn skipped(record: &RunRecord, out: &mut dyn Write) -> io::Result<()> {
    let total: u64 = record.skipped.values().sum();
    if total == 0 {
        return Ok(());
    }
    heading(
        &format!("Not fully checked: {}", text::count(total, "path")),
        out,
    )?;
    let mut table = Table::new([Align::Right, Align::Left]);
    for (reason, count) in &record.skipped {
        table.row([(PLAIN, &text::grouped(*count)), (PLAIN, reason)]);
    }
    table.write(out)?;
    out.write_all(b"\n")
}

fn facts(run: &Run<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new([Align::Left, Align::Left]);
    let details = &run.record.start.details;
    let policy = match details.policy_source.strip_prefix("preset ") {
        Some(preset) => format!(
            "no policy file found, so the preset `{preset}` applies; a `.factory-gate.yml` changes that"
        ),
        None => details.policy_source.clone(),
    };
    table.row([(DIM, "Session"), (PLAIN, &run.record.start.deployment_id)]);
    table.row([(DIM, "Policy"), (PLAIN, &policy)]);
    if let Some(end) = &run.record.end {
        let files = text::count(end.files_scanned, "file");
        let checked = format!("{files}, {} read", text::bytes(end.bytes_scanned));
        table.row([(DIM, "Checked"), (PLAIN, &checked)]);
    }
    if let Some(limits) = run.record.end.as_ref().and_then(limits) {
        table.row([(DIM, "Limits"), (PLAIN, &limits)]);
    }
    base_rows(run.record, &mut table);
    if let Some(row) = last_validation(run.record) {
        let score = format!(
            "{} of 100: {} of {} checked with an error or a warning",
            text::score(row.compliance_score),
            text::grouped(row.things_failing),
            text::grouped(row.things_checked),
        );
        table.row([(DIM, "Score"), (PLAIN, &score)]);
    }
    match run.database {
        Some(database) => {
            table.row([(DIM, "Database"), (PLAIN, &database.path)]);
            table.row([(DIM, ""), (DIM, &format!("sha256 {}", database.sha256))]);
        }
        None => table.row([
            (DIM, "Database"),
            (severity_style(Severity::Error), "not published"),
        ]),
    }
    heading("Run", out)?;
    table.write(out)?;
    out.write_all(b"\n")
}

/// What the run was compared with: the commit and how it was found, or every step to why there is none.
fn base_rows(record: &RunRecord, table: &mut Table<2>) {
    let Some(base) = base(record) else {
        return;
    };
    let Some((last, before)) = base.how.split_last() else {
        return;
    };
    if let Some(sha) = base.sha {
        let short = sha.get(..12).unwrap_or(sha);
        let line = format!("{short} ({last})");
        table.row([(DIM, "Base"), (PLAIN, &line)]);
        return;
    }
    let line = format!("none: {last}");
    table.row([(DIM, "Base"), (PLAIN, &line)]);
    for step in before {
        table.row([(DIM, ""), (DIM, step)]);
    }
}

/// What held the run while it could change the workspace; nothing if it could not.
fn limits(end: &SessionEnd) -> Option<String> {
    let containment = end.containment.as_ref()?;
    let resolution = containment.get("resolution")?.as_str()?;
    let landlock = |threads: &str| {
        let threads = containment.get(threads)?;
        Some(match threads.get("landlock_abi")?.as_u64() {
            Some(abi) => format!("Landlock {abi}"),
            None => "no Landlock".to_owned(),
        })
    };
    let parts = [
        Some(format!("paths by {resolution}")),
        landlock("scan_threads").map(|limit| format!("threads that look: {limit}")),
        landlock("acting_threads").map(|limit| format!("threads that act: {limit}")),
    ];
    Some(parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
}

fn verdict(record: &RunRecord, tally: &Tally, out: &mut dyn Write) -> io::Result<()> {
    let Some(end) = &record.end else {
        return LogLine::new()
            .styled(BOLD, "This run has not ended: there is no verdict")
            .write(out);
    };
    for notice in notices(record) {
        let style = severity_style(Severity::Warning);
        LogLine::new()
            .styled(style, "Notice")
            .text(": ")
            .text(notice)
            .write(out)?;
    }
    let style = match end.verdict {
        Verdict::Pass => AnsiColor::Green.on_default().bold(),
        Verdict::Fail => severity_style(Severity::Error),
        Verdict::Undecided => severity_style(Severity::Warning),
    };
    LogLine::new()
        .styled(style, &end.verdict.as_str().to_uppercase())
        .styled(BOLD, &format!("  {}", super::super::sentence(tally)))
        .styled(DIM, &format!("  (exit code {})", end.exit_code))
        .write(out)?;
    for reason in &end.verdict_reasons {
        LogLine::new().text("  - ").text(reason).write(out)?;
    }
    match next_step(record, end) {
        Some(next) => LogLine::new().text("  Next: ").text(next).write(out),
        None => Ok(()),
    }
}

/// What the reader can do about the verdict.
fn next_step(record: &RunRecord, end: &SessionEnd) -> Option<&'static str> {
    match end.verdict {
        Verdict::Pass => None,
        Verdict::Fail if record.fixes.contains_key("planned") => Some(
            "--apply=fix makes the edits above; fix the rest, or accept it on its line: \
             factory-gate: allow(RULE) REASON",
        ),
        Verdict::Fail => Some(
            "fix what is shown above, or accept a violation by a comment on its line: \
             factory-gate: allow(RULE) REASON",
        ),
        Verdict::Undecided => {
            Some("remove the cause named above and run again; an undecided run never passes")
        }
    }
}
