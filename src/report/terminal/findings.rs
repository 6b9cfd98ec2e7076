//! Findings, grouped by file in the order of paths; what the base has, too, at the end.

use super::snippet::{Snippet, snippet};
use super::{BOLD, DIM, severity_style};
use crate::report::encode::{LogLine, clip};
use crate::store::rows::ViolationRow;
use std::io::{self, Write};

/// The longest message shown, in characters.
const LONGEST_MESSAGE: usize = 1000;

/// Writes the findings, which come in any order.
pub(super) fn write(chosen: &[ViolationRow], out: &mut dyn Write) -> io::Result<()> {
    let mut findings: Vec<&ViolationRow> = chosen.iter().collect();
    let is_old = |row: &ViolationRow| row.state == "existing";
    findings.sort_by_key(|row| {
        (
            is_old(row),
            &row.path,
            row.region,
            &row.rule_id,
            &row.message,
        )
    });
    for file in
        findings.chunk_by(|one, other| one.path == other.path && is_old(one) == is_old(other))
    {
        let path = &file[0].path;
        let path = if path.is_empty() {
            "(the workspace)"
        } else {
            path
        };
        LogLine::new().styled(BOLD, path).write(out)?;
        let gutter = file
            .iter()
            .filter_map(|row| row.region)
            .map(|region| region.line.to_string().len())
            .max()
            .unwrap_or(0);
        for finding in file {
            headline(finding, out)?;
            if let (Some(region), Some(excerpt)) = (finding.region, &finding.excerpt) {
                let lines = if region.end_line > region.line {
                    format!(" to line {}", region.end_line)
                } else {
                    String::new()
                };
                let number = format!("{:>gutter$}", region.line);
                source(finding, &snippet(excerpt, region), (&number, &lines), out)?;
            }
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn headline(finding: &ViolationRow, out: &mut dyn Write) -> io::Result<()> {
    let place = finding
        .region
        .map(|region| format!("{}:{} ", region.line, region.column))
        .unwrap_or_default();
    let existing = if finding.state == "existing" {
        " (existing)"
    } else {
        ""
    };
    LogLine::new()
        .text("  ")
        .styled(DIM, &place)
        .styled(severity_style(finding.severity), finding.severity.as_str())
        .styled(BOLD, &format!("[{}]", finding.rule_id))
        .styled(DIM, existing)
        .text(": ")
        .text(&clip(&finding.message, LONGEST_MESSAGE))
        .write(out)
}

/// The source line with its number, and the underline; `number` is the padded line number and what follows the underline.
fn source(
    finding: &ViolationRow,
    snippet: &Snippet,
    (number, after): (&str, &str),
    out: &mut dyn Write,
) -> io::Result<()> {
    let space = if snippet.text.is_empty() { "" } else { " " };
    LogLine::new()
        .styled(DIM, &format!("    {number} |"))
        .text(space)
        .text(&snippet.text)
        .write(out)?;
    LogLine::new()
        .styled(DIM, &format!("    {:width$} |", "", width = number.len()))
        .text(&" ".repeat(snippet.indent + 1))
        .styled(severity_style(finding.severity), &"^".repeat(snippet.width))
        .styled(DIM, after)
        .write(out)
}
