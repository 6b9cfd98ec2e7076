//! The report a person reads: findings by file with their source lines, what to do about them, and the totals.

mod closing;
mod findings;
mod help;
mod snippet;
mod table;

use super::encode::LogLine;
use super::tally::{Selection, select};
use super::{Run, query, text};
use crate::finding::Severity;
use anstyle::{AnsiColor, Style};
use std::io::{self, Write};

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Most findings shown; the worst are chosen, and shown by file.
    pub findings: usize,
    /// Most rows of the cleanup plan shown.
    pub actions: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            findings: 100,
            actions: 20,
        }
    }
}

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// The style of a severity's label and underline.
fn severity_style(severity: Severity) -> Style {
    match severity {
        Severity::Error => AnsiColor::Red.on_default().bold(),
        Severity::Warning => AnsiColor::Yellow.on_default().bold(),
        Severity::Note => AnsiColor::Cyan.on_default().bold(),
    }
}

/// Writes the report with colours; the caller's writer decides whether they are shown.
///
/// # Errors
/// The rows could not be read, or `out` not be written.
pub fn write(run: &Run<'_>, options: Options, out: &mut dyn Write) -> anyhow::Result<()> {
    let selection = select(run.rows, options.findings)?;
    findings::write(&selection.worst, out)?;
    more(run, &selection, out)?;
    help::write(run.record, &selection.worst, out)?;
    closing::write(run, &selection, options.actions, out)
}

/// Says how many findings are not shown, and how to see them.
fn more(run: &Run<'_>, selection: &Selection, out: &mut dyn Write) -> io::Result<()> {
    let open = selection.total.open();
    let shown = selection.worst.len() as u64;
    if shown >= open {
        return Ok(());
    }
    let sentence = format!(
        "{} not shown: the worst {} of {} are above. To see all:",
        text::count(open - shown, "more finding"),
        text::grouped(shown),
        text::grouped(open),
    );
    LogLine::new().styled(BOLD, &sentence).write(out)?;
    if let Some(database) = run.database {
        let path = text::shell_word(&database.path);
        let query = text::shell_query(&query(run.record));
        LogLine::new()
            .text(&format!("  sqlite3 {path} {query}"))
            .write(out)?;
    } else {
        let again = format!("  run again with --limit {open}");
        LogLine::new().text(&again).write(out)?;
    }
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests;
