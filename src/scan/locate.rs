//! Turns byte offsets into lines and columns, lazily and in one forward pass: only where something was found.

use super::redact::redact;
use crate::finding::{Excerpt, Region};
use bstr::ByteSlice as _;
use std::ops::Range;

/// Most characters of a source line in an excerpt.
const EXCERPT: usize = 200;
/// Characters of a long line kept before the finding.
const BEFORE: usize = 80;
/// Most bytes of a line that give a finding its identity; of a longer line it is what surrounds the finding.
const ANCHOR: usize = 1024;

/// Locates offsets of one text; fastest when they ascend.
pub(super) struct Locator<'t> {
    text: &'t [u8],
    line: u32,
    line_start: usize,
    /// An offset on the current line, and its column.
    known: (usize, u32),
}

impl<'t> Locator<'t> {
    pub(super) fn new(text: &'t [u8]) -> Self {
        Self {
            text,
            line: 1,
            line_start: 0,
            known: (0, 1),
        }
    }

    /// The region of a byte range.
    pub(super) fn region(&mut self, bytes: &Range<usize>) -> Region {
        let (line, column) = self.position(bytes.start);
        let mut end = Self {
            known: self.known,
            ..*self
        };
        let (end_line, end_column) = end.position(bytes.end.max(bytes.start));
        Region {
            line,
            column,
            end_line,
            end_column,
        }
    }

    /// The source line around an offset that was located last, clipped.
    pub(super) fn excerpt(&self, column: u32) -> Excerpt {
        let line = self.line_bytes();
        let at = self.known.0 - self.line_start;
        let (mut start, mut first_column) = (0, 1);
        if line.len() > EXCERPT {
            let before = line[..at.min(line.len())].char_indices().rev().take(BEFORE);
            let (characters, from) =
                before.fold((0, at), |(count, _), (from, _, _)| (count + 1, from));
            (start, first_column) = (from, column.saturating_sub(characters));
        }
        let text: String = line
            .get(start..)
            .unwrap_or_default()
            .chars()
            .take(EXCERPT)
            .collect();
        Excerpt {
            text: redact(&text).into_owned(),
            first_column: first_column.max(1),
        }
    }

    /// What gives a finding at the offset located last its identity.
    pub(super) fn anchor(&self) -> &'t [u8] {
        let line = self.line_bytes();
        if line.len() <= ANCHOR {
            return line;
        }
        let at = self.known.0 - self.line_start;
        let start = at.saturating_sub(ANCHOR / 2).min(line.len());
        &line[start..(start + ANCHOR).min(line.len())]
    }

    fn line_bytes(&self) -> &'t [u8] {
        let rest = &self.text[self.line_start..];
        let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
        line.strip_suffix(b"\r").unwrap_or(line)
    }

    fn position(&mut self, offset: usize) -> (u32, u32) {
        let offset = offset.min(self.text.len());
        if offset < self.known.0 {
            *self = Self::new(self.text);
        }
        for newline in memchr::memchr_iter(b'\n', &self.text[self.known.0..offset]) {
            self.line = self.line.saturating_add(1);
            self.line_start = self.known.0 + newline + 1;
        }
        let (from, column) = if self.known.0 < self.line_start {
            (self.line_start, 1)
        } else {
            self.known
        };
        let column = column.saturating_add(characters(&self.text[from..offset]));
        self.known = (offset, column);
        (self.line, column)
    }
}

/// The number of characters; a byte that is not UTF-8 counts as one.
fn characters(bytes: &[u8]) -> u32 {
    let count = match std::str::from_utf8(bytes) {
        Ok(text) => text.chars().count(),
        Err(_) => bytes.chars().count(),
    };
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn columns_count_characters_and_lines_end_at_line_feeds() {
        let text = "ä b\r\nsecond\n".as_bytes();
        let mut locator = Locator::new(text);
        let region = locator.region(&(3..4));
        assert_eq!(
            (
                region.line,
                region.column,
                region.end_line,
                region.end_column
            ),
            (1, 3, 1, 4)
        );
        let region = locator.region(&(6..12));
        assert_eq!(
            (
                region.line,
                region.column,
                region.end_line,
                region.end_column
            ),
            (2, 1, 2, 7)
        );
        assert_eq!(locator.excerpt(region.column).text, "second");
        assert_eq!(locator.region(&(0..1)).line, 1);
    }

    #[test]
    fn a_long_line_is_clipped_around_the_finding() {
        let text = format!("{}X{}", "a".repeat(5000), "b".repeat(5000));
        let mut locator = Locator::new(text.as_bytes());
        let region = locator.region(&(5000..5001));
        let excerpt = locator.excerpt(region.column);
        assert_eq!(excerpt.text.chars().count(), EXCERPT);
        let at = usize::try_from(region.column - excerpt.first_column).unwrap();
        assert_eq!(excerpt.text.chars().nth(at), Some('X'));
    }

    proptest! {
        #[test]
        fn any_order_of_offsets_gives_what_counting_from_the_start_gives(
            text in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'a'), Just(0xc3), Just(0xa4)], 0..200),
            offsets in proptest::collection::vec(0usize..200, 1..20),
        ) {
            let mut locator = Locator::new(&text);
            for offset in offsets {
                let offset = offset.min(text.len());
                let line = memchr::memchr_iter(b'\n', &text[..offset]).count() + 1;
                let region = locator.region(&(offset..offset));
                prop_assert_eq!(region.line as usize, line);
                prop_assert_eq!((region.line, region.column), (region.end_line, region.end_column));
                let _ = (locator.excerpt(region.column), locator.anchor());
            }
        }
    }
}
