//! Whether an invisible character is right where it stands: Persian and Indian words, emoji, and the languages that are
//! written from right to left need them, program code does not.

use super::invisible::{self, Kind};
use std::ops::Range;
use unicode_script::{Script, UnicodeScript as _};

/// A flag of a region has at most this many tags.
const MOST_TAGS: usize = 8;

/// A text, and what is known of it so far.
pub(super) struct Context<'t> {
    bytes: &'t [u8],
    is_source: bool,
    line: Line,
    has_rtl: Option<bool>,
}

/// What is known of one line.
#[derive(Default)]
struct Line {
    bytes: Range<usize>,
    has_rtl: bool,
    /// Each piece that begins ends, in the right order, and none is from right to left.
    is_balanced_ltr: bool,
}

impl<'t> Context<'t> {
    pub(super) fn new(bytes: &'t [u8], is_source: bool) -> Self {
        Self {
            bytes,
            is_source,
            line: Line::default(),
            has_rtl: None,
        }
    }

    /// What is wrong with the invisible character at these bytes, if it is not right there.
    pub(super) fn objection(&mut self, kind: Kind, place: &Range<usize>) -> Option<&'static str> {
        if !self.is_source && self.is_by_chance(place) {
            return None;
        }
        let is_wrong = match kind {
            Kind::Override | Kind::InnerMark | Kind::Obsolete => true,
            Kind::OpensRtl | Kind::OpensLtr | Kind::Closes => {
                self.is_source || !self.is_quoted_direction(place.start)
            }
            Kind::DirectionMark => !self.is_marked_direction(place.start),
            Kind::Joiner => !self.joins(place),
            Kind::Break => self.is_source && !self.touches(place, has_no_spaces),
            Kind::Typesetting => self.is_source && !self.touches(place, is_complex),
            Kind::HangulFiller => !self.touches(place, |it| it.script() == Script::Hangul),
            Kind::Mongolian => !self.touches(place, |it| it.script() == Script::Mongolian),
            Kind::Khmer => !self.touches(place, |it| it.script() == Script::Khmer),
            Kind::Tag => !self.is_in_flag(place.start),
            Kind::Variation => !self.has_variants(place.start),
            Kind::IdeographVariation => !self.before(place.start).is_some_and(is_ideograph),
        };
        is_wrong.then(|| reason(kind))
    }

    /// Whether bytes beside it are not UTF-8: then the text is in an older encoding, in which these bytes are other letters.
    fn is_by_chance(&self, place: &Range<usize>) -> bool {
        (place.start > 0 && self.before(place.start).is_none())
            || (place.end < self.bytes.len() && self.after(place.end).is_none())
    }

    /// Where the invisible characters end that begin at `at`, and how many they are.
    pub(super) fn run_after(&self, at: usize) -> (usize, usize) {
        let (mut end, mut count) = (at, 0);
        while let (Some(next), size) = bstr::decode_utf8(&self.bytes[end..])
            && Kind::of(next).is_some()
        {
            end += size;
            count += 1;
        }
        (end, count)
    }

    fn before(&self, at: usize) -> Option<char> {
        bstr::decode_last_utf8(&self.bytes[..at]).0
    }

    fn after(&self, at: usize) -> Option<char> {
        bstr::decode_utf8(&self.bytes[at..]).0
    }

    /// Whether the visible character before or after is of this sort.
    fn touches(&self, place: &Range<usize>, is_sort: fn(char) -> bool) -> bool {
        let is_sort = |it: Option<char>| it.is_some_and(|it| Kind::of(it).is_none() && is_sort(it));
        is_sort(self.before(place.start)) || is_sort(self.after(place.end))
    }

    /// Outside of code, a piece of text may have its own direction where there are letters from right to left, and, from
    /// left to right (as programs put around a name), if it ends on its line: what the end of the line cuts off, and what
    /// turns Latin text around, is not for readers.
    fn is_quoted_direction(&mut self, at: usize) -> bool {
        let line = self.line_of(at);
        line.has_rtl || line.is_balanced_ltr
    }

    /// A mark may stand, in code, on a line with letters from right to left; elsewhere, in a file with any.
    fn is_marked_direction(&mut self, at: usize) -> bool {
        if self.line_of(at).has_rtl {
            return true;
        }
        let bytes = self.bytes;
        !self.is_source && *self.has_rtl.get_or_insert_with(|| has_rtl(bytes))
    }

    /// Each line is looked at once, however many characters ask.
    fn line_of(&mut self, at: usize) -> &Line {
        if !self.line.bytes.contains(&at) {
            let start = memchr::memrchr(b'\n', &self.bytes[..at]).map_or(0, |newline| newline + 1);
            let rest = &self.bytes[at..];
            let end = at + memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let line = &self.bytes[start..end];
            self.line = Line {
                bytes: start..end,
                has_rtl: has_rtl(line),
                is_balanced_ltr: is_balanced_ltr(line),
            };
        }
        &self.line
    }

    /// A joiner belongs between letters of scripts whose letters join, and between the parts of an emoji. Outside of code it
    /// is only wrong inside of an English word: keymaps and tables of characters have it alone.
    fn joins(&self, place: &Range<usize>) -> bool {
        let (before, after) = (self.before(place.start), self.after(place.end));
        let is_emoji = |it: Option<char>| it.is_some_and(invisible::is_emoji);
        let is_ascii = |it: Option<char>| it.is_some_and(|it| it.is_ascii_alphanumeric());
        self.touches(place, is_complex)
            || (is_emoji(before) && is_emoji(after))
            || !(self.is_source || (is_ascii(before) && is_ascii(after)))
    }

    fn is_in_flag(&self, at: usize) -> bool {
        let mut end = at;
        for _ in 0..MOST_TAGS {
            match bstr::decode_last_utf8(&self.bytes[..end]) {
                (Some('\u{1F3F4}'), _) => return true,
                (Some('\u{E0020}'..='\u{E007F}'), size) => end -= size,
                _ => return false,
            }
        }
        false
    }

    /// One selector, after what can have variants. Outside of code one that lost its emoji does no harm.
    fn has_variants(&self, at: usize) -> bool {
        match self.before(at) {
            Some(before) if matches!(Kind::of(before), Some(Kind::Variation | Kind::Tag)) => false,
            _ if !self.is_source => true,
            Some('0'..='9' | '#' | '*') => true,
            Some(before) => !before.is_ascii() && !before.is_whitespace(),
            None => false,
        }
    }
}

