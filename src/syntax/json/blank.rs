//! What stands between the values: white space and comments.

use super::parser::{Parser, Sink};
use crate::syntax::report::GaveUp;

/// A character that is white in JSON5 but not in JSON, and its length.
fn json5_space(rest: &[u8]) -> Option<usize> {
    let (c, size) = bstr::decode_utf8(rest);
    let c = c?;
    let is_space = matches!(
        c,
        '\u{b}' | '\u{c}' | '\u{a0}' | '\u{feff}' | '\u{1680}' | '\u{2000}'
            ..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    );
    is_space.then_some(size)
}

impl<S: Sink> Parser<'_, '_, S> {
    /// Goes on to the next byte that means something, and returns it.
    #[inline]
    pub(super) fn next_token(&mut self) -> Result<Option<u8>, GaveUp> {
        loop {
            match self.peek() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(b'/') if matches!(self.byte(1), Some(b'/' | b'*')) => self.comment()?,
                Some(0xb | 0xc | 0x80..) if self.dialect.json5 => {
                    match json5_space(&self.text[self.at..self.end]) {
                        Some(size) => self.at += size,
                        None => return Ok(self.peek()),
                    }
                }
                byte => return Ok(byte),
            }
        }
    }

    fn comment(&mut self) -> Result<(), GaveUp> {
        let start = self.at;
        let rest = &self.text[start..self.end];
        if rest[1] == b'/' {
            let line_end = if self.dialect.json5 {
                rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'))
            } else {
                memchr::memchr(b'\n', rest)
            };
            self.at = start + line_end.unwrap_or(rest.len());
        } else {
            let Some(length) = memchr::memmem::find(&rest[2..], b"*/") else {
                let message = "this comment is never closed: expected `*/`";
                return Err(self.report.fatal(start..start + 2, message));
            };
            self.at = start + 2 + length + 2;
        }
        if self.dialect.comments || self.has_comments {
            return Ok(());
        }
        // One is enough: they are there on purpose.
        self.has_comments = true;
        self.report
            .add(start..self.at, "a comment, which JSON does not have")
    }
}
