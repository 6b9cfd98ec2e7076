//! JSON by RFC 8259, and what was made of it: JSON with comments, JSON5, JSON Lines.

mod blank;
mod keys;
mod parser;
mod scalar;
mod string;
mod tree;

use super::report::{GaveUp, Report};
use super::{Node, Notation};
use parser::{Parser, Sink};

/// Levels of nesting; parsers in use refuse far less.
pub(super) const MAX_DEPTH: usize = 1000;

/// What a text may hold beyond RFC 8259.
#[derive(Clone, Copy)]
struct Dialect {
    /// Comments, trailing commas, a byte order mark, and no value at all.
    comments: bool,
    /// Everything of JSON5.
    json5: bool,
}

/// Looks for mistakes.
pub(super) fn check(text: &[u8], notation: Notation, report: &mut Report) {
    for_each_document(text, notation, report, &mut ());
}

/// Looks for mistakes, and keeps what could be read in spite of them.
pub(super) fn parse(text: &[u8], notation: Notation, report: &mut Report) -> Vec<Node> {
    let mut tree = tree::Tree::new(text);
    for_each_document(text, notation, report, &mut tree);
    tree.finish()
}

fn for_each_document(text: &[u8], notation: Notation, report: &mut Report, sink: &mut impl Sink) {
    let dialect = Dialect {
        comments: matches!(notation, Notation::JsonWithComments | Notation::Json5),
        json5: notation == Notation::Json5,
    };
    if let Err(error) = std::str::from_utf8(text) {
        let at = error.valid_up_to();
        let message = format!(
            "byte 0x{:02x} is not UTF-8, which JSON is written in",
            text[at]
        );
        let bytes = at..at + error.error_len().unwrap_or(text.len() - at);
        if let Err(GaveUp) = report.add(bytes, message) {
            return;
        }
    }
    let mut start = 0;
    if text.starts_with(b"\xef\xbb\xbf") {
        start = 3;
        if !dialect.comments {
            let message = "a byte order mark, which JSON must not begin with";
            if let Err(GaveUp) = report.add(0..3, message) {
                return;
            }
        }
    }
    if notation != Notation::JsonLines {
        Parser::new(text, start..text.len(), dialect, report, sink).document();
        return;
    }
    for end in memchr::memchr_iter(b'\n', text).chain([text.len()]) {
        let is_blank = text[start.min(end)..end]
            .iter()
            .all(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
        if !is_blank {
            Parser::new(text, start..end, dialect, report, sink).document();
        }
        start = end + 1;
    }
}

#[cfg(test)]
mod tests;
