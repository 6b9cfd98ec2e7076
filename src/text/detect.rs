//! Which encoding a file's first bytes speak for.

use super::Encoding;

/// How many of a file's first bytes decide: as many as git looks at to tell text from binary.
pub const START: usize = 8 << 10;

/// Fewest bytes of ASCII after a UTF-16 mark that give the mark the lie.
const ENOUGH_ASCII: usize = 16;
/// Fewest whole units of a file that may end in half a unit: such as one to which a program appended a line end.
const ENOUGH_UNITS: usize = 8;
/// Most pages of 256 characters that one language's text has its letters from.
const MOST_PAGES: u32 = 4;

/// The encoding of a file by its first [`START`] bytes (more are not looked at). `is_whole`: the file ends with them.
///
/// - A UTF-8 mark, then no NUL: [`Encoding::Utf8WithMark`].
/// - A UTF-16 mark: UTF-16, unless what follows cannot be. A mark is only two bytes: if ASCII text stands behind it, or what
///   decodes to rubbish, then the mark would hide the content from every rule.
/// - No NUL: [`Encoding::Utf8`]. A NUL that comes later does not count, as in git.
/// - A NUL: UTF-16 without mark if all of it decodes to characters that texts have: most of them ASCII, or letters of one
///   script with spaces and the like between them, or Chinese, Japanese or Korean.
/// - Everything else is [`Encoding::Binary`], and so is UTF-32, with mark (`FF FE 00 00` is read as UTF-32's, since no text
///   begins with a NUL) or without: nobody stores text in it, and UTF-16's rules do not fit it.
pub fn detect(start: &[u8], is_whole: bool) -> Encoding {
    let is_whole = is_whole && start.len() <= START;
    let start = &start[..start.len().min(START)];
    let nul = memchr::memchr(0, start);
    match start {
        [0xEF, 0xBB, 0xBF, ..] if nul.is_none() => return Encoding::Utf8WithMark,
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => return Encoding::Binary,
        [0xFF, 0xFE, rest @ ..] if is_marked(rest, u16::from_le_bytes) => {
            return Encoding::Utf16Le(true);
        }
        [0xFE, 0xFF, rest @ ..] if is_marked(rest, u16::from_be_bytes) => {
            return Encoding::Utf16Be(true);
        }
        _ if nul.is_none() => return Encoding::Utf8,
        _ => {}
    }
    if is_unmarked(start, is_whole, u16::from_le_bytes) {
        Encoding::Utf16Le(false)
    } else if is_unmarked(start, is_whole, u16::from_be_bytes) {
        Encoding::Utf16Be(false)
    } else {
        Encoding::Binary
    }
}

/// Whether what stands behind a UTF-16 mark can be UTF-16.
fn is_marked(rest: &[u8], unit: fn([u8; 2]) -> u16) -> bool {
    let is_plain = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    if rest.len() >= ENOUGH_ASCII && rest.iter().all(is_plain) {
        return false;
    }
    let seen = Census::of(rest, unit);
    // A text with a damaged place is still a text; noise has them all over.
    seen.impossible * 50 <= seen.units
}

/// Whether bytes with a NUL among them, but no mark, are UTF-16.
fn is_unmarked(start: &[u8], is_whole: bool, unit: fn([u8; 2]) -> u16) -> bool {
    let is_cut_off = is_whole && start.len() % 2 == 1;
    let seen = Census::of(start, unit);
    if seen.impossible > 0 || seen.units < 2 || (is_cut_off && seen.units < ENOUGH_UNITS) {
        return false;
    }
    let share = |part: usize, percent: usize| part * 100 >= seen.units * percent;
    // What is East Asian in one byte order is hardly ever so in the other, but pairs of ASCII letters always are.
    let is_east_asian = seen.units >= 2 * ENOUGH_UNITS
        && share(seen.ascii + seen.east_asian, 95)
        && share(seen.east_asian_marks, 2);
    let is_one_script = seen.pages.count_ones() <= MOST_PAGES
        && share(seen.ascii, 10)
        && (seen.east_asian == 0 || seen.units >= 2 * ENOUGH_UNITS);
    share(seen.known(), 95) && (share(seen.ascii, 60) || is_one_script || is_east_asian)
}

