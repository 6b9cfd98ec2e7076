//! What an examination of the CI configuration found, for people and for machines.

use super::encode::{Formatter, LogLine};
use super::text;
use crate::wiring::{Advice, Examination, Gate, Weight};
use anstyle::{AnsiColor, Style};
use serde::Serialize as _;
use serde_json::json;
use std::io::{self, Write};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Writes it for people: what to change, file by file, and what to require.
///
/// # Errors
/// `out` could not be written.
pub fn write(examination: &Examination, out: &mut dyn Write) -> io::Result<()> {
    let mut file = None;
    for advice in &examination.advice {
        if file != Some(&advice.file) {
            let name = if advice.file.is_empty() {
                "(the repository)"
            } else {
                &advice.file
            };
            LogLine::new().styled(BOLD, name).write(out)?;
            file = Some(&advice.file);
        }
        write_advice(advice, out)?;
    }
    if !examination.advice.is_empty() {
        out.write_all(b"\n")?;
    }
    for unread in &examination.unread {
        LogLine::new()
            .styled(AnsiColor::Yellow.on_default(), "not examined: ")
            .text(unread)
            .write(out)?;
    }
    for gate in &examination.gates {
        write_gate(gate, out)?;
    }
    verdict(examination, out)
}

fn write_advice(advice: &Advice, out: &mut dyn Write) -> io::Result<()> {
    let style = match advice.weight {
        Weight::Wrong => AnsiColor::Red.on_default(),
        Weight::Weak => AnsiColor::Yellow.on_default(),
    };
    let line = if advice.line == 0 {
        String::new()
    } else {
        format!("{}: ", advice.line)
    };
    LogLine::new()
        .text("  ")
        .styled(style, advice.weight.as_str())
        .text(&format!("  {line}{}  ", advice.message))
        .styled(DIM, advice.check)
        .write(out)?;
    LogLine::new()
        .text("         change: ")
        .text(&advice.change)
        .write(out)
}

fn write_gate(gate: &Gate, out: &mut dyn Write) -> io::Result<()> {
    let line = LogLine::new()
        .text("The gate runs at ")
        .text(&format!("{}:{}", gate.file, gate.line));
    let line = if gate.is_computed {
        line.text("; the name of its check is computed")
    } else {
        line.text("; the check to require is ")
            .styled(BOLD, &gate.check_name)
    };
    line.text(&format!(" ({})", gate.system)).write(out)
}

fn verdict(examination: &Examination, out: &mut dyn Write) -> io::Result<()> {
    let count = |weight| {
        examination
            .advice
            .iter()
            .filter(|advice| advice.weight == weight)
            .count() as u64
    };
    let (wrong, weak) = (count(Weight::Wrong), count(Weight::Weak));
    let sentence = match (wrong, weak) {
        _ if !examination.unread.is_empty() => format!(
            "{} not examined, so nothing is sure",
            text::count(examination.unread.len() as u64, "place")
        ),
        (0, 0) => "the wiring holds, as far as files can tell".to_owned(),
        (0, weak) => format!(
            "the wiring holds; {} could be better",
            text::count(weak, "thing")
        ),
        (wrong, 0) => format!("{} to change", text::count(wrong, "thing")),
        (wrong, weak) => format!(
            "{} to change, and {} could be better",
            text::count(wrong, "thing"),
            text::grouped(weak)
        ),
    };
    LogLine::new().styled(BOLD, &sentence).write(out)?;
    LogLine::new()
        .styled(DIM, "What no file says: whether the check is required, also for administrators and in merge queues.")
        .write(out)
}

/// Writes it as one document of the format `factory-gate-doctor/1`.
///
/// # Errors
/// `out` could not be written.
pub fn write_json(examination: &Examination, out: &mut dyn Write) -> anyhow::Result<()> {
    let advice: Vec<_> = examination
        .advice
        .iter()
        .map(|one| {
            json!({
                "file": one.file, "line": one.line, "weight": one.weight.as_str(), "check": one.check,
                "message": one.message, "change": one.change,
            })
        })
        .collect();
    let gates: Vec<_> = examination
        .gates
        .iter()
        .map(|one| {
            json!({
                "file": one.file, "line": one.line, "system": one.system,
                "check_name": one.check_name, "is_computed": one.is_computed,
            })
        })
        .collect();
    let document = json!({
        "format": "factory-gate-doctor/1", "gates": gates, "advice": advice, "unread": examination.unread,
    });
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, Formatter::new());
    document.serialize(&mut serializer)?;
    Ok(out.write_all(b"\n")?)
}
