//! Turns byte offsets into lines and columns, lazily and in one forward pass: only where something was found.

use super::redact::redact;
use crate::finding::{Columns, Excerpt, Region};
use bstr::ByteSlice as _;
use std::borrow::Cow;
use std::ops::Range;

/// Most characters of a source line in an excerpt.
const EXCERPT: usize = 200;
/// Characters of a long line kept before the finding.
const BEFORE: usize = 80;
/// Most bytes of a line that give a finding its identity; of a longer line it is what surrounds the finding.
const ANCHOR: usize = 1024;
/// UTF-8's byte order mark.
const MARK: &[u8] = "\u{FEFF}".as_bytes();

/// Where a text, or a segment of one, begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Base {
    line: u32,
    column: Column,
    /// The file begins here: a byte order mark is no column.
    is_file_start: bool,
}

impl Base {
    /// The beginning of a file.
    pub(super) const FILE: Self = Self {
        line: 1,
        column: Column::FIRST,
        is_file_start: true,
    };
}

impl Default for Base {
    fn default() -> Self {
        Self::FILE
    }
}

impl Base {
    /// The line, from 1.
    pub(super) fn line(self) -> u32 {
        self.line
    }
}

/// A 1-based column in each unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Column {
    characters: u32,
    bytes: u32,
    utf16: u32,
}

impl Column {
    const FIRST: Self = Self {
        characters: 1,
        bytes: 1,
        utf16: 1,
    };

    /// The column after these bytes.
    fn after(self, bytes: &[u8]) -> Self {
        let (characters, wide) = match std::str::from_utf8(bytes) {
            Ok(text) => (
                text.chars().count(),
                bytes.iter().filter(|byte| **byte >= 0xF0).count(),
            ),
            Err(_) => bytes.chars().fold((0, 0), |(count, wide), character| {
                (count + 1, wide + character.len_utf16() - 1)
            }),
        };
        let add = |column: u32, count: usize| {
            column.saturating_add(u32::try_from(count).unwrap_or(u32::MAX))
        };
        Self {
            characters: add(self.characters, characters),
            bytes: add(self.bytes, bytes.len()),
            utf16: add(self.utf16, characters + wide),
        }
    }
}

/// Locates offsets of one text; fastest when they ascend.
pub(super) struct Locator<'t> {
    text: &'t [u8],
    /// What is shown of the text: the same number of bytes in the same lines.
    shown: &'t [u8],
    base: Base,
    line: u32,
    /// The first byte of the current line in `text`, and its column.
    line_start: (usize, Column),
    /// An offset on the current line, and its column.
    known: (usize, Column),
}

impl<'t> Locator<'t> {
    /// For a text from the beginning of its file.
    #[cfg(test)]
    fn new(text: &'t [u8]) -> Self {
        Self::with_base(text, Base::FILE)
    }

    /// For a segment of a text that begins there: see [`Self::base_at`].
    pub(super) fn with_base(text: &'t [u8], base: Base) -> Self {
        let has_mark = base.is_file_start && text.starts_with(MARK);
        let start = (if has_mark { MARK.len() } else { 0 }, base.column);
        Self {
            text,
            shown: text,
            base,
            line: base.line,
            line_start: start,
            known: start,
        }
    }

    /// Takes what is shown of the text, and what gives findings their identity, from a copy with bytes masked in place.
    pub(super) fn showing(self, shown: &'t [u8]) -> Self {
        Self { shown, ..self }
    }

    /// Where a segment begins that begins at this offset; so that columns go on exactly, between two characters.
    pub(super) fn base_at(&mut self, offset: usize) -> Base {
        let (line, column) = self.position(offset);
        Base {
            line,
            column,
            is_file_start: self.base.is_file_start && offset == 0,
        }
    }

    /// The region of a byte range, and its columns in other units.
    pub(super) fn region(&mut self, bytes: &Range<usize>) -> (Region, Columns) {
        let (line, start) = self.position(bytes.start);
        let mut rest = Self { ..*self };
        let (end_line, end) = rest.position(bytes.end.max(bytes.start));
        let region = Region {
            line,
            column: start.characters,
            end_line,
            end_column: end.characters,
        };
        let columns = Columns {
            bytes: (start.bytes, end.bytes),
            utf16: (start.utf16, end.utf16),
        };
        (region, columns)
    }

