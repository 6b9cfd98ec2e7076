//! Values without quotes: numbers and words, in JSON's form and in the forms that people write instead.

use super::parser::{Parser, Sink};
use super::string::Quoted;
use crate::syntax::report::{GaveUp, quote};
use std::ops::Range;

/// A value that is no list and no object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A number, in any dialect's form.
    Number,
    /// A text in quotes, and whether there is a backslash in it.
    Text(bool),
    /// A word that means nothing, taken for a text.
    Word,
}

impl Scalar {
    pub(super) fn text(text: &Quoted) -> Self {
        Self::Text(text.has_escapes)
    }
}

impl<S: Sink> Parser<'_, '_, S> {
    /// Reads a value that begins with neither a double quote nor a bracket.
    #[inline]
    pub(super) fn unquoted(&mut self) -> Result<Scalar, GaveUp> {
        let rest = &self.text[self.at..self.end];
        for (word, scalar) in [
            (&b"true"[..], Scalar::Bool(true)),
            (b"false", Scalar::Bool(false)),
            (b"null", Scalar::Null),
        ] {
            if rest.starts_with(word) && !rest.get(word.len()).copied().is_some_and(is_in_word) {
                self.at += word.len();
                return Ok(scalar);
            }
        }
        if let Some(length) = strict_number(rest)
            && !rest
                .get(length)
                .copied()
                .is_some_and(|byte| is_in_word(byte) || byte == b'.')
        {
            self.at += length;
            return Ok(Scalar::Number);
        }
        match rest[0] {
            b'\'' => self.single_quoted().map(|text| Scalar::text(&text)),
            b'+' | b'-' | b'.' | b'0'..=b'9' => self.odd_number(),
            byte if byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$') => self.odd_word(),
            _ => Err(self.unexpected("a value")),
        }
    }

    /// Reads a text in single quotes.
    pub(super) fn single_quoted(&mut self) -> Result<Quoted, GaveUp> {
        let start = self.at;
        let before = self.report.count();
        let text = self.quoted()?;
        // One mistake is enough for one text.
        if !self.dialect.json5 && self.report.count() == before {
            let message = "a text in single quotes: expected double quotes";
            self.report.add(start..self.at, message)?;
        }
        Ok(text)
    }

    /// Reads what begins like a number but is none of JSON's.
    fn odd_number(&mut self) -> Result<Scalar, GaveUp> {
        let start = self.at;
        let rest = &self.text[start..self.end];
        let length = rest
            .iter()
            .enumerate()
            .take_while(|(at, byte)| {
                is_in_word(**byte)
                    || **byte == b'.'
                    || (matches!(byte, b'+' | b'-')
                        && (*at == 0 || matches!(rest[at - 1], b'e' | b'E')))
            })
            .count();
        let written = &rest[..length];
        self.at += length;
        if self.dialect.json5 && is_json5_number(written) {
            return Ok(Scalar::Number);
        }
        let message = format!(
            "{} is no number of JSON: {}",
            quote(written),
            reason(written)
        );
        self.report.add(start..self.at, message)?;
        Ok(Scalar::Number)
    }

    fn odd_word(&mut self) -> Result<Scalar, GaveUp> {
        let start = self.at;
        let rest = &self.text[start..self.end];
        let length = rest.iter().take_while(|byte| is_in_word(**byte)).count();
        let word = &rest[..length];
        let meant = match word {
            b"NaN" | b"Infinity" if self.dialect.json5 => {
                self.at += length;
                return Ok(Scalar::Number);
            }
            b"True" | b"TRUE" => "`true`",
            b"False" | b"FALSE" => "`false`",
            b"None" | b"nil" | b"undefined" | b"NULL" | b"Null" => "`null`",
            b"NaN" | b"Infinity" | b"inf" | b"nan" => "a number, or `null`",
            _ if self.dialect.comments => "a value, texts in quotes",
            _ => "a value, texts in double quotes",
        };
        let message = format!("{} is no value of JSON: expected {meant}", quote(word));
        if !meant.starts_with('`') && !meant.starts_with("a number") {
            return Err(self.report.fatal(start..start + length, message));
        }
        self.at += length;
        self.report.add(start..self.at, message)?;
        Ok(Scalar::Word)
    }

