//! What the CI system is told beside the reports: commands in the log, the summary of the job, the outputs of the step.

use super::report::{Outputs, STANDARD_OUTPUT, sentence};
use crate::ci::{self, System};
use crate::report::encode::{LogLine, log_line};
use crate::report::github::{self, Facts};
use crate::report::{self, Context, Kind, NoFiles, Plan, Shown};
use crate::store::rows::Verdict;
use anyhow::Context as _;
use std::path::Path;

/// What of a run the CI system shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CiOptions {
    /// Which violations get an annotation; `None`: none of them.
    pub annotations: Option<Shown>,
    /// The most of one level; `None`: as many as the system shows.
    pub most: Option<usize>,
    /// Whether there is a summary.
    pub summary: bool,
    /// Whether standard output is a log: no document is written to it.
    pub is_log: bool,
}

/// Most rows of violations in the job summary: more than a person reads do not help.
const SUMMARY_VIOLATIONS: u64 = 1_000;

impl CiOptions {
    /// What a log shows, with the paths that differ from the base, sorted.
    pub(super) fn plan<'c>(&self, changed: Option<&'c [Box<[u8]>]>) -> Plan<'c> {
        Plan {
            shown: self.annotations.unwrap_or_default(),
            most: self.most,
            changed,
        }
    }
}

/// Writes to the log what the system reads there. Answers how many open violations have no line of their own.
pub(super) fn annotate(
    run: &report::Run<'_>,
    plan: Plan<'_>,
    outputs: &mut Outputs<'_>,
) -> anyhow::Result<u64> {
    let open = report::Tally::of(run.record).open();
    let Some(system) = outputs.environment.system.filter(|_| outputs.ci.is_log) else {
        return Ok(open);
    };
    let dropped = match Kind::of_log(system).filter(|_| outputs.ci.annotations.is_some()) {
        None => open,
        Some(kind) => {
            let context = Context {
                source: &outputs.source,
                category: &outputs.category,
                lines: &NoFiles,
                plan,
            };
            let told = kind.write(run, &context, outputs.commands)?;
            if kind != Kind::Github {
                // On GitHub the last annotation of each level says it.
                outputs.told.extend(sentence(kind, None, &told));
            }
            told.left_out
        }
    };
    if system == System::Buildkite {
        hint_at_annotation(run, outputs)?;
    }
    outputs.commands.flush()?;
    Ok(dropped)
}

/// Buildkite shows what its agent is handed; this program starts none.
fn hint_at_annotation(run: &report::Run<'_>, outputs: &mut Outputs<'_>) -> std::io::Result<()> {
    let style = match run.record.end.as_ref().map(|end| end.verdict) {
        Some(Verdict::Pass) => "success",
        Some(Verdict::Fail) => "error",
        Some(Verdict::Undecided) | None => "warning",
    };
    let files = outputs
        .files
        .iter()
        .filter(|file| file.kind == Kind::Buildkite && file.name != STANDARD_OUTPUT);
    for file in files {
        let line = format!(
            "An annotation is in `{}`: buildkite-agent annotate --style {style} --context factory-gate < FILE",
            file.name
        );
        LogLine::new().text(&line).write(outputs.commands)?;
    }
    Ok(())
}

/// Writes the summary of the job where the system shows one. Answers how many open violations are not in it; `None` if
/// there is none.
pub(super) fn summarise(
    run: &report::Run<'_>,
    outputs: &mut Outputs<'_>,
) -> anyhow::Result<Option<u64>> {
    if !outputs.ci.summary {
        return Ok(None);
    }
    if let Some(path) = &outputs.environment.summary {
        let summary = summary(run, ci::summary_budget(path)?, outputs)?;
        ci::append(path, summary.markdown.as_bytes()).with_context(|| unwritable(path))?;
        return Ok(Some(summary.left_out));
    }
    let Some(directory) = &outputs.environment.summary_directory else {
        return Ok(None);
    };
    if !outputs.ci.is_log {
        return Ok(None);
    }
    let path = directory.join(format!(
        "factory-gate-{}.md",
        run.record.start.deployment_id.to_ascii_lowercase()
    ));
    let Some(command) = report::azure_summary(&path) else {
        let path = log_line(&path.display().to_string());
        outputs.told.push(format!(
            "there is no summary: the name `{path}` cannot be spelt in a log"
        ));
        return Ok(None);
    };
    let summary = summary(run, ci::summary_budget(&path)?, outputs)?;
    ci::create(&path, summary.markdown.as_bytes()).with_context(|| unwritable(&path))?;
    outputs.commands.write_all(command.as_bytes())?;
    outputs.commands.flush()?;
    Ok(Some(summary.left_out))
}

fn summary(
    run: &report::Run<'_>,
    bytes: usize,
    outputs: &Outputs<'_>,
) -> anyhow::Result<github::Summary> {
    let limits = github::SummaryLimits {
        bytes,
        violations: SUMMARY_VIOLATIONS,
    };
    github::summary(run, &outputs.source, limits)
}

/// Sets the outputs of the step.
pub(super) fn set_outputs(
    run: &report::Run<'_>,
    (annotations_dropped, summary_left_out): (u64, Option<u64>),
    outputs: &mut Outputs<'_>,
) -> anyhow::Result<()> {
    let files = outputs.files.iter();
    let reports: Vec<(Kind, &str)> = files
        .filter(|file| file.is_written && file.name != STANDARD_OUTPUT)
        .map(|file| (file.kind, file.name.as_str()))
        .collect();
    let facts = Facts {
        annotations_dropped,
        summary_left_out,
        reports: &reports,
    };
    if let Some(path) = &outputs.environment.output {
        let text = github::outputs(run, &facts, &outputs.delimiter)?;
        ci::append(path, &text).with_context(|| unwritable(path))?;
    }
    if outputs.environment.system == Some(System::Azure) && outputs.ci.is_log {
        let variables = report::azure_variables(run, &facts);
        outputs.commands.write_all(variables.as_bytes())?;
        outputs.commands.flush()?;
    }
    Ok(())
}

fn unwritable(path: &Path) -> String {
    format!("cannot write to `{}`", path.display())
}