    /// The source line around the offset that was located last, clipped; of a segment, what of the line is in it.
    pub(super) fn excerpt(&self) -> Excerpt {
        let line = self.line_bytes();
        let at = self.offset_in(line);
        let (mut start, mut first_column) = (0, self.line_start.1.characters);
        if line.len() > EXCERPT {
            let before = line[..at].char_indices().rev().take(BEFORE);
            let (characters, from) =
                before.fold((0, at), |(count, _), (from, _, _)| (count + 1, from));
            let column = self.known.1.characters;
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

    /// What gives a finding at the offset located last its identity: without what looks like a credential, since a digest
    /// of a line tells whoever can guess the line.
    pub(super) fn anchor(&self) -> Cow<'t, [u8]> {
        let line = self.line_bytes();
        let start = if line.len() <= ANCHOR {
            0
        } else {
            self.offset_in(line).saturating_sub(ANCHOR / 2)
        };
        let line = &line[start..(start + ANCHOR).min(line.len())];
        match std::str::from_utf8(line).map(redact) {
            Ok(Cow::Owned(masked)) => Cow::Owned(masked.into_bytes()),
            Ok(Cow::Borrowed(_)) | Err(_) => Cow::Borrowed(line),
        }
    }

    fn line_bytes(&self) -> &'t [u8] {
        let rest = &self.shown[self.line_start.0..];
        let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
        line.strip_suffix(b"\r").unwrap_or(line)
    }

    /// Where in the current line the offset located last is.
    fn offset_in(&self, line: &[u8]) -> usize {
        (self.known.0 - self.line_start.0).min(line.len())
    }

    fn position(&mut self, offset: usize) -> (u32, Column) {
        let offset = character_start(self.text, offset.min(self.text.len()));
        if offset < self.known.0 {
            *self = Self::with_base(self.text, self.base).showing(self.shown);
        }
        // Within the byte order mark is where the text begins.
        let offset = offset.max(self.known.0);
        for newline in memchr::memchr_iter(b'\n', &self.text[self.known.0..offset]) {
            self.line = self.line.saturating_add(1);
            self.line_start = (self.known.0 + newline + 1, Column::FIRST);
        }
        let (from, column) = if self.known.0 < self.line_start.0 {
            self.line_start
        } else {
            self.known
        };
        self.known = (offset, column.after(&self.text[from..offset]));
        (self.line, self.known.1)
    }
}

