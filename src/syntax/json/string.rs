//! Texts in quotes: where they end, what is wrong in them, what they say.

use super::parser::{Parser, Sink};
use crate::syntax::report::{GaveUp, quote};
use std::ops::Range;

/// A text in quotes.
pub(super) struct Quoted {
    /// Without the quotes.
    pub(super) inside: Range<usize>,
    /// Whether there is a backslash in it.
    pub(super) has_escapes: bool,
}

/// How many bytes at the start need no attention: neither a double quote, a backslash nor a control character.
#[inline]
fn plain_bytes(rest: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    const QUOTE: u64 = 0x22;
    const BACKSLASH: u64 = 0x5c;
    let (words, _) = rest.as_chunks::<8>();
    let mut length = 0;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let quote = word ^ (ONES * QUOTE);
        let backslash = word ^ (ONES * BACKSLASH);
        // The lowest set bit is exact: it is that of the first byte which is zero, or less than 0x20.
        let marks = (quote.wrapping_sub(ONES) & !quote)
            | (backslash.wrapping_sub(ONES) & !backslash)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        let marks = marks & HIGH;
        if marks != 0 {
            return length + marks.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    let rest = &rest[length..];
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | ..0x20);
    length + rest.iter().position(special).unwrap_or(rest.len())
}

impl<S: Sink> Parser<'_, '_, S> {
    /// Reads a text; its opening quote is next.
    #[inline]
    pub(super) fn quoted(&mut self) -> Result<Quoted, GaveUp> {
        let start = self.at;
        let delimiter = self.text[start];
        if delimiter == b'"' {
            let end = start + 1 + plain_bytes(&self.text[start + 1..self.end]);
            if end < self.end && self.text[end] == b'"' {
                self.at = end + 1;
                return Ok(Quoted {
                    inside: start + 1..end,
                    has_escapes: false,
                });
            }
        }
        self.unusual(start, delimiter)
    }

    /// The same, whatever is in it.
    fn unusual(&mut self, start: usize, delimiter: u8) -> Result<Quoted, GaveUp> {
        let mut has_escapes = false;
        self.at = start + 1;
        loop {
            let rest = &self.text[self.at..self.end];
            self.at += if delimiter == b'"' {
                plain_bytes(rest)
            } else {
                let special = |byte: &u8| matches!(byte, b'\'' | b'\\' | ..0x20);
                rest.iter().position(special).unwrap_or(rest.len())
            };
            match self.peek() {
                Some(byte) if byte == delimiter => break,
                Some(b'\\') => {
                    has_escapes = true;
                    self.escape(start)?;
                }
                None | Some(b'\n' | b'\r') => return Err(self.unclosed_text(start)),
                Some(byte @ ..0x20) => {
                    if !self.dialect.json5 {
                        let message = format!(
                            "the control character U+{byte:04X} must be escaped in a text: `\\{}`",
                            if byte == b'\t' {
                                "t".to_owned()
                            } else {
                                format!("u{byte:04x}")
                            }
                        );
                        self.report.add(self.at..self.at + 1, message)?;
                    }
                    self.at += 1;
                }
                Some(_) => self.at += 1,
            }
        }
        let inside = start + 1..self.at;
        self.at += 1;
        Ok(Quoted {
            inside,
            has_escapes,
        })
    }

    fn unclosed_text(&mut self, start: usize) -> GaveUp {
        let message = if self.peek().is_some() {
            "this text is not closed on its line: expected a closing quote, or `\\n` for a line break"
        } else {
            "this text is never closed: expected a closing quote"
        };
        self.report.fatal(start..self.at, message)
    }

