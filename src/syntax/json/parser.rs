//! The grammar of JSON without recursion: what may come next is a state, what is open is a stack.

use super::keys::Keys;
use super::scalar::Scalar;
use super::{Dialect, MAX_DEPTH};
use crate::syntax::report::{GaveUp, Report, quote};
use std::ops::Range;

/// Takes what the parser reads. `()` takes nothing.
pub(super) trait Sink {
    /// A list or an object begins.
    fn open(&mut self, _bracket: Bracket, _at: usize) {}
    /// It ends before this offset.
    fn close(&mut self, _end: usize) {}
    /// A key; its value comes next.
    fn key(&mut self, _bytes: Range<usize>) {}
    /// A value.
    fn scalar(&mut self, _scalar: Scalar, _bytes: Range<usize>) {}
}

impl Sink for () {}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Bracket {
    List,
    Object,
}

impl Bracket {
    fn opening(self) -> char {
        if self == Self::List { '[' } else { '{' }
    }
    fn closing(self) -> char {
        if self == Self::List { ']' } else { '}' }
    }
}

struct Frame {
    bracket: Bracket,
    opened_at: usize,
    first_key: usize,
}

/// What comes next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Value,
    /// A value or the end of the list.
    FirstValue,
    /// A key or the end of the object.
    FirstKey,
    Key,
    Colon,
    /// A comma or the end of what is innermost.
    Comma,
}

/// Reads one document.
pub(super) struct Parser<'t, 'r, S> {
    pub(super) text: &'t [u8],
    pub(super) at: usize,
    pub(super) end: usize,
    pub(super) dialect: Dialect,
    pub(super) report: &'r mut Report,
    pub(super) sink: &'r mut S,
    pub(super) has_comments: bool,
    frames: Vec<Frame>,
    keys: Keys,
    /// The end of the last value, key or punctuation mark.
    last_end: usize,
}

impl<'t, 'r, S: Sink> Parser<'t, 'r, S> {
    pub(super) fn new(
        text: &'t [u8],
        range: Range<usize>,
        dialect: Dialect,
        report: &'r mut Report,
        sink: &'r mut S,
    ) -> Self {
        Self {
            text,
            at: range.start,
            end: range.end,
            dialect,
            report,
            sink,
            has_comments: false,
            frames: Vec::new(),
            keys: Keys::default(),
            last_end: range.start,
        }
    }

    #[inline]
    pub(super) fn byte(&self, ahead: usize) -> Option<u8> {
        self.text[..self.end].get(self.at + ahead).copied()
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.byte(0)
    }

    /// Reads the document to its end, or to a mistake after which nothing can be understood.
    pub(super) fn document(mut self) {
        let result = self.run();
        // What is still open has keys too.
        while let Some(frame) = self.frames.pop() {
            let closed = self.keys.close(frame.first_key, self.text, self.report);
            if result.is_ok() && closed.is_err() {
                break;
            }
            self.sink.close(self.at.min(self.end));
        }
    }

    fn run(&mut self) -> Result<(), GaveUp> {
        let first = self.next_token()?;
        if first.is_none() {
            if self.dialect.comments && !self.dialect.json5 {
                return Ok(());
            }
            let message = "nothing here: expected a value";
            return Err(self.report.fatal(self.at..self.at, message));
        }
        let mut next = Next::Value;
        loop {
            let Some(byte) = self.next_token()? else {
                return self.end_of_text(next);
            };
            next = match next {
                Next::Value | Next::FirstValue => self.value(byte, next)?,
                Next::FirstKey | Next::Key => self.key(byte, next)?,
                Next::Colon => self.colon(byte)?,
                Next::Comma => self.comma(byte)?,
            };
        }
    }

    fn end_of_text(&mut self, next: Next) -> Result<(), GaveUp> {
        match self.frames.last() {
            None if next == Next::Comma => Ok(()),
            None => Err(self.report.fatal(self.at..self.at, "expected a value")),
            Some(frame) => {
                let message = format!(
                    "`{}` is never closed: expected `{}` before the end of the {}",
                    frame.bracket.opening(),
                    frame.bracket.closing(),
                    if self.end < self.text.len() {
                        "line"
                    } else {
                        "text"
                    },
                );
                let bytes = frame.opened_at..frame.opened_at + 1;
                Err(self.report.fatal(bytes, message))
            }
        }
    }

    #[inline]
    fn value(&mut self, byte: u8, next: Next) -> Result<Next, GaveUp> {
        let start = self.at;
        let scalar = match byte {
            b'"' => {
                let text = self.quoted()?;
                Scalar::text(&text)
            }
            b'{' => return self.open(Bracket::Object),
            b'[' => return self.open(Bracket::List),
            b']' | b'}' | b',' | b':' => return self.missing_value(byte, next),
            _ => self.unquoted()?,
        };
        self.sink.scalar(scalar, start..self.at);
        self.last_end = self.at;
        Ok(Next::Comma)
    }

    fn open(&mut self, bracket: Bracket) -> Result<Next, GaveUp> {
        if self.frames.len() == MAX_DEPTH {
            let message = format!("nested more than {MAX_DEPTH} levels deep");
            return Err(self.report.fatal(self.at..self.at + 1, message));
        }
        self.sink.open(bracket, self.at);
        self.frames.push(Frame {
            bracket,
            opened_at: self.at,
            first_key: self.keys.mark(),
        });
        self.at += 1;
        self.last_end = self.at;
        Ok(match bracket {
            Bracket::List => Next::FirstValue,
            Bracket::Object => Next::FirstKey,
        })
    }

