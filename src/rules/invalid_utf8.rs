//! What bytes are that are not UTF-8: a guess from the bytes around them and from the rest of the file.

use super::edits::Edits;
use crate::finding::{Found, Safety};

/// What Windows-1252 has for 0x80 to 0x9F; a space where it has nothing.
const WINDOWS_1252: [char; 32] = [
    '€', ' ', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', ' ', 'Ž', ' ', ' ', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', ' ', 'ž', 'Ÿ',
];

/// Reports the first bytes that are not UTF-8, at `first`, and how many more there are.
pub(super) fn report(bytes: &[u8], first: usize, found: &mut Found) {
    let rest = Rest::of(bytes);
    let length = bytes[first..]
        .utf8_chunks()
        .find_map(|chunk| (!chunk.invalid().is_empty()).then(|| chunk.invalid().len()))
        .unwrap_or(1);
    let (length, what) = sequence(&bytes[first..], length);
    let guess = what.map_or_else(|| rest.guess(bytes[first]), str::to_owned);
    let shown: Vec<String> = bytes[first..first + length]
        .iter()
        .map(|byte| format!("0x{byte:02X}"))
        .collect();
    let (noun, verb) = if length == 1 {
        ("byte", "is")
    } else {
        ("bytes", "are")
    };
    let more = and_more(
        rest.invalid
            .saturating_sub(length_in_sequences(&bytes[first..first + length])),
    );
    found.at(
        first..first + length,
        format!("{noun} {} {verb} not UTF-8: {guess}{more}", shown.join(" ")),
    );
}

/// For the finding that was reported last: all bytes that are not UTF-8 can be read as Windows-1252, if they look like that.
/// Nobody can be sure of it.
pub(super) fn offer_windows_1252(bytes: &[u8], found: &mut Found) {
    let rest = Rest::of(bytes);
    let is_damaged =
        rest.ends_within_a_character() || rest.nuls > 0 || rest.alone * 2 <= rest.invalid;
    if is_damaged || head_names(bytes, &["8859", "1252", "latin"]) {
        return;
    }
    let invalid = || bytes.utf8_chunks().flat_map(|chunk| chunk.invalid());
    if invalid().all(|byte| windows_1252(*byte).is_some()) {
        found.fix(Safety::Unsafe, || {
            let mut edits = Edits::default();
            let mut at = 0;
            for chunk in bytes.utf8_chunks() {
                at += chunk.valid().len();
                let wrong = chunk.invalid();
                let text: String = wrong.iter().copied().filter_map(windows_1252).collect();
                edits.replace(bytes, at..at + wrong.len(), text.as_bytes());
                at += wrong.len();
            }
            edits.finish()
        });
    }
}

/// Whether one of these words (lower case) is in the first lines, where files name their own encoding.
pub(super) fn head_names(bytes: &[u8], words: &[&str]) -> bool {
    let head = bytes[..bytes.len().min(1024)].to_ascii_lowercase();
    let mut words = words.iter();
    words.any(|word| memchr::memmem::find(&head, word.as_bytes()).is_some())
}

/// How many like the first there are, for the end of a message.
pub(super) fn and_more(more: usize) -> String {
    match more {
        0 => String::new(),
        more => format!("; {more} more of these in this file"),
    }
}

/// As how many invalid sequences the standard counts these bytes.
fn length_in_sequences(bytes: &[u8]) -> usize {
    bytes
        .utf8_chunks()
        .filter(|chunk| !chunk.invalid().is_empty())
        .count()
}

