//! Mistakes as a parser meets them: bounded in number, and with the places that they refer to written out at the end.

use super::{Mistake, MistakeKind};
use bstr::ByteSlice as _;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

/// Mistakes after which a text is given up: far beyond what a person reads, and little memory.
pub(super) const MAX_MISTAKES: usize = 1000;

/// The parser cannot go on. Why is in the report.
#[derive(Debug)]
pub(super) struct GaveUp;

/// The mistakes of one text.
#[derive(Default)]
pub(super) struct Report {
    drafts: Vec<Draft>,
}

struct Draft {
    bytes: Range<usize>,
    message: String,
    /// A second place, whose line and column end the message.
    other: Option<usize>,
    kind: MistakeKind,
}

impl Report {
    /// Notes the same key twice. The message ends in the line and column of `first`, if it is known.
    pub(super) fn add_duplicate(
        &mut self,
        bytes: Range<usize>,
        message: impl Into<String>,
        first: Option<usize>,
    ) -> Result<(), GaveUp> {
        self.push(bytes, message.into(), first, MistakeKind::DuplicateKey)
    }

    /// Notes a mistake. Too many of them are the last mistake.
    pub(super) fn add(
        &mut self,
        bytes: Range<usize>,
        message: impl Into<String>,
    ) -> Result<(), GaveUp> {
        self.push(bytes, message.into(), None, MistakeKind::Syntax)
    }

    /// Notes a mistake whose message ends in the line and column of `other`.
    pub(super) fn add_with(
        &mut self,
        bytes: Range<usize>,
        message: impl Into<String>,
        other: usize,
    ) -> Result<(), GaveUp> {
        self.push(bytes, message.into(), Some(other), MistakeKind::Syntax)
    }

    /// Notes the mistake after which nothing can be read.
    pub(super) fn fatal(&mut self, bytes: Range<usize>, message: impl Into<String>) -> GaveUp {
        match self.add(bytes, message) {
            Ok(()) | Err(GaveUp) => GaveUp,
        }
    }

    /// How many mistakes there are so far.
    pub(super) fn count(&self) -> usize {
        self.drafts.len()
    }

    fn push(
        &mut self,
        bytes: Range<usize>,
        message: String,
        other: Option<usize>,
        kind: MistakeKind,
    ) -> Result<(), GaveUp> {
        if self.drafts.len() > MAX_MISTAKES {
            return Err(GaveUp);
        }
        let is_last = self.drafts.len() == MAX_MISTAKES;
        self.drafts.push(Draft {
            message: if is_last {
                format!("more than {MAX_MISTAKES} mistakes: the rest of the file is not judged")
            } else {
                message
            },
            bytes,
            other: other.filter(|_| !is_last),
            kind,
        });
        if is_last { Err(GaveUp) } else { Ok(()) }
    }

    /// The mistakes by place.
    pub(super) fn finish(mut self, text: &[u8]) -> Vec<Mistake> {
        if self.drafts.is_empty() {
            return Vec::new();
        }
        self.drafts.sort_by_key(|draft| draft.other);
        let mut cursor = Cursor::default();
        let mut mistakes: Vec<Mistake> = Vec::with_capacity(self.drafts.len());
        for mut draft in self.drafts {
            if let Some(other) = draft.other {
                cursor.advance(text, other);
                let _infallible = write!(
                    draft.message,
                    " line {}, column {}",
                    cursor.line, cursor.column
                );
            }
            mistakes.push(Mistake {
                bytes: draft.bytes.start.min(text.len())..draft.bytes.end.min(text.len()),
                message: draft.message,
                kind: draft.kind,
            });
        }
        mistakes.sort_by(|a, b| {
            (a.bytes.start, a.bytes.end, &a.message).cmp(&(b.bytes.start, b.bytes.end, &b.message))
        });
        mistakes.dedup();
        mistakes
    }
}

/// Counts lines and columns in one forward pass.
struct Cursor {
    offset: usize,
    line: usize,
    column: usize,
}

impl Default for Cursor {
    fn default() -> Self {
        Self {
            offset: 0,
            line: 1,
            column: 1,
        }
    }
}

impl Cursor {
    fn advance(&mut self, text: &[u8], offset: usize) {
        let passed = &text[self.offset..offset.min(text.len())];
        let line_start = memchr::memrchr(b'\n', passed).map(|at| at + 1);
        if let Some(start) = line_start {
            self.line += memchr::memchr_iter(b'\n', passed).count();
            self.column = 1 + passed[start..].chars().count();
        } else {
            self.column += passed.chars().count();
        }
        self.offset += passed.len();
    }
}

/// A piece of the text for a message: in backquotes, clipped, without line breaks.
pub(super) fn quote(text: &[u8]) -> String {
    const MOST: usize = 40;
    let text = text.to_str_lossy();
    let line = text.split(['\n', '\r']).next().unwrap_or_default();
    let clipped: Cow<'_, str> = match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]).into(),
        None if line.len() < text.len() => format!("{line}…").into(),
        None => line.into(),
    };
    let shown: String = clipped
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    format!("`{shown}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_places_are_written_out_and_mistakes_are_sorted() {
        let mut report = Report::default();
        report.add_with(6..7, "second: first in", 2).unwrap();
        report.add(1..2, "alone").unwrap();
        report.add_with(7..8, "third: first in", 5).unwrap();
        let mistakes = report.finish("äb\nc d e".as_bytes());
        let messages: Vec<&str> = mistakes.iter().map(|it| &*it.message).collect();
        assert_eq!(
            messages,
            [
                "alone",
                "second: first in line 1, column 2",
                "third: first in line 2, column 2"
            ]
        );
    }

    #[test]
    fn too_many_mistakes_are_a_mistake_and_the_end() {
        let mut report = Report::default();
        let mut at = 0;
        while report.add(at..at, "x").is_ok() {
            at += 1;
        }
        assert_eq!(at, MAX_MISTAKES);
        let mistakes = report.finish(&[b' '; 2 * MAX_MISTAKES]);
        assert_eq!(mistakes.len(), MAX_MISTAKES + 1);
        assert!(mistakes[MAX_MISTAKES].message.starts_with("more than 1000"));
    }

    #[test]
    fn quotes_are_short_and_stay_on_a_line() {
        assert_eq!(quote(b"ab"), "`ab`");
        assert_eq!(quote(b"a\nb"), "`a…`");
        assert_eq!(quote(b"a\x1b[0m"), "`a\u{fffd}[0m`");
        assert_eq!(quote(&[b'x'; 99]).chars().count(), 43);
    }
}
