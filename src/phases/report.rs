//! Phase 5: score, verdict, seal, publish; then the reports, which say only what the published record says.

use super::verdict::decide;
use super::{Ended, Exit, Phase, Run, Seen, stamp};
use crate::ci::{self, Environment};
use crate::report::{self, Database, github, terminal};
use crate::store::rows::{PhaseRow, SessionEnd, SessionStatus, Verdict};
use crate::store::{Published, Reader};
use anyhow::Context as _;
use serde_json::json;
use std::io::Write;

/// Where reports go, and in which form.
pub struct Outputs<'o> {
    /// The report itself: standard output, or a file.
    pub report: &'o mut dyn Write,
    /// Standard output, for lines that the CI system reads.
    pub commands: &'o mut dyn Write,
    /// How the report is written.
    pub form: Form,
    /// What is known of the CI job.
    pub environment: &'o Environment,
    /// Where the workspace is in the repository.
    pub source: github::Source,
    /// Random letters that end values in the file of the step's outputs.
    pub delimiter: String,
    /// The database as the user named it.
    pub database_name: String,
}

/// Form of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For people, with at most this many findings.
    Text(usize),
    /// One document.
    Json,
}

/// Most rows of violations in the job summary: more than a person reads do not help.
const SUMMARY_VIOLATIONS: u64 = 1_000;

pub(super) fn run(
    mut run: Run<'_>,
    seen: Option<&Seen<'_>>,
    outputs: &mut Outputs<'_>,
) -> anyhow::Result<Ended> {
    let started = run.begin(Phase::Report);
    for path in [&outputs.environment.summary, &outputs.environment.output]
        .into_iter()
        .flatten()
    {
        // Found out now, a place that cannot be written to still enters the verdict.
        if let Err(error) = ci::append(path, b"") {
            run.reasons
                .push(format!("cannot append to {}: {error}", path.display()));
        }
    }
    let is_interrupted = run.job.watch.is_interrupted();
    let (end, detail) = end(&run, seen, is_interrupted)?;
    let row = run.row(Phase::Report, &started, ("completed", detail));
    let (published, reader) = finish(run, &end, &row)?;
    write_reports(&published, &reader, outputs)
        .context("the record is published, but a report failed")?;
    let exit = if is_interrupted {
        Exit::Interrupted
    } else {
        end.verdict.into()
    };
    Ok(Ended {
        verdict: end.verdict,
        exit,
    })
}

fn finish(run: Run<'_>, end: &SessionEnd, row: &PhaseRow) -> anyhow::Result<(Published, Reader)> {
    let Run { job, recorder, .. } = run;
    let finished = recorder
        .finish_and_read(end, row)
        .context("the record could not be published")?;
    job.watch.progress().finish();
    Ok(finished)
}

fn end(
    run: &Run<'_>,
    seen: Option<&Seen<'_>>,
    is_interrupted: bool,
) -> anyhow::Result<(SessionEnd, serde_json::Value)> {
    let record = run.recorder.reader().record()?;
    let score = record.validations.last().map(|row| row.compliance_score);
    let counts = run.recorder.counts()?;
    let (mut verdict, mut reasons) = decide(run.job.policy.gate, &counts, score, &run.reasons);
    if is_interrupted {
        verdict = Verdict::Undecided;
        reasons.insert(0, "interrupted".into());
    }
    let completed = run
        .rows
        .iter()
        .filter(|row| row.status == "completed")
        .count()
        + 1;
    let status = match completed {
        _ if is_interrupted => SessionStatus::Interrupted,
        5 => SessionStatus::Completed,
        _ => SessionStatus::CompletedWithIssues,
    };
    let exit = if is_interrupted {
        Exit::Interrupted
    } else {
        verdict.into()
    };
    let detail = json!({ "score": score, "verdict": verdict.as_str(), "reasons": reasons });
    let end = SessionEnd {
        end_time: stamp(run.job.clock.now()),
        status,
        phases_completed: u8::try_from(completed).unwrap_or(5),
        verdict,
        verdict_reasons: reasons,
        exit_code: exit.code(),
        files_scanned: seen.map_or(0, |seen| seen.outcome.totals.files),
        files_skipped: run.files_skipped,
        bytes_scanned: run.bytes_read,
        containment: Some(run.containment.to_json()),
    };
    Ok((end, detail))
}

fn write_reports(
    published: &Published,
    reader: &Reader,
    outputs: &mut Outputs<'_>,
) -> anyhow::Result<()> {
    let record = reader.record()?;
    let database = Database {
        path: outputs.database_name.clone(),
        sha256: published.sha256.clone(),
        session_digest: published.session_digest.clone(),
    };
    let run = report::Run {
        record: &record,
        rows: reader,
        database: Some(&database),
    };
    match outputs.form {
        Form::Text(findings) => {
            let options = terminal::Options {
                findings,
                ..terminal::Options::default()
            };
            terminal::write(&run, options, outputs.report)?;
        }
        Form::Json => report::json::write(&run, outputs.report)?,
    }
    outputs.report.flush()?;
    let mut dropped = 0;
    // On standard output a JSON document must stay alone.
    if outputs
        .environment
        .system
        .is_some_and(ci::System::shows_annotations)
        && outputs.form != Form::Json
    {
        let annotations = github::annotations(&run, &outputs.source)?;
        outputs
            .commands
            .write_all(annotations.commands.as_bytes())?;
        outputs.commands.flush()?;
        dropped = annotations.dropped;
    }
    if let Some(path) = &outputs.environment.summary {
        let bytes = ci::summary_budget(path)?;
        let limits = github::SummaryLimits {
            bytes,
            violations: SUMMARY_VIOLATIONS,
        };
        let summary = github::summary(&run, &outputs.source, limits)?;
        ci::append(path, summary.markdown.as_bytes()).with_context(|| unwritable(path))?;
    }
    if let Some(path) = &outputs.environment.output {
        let text = github::outputs(&run, dropped, &outputs.delimiter)?;
        ci::append(path, &text).with_context(|| unwritable(path))?;
    }
    Ok(())
}

fn unwritable(path: &std::path::Path) -> String {
    format!("cannot append to `{}`", path.display())
}
