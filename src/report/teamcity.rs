//! `teamcity`: service messages by which `TeamCity` shows inspections, numbers and what is wrong with a build.

use super::encode::{clip, log_line, teamcity_value};
use super::levels::Rank;
use super::place::{Standing, shown_path};
use super::tally::{Tally, first_results, last_validation, rule_behind};
use super::{Context, Run, Shown, Told, sentence, text};
use crate::finding::Severity;
use crate::store::rows::{Order, RunRecord, Verdict, ViolationRow};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::ops::ControlFlow;

/// More inspections than this make a log that nobody can open.
const MOST: u64 = 5_000;
/// The longest text of a message, in characters.
const LONGEST: usize = 1_000;

/// Writes the kinds of inspections, the worst violations, the totals, and the verdict if it is not `pass`.
pub(super) fn write(
    run: &Run<'_>,
    context: &Context<'_>,
    out: &mut dyn Write,
) -> anyhow::Result<Told> {
    let tally = Tally::of(run.record);
    let mut declared = BTreeSet::new();
    for result in first_results(run.record) {
        declare(run.record, &result.rule_id, &mut declared, out)?;
    }
    let mut written = 0;
    let mut of_level: BTreeMap<Severity, usize> = BTreeMap::new();
    let most = context.plan.most.unwrap_or(usize::MAX);
    run.rows.violations(Order::WorstFirst, &mut |row| {
        if matches!(
            Standing::of(&row),
            Standing::Suppressed | Standing::Resolved
        ) {
            return Ok(ControlFlow::Continue(()));
        }
        if written == MOST {
            return Ok(ControlFlow::Break(()));
        }
        // Here a finding of no weight has a level of its own, so all are shown unless only the change is asked for.
        let is_wanted =
            context.plan.shown != Shown::Changed || context.plan.rank(&row) != Rank::Counted;
        let count = of_level.entry(row.severity).or_default();
        if !is_wanted || *count == most {
            return Ok(ControlFlow::Continue(()));
        }
        *count += 1;
        declare(run.record, &row.rule_id, &mut declared, out)?;
        inspection(&row, context, out)?;
        written += 1;
        Ok(ControlFlow::Continue(()))
    })?;
    let left_out = tally.open().saturating_sub(written);
    numbers(run.record, &tally, out)?;
    verdict(run.record, (&tally, left_out), out)?;
    Ok(Told::without(
        left_out,
        "a log with many inspections is hard to open; the worst are in it",
    ))
}

/// A message of one line.
fn message(name: &str, values: &[(&str, &str)], out: &mut dyn Write) -> std::io::Result<()> {
    let values: Vec<String> = values
        .iter()
        .map(|(key, value)| {
            format!(
                " {key}='{}'",
                teamcity_value(&log_line(&clip(value, LONGEST)))
            )
        })
        .collect();
    writeln!(out, "##teamcity[{name}{}]", values.concat())
}

/// Says once what a rule is.
fn declare(
    record: &RunRecord,
    rule_id: &str,
    declared: &mut BTreeSet<String>,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    if !declared.insert(rule_id.to_owned()) {
        return Ok(());
    }
    let rule = rule_behind(record, rule_id);
    let values = [
        ("id", rule_id),
        ("name", rule_id),
        ("category", "Factory Gate"),
        (
            "description",
            rule.map_or("a rule of the policy", |rule| rule.summary),
        ),
    ];
    message("inspectionType", &values, out)
}

fn inspection(
    row: &ViolationRow,
    context: &Context<'_>,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let severity = match (Standing::of(row), row.severity) {
        (Standing::Existing, _) | (_, Severity::Note) => "INFO",
        (_, Severity::Warning) => "WARNING",
        (_, Severity::Error) => "ERROR",
    };
    let line = row.region.map_or(0, |region| region.line).to_string();
    let file = shown_path(row, context.source);
    let mut values = vec![
        ("typeId", row.rule_id.as_str()),
        ("message", &row.message),
        ("file", &file),
    ];
    if row.region.is_some() {
        values.push(("line", &line));
    }
    values.push(("SEVERITY", severity));
    message("inspection", &values, out)
}

fn numbers(record: &RunRecord, tally: &Tally, out: &mut dyn Write) -> std::io::Result<()> {
    let mut numbers = vec![
        ("factoryGate.errors", tally.errors.to_string()),
        ("factoryGate.warnings", tally.warnings.to_string()),
        ("factoryGate.notes", tally.notes.to_string()),
        ("factoryGate.new", tally.new.to_string()),
        ("factoryGate.existing", tally.existing.to_string()),
        ("factoryGate.suppressed", tally.suppressed.to_string()),
    ];
    if let Some(row) = last_validation(record) {
        numbers.push(("factoryGate.score", text::score(row.compliance_score)));
    }
    for (key, value) in &numbers {
        message(
            "buildStatisticValue",
            &[("key", key), ("value", value)],
            out,
        )?;
    }
    Ok(())
}

fn verdict(
    record: &RunRecord,
    (tally, left_out): (&Tally, u64),
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let verdict = record
        .end
        .as_ref()
        .map_or(Verdict::Undecided, |end| end.verdict);
    if verdict == Verdict::Pass {
        return Ok(());
    }
    let reasons = record
        .end
        .iter()
        .flat_map(|end| &end.verdict_reasons)
        .take(5);
    let reasons: Vec<&str> = reasons.map(String::as_str).collect();
    let more = match left_out {
        0 => String::new(),
        count => format!(" ({} not shown)", text::grouped(count)),
    };
    let description = format!(
        "Factory Gate: {}: {}{more}. {}",
        verdict.as_str(),
        sentence(tally),
        reasons.join("; ")
    );
    let values = [
        ("description", description.as_str()),
        ("identity", "factory-gate-verdict"),
    ];
    message("buildProblem", &values, out)
}
