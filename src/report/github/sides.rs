//! The sections of the job summary beside the violations: each of bounded size, with a short form.

use super::summary::{SIDE_ROWS, cell, place, row};
use crate::report::tally::{action_words, first_results};
use crate::report::{Run, text};
use crate::rules;
use crate::store::rows::RunRecord;
use std::ops::ControlFlow;

/// A section, and what takes its place where it would take too much room. Both are empty if there is nothing to say.
#[derive(Default)]
pub(super) struct Side {
    pub(super) markdown: String,
    pub(super) short: String,
}

impl Side {
    fn new(title: &str, body: &[String], table: &str) -> Self {
        let short = format!("No room here: see the table {table} of the database.\n");
        Self {
            markdown: format!("\n### {title}\n\n{}", body.concat()),
            short: format!("\n### {title}\n\n{short}"),
        }
    }
}

/// All of them, in order.
pub(super) fn all(run: &Run<'_>) -> anyhow::Result<[Side; 4]> {
    let record = run.record;
    Ok([
        help(record),
        suppressions(record),
        cleanup(run)?,
        skipped(record),
    ])
}

/// A sentence on the rows of a table that are not shown, or nothing.
fn rest(total: u64, table: &str) -> String {
    match total.saturating_sub(SIDE_ROWS as u64) {
        0 => String::new(),
        rest => {
            let rows = text::count(rest, "more row");
            format!("\n{rows} in the table {table} of the database.\n")
        }
    }
}

/// What to do about the rules that found something. The texts are the program's own Markdown.
fn help(record: &RunRecord) -> Side {
    let rules: Vec<_> = first_results(record)
        .filter(|result| result.violations_found > 0)
        .filter_map(|result| Some((result, rules::find(&result.uses)?)))
        .collect();
    if rules.is_empty() {
        return Side::default();
    }
    let shown = rules.iter().take(SIDE_ROWS);
    let mut body: Vec<String> = shown
        .map(|(result, rule)| {
            format!(
                "* **{}**: {} {}\n",
                cell(&result.rule_id),
                rule.fix,
                rule.why
            )
        })
        .collect();
    let more = rules.len().saturating_sub(SIDE_ROWS) as u64;
    if more > 0 {
        body.push(format!("* and {}\n", text::count(more, "more rule")));
    }
    body.push("\nMore: `factory-gate explain RULE`\n".to_owned());
    Side::new("How to fix", &body, "rule_results")
}

fn suppressions(record: &RunRecord) -> Side {
    let total = record.suppressions.len() as u64;
    if total == 0 {
        return Side::default();
    }
    let head = "| rule | where | reason | owner | until | matched |\n| --- | --- | --- | --- | --- | ---: |\n";
    let mut body = vec![head.to_owned()];
    for accepted in record.suppressions.iter().take(SIDE_ROWS) {
        // The line of one in the policy is a line of the policy, not of the path.
        let line = accepted.line.filter(|_| accepted.source == "inline");
        body.push(row(&[
            cell(&accepted.rule_id),
            place(&accepted.path, line),
            cell(&accepted.reason),
            cell(accepted.owner.as_deref().unwrap_or("-")),
            cell(accepted.expires.as_deref().unwrap_or("-")),
            text::grouped(accepted.matched),
        ]));
    }
    body.push(rest(total, "suppressions"));
    Side::new(
        &format!("Suppressions: {}", text::grouped(total)),
        &body,
        "suppressions",
    )
}

fn cleanup(run: &Run<'_>) -> anyhow::Result<Side> {
    let groups = &run.record.actions;
    let total: u64 = groups.values().map(|(targets, _, _)| targets).sum();
    if total == 0 {
        return Ok(Side::default());
    }
    let mut body = Vec::new();
    for ((action, result), (targets, _, bytes)) in groups.iter().take(SIDE_ROWS) {
        let (what, bytes) = (action_words(action, *targets), text::bytes(*bytes));
        body.push(format!("* {}: {}, {bytes}\n", cell(&what), cell(result)));
    }
    body.push("\n| result | path | size | rule |\n| --- | --- | ---: | --- |\n".to_owned());
    let mut shown = 0;
    run.rows.actions(&mut |action| {
        if shown == SIDE_ROWS {
            return Ok(ControlFlow::Break(()));
        }
        shown += 1;
        body.push(row(&[
            cell(&action.action_result),
            place(&action.target_path, None),
            text::bytes(action.bytes),
            cell(&action.cleanup_rule),
        ]));
        Ok(ControlFlow::Continue(()))
    })?;
    body.push(rest(total, "cleanup_actions"));
    let title = format!("Cleanup: {}", text::count(total, "target"));
    Ok(Side::new(&title, &body, "cleanup_actions"))
}

fn skipped(record: &RunRecord) -> Side {
    let total: u64 = record.skipped.values().sum();
    if total == 0 {
        return Side::default();
    }
    let mut body = vec!["| paths | reason |\n| ---: | --- |\n".to_owned()];
    let reasons = record.skipped.iter().take(SIDE_ROWS);
    body.extend(reasons.map(|(reason, count)| row(&[text::grouped(*count), cell(reason)])));
    body.push(rest(record.skipped.len() as u64, "skipped_files"));
    let title = format!("Not fully checked: {}", text::count(total, "path"));
    Side::new(&title, &body, "skipped_files")
}