/// What the units are if the bytes are UTF-16. Half a unit and half a pair at the end do not count.
#[derive(Default)]
struct Census {
    units: usize,
    /// Printable ASCII, tabs and line ends.
    ascii: usize,
    /// Of the alphabets below U+2000, and the pages of 256 characters that they are in.
    letters: usize,
    pages: u32,
    /// Punctuation and other symbols that go with every script, and the halves of pairs.
    symbols: usize,
    /// Ideographs, kana, hangul, and their punctuation.
    east_asian: usize,
    /// Kana and the punctuation of East Asian texts, none of which a pair of ASCII letters looks like.
    east_asian_marks: usize,
    /// What no text has: control characters, noncharacters, lone surrogates, characters for private use.
    impossible: usize,
}

impl Census {
    fn of(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Self {
        let mut seen = Self::default();
        let mut is_after_high = false;
        for pair in bytes.as_chunks::<2>().0 {
            let unit = unit(*pair);
            seen.units += 1;
            let is_low = matches!(unit, 0xDC00..=0xDFFF);
            seen.impossible += usize::from(is_after_high != is_low);
            is_after_high = matches!(unit, 0xD800..=0xDBFF);
            seen.count(unit);
        }
        seen
    }

    fn count(&mut self, unit: u16) {
        match unit {
            0x09 | 0x0A | 0x0D | 0x20..=0x7E => self.ascii += 1,
            // Form feeds, colours in logs, and the mainframe's line ends.
            0x0C | 0x1B | 0x85 | 0x2000..=0x2BFF | 0xD800..=0xDFFF => self.symbols += 1,
            0x00..=0x9F | 0xE000..=0xF8FF | 0xFDD0..=0xFDEF | 0xFFF0..=0xFFF8 | 0xFFFE.. => {
                self.impossible += 1;
            }
            0xA0..=0x1FFF => {
                self.letters += 1;
                self.pages |= 1 << (unit >> 8);
            }
            0x3000..=0x30FF | 0xFF01..=0xFFEE => {
                self.east_asian += 1;
                self.east_asian_marks += 1;
            }
            0x3100..=0x312F | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xAC00..=0xD7A3 => {
                self.east_asian += 1;
            }
            _ => {}
        }
    }

    fn known(&self) -> usize {
        self.ascii + self.letters + self.symbols + self.east_asian
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LE: Encoding = Encoding::Utf16Le(false);
    const BE: Encoding = Encoding::Utf16Be(false);

    fn utf16(text: &str, encoding: Encoding) -> Vec<u8> {
        let pair = |unit: u16| match encoding {
            Encoding::Utf16Be(_) => unit.to_be_bytes(),
            _ => unit.to_le_bytes(),
        };
        text.encode_utf16().flat_map(pair).collect()
    }

    #[test]
    fn marks() {
        assert_eq!(detect(b"", true), Encoding::Utf8);
        assert_eq!(detect(b"\xef\xbb\xbf", true), Encoding::Utf8WithMark);
        assert_eq!(detect(b"\xef\xbb\xbfa\0", true), Encoding::Binary);
        assert_eq!(detect(b"\xff\xfe", true), Encoding::Utf16Le(true));
        assert_eq!(detect(b"\xff\xfea\0", true), Encoding::Utf16Le(true));
        assert_eq!(detect(b"\xfe\xff\0a", true), Encoding::Utf16Be(true));
        assert_eq!(detect(b"\xfe\xff\x4e\x00", true), Encoding::Utf16Be(true));
        assert_eq!(detect(b"\xff\xfe\0\0a\0\0\0", true), Encoding::Binary);
        assert_eq!(detect(b"\0\0\xfe\xff\0\0\0a", true), Encoding::Binary);
    }

    #[test]
    fn a_mark_hides_no_ascii() {
        let hidden = b"\xff\xfepassword = \"hunter2\"\n";
        assert_eq!(detect(hidden, true), Encoding::Utf8);
        let noise = [b"\xff\xfe".as_slice(), &b"\x01\xd9\x30\x31".repeat(20)].concat();
        assert_eq!(detect(&noise, true), Encoding::Utf8);
        let with_nul = [&noise[..], &[0; 90]].concat();
        assert_eq!(detect(&with_nul, true), Encoding::Binary);
    }

    #[test]
    fn texts_of_many_scripts_without_mark() {
        for text in [
            "hi",
            "int main(void)\r\n{\r\n}\r\n",
            "Größe: 3 µm, naïve – “quoted”…\n",
            "Съешь ещё этих мягких французских булок, да выпей же чаю.\n",
            "Ξεσκεπάζω τὴν ψυχοφθόρα βδελυγμία.\n",
            "نص حكيم له سر قاطع وذو شأن عظيم\n",
            "いろはにほへと、ちりぬるを。わかよたれそ、つねならむ。\n",
            "視野無限廣，窗外有藍天。視野無限廣，窗外有藍天。\n",
            "다람쥐 헌 쳇바퀴에 타고파, 한글 글자 모음\n",
            "emoji 🦀 and 👩\u{200d}🚒\n",
        ] {
            assert_eq!(detect(&utf16(text, LE), true), LE, "{text}");
            assert_eq!(detect(&utf16(text, BE), true), BE, "{text}");
        }
    }

    #[test]
    fn a_nul_among_a_few_letters_makes_no_chinese_of_them() {
        assert_eq!(detect(b"a\0NEEDLE-5", true), Encoding::Binary);
        assert_eq!(detect(b"\0aNEEDLE-5", true), Encoding::Binary);
    }

    #[test]
    fn a_line_end_of_one_byte_after_a_text() {
        let appended = [utf16("key = value", LE), b"\n".to_vec()].concat();
        assert_eq!(detect(&appended, true), LE);
        assert_eq!(detect(b"a\0b", true), Encoding::Binary);
    }

    #[test]
    fn binaries_are_no_texts() {
        let table: Vec<u8> = (0..4000u16).flat_map(u16::to_le_bytes).collect();
        let wave: Vec<u8> = (0..4000i32)
            .map(|at| i16::try_from((at * at * 7 + at * 131) % 9000 - 4500).unwrap())
            .flat_map(i16::to_le_bytes)
            .collect();
        let numbers: Vec<u8> = (0x20..0x7Fu32).flat_map(u32::to_le_bytes).collect();
        for binary in [
            b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0\x01\0\0\0".as_slice(),
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\x08\x06\0\0\0",
            b"SQLite format 3\0\x10\0\x01\x01\0\x40\x20\x20\0\0\0\x02",
            b"src/main.rs\0src/lib.rs\0Cargo.toml\0README\0",
            b"a\0",
            b"\0",
            &table,
            &wave,
            &numbers,
        ] {
            assert_eq!(detect(binary, true), Encoding::Binary, "{binary:?}");
        }
    }

    #[test]
    fn a_late_nul_does_not_matter() {
        let late = [&b"x".repeat(START)[..], b"\0\0\0"].concat();
        assert_eq!(detect(&late, true), Encoding::Utf8);
        assert_eq!(detect(&late[1..], true), Encoding::Binary);
    }

    proptest! {
        #[test]
        fn what_is_after_the_start_does_not_matter(
            start in proptest::collection::vec(prop_oneof![Just(0u8), any::<u8>()], START..START + 1),
            rest: Vec<u8>,
        ) {
            let all = [&start[..], &rest].concat();
            prop_assert_eq!(detect(&all, rest.is_empty()), detect(&start, rest.is_empty()));
        }

        #[test]
        fn any_bytes(start: Vec<u8>, is_whole: bool) {
            let has_nul = start.contains(&0);
            let is_utf8 = matches!(detect(&start, is_whole), Encoding::Utf8 | Encoding::Utf8WithMark);
            prop_assert!(!(has_nul && is_utf8));
        }

        #[test]
        fn ascii_in_utf_16_is_text(text in "[ -~]{4,200}\n") {
            prop_assert_eq!(detect(&utf16(&text, LE), true), LE);
            prop_assert_eq!(detect(&utf16(&text, BE), true), BE);
        }
    }
}
