//! `sarif`: SARIF 2.1.0, within what GitHub code scanning takes and by its rules; GitLab, Azure and Jenkins read it too.

mod chosen;
mod notifications;
mod results;
mod rules;
#[cfg(test)]
mod tests;

use super::encode::json_bytes;
use super::{Context, Run, Told};
use crate::store::rows::RunRecord;
use chosen::Chosen;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::{self, Write};

/// What a document may hold.
#[derive(Clone, Copy)]
struct Limits {
    /// GitHub keeps 5,000 results of a run.
    results: usize,
    /// Bytes when compressed: GitHub takes 10 MB.
    compressed: u64,
}

const LIMITS: Limits = Limits {
    results: 5_000,
    compressed: 9_000_000,
};
/// The schema that the document names.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// Paths are relative to this.
const BASE: &str = "SRCROOT";

/// Writes the run as a document of one run: errors before warnings before notes, new ones first, then by path, then what
/// is suppressed. What does not fit is counted in a notification.
pub(super) fn write(
    run: &Run<'_>,
    context: &Context<'_>,
    out: &mut dyn Write,
) -> anyhow::Result<Told> {
    within(run, context, LIMITS, out)
}

fn within(
    run: &Run<'_>,
    context: &Context<'_>,
    limits: Limits,
    out: &mut dyn Write,
) -> anyhow::Result<Told> {
    let chosen = Chosen::of(run.rows, limits.results)?;
    let rules = rules::Rules::of(run.record, &chosen.rows);
    let hashes = results::Hashes::of(&chosen, context.lines);
    let mut out = Measured::new(out);
    write!(
        out,
        "{{\n\"$schema\": \"{SCHEMA}\",\n\"version\": \"2.1.0\",\n\"runs\": [{{\n"
    )?;
    let driver = json!({ "driver": driver(run.record, &rules) });
    field(&mut out, "tool", &driver)?;
    field(
        &mut out,
        "automationDetails",
        &json!({ "id": category(context.category) }),
    )?;
    field(&mut out, "columnKind", &json!("utf16CodeUnits"))?;
    field(
        &mut out,
        "originalUriBaseIds",
        &json!({ BASE: {
            "description": { "text": "The root of the repository's checkout." }
        }}),
    )?;
    write!(out, "\"results\": [")?;
    let mut written = 0;
    for row in &chosen.rows {
        if out.compressed() > limits.compressed {
            break;
        }
        write!(out, "{}", if written == 0 { "\n" } else { ",\n" })?;
        let result = results::result(row, (run.record, context.source), (&rules, &hashes));
        out.write_all(&json_bytes(&result)?)?;
        written += 1;
    }
    let left_out = chosen.total - written;
    write!(out, "\n],\n")?;
    let invocation = notifications::invocation(run.record, left_out, written);
    field(&mut out, "invocations", &json!([invocation]))?;
    let properties = json!({ "factoryGate": totals(run, left_out) });
    write!(out, "\"properties\": ")?;
    out.write_all(&json_bytes(&properties)?)?;
    write!(out, "\n}}]\n}}\n")?;
    Ok(Told::without(
        left_out,
        "GitHub keeps 5,000 results of at most 10 MB; the worst are in the file, and a notification in it says what is missing",
    ))
}

fn field(out: &mut Measured<'_>, name: &str, value: &Value) -> anyhow::Result<()> {
    write!(out, "\"{name}\": ")?;
    out.write_all(&json_bytes(value)?)?;
    Ok(out.write_all(b",\n")?)
}

fn driver(record: &RunRecord, rules: &rules::Rules) -> Value {
    let mut driver = json!({
        "name": "Factory Gate",
        "organization": "Factory Gate",
        "informationUri": env!("CARGO_PKG_REPOSITORY"),
    });
    // A record that somebody made up may hold anything; a version that is none makes the file invalid.
    let version = &record.start.details.tool_version;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-+".contains(&byte);
    if version.split('.').count() >= 3 && version.bytes().all(is_plain) {
        driver["version"] = json!(version);
        driver["semanticVersion"] = json!(version);
    }
    driver["rules"] = Value::Array(rules.descriptors());
    driver
}

/// The name of this kind of analysis; GitHub takes what is before the last `/`.
fn category(category: &str) -> String {
    match category.trim_matches('/') {
        "" => "factory-gate/".to_owned(),
        category => format!("factory-gate/{category}/"),
    }
}

fn totals(run: &Run<'_>, left_out: u64) -> Value {
    let tally = super::Tally::of(run.record);
    json!({
        "deploymentId": run.record.start.deployment_id,
        "verdict": run.record.end.as_ref().map(|end| end.verdict.as_str()),
        "errors": tally.errors,
        "warnings": tally.warnings,
        "notes": tally.notes,
        "suppressed": tally.suppressed,
        "resolved": tally.resolved,
        "resultsLeftOut": left_out,
    })
}

/// A writer that knows how large what was written is when compressed.
struct Measured<'o> {
    out: &'o mut dyn Write,
    compressed: GzEncoder<Length>,
}

/// Counts bytes.
struct Length(u64);

impl Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'o> Measured<'o> {
    fn new(out: &'o mut dyn Write) -> Self {
        // What compresses faster is larger: whoever uploads the file compresses better.
        let compressed = GzEncoder::new(Length(0), Compression::fast());
        Self { out, compressed }
    }

    fn compressed(&self) -> u64 {
        self.compressed.get_ref().0
    }
}

impl Write for Measured<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.compressed.write_all(bytes)?;
        self.out.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
