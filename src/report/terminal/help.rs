//! Why the rules that found something exist and what to do: once for each rule, not for each finding.

use super::{BOLD, DIM};
use crate::report::encode::LogLine;
use crate::report::tally::rule_behind;
use crate::report::text::wrapped;
use crate::store::rows::{RunRecord, ViolationRow};
use std::collections::BTreeSet;
use std::io::{self, Write};

/// Where the texts are wrapped, in characters.
const WIDTH: usize = 92;

/// Writes the texts of the rules behind `shown`, by name.
pub(super) fn write(
    record: &RunRecord,
    shown: &[ViolationRow],
    out: &mut dyn Write,
) -> io::Result<()> {
    let names: BTreeSet<&str> = shown.iter().map(|row| row.rule_id.as_str()).collect();
    let mut rules = names
        .into_iter()
        .filter_map(|name| Some((name, rule_behind(record, name)?)))
        .peekable();
    if rules.peek().is_none() {
        return Ok(());
    }
    LogLine::new().styled(BOLD, "How to fix").write(out)?;
    for (name, rule) in rules {
        LogLine::new()
            .text("  ")
            .styled(BOLD, name)
            .text(": ")
            .text(rule.summary)
            .write(out)?;
        paragraph("fix", rule.fix, out)?;
        paragraph("why", rule.why, out)?;
        paragraph("more", &format!("factory-gate explain {}", rule.id), out)?;
    }
    out.write_all(b"\n")
}

fn paragraph(label: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut label = label;
    for line in wrapped(text, WIDTH) {
        LogLine::new()
            .text("    ")
            .styled(DIM, &format!("{label:<5}"))
            .text(&line)
            .write(out)?;
        label = "";
    }
    Ok(())
}
