//! The files of the reports: where each goes, opened before anything is scanned.

use super::places::absolute;
use super::report_file::follow_no_link;
use super::stderr;
use crate::beneath::FileId;
use crate::cli::{Format, ReportKind, ReportTo, RunArgs};
use crate::phases::{ReportFile, STANDARD_OUTPUT};
use crate::report::Kind;
use crate::report::encode::log_line;
use anyhow::{Context as _, anyhow, bail};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

impl From<ReportKind> for Kind {
    fn from(kind: ReportKind) -> Self {
        match kind {
            ReportKind::Json => Self::Json,
            ReportKind::Sarif => Self::Sarif,
            ReportKind::Junit => Self::Junit,
            ReportKind::Gitlab => Self::Gitlab,
            ReportKind::Markdown => Self::Markdown,
            ReportKind::Csv => Self::Csv,
            ReportKind::Github => Self::Github,
            ReportKind::Azure => Self::Azure,
            ReportKind::Buildkite => Self::Buildkite,
            ReportKind::Teamcity => Self::Teamcity,
        }
    }
}

fn is_standard_output(report: &ReportTo) -> bool {
    report.file.as_os_str() == STANDARD_OUTPUT
}

/// The form that stands on standard output in place of the text.
pub(super) fn alone(arguments: &RunArgs) -> Option<Kind> {
    let is_free = arguments.output.is_none() && arguments.format == Format::Text;
    let report = arguments
        .report
        .iter()
        .find(|report| is_standard_output(report));
    report.filter(|_| is_free).map(|report| report.kind.into())
}

/// Where reports go, absolute; those that go to standard output and those whose place is none are left out.
pub(super) fn paths(arguments: &RunArgs) -> Vec<PathBuf> {
    let files = arguments
        .report
        .iter()
        .filter(|report| !is_standard_output(report));
    files
        .filter_map(|report| absolute(&report.file).ok())
        .collect()
}

/// Opens all files; what is wrong with one is known before the first is made.
///
/// # Errors
/// A place is none, or another output of the run goes there.
pub(super) fn open(
    arguments: &RunArgs,
    database: &Path,
) -> anyhow::Result<Vec<ReportFile<'static>>> {
    check(arguments, database)?;
    let mut files = Vec::new();
    for report in &arguments.report {
        let out: Box<dyn Write> = if !is_standard_output(report) {
            Box::new(own_file(&report.file, database)?)
        } else if alone(arguments).is_some() {
            // It is the run's own report.
            continue;
        } else {
            Box::new(BufWriter::new(std::io::stdout()))
        };
        files.push(ReportFile {
            kind: report.kind.into(),
            name: report.file.display().to_string(),
            out,
        });
    }
    Ok(files)
}

fn check(arguments: &RunArgs, database: &Path) -> anyhow::Result<()> {
    let on_output = arguments
        .report
        .iter()
        .filter(|report| is_standard_output(report))
        .count();
    if on_output > 1 {
        bail!("only one report can go to standard output");
    }
    if on_output == 1 && arguments.output.is_none() && arguments.format != Format::Text {
        bail!(
            "the report of `--format` goes to standard output, too: give it a file with `--output`"
        );
    }
    let mut taken = vec![(database.to_owned(), "the database".to_owned())];
    let others = [
        (&arguments.output, "`--output`"),
        (&arguments.patch, "`--patch`"),
        (&arguments.export_quarantine, "`--export-quarantine`"),
        (&arguments.policy, "the policy"),
    ];
    for (path, name) in others {
        if let Some(path) = path {
            taken.push((absolute(path)?, format!("{name} goes there, too")));
        }
    }
    for report in arguments
        .report
        .iter()
        .filter(|report| !is_standard_output(report))
    {
        let what = || {
            format!(
                "the report cannot be written to `{}`",
                report.file.display()
            )
        };
        let path = absolute(&report.file).with_context(what)?;
        if !path.parent().is_some_and(Path::is_dir) {
            return Err(anyhow!("there is no such directory").context(what()));
        }
        if !path
            .symlink_metadata()
            .map_or(true, |facts| facts.is_file())
        {
            return Err(anyhow!("it is no regular file").context(what()));
        }
        // Two names may lead to one file.
        let id = FileId::of(&path).ok();
        let is_same =
            |other: &PathBuf| *other == path || id.is_some() && FileId::of(other).ok() == id;
        if let Some((_, name)) = taken.iter().find(|(other, _)| is_same(other)) {
            return Err(anyhow!("it is taken: {name}").context(what()));
        }
        taken.push((path, "another report goes there, too".to_owned()));
    }
    Ok(())
}

/// Says on standard error what reports had no room for.
pub(super) fn tell(told: &[String]) -> std::io::Result<()> {
    let mut out = stderr();
    for sentence in told {
        writeln!(out, "note: {}", log_line(sentence))?;
    }
    Ok(())
}

/// Opens the file of the patch, if one is wanted.
pub(super) fn patch(
    arguments: &RunArgs,
    database: &Path,
) -> anyhow::Result<Option<BufWriter<EmptiedFile>>> {
    let path = arguments.patch.as_deref();
    path.map(|path| own_file(path, database)).transpose()
}

/// Opens the report's file before anything is scanned, so that a wrong path is known at once; what it held stays until
/// there is a report.
pub(super) fn own_file(path: &Path, database: &Path) -> anyhow::Result<BufWriter<EmptiedFile>> {
    let what = || format!("the report cannot be written to `{}`", path.display());
    if absolute(path)? == database {
        return Err(anyhow!("it is the database").context(what()));
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    follow_no_link(&mut options);
    let file = options.open(path).with_context(what)?;
    if !file.metadata()?.is_file() {
        return Err(anyhow!("it is no regular file").context(what()));
    }
    Ok(BufWriter::new(EmptiedFile {
        file,
        is_emptied: false,
    }))
}

/// A file that loses its old content when the first new byte comes, or when it is known that none does.
pub(super) struct EmptiedFile {
    file: std::fs::File,
    is_emptied: bool,
}

impl EmptiedFile {
    fn empty(&mut self) -> std::io::Result<()> {
        if !self.is_emptied {
            self.file.set_len(0)?;
            self.is_emptied = true;
        }
        Ok(())
    }
}

impl Write for EmptiedFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.empty()?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.empty()?;
        self.file.flush()
    }
}