    /// Passes a backslash and what belongs to it.
    fn escape(&mut self, text_start: usize) -> Result<(), GaveUp> {
        let start = self.at;
        let hexadecimal = |parser: &Self, count: usize| {
            (2..2 + count).all(|at| parser.byte(at).is_some_and(|byte| byte.is_ascii_hexdigit()))
        };
        let length = match self.byte(1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') if hexadecimal(self, 4) => 6,
            None => {
                self.at += 1;
                return Err(self.unclosed_text(text_start));
            }
            Some(byte) if self.dialect.json5 => match byte {
                b'x' if hexadecimal(self, 2) => 4,
                b'\r' if self.byte(2) == Some(b'\n') => 3,
                b'0' if !self.byte(2).is_some_and(|next| next.is_ascii_digit()) => 2,
                b'u' | b'x' | b'0'..=b'9' => 0,
                _ => 2,
            },
            Some(_) => 0,
        };
        if length > 0 {
            self.at += length;
            return Ok(());
        }
        let (_, size) = bstr::decode_utf8(&self.text[start + 1..self.end]);
        let shown = quote(&self.text[start..start + 1 + size]);
        let message = if self.byte(1) == Some(b'u') {
            "`\\u` must be followed by four hexadecimal digits".to_owned()
        } else {
            format!("{shown} is no escape: write `\\\\` for a backslash")
        };
        // A line break is not passed over: the text ends there.
        let is_break = matches!(self.byte(1), Some(b'\n' | b'\r'));
        self.at += if is_break { 1 } else { 1 + size };
        self.report.add(start..start + 1 + size, message)
    }
}

/// What a text says. Wrong escapes stand for themselves, half surrogate pairs for U+FFFD.
pub(super) fn unescape(inside: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(inside.len());
    let mut rest = inside;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = unescape_one(&rest[at + 1..], &mut out);
    }
    out.extend_from_slice(rest);
    out
}

/// Writes what the escape says whose backslash is before `rest`; returns what follows it.
fn unescape_one<'t>(rest: &'t [u8], out: &mut Vec<u8>) -> &'t [u8] {
    let (byte, after) = match rest {
        [] => return rest,
        [b'\r', b'\n', after @ ..] => return after,
        [byte, after @ ..] => (*byte, after),
    };
    let simple = match byte {
        b'b' => 8,
        b'f' => 0xc,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0xb,
        b'0' => 0,
        b'\n' | b'\r' => return after,
        b'x' => match hexadecimal(after, 2) {
            Some(code) => return push(code, &after[2..], out),
            None => byte,
        },
        b'u' => match hexadecimal(after, 4) {
            Some(code) => return unescape_unicode(code, &after[4..], out),
            None => byte,
        },
        byte => byte,
    };
    out.push(simple);
    after
}

fn unescape_unicode<'t>(code: u32, after: &'t [u8], out: &mut Vec<u8>) -> &'t [u8] {
    if let (0xd800..0xdc00, [b'\\', b'u', second @ ..]) = (code, after)
        && let Some(low @ 0xdc00..0xe000) = hexadecimal(second, 4)
    {
        let code = 0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        return push(code, &second[4..], out);
    }
    push(code, after, out)
}

fn push<'t>(code: u32, after: &'t [u8], out: &mut Vec<u8>) -> &'t [u8] {
    let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    after
}

fn hexadecimal(digits: &[u8], count: usize) -> Option<u32> {
    digits.get(..count)?.iter().try_fold(0, |code, digit| {
        Some(code * 16 + char::from(*digit).to_digit(16)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_say_what_they_stand_for() {
        assert_eq!(
            unescape(br#"a\n\"\u00e9\ud83d\ude00"#),
            "a\n\"é😀".as_bytes()
        );
        assert_eq!(unescape(br"\ud83dx"), "\u{fffd}x".as_bytes());
        assert_eq!(unescape(br"\x41\'\0"), b"A'\0");
        assert_eq!(unescape(b"a\\\r\nb\\"), b"ab");
    }

    proptest! {
        #[test]
        fn words_agree_with_bytes(bytes in proptest::collection::vec(
            prop_oneof![4 => any::<u8>(), 1 => proptest::sample::select(b"\"\\\x1f\x20\x21\x23\x5b\x5d".to_vec())], 0..40)) {
            let naive = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..0x20));
            prop_assert_eq!(plain_bytes(&bytes), naive.unwrap_or(bytes.len()));
        }
    }
}
