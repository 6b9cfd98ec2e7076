//! Paths as bytes, and back, without loss: as the operating system has them on Unix; on Windows its 16-bit units as
//! UTF-8, where half of a pair stands alone as the three bytes that its number has by the same scheme (WTF-8).

use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::Path;

/// A name or path of the operating system as bytes, with `/` between components.
#[cfg(unix)]
pub fn bytes_of(path: &OsStr) -> Cow<'_, [u8]> {
    Cow::Borrowed(std::os::unix::ffi::OsStrExt::as_bytes(path))
}

/// What the operating system calls these bytes.
#[cfg(unix)]
pub fn path_of(bytes: &[u8]) -> Cow<'_, Path> {
    Cow::Borrowed(Path::new(
        <OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes),
    ))
}

/// A name or path of the operating system as bytes, with `/` between components.
#[cfg(windows)]
pub fn bytes_of(path: &OsStr) -> Cow<'_, [u8]> {
    let units = std::os::windows::ffi::OsStrExt::encode_wide(path);
    let mut bytes = wide::encode(units);
    for byte in &mut bytes {
        if *byte == b'\\' {
            *byte = b'/';
        }
    }
    Cow::Owned(bytes)
}

/// What the operating system calls these bytes.
#[cfg(windows)]
pub fn path_of(bytes: &[u8]) -> Cow<'_, Path> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(Path::new(text)),
        Err(_) => {
            let units = wide::decode(bytes);
            let name: std::ffi::OsString = std::os::windows::ffi::OsStringExt::from_wide(&units);
            Cow::Owned(name.into())
        }
    }
}

/// Windows's names as bytes. Compiled everywhere where it is tested.
#[cfg(any(windows, test))]
mod wide {
    /// Units to bytes. Equal bytes mean equal units.
    pub(super) fn encode(units: impl Iterator<Item = u16>) -> Vec<u8> {
        let mut bytes = Vec::new();
        for unit in char::decode_utf16(units) {
            match unit {
                Ok(character) => {
                    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
                Err(lone) => {
                    let [high, low] = lone.unpaired_surrogate().to_be_bytes();
                    bytes.extend([
                        0xed,
                        0x80 | (high << 2 | low >> 6) & 0x3f,
                        0x80 | low & 0x3f,
                    ]);
                }
            }
        }
        bytes
    }

    /// Bytes to units. Each byte that [`encode`] cannot have made becomes U+FFFD, which names something else or nothing.
    pub(super) fn decode(mut bytes: &[u8]) -> Vec<u16> {
        let mut units = Vec::new();
        while !bytes.is_empty() {
            let valid = match std::str::from_utf8(bytes) {
                Ok(text) => text,
                Err(error) => {
                    std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default()
                }
            };
            units.extend(valid.encode_utf16());
            bytes = &bytes[valid.len()..];
            match bytes {
                [0xed, second @ 0xa0..=0xbf, third @ 0x80..=0xbf, rest @ ..] => {
                    let low = u16::from(second & 0x3f) << 6 | u16::from(third & 0x3f);
                    units.push(0xd000 | low);
                    bytes = rest;
                }
                [_, rest @ ..] => {
                    units.push(0xfffd);
                    bytes = rest;
                }
                [] => {}
            }
        }
        units
    }
}

#[cfg(test)]
mod tests {
    use super::wide::{decode, encode};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_itself_and_half_a_pair_has_three_bytes() {
        let units: Vec<u16> = "a\u{e9}\u{1f600}".encode_utf16().collect();
        assert_eq!(encode(units.iter().copied()), "a\u{e9}\u{1f600}".as_bytes());
        assert_eq!(encode([0xd800].into_iter()), [0xed, 0xa0, 0x80]);
        assert_eq!(encode([0xdfff].into_iter()), [0xed, 0xbf, 0xbf]);
        assert_eq!(decode(b"a\xffb"), [0x61, 0xfffd, 0x62]);
        assert_eq!(decode(b"\xed\xa0"), [0xfffd, 0xfffd]);
    }

    #[test]
    fn a_plain_path_comes_back() {
        assert_eq!(&*bytes_of(OsStr::new("a/b c")), b"a/b c");
        assert_eq!(path_of(b"a/b c"), Path::new("a/b c"));
    }

    proptest! {
        #[test]
        fn units_come_back(units in prop::collection::vec(prop_oneof![any::<u16>(), 0xd7f0..0xe010_u16], 0..12)) {
            prop_assert_eq!(decode(&encode(units.iter().copied())), units);
        }

        #[test]
        fn any_bytes_are_decoded(bytes in prop::collection::vec(any::<u8>(), 0..12)) {
            let _units = decode(&bytes);
        }
    }
}
