//! The last writer before a log: whatever comes here, whole lines without a command of any CI system go out.

use super::{command_breaks, push_visible};
use std::io::{self, Write};

/// Passes on whole lines, each made harmless: of escape sequences only colours and weights stay, bytes that are not UTF-8
/// and characters that nobody sees are spelt out, and what would open a command gets a `\`. Texts that were encoded
/// before pass as they are; this is for the one that somebody forgot, and for those that other libraries write.
///
/// A line without its end waits for the rest of it; it goes out, closed or not, when the writer is dropped.
pub struct Guard<W: Write> {
    out: W,
    line: Vec<u8>,
}

impl<W: Write> Guard<W> {
    /// A guard before `out`, which is at the start of a line.
    pub fn new(out: W) -> Self {
        Self {
            out,
            line: Vec::new(),
        }
    }
}

impl<W: Write> Write for Guard<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            match part.strip_suffix(b"\n") {
                None => self.line.extend_from_slice(part),
                Some(end) => {
                    self.line.extend_from_slice(end);
                    let mut line = guarded(&self.line);
                    self.line.clear();
                    line.push('\n');
                    self.out.write_all(line.as_bytes())?;
                }
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        // What would follow the start of a line decides what it is, so it is not let go before.
        self.out.flush()
    }
}

impl<W: Write> Drop for Guard<W> {
    fn drop(&mut self) {
        if !self.line.is_empty() {
            // Nobody is left to tell a failure to.
            _ = self.out.write_all(guarded(&self.line).as_bytes());
        }
    }
}

/// One line, without its end, as it may be shown.
fn guarded(line: &[u8]) -> String {
    let mut plain = String::with_capacity(line.len());
    // Styles, each with its place in the plain text: commands are looked for without them, because what strips them
    // comes later.
    let mut styles: Vec<(usize, &str)> = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let text = rest
            .iter()
            .position(|byte| *byte == b'\x1b')
            .unwrap_or(rest.len());
        push_text(&mut plain, &rest[..text]);
        rest = &rest[text..];
        if let Some(style) = style(rest) {
            styles.push((plain.len(), style));
            rest = &rest[style.len()..];
        } else if let Some((escape, after)) = rest.split_first() {
            push_visible(&mut plain, char::from(*escape));
            rest = after;
        }
    }
    assembled(&plain, &styles)
}

fn push_text(plain: &mut String, bytes: &[u8]) {
    use std::fmt::Write as _;
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\t' => plain.push('\t'),
                other => push_visible(plain, other),
            }
        }
        for byte in chunk.invalid() {
            let _infallible = write!(plain, "\\x{byte:02x}");
        }
    }
}

/// The sequence that sets colours or weights, if the bytes begin with one.
fn style(bytes: &[u8]) -> Option<&str> {
    let parameters = bytes.strip_prefix(b"\x1b[")?;
    let end = parameters
        .iter()
        .position(|byte| !byte.is_ascii_digit() && !matches!(byte, b';' | b':'))?;
    if parameters[end] != b'm' {
        return None;
    }
    std::str::from_utf8(&bytes[..end + 3]).ok()
}

fn assembled(plain: &str, styles: &[(usize, &str)]) -> String {
    let breaks = command_breaks(plain);
    if styles.is_empty() && breaks.is_empty() {
        return plain.to_owned();
    }
    let breaks = breaks.into_iter().map(|at| (at, "\\"));
    let mut inserted: Vec<(usize, &str)> = styles.iter().copied().chain(breaks).collect();
    inserted.sort_by_key(|(at, _)| *at);
    let mut line = String::with_capacity(plain.len() + 8 * inserted.len());
    let mut from = 0;
    for (at, what) in inserted {
        line.push_str(&plain[from..at]);
        line.push_str(what);
        from = at;
    }
    line.push_str(&plain[from..]);
    line
}

#[cfg(test)]
mod tests {
    use super::super::runner;
    use super::*;
    use proptest::prelude::*;

    fn through(pieces: &[&[u8]]) -> String {
        let mut out = Vec::new();
        let mut guard = Guard::new(&mut out);
        for piece in pieces {
            guard.write_all(piece).unwrap();
            guard.flush().unwrap();
        }
        drop(guard);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_is_harmless_passes_as_it_is() {
        for text in [
            "a\n\n\tb \u{1b}[1;31merror\u{1b}[0m: x\n",
            "漢字 ## [x] a::b",
            "",
        ] {
            assert_eq!(through(&[text.as_bytes()]), text);
        }
    }

    #[test]
    fn commands_are_broken_however_they_come() {
        assert_eq!(through(&[b"::err", b"or::x\n"]), "\\::error::x\n");
        assert_eq!(
            through(&[b"a #", b"\x1b[31m#\x1b[0m[add-mask]b\n"]),
            "a #\u{1b}[31m#\u{1b}[0m\\[add-mask]b\n"
        );
        assert_eq!(
            through(&[b"\x1b[0m \x1b[1m::error::x"]),
            "\u{1b}[0m \u{1b}[1m\\::error::x"
        );
        assert_eq!(
            through(&[b"a\r##VSO[x] \x1b]0;t\x07 \xff\x1b[2Ksection_start:1:x\r\x1b[0K\n"]),
            "a\\r##VSO\\[x] \\x1b]0;t\\x07 \\xff\\x1b[2Ksection_start:1:x\\r\\x1b[0K\n"
        );
    }

    /// Bytes made of what commands and escape sequences are made of.
    pub(crate) fn hostile() -> impl Strategy<Value = Vec<u8>> {
        let token = prop_oneof![
            proptest::sample::select(runner::TOKENS).prop_map(|token| token.as_bytes().to_vec()),
            proptest::collection::vec(any::<u8>(), 0..4),
        ];
        proptest::collection::vec(token, 0..16).prop_map(|tokens| tokens.concat())
    }

    proptest! {
        #[test]
        fn nothing_that_passed_is_a_command(text in hostile(), cut in any::<prop::sample::Index>()) {
            let at = cut.index(text.len() + 1);
            let shown = through(&[&text[..at], &text[at..]]);
            let plain = anstream::adapter::strip_str(&shown).to_string();
            for log in [&shown, &plain] {
                prop_assert!(!runner::is_command(log) && !runner::is_other_command(log), "{log:?}");
            }
            prop_assert_eq!(shown.matches('\n').count(), text.split(|byte| *byte == b'\n').count() - 1);
            prop_assert_eq!(through(&[shown.as_bytes()]), shown, "what passed once passes as it is");
        }
    }
}
