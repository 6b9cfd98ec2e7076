//! `--format json`: one document of the format `factory-gate/1`. Its types are its own, so that the program can
//! change without the format changing; a field is never removed nor its meaning changed within a version.

mod convert;
mod document;
mod streamed;

use super::Run;
use super::encode::Formatter;
use serde::Serialize as _;
use std::io::Write;

/// The name and version of the format.
pub const FORMAT: &str = "factory-gate/1";

/// Writes the document, indented, with a line end. Violations and cleanup actions are streamed: memory does not
/// grow with their number.
///
/// # Errors
/// The rows could not be read, or `out` not be written.
pub fn write(run: &Run<'_>, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, Formatter::new());
    convert::document(run).serialize(&mut serializer)?;
    Ok(out.write_all(b"\n")?)
}

/// The JSON Schema of the document, from its types.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(document::Document<'static>)
}

#[cfg(test)]
mod tests;
