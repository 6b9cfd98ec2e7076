//! The lines of a text as far as their indentation counts: without those that belong to block comments, to long strings and
//! to texts within the text.

use super::comment_style::CommentStyle;
use std::ops::Range;

/// A line whose indentation counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'t> {
    /// Where it begins.
    pub(super) start: usize,
    /// The blanks before its text.
    pub(super) indent: &'t [u8],
    /// Its text, never empty, without blanks around it.
    pub(super) text: &'t [u8],
    /// Whether it goes on with what the line before it began, so that it may be aligned to that.
    pub(super) continues: bool,
}

impl Line<'_> {
    /// Where its indentation is.
    pub(super) fn place(&self) -> Range<usize> {
        self.start..self.start + self.indent.len()
    }

    /// Whether a block begins after it.
    fn opens_block(&self) -> bool {
        self.text.ends_with(b"{") || self.text.ends_with(b":")
    }

    /// Whether a block begins after it whose first line is this one, and no item of a list.
    pub(super) fn begins(&self, line: &Self) -> bool {
        let is_item = self.text.starts_with(b"- ") || line.text.starts_with(b"- ");
        self.opens_block() && !self.continues && !is_item && !line.is_star()
    }

    /// Whether the line looks like one of a block comment.
    pub(super) fn is_star(&self) -> bool {
        self.text.starts_with(b"*")
    }
}

/// Walks over the lines.
pub(super) struct Lines<'t> {
    bytes: &'t [u8],
    at: usize,
    style: Option<&'static CommentStyle>,
    /// What ends the text that the lines are inside of.
    inside: Option<Inside<'t>>,
    is_open: bool,
}

enum Inside<'t> {
    /// Until this occurs.
    Until(&'static str),
    /// Until this is a line of its own.
    UntilLine(&'t [u8]),
}

impl<'t> Lines<'t> {
    pub(super) fn new(bytes: &'t [u8], style: Option<&'static CommentStyle>) -> Self {
        Self {
            bytes,
            at: 0,
            style,
            inside: None,
            is_open: false,
        }
    }

    /// Whether this line is part of a text that began before it.
    fn is_inside(&mut self, text: &[u8]) -> bool {
        match self.inside {
            None => false,
            Some(Inside::UntilLine(word)) => {
                if text == word {
                    self.inside = None;
                }
                true
            }
            Some(Inside::Until(close)) => {
                if let Some(at) = memchr::memmem::find(text, close.as_bytes()) {
                    self.inside = None;
                    self.enter(&text[at + close.len()..]);
                }
                true
            }
        }
    }

    /// Notes what begins in this line and does not end in it.
    fn enter(&mut self, text: &'_ [u8]) {
        let Some(style) = self.style else { return };
        for (open, close) in style.blocks {
            let last = memchr::memmem::rfind(text, open.as_bytes());
            let is_closed = |at: usize| {
                let rest = &text[at + open.len()..];
                memchr::memmem::find(rest, close.as_bytes()).is_some()
            };
            let before = |at: usize| style.lines.iter().any(|it| contains(&text[..at], it));
            if last.is_some_and(|at| !is_closed(at) && !before(at)) {
                self.inside = Some(Inside::Until(close));
                return;
            }
        }
        for quote in style.long_quotes {
            let count = memchr::memmem::find_iter(text, quote.as_bytes()).count();
            if count % 2 == 1 {
                self.inside = Some(Inside::Until(quote));
                return;
            }
        }
    }

    /// Notes a text within a script: `<<WORD` to a line with that word.
    fn enter_here_document(&mut self, text: &'t [u8]) {
        let is_script = self.style.is_some_and(|style| style.lines == ["#"]);
        if !is_script || self.inside.is_some() {
            return;
        }
        let Some(at) = memchr::memmem::find(text, b"<<") else {
            return;
        };
        let word = &text[at + 2..];
        let skipped = word.iter().take_while(|byte| b"-~'\"\\ ".contains(byte));
        let word = &word[skipped.count()..];
        let length = word
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_');
        let word = &word[..length.count()];
        if word.first().is_some_and(|byte| !byte.is_ascii_digit()) {
            self.inside = Some(Inside::UntilLine(word));
        }
    }

    /// Whether the next line goes on with this one.
    fn is_left_open(&self, text: &[u8]) -> bool {
        let Some(last) = text.last() else {
            return false;
        };
        let is_like_c = self.style.is_some_and(CommentStyle::is_like_c);
        if is_like_c && text.starts_with(b"#") {
            return *last == b'\\';
        }
        let is_comment = self
            .style
            .is_some_and(|style| style.lines.iter().any(|it| text.starts_with(it.as_bytes())));
        if is_comment || text.ends_with(b"*/") {
            return self.is_open;
        }
        if is_like_c {
            !b";{}:".contains(last)
        } else {
            b",([\\|&+-*/=<>?.".contains(last) || (self.is_open && !b";{}:)]".contains(last))
        }
    }
}

fn contains(text: &[u8], marker: &str) -> bool {
    memchr::memmem::find(text, marker.as_bytes()).is_some()
}

impl<'t> Iterator for Lines<'t> {
    type Item = Line<'t>;

    fn next(&mut self) -> Option<Line<'t>> {
        while self.at < self.bytes.len() {
            let start = self.at;
            let length = memchr::memchr(b'\n', &self.bytes[start..]);
            let end = length.map_or(self.bytes.len(), |length| start + length);
            self.at = end + 1;
            let line = &self.bytes[start..end];
            let indent = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t'));
            let indent = &line[..indent.count()];
            let text = line[indent.len()..].trim_ascii_end();
            if text.is_empty() || self.is_inside(text) {
                continue;
            }
            let continues = self.is_open;
            self.enter(text);
            self.enter_here_document(text);
            self.is_open = self.is_left_open(text);
            return Some(Line {
                start,
                indent,
                text,
                continues,
            });
        }
        None
    }
}