    /// There is a punctuation mark where a value should be.
    fn missing_value(&mut self, byte: u8, next: Next) -> Result<Next, GaveUp> {
        let in_list = self
            .frames
            .last()
            .is_some_and(|frame| frame.bracket == Bracket::List);
        match byte {
            b']' if in_list => {
                if next == Next::Value {
                    self.trailing_comma()?;
                }
                self.close(byte)
            }
            b',' if in_list => {
                self.report
                    .add(self.at..self.at + 1, "expected a value before this comma")?;
                self.at += 1;
                self.last_end = self.at;
                Ok(Next::Value)
            }
            b'}' | b',' if !in_list && !self.frames.is_empty() => {
                let colon = self.last_end - 1..self.last_end;
                self.report
                    .add(colon, "expected a value after this colon")?;
                self.sink.scalar(Scalar::Null, self.last_end..self.last_end);
                Ok(Next::Comma)
            }
            _ => Err(self.unexpected("a value")),
        }
    }

    fn trailing_comma(&mut self) -> Result<(), GaveUp> {
        if self.dialect.comments {
            return Ok(());
        }
        let comma = self.last_end - 1..self.last_end;
        self.report
            .add(comma, "a trailing comma, which JSON does not have")
    }

    #[inline]
    fn key(&mut self, byte: u8, next: Next) -> Result<Next, GaveUp> {
        let start = self.at;
        let (inside, has_escapes) = match byte {
            b'"' => {
                let text = self.quoted()?;
                (text.inside, text.has_escapes)
            }
            b'}' => {
                if next == Next::Key {
                    self.trailing_comma()?;
                }
                return self.close(byte);
            }
            b',' => {
                self.report
                    .add(start..start + 1, "expected a key before this comma")?;
                self.at += 1;
                self.last_end = self.at;
                return Ok(Next::Key);
            }
            b'\'' => {
                let text = self.single_quoted()?;
                (text.inside, text.has_escapes)
            }
            _ => self.unquoted_key()?,
        };
        self.keys.push(start..self.at, inside, has_escapes);
        self.sink.key(start..self.at);
        self.last_end = self.at;
        Ok(Next::Colon)
    }

    #[inline]
    fn colon(&mut self, byte: u8) -> Result<Next, GaveUp> {
        match byte {
            b':' => {
                self.at += 1;
                self.last_end = self.at;
                Ok(Next::Value)
            }
            b',' | b'}' => {
                let at = self.last_end;
                self.report
                    .add(at..at, "expected a colon and a value after this key")?;
                self.sink.scalar(Scalar::Null, at..at);
                Ok(Next::Comma)
            }
            b'"' | b'{' | b'[' | b'-' | b'0'..=b'9' => {
                let at = self.last_end;
                self.report.add(at..at, "expected a colon after this key")?;
                Ok(Next::Value)
            }
            _ => Err(self.unexpected("a colon after the key")),
        }
    }

    #[inline]
    fn comma(&mut self, byte: u8) -> Result<Next, GaveUp> {
        let Some(frame) = self.frames.last() else {
            let message = format!(
                "expected the end of the {} after the value, found {}",
                if self.end < self.text.len() {
                    "line"
                } else {
                    "text"
                },
                self.found(),
            );
            return Err(self.report.fatal(self.found_bytes(), message));
        };
        let next = match frame.bracket {
            Bracket::List => Next::Value,
            Bracket::Object => Next::Key,
        };
        match byte {
            b',' => {
                self.at += 1;
                self.last_end = self.at;
                Ok(next)
            }
            b']' | b'}' => self.close(byte),
            // On a line of its own, it is the next value and not part of the last one.
            b'"' | b'{' | b'[' | b'-' | b'0'..=b'9' | b'\'' if self.is_new_line() => {
                let at = self.last_end;
                self.report.add(at..at, "expected a comma")?;
                Ok(next)
            }
            _ => {
                let expected = format!("a comma or `{}`", frame.bracket.closing());
                Err(self.unexpected(&expected))
            }
        }
    }

    fn is_new_line(&self) -> bool {
        memchr::memchr(b'\n', &self.text[self.last_end..self.at]).is_some()
    }

    #[inline]
    fn close(&mut self, byte: u8) -> Result<Next, GaveUp> {
        let Some(frame) = self.frames.last() else {
            return Err(self.unexpected("a value"));
        };
        if char::from(byte) != frame.bracket.closing() {
            let (bracket, opened_at) = (frame.bracket, frame.opened_at);
            let message = format!(
                "expected `{}`, found `{}`: `{}` was opened in",
                bracket.closing(),
                char::from(byte),
                bracket.opening(),
            );
            let bytes = self.at..self.at + 1;
            self.report.add_with(bytes, message, opened_at)?;
            return Err(GaveUp);
        }
        let first_key = frame.first_key;
        if frame.bracket == Bracket::Object {
            self.keys.close(first_key, self.text, self.report)?;
        }
        self.frames.pop();
        self.at += 1;
        self.last_end = self.at;
        self.sink.close(self.at);
        Ok(Next::Comma)
    }

    /// The mistake that something else stands here.
    pub(super) fn unexpected(&mut self, expected: &str) -> GaveUp {
        let message = format!("expected {expected}, found {}", self.found());
        self.report.fatal(self.found_bytes(), message)
    }

    fn found(&self) -> String {
        if self.at >= self.end {
            return "the end of the text".into();
        }
        quote(&self.text[self.found_bytes()])
    }

    /// The word or the character that is next.
    fn found_bytes(&self) -> Range<usize> {
        let rest = &self.text[self.at..self.end];
        let word = rest
            .iter()
            .take(64)
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'))
            .count();
        let (_, size) = bstr::decode_utf8(rest);
        self.at..self.at + word.max(size)
    }
}
