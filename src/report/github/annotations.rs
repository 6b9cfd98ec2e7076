//! Annotations: lines on stdout that GitHub shows at the changed lines. It takes ten of each level from a step
//! and drops the others in silence; here the worst nine are followed by one that says what the others are.

use super::Source;
use crate::finding::Severity;
use crate::report::Run;
use crate::report::encode::{command_data, command_property, log_line};
use crate::report::tally::{is_open, rule_behind};
use crate::report::text;
use crate::store::rows::{Order, RunRecord, ViolationRow};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// The most annotations of one level that GitHub keeps for a step.
const PER_LEVEL: usize = 10;
/// The longest message that GitHub keeps, in UTF-16 units.
const LONGEST: usize = 4096;
/// What a cut message ends in.
const CUT_MARK: &str = " [cut; the whole message is in the database]";
/// The most rules that a roll-up names.
const ROLL_UP_RULES: usize = 20;

/// Annotations for one step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Annotations {
    /// Lines for stdout.
    pub commands: String,
    /// Open violations that have no annotation of their own.
    pub dropped: u64,
}

/// The open violations of one level.
#[derive(Default)]
struct Level {
    first: Vec<ViolationRow>,
    by_rule: BTreeMap<String, u64>,
    count: u64,
}

/// The annotations of a run: for each level all of at most ten open violations, or nine and a roll-up.
///
/// # Errors
/// The rows could not be read.
pub fn annotations(run: &Run<'_>, source: &Source) -> anyhow::Result<Annotations> {
    let mut levels: BTreeMap<Severity, Level> = BTreeMap::new();
    run.rows.violations(Order::WorstFirst, &mut |row| {
        if is_open(&row) {
            let level = levels.entry(row.severity).or_default();
            level.count += 1;
            match level.by_rule.get_mut(&row.rule_id) {
                Some(count) => *count += 1,
                None => _ = level.by_rule.insert(row.rule_id.clone(), 1),
            }
            if level.first.len() < PER_LEVEL {
                level.first.push(row);
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let mut result = Annotations::default();
    for (severity, mut level) in levels.into_iter().rev() {
        let rolls_up = level.count > PER_LEVEL as u64;
        if rolls_up {
            level.first.truncate(PER_LEVEL - 1);
        }
        for row in &level.first {
            result
                .commands
                .push_str(&annotation(run.record, row, source));
            *level.by_rule.entry(row.rule_id.clone()).or_default() -= 1;
        }
        if rolls_up {
            let rest = level.count - level.first.len() as u64;
            result.dropped += rest;
            result
                .commands
                .push_str(&roll_up(severity, rest, level.by_rule));
        }
    }
    Ok(result)
}

fn annotation(record: &RunRecord, row: &ViolationRow, source: &Source) -> String {
    let rule = rule_behind(record, &row.rule_id);
    let summary = rule.map_or("violation of a rule", |rule| rule.summary);
    // GitHub drops an annotation without a message.
    let message = if row.message.trim().is_empty() {
        summary
    } else {
        &row.message
    };
    let mut message = log_line(message);
    if let Some(rule) = rule {
        message = format!("{}\nHow to fix: {}", message, log_line(rule.fix));
    }
    let mut properties = Vec::new();
    let has_file = matches!(row.subject.as_str(), "file" | "policy") && !row.path.is_empty();
    if has_file {
        let path = log_line(&format!("{}{}", source.prefix, row.path));
        properties.push(("file", path));
        if let Some(region) = row.region {
            properties.push(("line", region.line.to_string()));
            properties.push(("endLine", region.end_line.max(region.line).to_string()));
            // With columns, GitHub forgets them unless the lines are equal.
            if region.end_line == region.line {
                properties.push(("col", region.column.to_string()));
                properties.push((
                    "endColumn",
                    region.end_column.max(region.column).to_string(),
                ));
            }
        }
    }
    properties.push(("title", log_line(&row.rule_id)));
    command(row.severity, &properties, &message)
}

/// The annotation that stands for all that have none.
fn roll_up(severity: Severity, rest: u64, by_rule: BTreeMap<String, u64>) -> String {
    let mut rules: Vec<(String, u64)> = by_rule
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .collect();
    rules.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    let names: Vec<String> = rules
        .iter()
        .take(ROLL_UP_RULES)
        .map(|(rule, count)| format!("{} {}", text::grouped(*count), log_line(rule)))
        .collect();
    let unnamed = rules.len().saturating_sub(ROLL_UP_RULES) as u64;
    let and_more = if unnamed > 0 {
        format!(" and {}", text::count(unnamed, "more rule"))
    } else {
        String::new()
    };
    let message = format!(
        "GitHub shows {PER_LEVEL} annotations of a level. Not shown: {}{and_more}. \
         The log, the job summary and the database have them.",
        names.join(", ")
    );
    let noun = format!("more {}", severity.as_str());
    command(severity, &[("title", text::count(rest, &noun))], &message)
}

fn command(severity: Severity, properties: &[(&str, String)], message: &str) -> String {
    let level = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let properties: Vec<String> = properties
        .iter()
        .map(|(key, value)| format!("{key}={}", command_property(value)))
        .collect();
    format!(
        "::{level} {}::{}\n",
        properties.join(","),
        command_data(&cut(message))
    )
}

/// The message, cut so that with its mark it has at most [`LONGEST`] UTF-16 units.
fn cut(message: &str) -> String {
    if message.encode_utf16().count() <= LONGEST {
        return message.to_owned();
    }
    let room = LONGEST - CUT_MARK.len();
    let mut used = 0;
    let kept = message.chars().take_while(|character| {
        used += character.len_utf16();
        used <= room
    });
    kept.chain(CUT_MARK.chars()).collect()
}
