//! `azure`: logging commands by which Azure Pipelines shows issues beside the run.

use super::encode::{azure_data, azure_property, log_line};
use super::github::{Facts, pairs};
use super::levels::{cut, levels};
use super::{Context, Run, Told};
use crate::finding::Severity;
use crate::store::rows::ViolationRow;
use std::io::Write;
use std::path::Path;

/// The most issues of one level that Azure keeps for a step.
const PER_LEVEL: usize = 10;
/// The longest message, in UTF-16 units.
const LONGEST: usize = 4096;
const CUT_MARK: &str = " [cut; the whole message is in the database]";

/// Writes the worst errors and warnings; Azure knows no other level.
pub(super) fn write(
    run: &Run<'_>,
    context: &Context<'_>,
    out: &mut dyn Write,
) -> anyhow::Result<Told> {
    let mut left_out = 0;
    for level in levels(run.rows, &context.plan, PER_LEVEL)? {
        left_out += level.rest;
        let Some(kind) = kind(level.severity) else {
            left_out += level.shown.len() as u64;
            continue;
        };
        for row in &level.shown {
            out.write_all(issue(run, row, kind).as_bytes())?;
        }
        if level.rest > 0 {
            let message = format!(
                "{} not shown: {}. The log and the database have them.",
                level.rest_title(),
                level.rest_in_words()
            );
            out.write_all(command(&[("type", kind.to_owned())], &message).as_bytes())?;
        }
    }
    Ok(Told::without(
        left_out,
        "a log shows few issues of a level and no notes; the last of each level says what is missing",
    ))
}

/// Commands that set the outputs of the step as variables of the job: `exit-code` is `exit_code` there.
pub fn azure_variables(run: &Run<'_>, facts: &Facts<'_>) -> String {
    let variable = |(key, value): (&str, String)| {
        format!(
            "##vso[task.setvariable variable={};isOutput=true;]{}\n",
            azure_property(&key.replace('-', "_")),
            azure_data(&log_line(&value))
        )
    };
    pairs(run, facts).into_iter().map(variable).collect()
}

/// The command that shows a Markdown file with the run; `None` where its path (absolute) cannot be spelt in a log.
pub fn azure_summary(path: &Path) -> Option<String> {
    let path = path.to_str().filter(|path| log_line(path) == **path)?;
    Some(format!("##vso[task.uploadsummary]{}\n", azure_data(path)))
}

fn kind(severity: Severity) -> Option<&'static str> {
    match severity {
        Severity::Error => Some("error"),
        Severity::Warning => Some("warning"),
        Severity::Note => None,
    }
}

fn issue(run: &Run<'_>, row: &ViolationRow, kind: &str) -> String {
    let mut properties = vec![("type", kind.to_owned())];
    if matches!(row.subject.as_str(), "file" | "policy") && !row.path.is_empty() {
        // Azure looks for the file on the machine.
        let path = format!("{}/{}", run.record.start.workspace_path, row.path);
        properties.push(("sourcepath", log_line(&path)));
        if let Some(region) = row.region {
            properties.push(("linenumber", region.line.to_string()));
            properties.push(("columnnumber", region.column.to_string()));
        }
    }
    properties.push(("code", log_line(&row.rule_id)));
    command(&properties, &log_line(&row.message))
}

fn command(properties: &[(&str, String)], message: &str) -> String {
    let properties: Vec<String> = properties
        .iter()
        .map(|(key, value)| format!("{key}={};", azure_property(value)))
        .collect();
    format!(
        "##vso[task.logissue {}]{}\n",
        properties.concat(),
        azure_data(&cut(message, LONGEST, CUT_MARK))
    )
}
