//! Phase 5: score, verdict, seal, publish; then the reports, which say only what the published record says.

use super::line_hashes::WalkedFiles;
use super::verdict::decide;
use super::{Ended, Exit, Phase, Run, Seen, stamp};
use crate::ci::{self, Environment};
use crate::report::{self, Context, Database, Kind, LineHashes, NoFiles, Told, github, terminal};
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
    /// Where the patch goes beside the report.
    pub patch: Option<&'o mut dyn Write>,
    /// Why the patch could not be written to its end.
    pub patch_error: Option<std::io::Error>,
    /// What is known of the CI job.
    pub environment: &'o Environment,
    /// Where the workspace is in the repository.
    pub source: github::Source,
    /// Random letters that end values in the file of the step's outputs.
    pub delimiter: String,
    /// The database as the user named it.
    pub database_name: String,
    /// What else is written, each in its own form.
    pub files: Vec<ReportFile<'o>>,
    /// What tells this analysis from others of one commit, for SARIF.
    pub category: String,
    /// What a report had no room for, a sentence each; known when the run has ended.
    pub told: Vec<String>,
}

/// One of several reports of one run.
pub struct ReportFile<'o> {
    /// Its form.
    pub kind: Kind,
    /// Where it goes, as the user named it; `-` is standard output.
    pub name: String,
    /// Where it goes.
    pub out: Box<dyn Write + 'o>,
}

/// How a patch is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiffForm {
    /// Byte for byte, for `git apply`.
    Exact,
    /// The same between two lines that keep GitHub from taking what is in it for commands; `git apply` passes over them.
    Fenced,
    /// For eyes: what acts on a terminal, and what is no text, is spelt out.
    Shown,
}

/// Form of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// What is fixed, or would be: a patch, written in phase 2.
    Diff(DiffForm),
    /// For people, with at most this many findings.
    Text(usize),
    /// One document, or lines for another program.
    Report(Kind),
}

impl Outputs<'_> {
    /// Before the first piece of the patch.
    pub(super) fn begin_patch(&mut self) {
        if self.form == Form::Diff(DiffForm::Fenced) {
            let line = format!("::stop-commands::{}\n", self.delimiter);
            self.keep_error(|outputs| outputs.report.write_all(line.as_bytes()));
        }
    }

    /// Writes a piece of the patch wherever it is wanted.
    #[cfg(unix)]
    pub(super) fn push_patch(&mut self, patch: &[u8]) {
        self.keep_error(|outputs| {
            if let Some(file) = &mut outputs.patch {
                file.write_all(patch)?;
            }
            match outputs.form {
                Form::Diff(DiffForm::Shown) => report::patch::write(patch, outputs.report),
                Form::Diff(_) => outputs.report.write_all(patch),
                Form::Text(_) | Form::Report(_) => Ok(()),
            }
        });
    }

    /// Whether anyone wants the patch.
    pub(super) fn wants_patch(&self) -> bool {
        self.patch.is_some() || matches!(self.form, Form::Diff(_))
    }

    /// After the last piece. Answers what kept the patch from being written; the rest of the run does not depend on it.
    pub(super) fn end_patch(&mut self) -> std::io::Result<()> {
        if self.form == Form::Diff(DiffForm::Fenced) {
            let line = format!("::{}::\n", self.delimiter);
            self.keep_error(|outputs| outputs.report.write_all(line.as_bytes()));
        }
        self.keep_error(|outputs| {
            if let Some(file) = &mut outputs.patch {
                file.flush()?;
            }
            match outputs.form {
                Form::Diff(_) => outputs.report.flush(),
                Form::Text(_) | Form::Report(_) => Ok(()),
            }
        });
        self.patch_error.take().map_or(Ok(()), Err)
    }

    fn keep_error(&mut self, write: impl FnOnce(&mut Self) -> std::io::Result<()>) {
        if self.patch_error.is_none() {
            self.patch_error = write(self).err();
        }
    }
}

/// The name of standard output among the files.
pub const STANDARD_OUTPUT: &str = "-";

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
    let job = run.job;
    let (published, reader) = finish(run, &end, &row)?;
    let files = seen.map(|seen| WalkedFiles::new(&job.root, &seen.walked.tree));
    let lines: &dyn LineHashes = files.as_ref().map_or(&NoFiles, |files| files);
    write_reports(&published, (&reader, lines), outputs)
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
    let mut detail = json!({ "score": score, "verdict": verdict.as_str(), "reasons": reasons });
    if let Some(base) = &run.job.base {
        detail["base"] = json!({
            "sha": base.base.map(|commit| commit.to_string()),
            "change": base.change.as_str(),
            "how": base.steps,
        });
    }
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
    (reader, lines): (&Reader, &dyn LineHashes),
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
    // What fails does not keep the others from being written.
    let mut failures = Failures::default();
    failures.keep("the report", write_main(&run, lines, outputs));
    write_files(&run, lines, outputs, &mut failures);
    let dropped = failures.keep("the annotations", write_annotations(&run, outputs));
    failures.keep("the job summary", write_summary(&run, outputs));
    let outputs = write_outputs(&run, dropped.unwrap_or_default(), outputs);
    failures.keep("the step's outputs", outputs);
    failures.into_result()
}