/// Where the character begins that an offset is in the middle of, or the offset: counting must not depend on where it was
/// interrupted.
fn character_start(text: &[u8], offset: usize) -> usize {
    let is_continuation = |byte: Option<&u8>| matches!(byte, Some(0x80..=0xBF));
    if !is_continuation(text.get(offset)) {
        return offset;
    }
    let first = (offset.saturating_sub(3)..offset)
        .rev()
        .find(|at| !is_continuation(text.get(*at)));
    first
        .filter(|at| at + bstr::decode_utf8(&text[*at..]).1 > offset)
        .unwrap_or(offset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Line, column, end line, end column.
    fn region(locator: &mut Locator<'_>, bytes: Range<usize>) -> (u32, u32, u32, u32) {
        let (it, _) = locator.region(&bytes);
        (it.line, it.column, it.end_line, it.end_column)
    }

    #[test]
    fn columns_count_characters_and_lines_end_at_line_feeds() {
        let text = "ä b\r\nsecond\n".as_bytes();
        let mut locator = Locator::new(text);
        assert_eq!(region(&mut locator, 3..4), (1, 3, 1, 4));
        assert_eq!(region(&mut locator, 6..12), (2, 1, 2, 7));
        assert_eq!(locator.excerpt().text, "second");
        assert_eq!(region(&mut locator, 0..1), (1, 1, 1, 1));
        assert_eq!(region(&mut locator, 0..2), (1, 1, 1, 2));
    }

    #[test]
    fn columns_in_bytes_and_in_utf_16() {
        let bytes = ["x\nä🦀b".as_bytes(), b"\xff", "🦀c".as_bytes()].concat();
        let mut locator = Locator::new(&bytes);
        let (region, columns) = locator.region(&(4..9));
        assert_eq!((region.column, region.end_column), (2, 4));
        assert_eq!((columns.bytes, columns.utf16), ((3, 8), (2, 5)));
        let (region, columns) = locator.region(&(9..14));
        assert_eq!((region.column, region.end_column), (4, 6));
        assert_eq!((columns.bytes, columns.utf16), ((8, 13), (5, 8)));
    }

    #[test]
    fn a_byte_order_mark_is_no_column() {
        let mut locator = Locator::new("\u{FEFF}ab\n\u{FEFF}c".as_bytes());
        assert_eq!(region(&mut locator, 0..3), (1, 1, 1, 1));
        assert_eq!(locator.excerpt().text, "ab");
        assert_eq!(*locator.anchor(), *b"ab");
        let (it, columns) = locator.region(&(4..5));
        assert_eq!((it.column, it.end_column), (2, 3));
        assert_eq!((columns.bytes, columns.utf16), ((2, 3), (2, 3)));
        assert_eq!(region(&mut locator, 9..10), (2, 2, 2, 3));
        assert_eq!(region(&mut locator, 1..2), (1, 1, 1, 1));
    }

    #[test]
    fn a_segment_goes_on_where_the_one_before_it_was_left() {
        let text = "one\ntwo 🦀 three\nfour".as_bytes();
        let base = Locator::new(text).base_at(8);
        let mut locator = Locator::with_base(&text[8..], base);
        let (it, columns) = locator.region(&(5..10));
        assert_eq!((it.line, it.column, it.end_column), (2, 7, 12));
        assert_eq!((columns.bytes, columns.utf16), ((10, 15), (8, 13)));
        let excerpt = locator.excerpt();
        assert_eq!((&*excerpt.text, excerpt.first_column), ("🦀 three", 5));
        assert_eq!(region(&mut locator, 11..15), (3, 1, 3, 5));
        assert_eq!(locator.excerpt().first_column, 1);
    }

    #[test]
    fn a_long_line_is_clipped_around_the_finding() {
        let text = format!("{}X{}", "a".repeat(5000), "b".repeat(5000));
        let mut locator = Locator::new(text.as_bytes());
        let (region, _) = locator.region(&(5000..5001));
        let excerpt = locator.excerpt();
        assert_eq!(excerpt.text.chars().count(), EXCERPT);
        let at = usize::try_from(region.column - excerpt.first_column).unwrap();
        assert_eq!(excerpt.text.chars().nth(at), Some('X'));
    }

    /// Lines of a few characters, of one to four bytes, marks and damage.
    fn texts() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            Just("\n".as_bytes()),
            Just("a".as_bytes()),
            Just("ä".as_bytes()),
            Just("漢".as_bytes()),
            Just("🦀".as_bytes()),
            Just(MARK),
            Just(b"\xc3".as_slice()),
            Just(b"\xf0\x9f".as_slice()),
            Just(b"\xa4".as_slice()),
        ];
        proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn any_order_of_offsets_gives_what_counting_from_the_start_gives(
            text in texts(),
            offsets in proptest::collection::vec(0usize..200, 1..20),
        ) {
            let mut locator = Locator::new(&text);
            for offset in offsets {
                let offset = offset.min(text.len());
                let line = memchr::memchr_iter(b'\n', &text[..offset]).count() + 1;
                let (region, columns) = locator.region(&(offset..offset));
                prop_assert_eq!(region.line as usize, line);
                prop_assert_eq!((region.line, region.column), (region.end_line, region.end_column));
                prop_assert_eq!((region, columns), Locator::new(&text).region(&(offset..offset)));
                let _ = (locator.excerpt(), locator.anchor());
            }
        }

        #[test]
        fn segments_count_as_the_whole_does(text in texts(), cut in 0usize..200, place in 0usize..200) {
            let whole = String::from_utf8_lossy(&text).into_owned();
            let cut = (0..=cut.min(whole.len())).rev().find(|at| whole.is_char_boundary(*at)).unwrap();
            let place = place.clamp(cut, whole.len().max(cut));
            let base = Locator::new(whole.as_bytes()).base_at(cut);
            let in_segment = Locator::with_base(&whole.as_bytes()[cut..], base).region(&(place - cut..place - cut));
            prop_assert_eq!(in_segment, Locator::new(whole.as_bytes()).region(&(place..place)));
        }
    }
}
