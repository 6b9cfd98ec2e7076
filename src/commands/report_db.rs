//! `report`: renders a database that anybody may have changed.

use super::reports::{own_file, tell};
use super::{Answer, Problem, sealed, stderr, stdout};
use crate::cli::{DatabaseForm, ReportArgs};
use crate::phases::Exit;
use crate::report::encode::log_line;
use crate::report::{Context, Database, Kind, NoFiles, Plan, Run, github, terminal};
use crate::store::{self, Outcome, Verification};
use anyhow::{Context as _, anyhow};
use std::io::{BufWriter, Write};

pub(super) fn report(arguments: &ReportArgs) -> Answer {
    let path = std::path::absolute(&arguments.database)?;
    if !path.exists() {
        let message = format!("there is no database at `{}`", arguments.database.display());
        return Err(Problem::usage(anyhow!(message)));
    }
    let verification = sealed::verified(&path)?;
    let session = arguments.session.as_deref();
    let reader = store::open_reader(&path, session, &sealed::reading()).map_err(sealed::refused)?;
    let record = reader.record()?;
    let database = Database {
        path: arguments.database.display().to_string(),
        sha256: verification.sha256.clone(),
        session_digest: digest(&verification, reader.deployment_id()),
    };
    let run = Run {
        record: &record,
        rows: &reader,
        database: Some(&database),
    };
    write(&run, arguments).context("the report could not be written")?;
    trust(&verification)
}

/// The digest of the session in its seal; empty if it has none.
fn digest(verification: &Verification, deployment_id: &str) -> String {
    let mut sessions = verification.sessions.iter();
    let session = sessions.find(|session| session.deployment_id == deployment_id);
    session
        .and_then(|session| session.digest.clone())
        .unwrap_or_default()
}

fn write(run: &Run<'_>, arguments: &ReportArgs) -> anyhow::Result<()> {
    let kind = match arguments.format {
        DatabaseForm::Text => return write_text(run, arguments),
        DatabaseForm::Json => Kind::Json,
        DatabaseForm::Sarif => Kind::Sarif,
        DatabaseForm::Junit => Kind::Junit,
        DatabaseForm::Gitlab => Kind::Gitlab,
        DatabaseForm::Markdown => Kind::Markdown,
        DatabaseForm::Csv => Kind::Csv,
    };
    let mut out: Box<dyn Write> = match &arguments.output {
        None => Box::new(BufWriter::new(std::io::stdout())),
        Some(path) => Box::new(own_file(
            path,
            &super::places::absolute(&arguments.database)?,
        )?),
    };
    let context = Context {
        source: &github::Source::default(),
        category: &arguments.sarif_category,
        // The workspace may be another one by now, or on another machine.
        lines: &NoFiles,
        plan: Plan::default(),
    };
    let told = kind.write(run, &context, &mut out)?;
    if told.left_out > 0 {
        tell(&[format!(
            "{} violations are left out: {}",
            told.left_out, told.why
        )])?;
    }
    Ok(())
}

fn write_text(run: &Run<'_>, arguments: &ReportArgs) -> anyhow::Result<()> {
    let options = terminal::Options {
        findings: arguments.limit,
        ..terminal::Options::default()
    };
    let mut out: Box<dyn Write> = match &arguments.output {
        None => Box::new(BufWriter::new(stdout())),
        Some(path) => {
            let database = super::places::absolute(&arguments.database)?;
            let file = Box::new(own_file(path, &database)?) as Box<dyn Write + Send>;
            Box::new(anstream::StripStream::new(file))
        }
    };
    terminal::write(run, options, &mut out)?;
    Ok(out.flush()?)
}

/// The report says what the file says; whether that is what was sealed is another question, and answered here.
fn trust(verification: &Verification) -> Answer {
    let (exit, what) = match verification.outcome {
        Outcome::Ok => return Ok(Exit::Pass),
        Outcome::Tampered => (Exit::Fail, "this file is not what was sealed"),
        Outcome::Incomplete => (
            Exit::Undecided,
            "what is there is true, but it is not everything",
        ),
    };
    let mut out = stderr();
    writeln!(out, "warning: {what}; `factory-gate verify` shows more")?;
    for problem in verification.problems.iter().take(5) {
        writeln!(out, "  {}", log_line(problem))?;
    }
    Ok(exit)
}