/// What could not be written, and why.
#[derive(Default)]
struct Failures(Vec<anyhow::Error>);

impl Failures {
    fn keep<T>(&mut self, what: &str, result: anyhow::Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.0
                    .push(error.context(format!("{what} could not be written")));
                None
            }
        }
    }

    fn into_result(mut self) -> anyhow::Result<()> {
        match (self.0.pop(), self.0.is_empty()) {
            (None, _) => Ok(()),
            (Some(only), true) => Err(only),
            (Some(last), false) => {
                self.0.push(last);
                let lines: Vec<String> = self.0.iter().map(|error| format!("{error:#}")).collect();
                Err(anyhow::anyhow!(lines.join("\n")))
            }
        }
    }
}

fn write_main(
    run: &report::Run<'_>,
    lines: &dyn LineHashes,
    outputs: &mut Outputs<'_>,
) -> anyhow::Result<()> {
    match outputs.form {
        Form::Text(findings) => {
            let options = terminal::Options {
                findings,
                ..terminal::Options::default()
            };
            terminal::write(run, options, outputs.report)?;
        }
        Form::Report(kind) => {
            let context = Context {
                source: &outputs.source,
                category: &outputs.category,
                lines,
            };
            let told = kind.write(run, &context, outputs.report)?;
            outputs.told.extend(sentence(kind, None, &told));
        }
        Form::Diff(_) => {}
    }
    Ok(outputs.report.flush()?)
}

fn write_files(
    run: &report::Run<'_>,
    lines: &dyn LineHashes,
    outputs: &mut Outputs<'_>,
    failures: &mut Failures,
) {
    let context = Context {
        source: &outputs.source,
        category: &outputs.category,
        lines,
    };
    for file in &mut outputs.files {
        let what = format!("the {} report `{}`", file.kind.as_str(), file.name);
        if let Some(told) = failures.keep(&what, file.kind.write(run, &context, &mut file.out)) {
            outputs
                .told
                .extend(sentence(file.kind, Some(&file.name), &told));
        }
    }
}

/// What a report had no room for; nothing if it had.
fn sentence(kind: Kind, name: Option<&str>, told: &Told) -> Option<String> {
    let place = name.map(|name| format!(" `{name}`")).unwrap_or_default();
    (told.left_out > 0).then(|| {
        format!(
            "the {} report{place} leaves out {} violations: {}",
            kind.as_str(),
            told.left_out,
            told.why
        )
    })
}

/// Answers how many open violations have no annotation of their own.
fn write_annotations(run: &report::Run<'_>, outputs: &mut Outputs<'_>) -> anyhow::Result<u64> {
    let system = outputs.environment.system;
    // On standard output a document must stay alone.
    let is_log = matches!(outputs.form, Form::Text(_))
        && outputs
            .files
            .iter()
            .all(|file| file.name != STANDARD_OUTPUT);
    if !is_log || !system.is_some_and(ci::System::shows_annotations) {
        return Ok(0);
    }
    let annotations = github::annotations(run, &outputs.source)?;
    outputs
        .commands
        .write_all(annotations.commands.as_bytes())?;
    outputs.commands.flush()?;
    Ok(annotations.dropped)
}

fn write_summary(run: &report::Run<'_>, outputs: &Outputs<'_>) -> anyhow::Result<()> {
    let Some(path) = &outputs.environment.summary else {
        return Ok(());
    };
    let bytes = ci::summary_budget(path)?;
    let limits = github::SummaryLimits {
        bytes,
        violations: SUMMARY_VIOLATIONS,
    };
    let summary = github::summary(run, &outputs.source, limits)?;
    ci::append(path, summary.markdown.as_bytes()).with_context(|| unwritable(path))
}

fn write_outputs(run: &report::Run<'_>, dropped: u64, outputs: &Outputs<'_>) -> anyhow::Result<()> {
    let Some(path) = &outputs.environment.output else {
        return Ok(());
    };
    let text = github::outputs(run, dropped, &outputs.delimiter)?;
    ci::append(path, &text).with_context(|| unwritable(path))
}

fn unwritable(path: &std::path::Path) -> String {
    format!("cannot append to `{}`", path.display())
}
