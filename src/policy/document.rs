//! The text of one policy document to a tree with places, or what keeps it from being one. Hostile text is normal:
//! sizes are limited before they cost anything, aliases included.

use super::model::Position;
use super::node::{Node, Value};
use super::problem::{KeyPath, Problems, Report};
use super::tree::Builder;

const MAX_BYTES: usize = 1 << 20;

/// Reads a YAML document that is no policy, within the limits that hold for one: what could be read, and everything
/// that keeps it from being one plain document with each key once. `name` is shown in mistakes.
pub fn read_document(bytes: &[u8], name: &str) -> (Option<Node>, Problems) {
    let mut report = Report::default();
    let node = parse(bytes, 0, &mut report);
    (node, report.finish(&[name.to_owned()]))
}

/// Reads a document. Mistakes go to `report`; what could be read in spite of them comes back.
pub(super) fn parse(bytes: &[u8], source: usize, report: &mut Report) -> Option<Node> {
    let result = check_text(bytes, source).and_then(|text| {
        let root = Builder::new(text, source, report).read(text)?;
        let root = root.filter(|root| root.value != Value::Null);
        root.ok_or_else(|| Fatal {
            at: start(source),
            message: "the policy is empty: expected at least `version: 1`".into(),
        })
    });
    result
        .map_err(|fatal| report.add(&fatal.at, &KeyPath::default(), fatal.message))
        .ok()
}

/// A mistake after which the rest of the text cannot be understood.
pub(super) struct Fatal {
    pub(super) at: Position,
    pub(super) message: String,
}

/// The start of a document.
pub(super) fn start(source: usize) -> Position {
    Position {
        source,
        line: 1,
        column: 1,
    }
}

fn check_text(bytes: &[u8], source: usize) -> Result<&str, Fatal> {
    if bytes.len() > MAX_BYTES {
        return Err(Fatal {
            at: start(source),
            message: format!(
                "the policy has {} bytes: expected at most {MAX_BYTES} (1 MiB)",
                bytes.len()
            ),
        });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        Fatal {
            at: end_of(&valid, source),
            message: format!(
                "byte 0x{:02x} is not UTF-8: expected a text in UTF-8",
                bytes[error.valid_up_to()]
            ),
        }
    })?;
    // YAML forbids them, and the parser would take a NUL for the end of the text.
    let forbidden =
        |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}') || c == '\u{fffe}';
    if let Some(at) = text.find(forbidden) {
        let c = text[at..].chars().next().unwrap_or_default();
        return Err(Fatal {
            at: end_of(&text[..at], source),
            message: format!(
                "the control character U+{:04X} cannot stand in a policy: write it as an escape in a \"quoted\" text",
                u32::from(c)
            ),
        });
    }
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The position right behind `text`.
pub(super) fn end_of(text: &str, source: usize) -> Position {
    let text = text.replace("\r\n", "\n");
    let is_break = |c: char| matches!(c, '\n' | '\r');
    let last_line = text.rsplit(is_break).next().unwrap_or_default();
    Position {
        source,
        line: narrow(text.matches(is_break).count() + 1),
        column: narrow(last_line.chars().count() + 1),
    }
}

/// A number of lines or columns.
pub(super) fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