fn reason(kind: Kind) -> &'static str {
    match kind {
        Kind::Override | Kind::OpensRtl | Kind::OpensLtr | Kind::Closes => {
            "shows the text in another order than the one in which it is read by programs"
        }
        Kind::DirectionMark => "changes the order in which the text around it is shown",
        Kind::HangulFiller => "is invisible, yet a letter that may stand in a name",
        Kind::Tag => "is invisible, and can hide a message from people",
        Kind::Variation | Kind::IdeographVariation => {
            "is invisible without a character that has variants, and can hide data"
        }
        Kind::InnerMark => "is a byte order mark inside of the text, invisible",
        Kind::Obsolete => "is invisible and of no use in a file",
        Kind::Joiner | Kind::Break | Kind::Typesetting | Kind::Mongolian | Kind::Khmer => {
            "is invisible, and makes equal what is not"
        }
    }
}

fn has_rtl(bytes: &[u8]) -> bool {
    !bytes.is_ascii() && bstr::ByteSlice::chars(bytes).any(invisible::is_rtl)
}

/// Whether all pieces on a line that have their own direction end there, and none is from right to left.
fn is_balanced_ltr(line: &[u8]) -> bool {
    // Which closing character each open piece waits for.
    let mut open = Vec::new();
    for character in bstr::ByteSlice::chars(line) {
        match character {
            '\u{202B}' | '\u{2067}' | '\u{202D}' | '\u{202E}' => return false,
            '\u{202A}' => open.push('\u{202C}'),
            '\u{2066}' | '\u{2068}' => open.push('\u{2069}'),
            '\u{202C}' | '\u{2069}' if open.pop() != Some(character) => return false,
            _ => {}
        }
    }
    open.is_empty()
}

/// Whether a letter is of a script whose letters change with their neighbours: neither alphabets such as Latin nor
/// ideographs.
fn is_complex(letter: char) -> bool {
    !letter.is_ascii()
        && !matches!(
            letter.script(),
            Script::Latin
                | Script::Greek
                | Script::Cyrillic
                | Script::Armenian
                | Script::Georgian
                | Script::Common
                | Script::Inherited
                | Script::Unknown
                | Script::Han
                | Script::Hiragana
                | Script::Katakana
                | Script::Hangul
        )
}

/// Whether a character is of a script that is written without spaces between words.
fn has_no_spaces(letter: char) -> bool {
    is_complex(letter)
        || is_ideograph(letter)
        || matches!(letter.script(), Script::Hiragana | Script::Katakana)
        || matches!(letter, '\u{3000}'..='\u{303F}' | '\u{FF00}'..='\u{FF65}')
}

fn is_ideograph(letter: char) -> bool {
    letter.script() == Script::Han
}
