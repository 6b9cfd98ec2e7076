//! Annotations: lines on stdout that GitHub shows at the changed lines. It takes ten of each level from a step
//! and drops the others in silence; here the worst nine are followed by one that says what the others are.

use super::Source;
use crate::finding::Severity;
use crate::report::Run;
use crate::report::encode::{command_data, command_property, log_line};
use crate::report::levels::{Level, Plan, cut, levels};
use crate::report::tally::rule_behind;
use crate::store::rows::{RunRecord, ViolationRow};

/// The most annotations of one level that GitHub keeps for a step.
const PER_LEVEL: usize = 10;
/// The longest message that GitHub keeps, in UTF-16 units.
const LONGEST: usize = 4096;
/// What a cut message ends in.
const CUT_MARK: &str = " [cut; the whole message is in the database]";
/// Annotations for one step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Annotations {
    /// Lines for stdout.
    pub commands: String,
    /// Open violations that have no annotation of their own.
    pub dropped: u64,
}

/// The annotations of a run: for each level all of at most ten open violations (or as many as the plan says), or one
/// less and a roll-up.
///
/// # Errors
/// The rows could not be read.
pub fn annotations(run: &Run<'_>, source: &Source, plan: &Plan<'_>) -> anyhow::Result<Annotations> {
    let mut result = Annotations::default();
    for level in levels(run.rows, plan, PER_LEVEL)? {
        for row in &level.shown {
            result
                .commands
                .push_str(&annotation(run.record, (level.severity, row), source));
        }
        if level.rest > 0 {
            result.dropped += level.rest;
            result
                .commands
                .push_str(&roll_up(&level, plan.most.unwrap_or(PER_LEVEL)));
        }
    }
    Ok(result)
}

fn annotation(
    record: &RunRecord,
    (severity, row): (Severity, &ViolationRow),
    source: &Source,
) -> String {
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
    let known = if row.state == "existing" {
        " (existing)"
    } else {
        ""
    };
    properties.push(("title", format!("{}{known}", log_line(&row.rule_id))));
    command(severity, &properties, &message)
}

/// The annotation that stands for all that have none.
fn roll_up(level: &Level, most: usize) -> String {
    let message = format!(
        "At most {most} of a level have an annotation of their own. Not shown: {}. \
         The log, the job summary and the database have them.",
        level.rest_in_words()
    );
    let title = ("title", level.rest_title());
    command(level.severity, &[title], &message)
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
        command_data(&cut(message, LONGEST, CUT_MARK))
    )
}
