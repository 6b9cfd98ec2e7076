//! The text and how far it is read; what occurs everywhere: names, white space, comments, instructions.

use crate::syntax::report::{GaveUp, Report, quote};
use std::ops::Range;

/// A text that is being read.
pub(super) struct Reader<'t, 'r> {
    pub(super) text: &'t [u8],
    pub(super) at: usize,
    pub(super) report: &'r mut Report,
    /// The place in the file that mistakes have, if the text is what an entity stands for.
    place: Option<Range<usize>>,
}

impl<'t, 'r> Reader<'t, 'r> {
    pub(super) fn new(text: &'t [u8], at: usize, report: &'r mut Report) -> Self {
        Self {
            text,
            at,
            report,
            place: None,
        }
    }

    /// Reads what an entity stands for; all mistakes have the place of the reference.
    pub(super) fn inside(text: &'t [u8], place: Range<usize>, report: &'r mut Report) -> Self {
        Self {
            text,
            at: 0,
            report,
            place: Some(place),
        }
    }

    /// Where a piece of this text is for the report.
    pub(super) fn place(&self, bytes: Range<usize>) -> Range<usize> {
        self.place.clone().unwrap_or(bytes)
    }

    pub(super) fn mistake(
        &mut self,
        bytes: Range<usize>,
        message: impl Into<String>,
    ) -> Result<(), GaveUp> {
        let place = self.place(bytes);
        self.report.add(place, message)
    }

    pub(super) fn fatal(&mut self, bytes: Range<usize>, message: impl Into<String>) -> GaveUp {
        let place = self.place(bytes);
        self.report.fatal(place, message)
    }

    pub(super) fn rest(&self) -> &'t [u8] {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    pub(super) fn looking_at(&self, token: &[u8]) -> bool {
        self.rest().starts_with(token)
    }

    /// Passes the token, if it is next.
    pub(super) fn take(&mut self, token: &[u8]) -> bool {
        let is_next = self.looking_at(token);
        if is_next {
            self.at += token.len();
        }
        is_next
    }

    /// Passes the token, or says that it is missing.
    pub(super) fn expect(&mut self, token: &str) -> Result<(), GaveUp> {
        if self.take(token.as_bytes()) {
            Ok(())
        } else {
            Err(self.unexpected(&format!("`{token}`")))
        }
    }

    /// Passes white space; tells whether there was any.
    pub(super) fn skip_space(&mut self) -> bool {
        let start = self.at;
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
        self.at > start
    }

    /// Passes white space that must be there.
    pub(super) fn space(&mut self) -> Result<(), GaveUp> {
        if self.skip_space() {
            Ok(())
        } else {
            Err(self.unexpected("a space"))
        }
    }

    /// The mistake that something else stands here.
    pub(super) fn unexpected(&mut self, expected: &str) -> GaveUp {
        let rest = self.rest();
        let word = rest
            .iter()
            .take(64)
            .take_while(|byte| byte.is_ascii_alphanumeric())
            .count();
        let (_, size) = bstr::decode_utf8(rest);
        let length = word.max(size);
        let message = if rest.is_empty() {
            format!("expected {expected}, found the end of the text")
        } else {
            format!("expected {expected}, found {}", quote(&rest[..length]))
        };
        self.fatal(self.at..self.at + length, message)
    }

    /// Reads a name.
    pub(super) fn name(&mut self, what: &str) -> Result<Range<usize>, GaveUp> {
        let length = name_length(self.rest());
        if length == 0 {
            return Err(self.unexpected(what));
        }
        let start = self.at;
        self.at += length;
        Ok(start..self.at)
    }

    /// Passes a comment; it is next.
    pub(super) fn comment(&mut self) -> Result<(), GaveUp> {
        let start = self.at;
        let Some(length) = memchr::memmem::find(&self.text[start + 4..], b"--") else {
            return Err(self.fatal(
                start..start + 4,
                "this comment is never closed: expected `-->`",
            ));
        };
        let dashes = start + 4 + length;
        self.at = dashes + 2;
        if self.take(b">") {
            return Ok(());
        }
        let Some(length) = memchr::memmem::find(self.rest(), b"-->") else {
            // A third dash before the end.
            if self.take(b"->") {
                return self.mistake(dashes..dashes + 2, "a comment must not hold `--`");
            }
            return Err(self.fatal(
                start..start + 4,
                "this comment is never closed: expected `-->`",
            ));
        };
        if self.looking_at(b"->") {
            self.at += 2;
        } else {
            self.at += length + 3;
        }
        self.mistake(dashes..dashes + 2, "a comment must not hold `--`")
    }

    /// Passes a processing instruction; it is next.
    pub(super) fn instruction(&mut self) -> Result<(), GaveUp> {
        let start = self.at;
        self.at += 2;
        let target = self.name("the name of an instruction")?;
        if self.text[target.clone()].eq_ignore_ascii_case(b"xml") {
            let message = "the XML declaration must be the first thing in the file, in lower case";
            self.mistake(start..target.end, message)?;
        }
        if self.take(b"?>") {
            return Ok(());
        }
        self.space()?;
        let Some(length) = memchr::memmem::find(self.rest(), b"?>") else {
            let message = "this instruction is never closed: expected `?>`";
            return Err(self.fatal(start..start + 2, message));
        };
        self.at += length + 2;
        Ok(())
    }
}

/// How many bytes at the start are a name; none, if there is no name.
pub(super) fn name_length(text: &[u8]) -> usize {
    let first = text.first().copied().unwrap_or_default();
    if first.is_ascii() && !is_name_start(char::from(first)) {
        return 0;
    }
    let length = name_characters(text);
    if first.is_ascii() {
        return length;
    }
    match bstr::decode_utf8(text) {
        (Some(c), _) if !is_name_start(c) => 0,
        _ => length,
    }
}

/// How many bytes at the start are characters that names may hold.
pub(super) fn name_characters(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':') {
            at += 1;
        } else if byte.is_ascii() {
            break;
        } else {
            match bstr::decode_utf8(&text[at..]) {
                (Some(c), size) if is_in_name(c) => at += size,
                (Some(_), _) => break,
                // Another encoding: whatever is beyond ASCII may be a letter.
                (None, size) => at += size,
            }
        }
    }
    at
}

fn is_name_start(c: char) -> bool {
    matches!(c,
        ':' | '_' | 'A'..='Z' | 'a'..='z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}'
        | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
        | '\u{10000}'..='\u{effff}')
}

fn is_in_name(c: char) -> bool {
    is_name_start(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}