/// What the bytes themselves tell, if they do, and how many belong together.
fn sequence(bytes: &[u8], length: usize) -> (usize, Option<&'static str>) {
    match bytes {
        [
            0xED,
            0xA0..=0xAF,
            0x80..=0xBF,
            0xED,
            0xB0..=0xBF,
            0x80..=0xBF,
            ..,
        ] => (
            6,
            Some("a character as two surrogates (CESU-8), as Java and old databases write it"),
        ),
        [0xED, 0xA0..=0xBF, 0x80..=0xBF, ..] => {
            (3, Some("half of a surrogate pair, which is no character"))
        }
        [0xC0..=0xC1, 0x80..=0xBF, ..] => (2, Some(OVERLONG)),
        [0xE0, 0x80..=0x9F, 0x80..=0xBF, ..] => (3, Some(OVERLONG)),
        [0xF0, 0x80..=0x8F, 0x80..=0xBF, 0x80..=0xBF, ..] => (4, Some(OVERLONG)),
        [0xF4, 0x90..=0xBF, 0x80..=0xBF, 0x80..=0xBF, ..] => {
            (4, Some("a code above U+10FFFF, which is no character"))
        }
        [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] => {
            (2, Some("a UTF-16 mark, but what follows is not UTF-16"))
        }
        _ => (length, None),
    }
}

const OVERLONG: &str = "a character in more bytes than it needs, a way past filters";

/// What the file holds beside ASCII.
struct Rest {
    /// Sequences that are not UTF-8.
    invalid: usize,
    /// Of these, single bytes between ASCII letters, blanks and the like: as accented letters are in Western texts.
    alone: usize,
    /// Characters of several bytes.
    valid: usize,
    /// Bytes that are 0.
    nuls: usize,
    /// The file ends in the first bytes of a character.
    is_cut_off: bool,
}

impl Rest {
    fn of(bytes: &[u8]) -> Self {
        let (mut invalid, mut alone, mut valid) = (0, 0, 0);
        let (mut is_cut_off, mut was_invalid) = (false, false);
        let mut at = 0;
        for chunk in bytes.utf8_chunks() {
            let text = chunk.valid().as_bytes();
            valid += text.iter().filter(|byte| **byte >= 0xC0).count();
            at += text.len();
            let wrong = chunk.invalid();
            if wrong.is_empty() {
                break;
            }
            let (before, after) = (text.last(), bytes.get(at + wrong.len()));
            let is_ascii = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii);
            let is_alone = wrong.len() == 1 && is_ascii(before) && is_ascii(after);
            alone += usize::from(is_alone && !(was_invalid && text.is_empty()));
            invalid += 1;
            is_cut_off = after.is_none() && matches!(wrong[0], 0xC2..=0xF4);
            at += wrong.len();
            was_invalid = true;
        }
        Self {
            invalid,
            alone,
            valid,
            nuls: memchr::memchr_iter(0, bytes).count(),
            is_cut_off,
        }
    }

    /// Whether a UTF-8 text was cut off there.
    fn ends_within_a_character(&self) -> bool {
        self.invalid == 1 && self.is_cut_off && self.valid > 0
    }

    /// What the file probably is, told about its first wrong byte.
    fn guess(&self, byte: u8) -> String {
        if self.nuls > 0 {
            return format!(
                "with {} NULs in it, the file is probably no text",
                self.nuls
            );
        }
        if self.ends_within_a_character() {
            return "the file ends within a character".into();
        }
        if self.valid > self.invalid {
            return "the rest of the file is UTF-8, so the place is damaged or was pasted from another encoding".into();
        }
        let is_western = self.alone * 2 > self.invalid;
        match (is_western, western(byte)) {
            (true, Some(character)) => {
                format!(
                    "the file is probably in an older 8-bit encoding; in Windows-1252 this is `{character}`"
                )
            }
            (true, None) => "the file is probably in an older 8-bit encoding".into(),
            (false, _) => {
                "the file is probably in an older encoding, such as one for Cyrillic or East Asian letters".into()
            }
        }
    }
}

/// The character of a byte in Windows-1252, if it has one there.
fn windows_1252(byte: u8) -> Option<char> {
    match byte {
        0x80..=0x9F => western(byte),
        _ => Some(char::from(byte)),
    }
}

