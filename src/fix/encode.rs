//! A text back into the encoding of its file.

use crate::text::{Encoding, transcode};
use std::borrow::Cow;

/// The bytes of a file that holds this text. `None` if the text is not UTF-8 and has to become UTF-16.
pub(super) fn encode(text: &[u8], encoding: Encoding) -> Option<Cow<'_, [u8]>> {
    let (mark, to_bytes): (bool, fn(u16) -> [u8; 2]) = match encoding {
        Encoding::Utf16Le(mark) => (mark, u16::to_le_bytes),
        Encoding::Utf16Be(mark) => (mark, u16::to_be_bytes),
        Encoding::Utf8 | Encoding::Utf8WithMark | Encoding::Binary => {
            return Some(Cow::Borrowed(text));
        }
    };
    let text = std::str::from_utf8(text).ok()?;
    let units = mark
        .then_some(0xFEFF)
        .into_iter()
        .chain(text.encode_utf16());
    Some(Cow::Owned(units.flat_map(to_bytes).collect()))
}

/// The text of a file as rules see it, if writing it back gives the file's very bytes.
pub(super) fn decode(content: &[u8], encoding: Encoding) -> Option<Cow<'_, [u8]>> {
    if !encoding.is_utf16() {
        return (encoding != Encoding::Binary).then_some(Cow::Borrowed(content));
    }
    let mut text = Vec::new();
    transcode(content, encoding, &mut text);
    let is_faithful = encode(&text, encoding).as_deref() == Some(content);
    is_faithful.then_some(Cow::Owned(text))
}

/// The same text as UTF-8 without a mark, if nothing is lost.
pub(super) fn to_utf8(content: &[u8], encoding: Encoding) -> Option<Vec<u8>> {
    let text = decode(content, encoding)?;
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&text);
    std::str::from_utf8(text).is_ok().then(|| text.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_lone_surrogate_and_half_a_unit_are_not_written_back() {
        let little = Encoding::Utf16Le(true);
        assert!(decode(b"\xff\xfea\0\x00\xd8", little).is_none());
        assert!(decode(b"\xff\xfea\0b", little).is_none());
        assert_eq!(to_utf8(b"\xff\xfea\0", little).as_deref(), Some(&b"a"[..]));
        assert_eq!(to_utf8(b"caf\xe9", Encoding::Utf8), None);
        assert_eq!(
            to_utf8(b"\xef\xbb\xbfa", Encoding::Utf8WithMark).unwrap(),
            b"a"
        );
    }

    proptest! {
        #[test]
        fn text_comes_back_in_every_encoding(text in "\\PC{0,20}", big in any::<bool>(), mark in any::<bool>()) {
            prop_assume!(!text.starts_with('\u{feff}'));
            let encoding = if big { Encoding::Utf16Be(mark) } else { Encoding::Utf16Le(mark) };
            let bytes = encode(text.as_bytes(), encoding).unwrap().into_owned();
            let back = decode(&bytes, encoding);
            prop_assert_eq!(back.as_deref(), Some(text.as_bytes()));
        }
    }
}
