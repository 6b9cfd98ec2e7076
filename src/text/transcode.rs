//! UTF-16 to UTF-8, whole or piece by piece.

use super::Encoding;

/// What stands for a lone surrogate or half a unit.
const REPLACEMENT: &[u8] = "\u{FFFD}".as_bytes();

/// Appends a file's text as UTF-8: UTF-16 without its byte order mark, each lone surrogate and an odd last byte as U+FFFD;
/// the bytes of every other encoding as they are.
pub fn transcode(bytes: &[u8], encoding: Encoding, into: &mut Vec<u8>) {
    let Some(mut transcoder) = Transcoder::new(encoding) else {
        into.extend_from_slice(bytes);
        return;
    };
    // Exact for ASCII; anything else grows it.
    into.reserve(bytes.len() / 2);
    transcoder.push(bytes, into);
    transcoder.finish(into);
}

/// Makes UTF-8 of a UTF-16 file that comes in pieces, cut anywhere: what all of them append together does not depend on where.
#[derive(Clone, Debug)]
pub struct Transcoder {
    is_big_endian: bool,
    /// The byte order mark is still to come.
    awaits_mark: bool,
    /// The first byte of a unit whose second is in the next piece.
    half: Option<u8>,
    /// A high surrogate whose partner is to come.
    high: Option<u16>,
}

impl Transcoder {
    /// For a file from its beginning. `None` unless it is UTF-16.
    pub fn new(encoding: Encoding) -> Option<Self> {
        let (is_big_endian, awaits_mark) = match encoding {
            Encoding::Utf16Le(mark) => (false, mark),
            Encoding::Utf16Be(mark) => (true, mark),
            Encoding::Utf8 | Encoding::Utf8WithMark | Encoding::Binary => return None,
        };
        Some(Self {
            is_big_endian,
            awaits_mark,
            half: None,
            high: None,
        })
    }

    /// Appends the next piece. What its end leaves open waits for the piece after it.
    pub fn push(&mut self, mut piece: &[u8], into: &mut Vec<u8>) {
        if let (Some(first), [second, rest @ ..]) = (self.half, piece) {
            self.half = None;
            self.unit(self.unit_of([first, *second]), into);
            piece = rest;
        }
        let (pairs, rest) = piece.as_chunks::<2>();
        for pair in pairs {
            self.unit(self.unit_of(*pair), into);
        }
        if let [last] = rest {
            self.half = Some(*last);
        }
    }

    /// Appends what the end of the file leaves open: half a pair, half a unit.
    pub fn finish(self, into: &mut Vec<u8>) {
        if self.high.is_some() {
            into.extend_from_slice(REPLACEMENT);
        }
        if self.half.is_some() {
            into.extend_from_slice(REPLACEMENT);
        }
    }

    fn unit_of(&self, pair: [u8; 2]) -> u16 {
        if self.is_big_endian {
            u16::from_be_bytes(pair)
        } else {
            u16::from_le_bytes(pair)
        }
    }

    fn unit(&mut self, unit: u16, into: &mut Vec<u8>) {
        if let (Ok(ascii @ 0..0x80), None, false) =
            (u8::try_from(unit), self.high, self.awaits_mark)
        {
            into.push(ascii);
            return;
        }
        if std::mem::take(&mut self.awaits_mark) && unit == 0xFEFF {
            return;
        }
        let high = self.high.take();
        if let (Some(high), 0xDC00..=0xDFFF) = (high, unit) {
            append([high, unit], into);
            return;
        }
        if high.is_some() {
            into.extend_from_slice(REPLACEMENT);
        }
        if matches!(unit, 0xD800..=0xDBFF) {
            self.high = Some(unit);
        } else {
            append([unit], into);
        }
    }
}

/// Appends one character.
fn append<const N: usize>(units: [u16; N], into: &mut Vec<u8>) {
    for decoded in char::decode_utf16(units) {
        let decoded = decoded.unwrap_or(char::REPLACEMENT_CHARACTER);
        into.extend_from_slice(decoded.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(units: &[u16], encoding: Encoding) -> Vec<u8> {
        let pair = |unit: &u16| match encoding {
            Encoding::Utf16Be(_) => unit.to_be_bytes(),
            _ => unit.to_le_bytes(),
        };
        units.iter().flat_map(pair).collect()
    }

    fn text(bytes: &[u8], encoding: Encoding) -> String {
        let mut into = Vec::new();
        transcode(bytes, encoding, &mut into);
        String::from_utf8(into).unwrap()
    }

    #[test]
    fn the_mark_goes_and_only_where_there_is_one() {
        for encoding in [Encoding::Utf16Le(true), Encoding::Utf16Be(true)] {
            let all = bytes(&[0xFEFF, 0x61, 0xFEFF], encoding);
            assert_eq!(text(&all, encoding), "a\u{FEFF}");
        }
        assert_eq!(text(b"\xff\xfea\0", Encoding::Utf16Le(false)), "\u{FEFF}a");
    }

    #[test]
    fn what_is_damaged_shows() {
        let le = Encoding::Utf16Le(false);
        assert_eq!(text(&bytes(&[0xD83E, 0xDD80], le), le), "🦀");
        assert_eq!(text(&bytes(&[0xD83E, 0x61], le), le), "\u{FFFD}a");
        assert_eq!(text(&bytes(&[0xDD80, 0x61], le), le), "\u{FFFD}a");
        assert_eq!(
            text(&bytes(&[0xD83E, 0xD83E, 0xDD80], le), le),
            "\u{FFFD}🦀"
        );
        assert_eq!(text(b"a\0b", le), "a\u{FFFD}");
        assert_eq!(text(b"", le), "");
    }

    #[test]
    fn other_encodings_stay_as_they_are() {
        let mut into = b"x".to_vec();
        transcode(b"\xef\xbb\xbfa\xff", Encoding::Utf8WithMark, &mut into);
        assert_eq!(into, b"x\xef\xbb\xbfa\xff");
        assert!(Transcoder::new(Encoding::Binary).is_none());
    }

    proptest! {
        #[test]
        fn agrees_with_the_standard_library(units: Vec<u16>, is_big: bool, odd: bool) {
            let encoding = if is_big { Encoding::Utf16Be(false) } else { Encoding::Utf16Le(false) };
            let mut all = bytes(&units, encoding);
            let mut expected = String::from_utf16_lossy(&units);
            if odd {
                all.push(7);
                expected.push('\u{FFFD}');
            }
            prop_assert_eq!(text(&all, encoding), expected);
        }

        #[test]
        fn the_pieces_do_not_matter(
            units in proptest::collection::vec(prop_oneof![Just(0xFEFFu16), Just(0xD83E), Just(0xDD80), 0..0x900u16], 0..20),
            is_big: bool,
            mark: bool,
            sizes in proptest::collection::vec(0usize..5, 0..30),
        ) {
            let encoding = if is_big { Encoding::Utf16Be(mark) } else { Encoding::Utf16Le(mark) };
            let all = bytes(&units, encoding);
            let (mut rest, mut into) = (&all[..], Vec::new());
            let mut transcoder = Transcoder::new(encoding).unwrap();
            for size in sizes {
                let (piece, after) = rest.split_at(size.min(rest.len()));
                transcoder.push(piece, &mut into);
                rest = after;
            }
            transcoder.push(rest, &mut into);
            transcoder.finish(&mut into);
            prop_assert_eq!(String::from_utf8(into).unwrap(), text(&all, encoding));
        }
    }
}