/// The visible character of a byte in Windows-1252, which has all that Latin-1 shows.
fn western(byte: u8) -> Option<char> {
    match byte {
        0x80..=0x9F => Some(WINDOWS_1252[usize::from(byte - 0x80)]).filter(|it| *it != ' '),
        0xA0 | 0xAD => None,
        0xA1.. => Some(char::from(byte)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Place;
    use proptest::prelude::*;

    fn say(bytes: &[u8]) -> String {
        let first = crate::text::first_invalid(bytes).unwrap();
        let mut found = Found::default();
        report(bytes, first, &mut found);
        found.drain().next().unwrap().message
    }

    #[test]
    fn western_texts() {
        assert_eq!(
            say(b"caf\xe9 cr\xe8me"),
            "byte 0xE9 is not UTF-8: the file is probably in an older 8-bit encoding; in Windows-1252 this is `é`; 1 more of these in this file"
        );
        assert!(say(b"it\x92s").contains("in Windows-1252 this is `’`"));
        assert!(say(b"it\x81s").ends_with("an older 8-bit encoding"));
    }

    #[test]
    fn other_old_encodings() {
        assert!(
            say(b"\xcf\xf0\xe8\xe2\xe5\xf2, \xec\xe8\xf0").contains("such as one for Cyrillic")
        );
    }

    fn as_utf8(bytes: &[u8]) -> Option<String> {
        let mut found = Found::with_changes();
        found.whole("one");
        offer_windows_1252(bytes, &mut found);
        let draft = found.drain().next().unwrap();
        let change = draft.change?;
        assert_eq!(draft.fixable, Some(Safety::Unsafe));
        Some(String::from_utf8(super::super::trial::apply(bytes, &change)).unwrap())
    }

    #[test]
    fn what_looks_western_can_be_converted() {
        let text = b"it\x92s caf\xe9\n\xa0cr\xe8me\xe9";
        assert_eq!(
            as_utf8(text).unwrap(),
            "it\u{2019}s caf\u{e9}\n\u{a0}cr\u{e8}me\u{e9}"
        );
        for unsure in [
            &b"it\x81s"[..],
            b"\xcf\xf0\xe8\xe2\xe5\xf2",
            b"\xc3\xa4 \xc3",
            b"<?xml encoding='ISO-8859-1'?> caf\xe9",
            b"caf\xe9 \0",
        ] {
            assert_eq!(as_utf8(unsure), None, "{unsure:?}");
        }
    }

    #[test]
    fn damaged_utf_8() {
        assert_eq!(
            say("ä ö ü \u{1F980}".as_bytes().split_last().unwrap().1),
            "bytes 0xF0 0x9F 0xA6 are not UTF-8: the file ends within a character"
        );
        assert!(say(b"\xc3\xa4 \xc3\xb6 \xe9 \xc3\xbc").contains("so the place is damaged"));
    }

    #[test]
    fn what_is_no_text() {
        assert_eq!(
            say(b"%PDF \xa0\xfc\0\x07\0"),
            "byte 0xA0 is not UTF-8: with 2 NULs in it, the file is probably no text; 1 more of these in this file"
        );
    }

    #[test]
    fn what_the_bytes_themselves_tell() {
        assert_eq!(
            say(b"a\xc0\xafb"),
            "bytes 0xC0 0xAF are not UTF-8: a character in more bytes than it needs, a way past filters"
        );
        assert!(
            say(b"\xed\xa0\xbe\xed\xb6\x80 \xff")
                .ends_with("write it; 1 more of these in this file")
        );
        assert!(say(b"\xed\xa0\xbe!").contains("half of a surrogate pair"));
        assert!(say(b"\xf4\x90\x80\x80").contains("above U+10FFFF"));
        assert!(say(b"\xff\xfepassword").contains("a UTF-16 mark, but"));
    }

    proptest! {
        #[test]
        fn the_place_is_in_the_file(bytes: Vec<u8>) {
            if let Some(first) = crate::text::first_invalid(&bytes) {
                let mut found = Found::default();
                report(&bytes, first, &mut found);
                let Place::Bytes(range) = found.drain().next().unwrap().place else {
                    unreachable!("a place was given")
                };
                prop_assert_eq!(range.start, first);
                prop_assert!(range.end > first && range.end <= bytes.len());
            }
        }
    }
}