    /// Reads a key without quotes: where it stands, and whether there are escapes in it.
    pub(super) fn unquoted_key(&mut self) -> Result<(Range<usize>, bool), GaveUp> {
        let start = self.at;
        let mut has_escapes = false;
        loop {
            let rest = &self.text[self.at..self.end];
            let (c, size) = bstr::decode_utf8(rest);
            match c {
                Some('\\') if is_unicode_escape(rest) => {
                    has_escapes = true;
                    self.at += 6;
                }
                Some('$' | '_') => self.at += size,
                Some(c) if c.is_alphabetic() => self.at += size,
                // Letters that are numbers, combining marks, joiners: what may follow in an identifier, generously.
                Some(c)
                    if self.at > start
                        && (c.is_alphanumeric()
                            || matches!(
                                c,
                                '\u{300}'..='\u{36f}' | '\u{200c}' | '\u{200d}' | '\u{203f}'
                            )) =>
                {
                    self.at += size;
                }
                _ => break,
            }
        }
        if self.at == start {
            let expected = if self.dialect.json5 {
                "a key"
            } else {
                "a key in double quotes"
            };
            return Err(self.unexpected(expected));
        }
        if !self.dialect.json5 {
            let message = format!(
                "the key {} must stand in double quotes",
                quote(&self.text[start..self.at])
            );
            self.report.add(start..self.at, message)?;
        }
        Ok((start..self.at, has_escapes))
    }
}

fn is_in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$')
}

fn is_unicode_escape(rest: &[u8]) -> bool {
    rest.len() >= 6 && rest[1] == b'u' && rest[2..6].iter().all(u8::is_ascii_hexdigit)
}

fn digits(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count()
}

/// The length of the number at the start, as RFC 8259 writes numbers.
#[inline]
fn strict_number(rest: &[u8]) -> Option<usize> {
    let mut at = usize::from(rest[0] == b'-');
    match rest.get(at)? {
        b'0' => at += 1,
        b'1'..=b'9' => at += digits(&rest[at..]),
        _ => return None,
    }
    if rest.get(at) == Some(&b'.') {
        let count = digits(&rest[at + 1..]);
        if count == 0 {
            return None;
        }
        at += 1 + count;
    }
    if let Some(b'e' | b'E') = rest.get(at) {
        let sign = usize::from(matches!(rest.get(at + 1), Some(b'+' | b'-')));
        let count = rest.get(at + 1 + sign..).map_or(0, digits);
        if count == 0 {
            return None;
        }
        at += 1 + sign + count;
    }
    Some(at)
}

/// Whether JSON5 writes numbers like this.
fn is_json5_number(written: &[u8]) -> bool {
    let bare = match written {
        [b'+' | b'-', bare @ ..] => bare,
        _ => written,
    };
    if let [b'0', b'x' | b'X', hexadecimal @ ..] = bare {
        return !hexadecimal.is_empty() && hexadecimal.iter().all(u8::is_ascii_hexdigit);
    }
    if matches!(bare, b"Infinity" | b"NaN") {
        return true;
    }
    let whole = digits(bare);
    let fraction = match bare.get(whole) {
        Some(b'.') => digits(&bare[whole + 1..]) + 1,
        _ => 0,
    };
    let has_leading_zero = whole > 1 && bare[0] == b'0';
    let has_digits = whole > 0 || fraction > 1;
    let exponent = &bare[whole + fraction..];
    let is_exponent = match exponent {
        [] => true,
        [b'e' | b'E', b'+' | b'-', count @ ..] | [b'e' | b'E', count @ ..] => {
            !count.is_empty() && digits(count) == count.len()
        }
        _ => false,
    };
    has_digits && !has_leading_zero && is_exponent
}

fn reason(written: &[u8]) -> &'static str {
    let bare = match written {
        [b'+', ..] => return "leave out the `+`",
        _ => written.strip_prefix(b"-").unwrap_or(written),
    };
    match bare {
        [b'.', ..] => "a digit must stand before the point",
        [b'0', b'x' | b'X', ..] => "it is written in decimal",
        [b'0', b'0'..=b'9', ..] => "it must not begin with a zero",
        b"Infinity" | b"NaN" => "it has neither infinity nor NaN",
        _ if bare.last() == Some(&b'.')
            || bare
                .windows(2)
                .any(|pair| matches!(pair, [b'.', b'e' | b'E'])) =>
        {
            "a digit must stand behind the point"
        }
        _ => "expected digits, then perhaps a fraction and an exponent",
    }
}
